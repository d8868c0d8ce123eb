import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sumTallies } from '../../workers/kpi/tally.js'
import { KpiBook } from './kpi-book.js'
import { reportRuns } from './production.js'
import { ProductionDesk } from './production-desk.js'
import { findScope } from './scope.js'
import { change, KpiGround, minute, parts, six } from './test-ground.js'

let common: KpiGround
beforeAll(async () => {
  common = await KpiGround.open()
})
afterAll(() => common?.close())

const bolt = {
  id: 'bolt',
  name: 'Bolt',
  category: '',
  lines: ['line-1', 'line-6'],
  cycleTimes: { 'line-1': 40 },
}
const nut = { id: 'nut', name: 'Nut', category: '', lines: ['line-1', 'line-6'] }
const screw = { id: 'screw', name: 'Screw', category: '', lines: ['line-2'] }

function ground(machine: string, line = 'line-1') {
  const floor = common.floor([machine], { products: [bolt, nut, screw] }, line)
  const deskOf = (book: KpiBook) =>
    new ProductionDesk({
      plant: floor.plant,
      book,
      store: common.store,
      clock: floor.clock,
      record: entry => floor.tell(book, entry),
    })
  return { ...floor, deskOf, all: findScope(floor.plant, 'enterprise')! }
}

const entry = { operator: 'Ada', category: '', reason: '', product: '', order: '', comment: '' }
const ordered = { who: 'Ada', order: '' }

describe('the production desk', () => {
  it('begins runs, ends the one before, and gives each product its own ideal cycle, late or restarted', async () => {
    const { open, tell, goTo, settle, deskOf, all } = ground('run-1')
    const book = open()
    await book.start()
    const desk = deskOf(book)
    tell(book, { source: 's', stateChanges: [change('run-1', six, 'Execute')] })
    goTo(book, six + minute)
    expect(
      await desk.start({ ...ordered, line: 'line-1', product: 'bolt', order: 'W1', target: 100 }),
    ).toMatchObject({
      start: six + minute,
    })
    tell(book, parts('run-1', six + 60 * minute, 80))
    goTo(book, six + 100 * minute)
    // Told half an hour late.
    await desk.start({ ...ordered, line: 'line-1', product: 'nut', target: 0, start: six + 70 * minute })
    tell(book, parts('run-1', six + 90 * minute, 30))
    tell(book, parts('run-1', six + 90 * minute, 3, 'defective'))
    goTo(book, six + 120 * minute)
    await settle(book)

    const runs = await desk.runs(all, six, six + 120 * minute)
    expect(runs).toMatchObject([
      { product: 'bolt', order: 'W1', target: 100, end: six + 70 * minute, actual: 80, good: 80 },
      { product: 'nut', target: 0, end: 0, actual: 30, good: 27, scrap: 3 },
    ])
    const { made } = sumTallies(
      (await book.cells(['run-1'], six, six + 120 * minute)).map(({ tally }) => tally),
    )
    expect([...made].map(([idealMs, { produced }]) => [idealMs, produced])).toEqual([
      [40_000, 80],
      [30_000, 30],
    ])
    const again = open()
    await again.start()
    expect(await deskOf(again).runs(all, six, six + 120 * minute)).toEqual(runs)
  })

  it('asks the store as often for many runs of a line as for one, and gives each what it gives it alone', async () => {
    const { open, tell, goTo, settle, clock, plant, all } = ground('often-1', 'line-4')
    const book = open()
    await book.start()
    const begin = (place: number): number => six + place * 7 * minute + 1_234
    tell(book, { source: 's', stateChanges: [change('often-1', six, 'Execute')] })
    for (let place = 0; place < 30; place++) {
      goTo(book, begin(place + 1))
      const end = place < 29 ? begin(place + 1) : 0
      const run = { start: begin(place), end, product: '', order: `O-${place}`, target: 0, who: 'Ada' }
      tell(book, { source: 'operators', rows: { production_runs: [{ line: 'line-4', ...run }] } })
      tell(book, parts('often-1', begin(place) + 4 * minute, 1 + place))
      tell(book, { source: 's', stateChanges: [change('often-1', begin(place) + 5 * minute, 'Aborted')] })
      tell(book, { source: 's', stateChanges: [change('often-1', begin(place) + 6 * minute, 'Execute')] })
    }
    goTo(book, begin(31))
    await settle(book)
    let asked = 0
    const store = {
      flush: () => common.store.flush(),
      query: <Row>(...question: Parameters<typeof common.store.query>) => {
        asked++
        return common.store.query<Row>(...question)
      },
    }
    const counted = new KpiBook({ plant, store, clock, wall: clock })
    await counted.start()
    const questions = async (from: number, to: number) => {
      asked = 0
      const runs = await reportRuns(plant, counted, store, all, from, to)
      return { runs, asked }
    }
    const one = await questions(begin(3), begin(4))
    const many = await questions(begin(3), begin(23))
    expect([one.runs.length, many.runs.length]).toEqual([1, 20])
    expect(many.asked).toBeLessThanOrEqual(one.asked + 8)
    const apart = await Promise.all(
      many.runs.map(async ({ start, until }) => (await questions(start, until)).runs),
    )
    expect(many.runs).toEqual(apart.flat())
    expect(many.runs.map(({ actual }) => actual)).toEqual(many.runs.map((_, place) => place + 4))
  })

  it('keeps rejects; they count once, whether a counter has them or not', async () => {
    const { open, tell, goTo, deskOf } = ground('scrap-1', 'line-2')
    const book = open()
    await book.start()
    const desk = deskOf(book)
    tell(book, { source: 's', stateChanges: [change('scrap-1', six, 'Execute')] })
    tell(book, parts('scrap-1', six + 30 * minute, 50))
    tell(book, parts('scrap-1', six + 30 * minute, 2, 'defective'))
    goTo(book, six + 60 * minute)
    await desk.scrap({
      ...entry,
      machine: 'scrap-1',
      quantity: 2,
      kind: 'scrap',
      counted: true,
      reason: 'burr',
    })
    await desk.scrap({ ...entry, machine: 'scrap-1', quantity: 1, kind: 'scrap' })
    await desk.scrap({ ...entry, machine: 'scrap-1', quantity: 4, kind: 'rework', time: six + 31 * minute })
    goTo(book, six + 61 * minute)
    const all = await book.cells(['scrap-1'], six, six + 61 * minute)
    const made = [{ produced: 50, scrapped: 3, reworked: 4 }]
    expect([...sumTallies(all.map(({ tally }) => tally)).made.values()]).toMatchObject(made)
    // So says the record.
    const again = open()
    await again.start()
    const read = await again.cells(['scrap-1'], six, six + 61 * minute)
    expect([...sumTallies(read.map(({ tally }) => tally)).made.values()]).toMatchObject(made)
  })

  it('refuses rejects that name what the line did not make at their time, and says when it did', async () => {
    const { open, tell, goTo, deskOf } = ground('named-1', 'line-6')
    const book = open()
    await book.start()
    const desk = deskOf(book)
    tell(book, { source: 's', stateChanges: [change('named-1', six, 'Execute')] })
    const reject = (minutes: number, what: object) =>
      desk.scrap({
        ...{ ...entry, machine: 'named-1', quantity: 6, kind: 'scrap', time: six + minutes * minute },
        ...what,
      })
    const run = { who: 'Ada', line: 'line-6', target: 0 }
    goTo(book, six + 60 * minute)
    await desk.start({ ...run, product: 'bolt', order: 'W7' })
    goTo(book, six + 120 * minute)
    await desk.start({ ...run, product: 'nut', order: 'W8' })
    goTo(book, six + 180 * minute)
    const bolts =
      "product 'bolt' for order 'W7' ran from 2026-03-23T06:00:00.000Z to 2026-03-23T07:00:00.000Z"
    expect(await reject(150, { product: 'bolt', order: 'W7' })).toEqual({
      part: 'product',
      message: `at 2026-03-23T07:30:00.000Z line 'line-6' made product 'nut' for order 'W8', not product 'bolt' for order 'W7'; enter the time at which they were made: ${bolts}`,
    })
    expect(await reject(90, { product: 'bolt', order: 'W9999' })).toMatchObject({
      part: 'order',
      message: expect.stringMatching(/made product 'bolt' for order 'W7', .*; leave product and order out/),
    })
    expect(await reject(30, { order: 'W8' })).toMatchObject({
      part: 'order',
      message: expect.stringMatching(
        / made no run, not order 'W8'; .* ran from 2026-03-23T07:00:00.000Z on$/,
      ),
    })
    const scrapped = async () => {
      const cells = await book.cells(['named-1'], six, six + 180 * minute)
      return cells.flatMap(({ product, order, tally }) =>
        [...tally.made.values()].map(({ scrapped }) => [product, order, scrapped]),
      )
    }
    expect(await scrapped()).toEqual([])
    for (const what of [{}, { product: 'bolt' }, { order: 'W7' }, { product: 'bolt', order: 'W7' }])
      expect(await reject(119, what)).toMatchObject({ counted: false })
    expect(await reject(120, { product: 'nut', order: 'W8' })).toMatchObject({ counted: false })
    expect(await scrapped()).toEqual([
      ['bolt', 'W7', 24],
      ['nut', 'W8', 6],
    ])
    // Nobody told of a run then, and nothing says otherwise.
    expect(await reject(30, { product: 'screw', order: 'W6' })).toMatchObject({ counted: false })
  })

  it('says where a line stands in its shift, and how it will end', async () => {
    const { open, tell, goTo, deskOf, all } = ground('goal-1', 'line-3')
    const book = open()
    await book.start()
    tell(book, { source: 's', stateChanges: [change('goal-1', six, 'Execute')] })
    for (let at = 1; at <= 180; at++) tell(book, parts('goal-1', six + at * minute - 1, 1))
    goTo(book, six + 180 * minute)
    const [goal] = await deskOf(book).goals(all)
    // 450 planned minutes, 180 of them over; an ideal cycle of half a minute, a part a minute.
    expect(goal).toMatchObject({
      source: 'ideal',
      target: 900,
      goalNow: 360,
      actual: 180,
      verdict: 'will-miss',
    })
    expect(goal!.projection).toEqual({ expected: 450, low: 450, high: 450 })
  })

  it('takes of a run that lasts over shifts what is left of it, and what a shift can make', async () => {
    const { open, tell, goTo, deskOf, all } = ground('left-1', 'line-5')
    const book = open()
    await book.start()
    const desk = deskOf(book)
    tell(book, { source: 's', stateChanges: [change('left-1', six, 'Execute')] })
    goTo(book, six + 60 * minute)
    await desk.start({ ...ordered, line: 'line-5', product: '', target: 1_000 })
    goTo(book, six + 61 * minute)
    const goal = async () => (await desk.goals(all))[0]!
    // An early shift of 450 min has room for 900 parts of half a minute.
    expect(await goal()).toMatchObject({ source: 'run', target: 900 })
    tell(book, parts('left-1', six + 70 * minute, 150))
    tell(book, parts('left-1', six + 70 * minute, 10, 'defective'))
    goTo(book, six + 9 * 60 * minute)
    expect(await goal()).toMatchObject({ source: 'run', target: 860, actual: 0 })
    tell(book, parts('left-1', six + 541 * minute, 100))
    goTo(book, six + 10 * 60 * minute)
    expect(await goal()).toMatchObject({ source: 'run', target: 860, actual: 100 })
    // A run that had made what it was to make before the shift.
    goTo(book, six + 11 * 60 * minute)
    await desk.start({ ...ordered, line: 'line-5', product: '', target: 50 })
    tell(book, parts('left-1', six + 670 * minute, 60))
    goTo(book, six + (24 + 1) * 60 * minute)
    expect(await goal()).toMatchObject({ source: 'run', target: 0, actual: 0, verdict: 'made' })
  })

  it('refuses what does not fit, and says what would', async () => {
    const { open, goTo, deskOf } = ground('bad-2', 'line-4')
    const book = open()
    await book.start()
    goTo(book, six + 10 * minute)
    const desk = deskOf(book)
    const run = { ...ordered, line: 'line-4', product: '', target: 0 }
    const part = (what: object) => expect.objectContaining(what)
    expect(await desk.start({ ...run, line: 'line-9' })).toEqual(part({ part: 'line' }))
    expect(await desk.start({ ...run, product: 'cog' })).toEqual(part({ part: 'product' }))
    expect(await desk.start({ ...run, product: 'screw' })).toMatchObject({
      part: 'product',
      message: expect.stringContaining('its lines are line-2'),
    })
    expect(await desk.start({ ...run, start: six + 20 * minute })).toEqual(part({ part: 'start' }))
    await desk.start(run)
    const overlapping = await desk.start({ ...run, start: six + 5 * minute })
    expect(overlapping).toMatchObject({ part: 'start', message: expect.stringContaining('begin after it') })
    expect(await desk.scrap({ ...entry, machine: 'none', quantity: 1, kind: 'scrap' })).toEqual(
      part({ part: 'machine' }),
    )
    // 30 s a part: 20,160 in a week.
    const tooMany = await desk.scrap({ ...entry, machine: 'bad-2', quantity: 1e9, kind: 'scrap' })
    expect(tooMany).toMatchObject({ part: 'quantity', message: expect.stringContaining('(20160)') })
  })
})
