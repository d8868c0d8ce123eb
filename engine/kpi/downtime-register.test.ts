import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Entry } from '../../schema/records.js'
import { DowntimeRegister } from './downtime-register.js'
import type { KpiBook } from './kpi-book.js'
import { findScope } from './scope.js'
import { change, KpiGround, minute, morning, six } from './test-ground.js'

let common: KpiGround
beforeAll(async () => {
  common = await KpiGround.open()
})
afterAll(() => common?.close())

function ground(machines: readonly string[], parts: Parameters<KpiGround['floor']>[1] = {}) {
  const floor = common.floor(machines, parts)
  const registerOf = (book: KpiBook) =>
    new DowntimeRegister({
      plant: floor.plant,
      book,
      store: common.store,
      clock: floor.clock,
      record: entry => floor.tell(book, entry),
    })
  const all = findScope(floor.plant, 'enterprise')!
  return { ...floor, registerOf, all }
}

/** Changes of a machine's state, in minutes from six. */
const tellStates = (
  book: KpiBook,
  tell: (book: KpiBook, entry: Entry) => void,
  machine: string,
  ...states: (readonly [number, string])[]
): void =>
  tell(book, {
    source: 's',
    stateChanges: states.map(([at, state]) => change(machine, six + at * minute, state)),
  })

const said = { who: 'Ada', comment: '' }
const short = (stops: readonly { from: number; to: number; kind: string; reason: string }[]) =>
  stops.map(({ from, to, kind, reason }) => [(from - six) / minute, (to - six) / minute, kind, reason])

describe('the downtime register', () => {
  it('opens stops by itself, unqualified, with what they count as; a reason is due in time', async () => {
    const { open, tell, goTo, registerOf, all } = ground(['open-1'])
    const book = open()
    await book.start()
    for (const entry of morning('open-1')) tell(book, entry)
    tell(book, { source: 's', stateChanges: [change('open-1', six + 170 * minute, 'Aborted')] })
    goTo(book, six + 174 * minute)
    const register = registerOf(book)
    const stops = await register.list(all, six, six + 174 * minute)
    expect(short(stops)).toEqual([
      [60, 80, 'breakdown', ''],
      [110, 113, 'minorStop', ''],
      [150, 160, 'starved', ''],
      [170, 174, 'minorStop', ''],
    ])
    expect(stops.map(({ isOpen, reasonDue }) => [isOpen, reasonDue])).toEqual([
      [false, six + 65 * minute],
      [false, six + 115 * minute],
      [false, undefined],
      [true, six + 175 * minute],
    ])
    expect(await register.compliance(stops)).toEqual({ wanted: 3, inTime: 0 })
  })

  it('takes reasons, splits and corrections, and keeps them when late data change the stop', async () => {
    const { open, tell, goTo, settle, registerOf, all } = ground(['keep-1'])
    const book = open()
    await book.start()
    for (const entry of morning('keep-1')) tell(book, entry)
    goTo(book, six + 62 * minute)
    const register = registerOf(book)
    const list = () => register.list(all, six, six + 300 * minute)
    const id = `keep-1@${six + 60 * minute}`
    await register.change(id, [{ ...said, reason: 'mechanical/bearing' }])
    goTo(book, six + 290 * minute)
    await settle(book)
    expect(short(await list())[0]).toEqual([60, 80, 'breakdown', 'mechanical/bearing'])
    expect((await register.compliance(await list())).inTime).toBe(1)

    const split = await register.change(id, [{ ...said, reason: 'changeover/set-up', at: six + 70 * minute }])
    expect(split).toHaveLength(2)
    await settle(book)
    expect(short(await list()).slice(0, 2)).toEqual([
      [60, 70, 'breakdown', 'mechanical/bearing'],
      [70, 80, 'setup', 'changeover/set-up'],
    ])
    // Late: it stood five minutes longer.
    tell(book, {
      source: 's',
      stateChanges: [
        change('keep-1', six + 80 * minute, 'Held'),
        change('keep-1', six + 85 * minute, 'Execute'),
      ],
    })
    await settle(book)
    expect(short(await list()).slice(0, 2)).toEqual([
      [60, 70, 'breakdown', 'mechanical/bearing'],
      [70, 85, 'setup', 'changeover/set-up'],
    ])
    // The split is taken back by giving both parts one reason.
    await register.change(`keep-1@${six + 70 * minute}`, [{ ...said, reason: 'mechanical/bearing' }])
    await settle(book)
    expect(short(await list())[0]).toEqual([60, 85, 'breakdown', 'mechanical/bearing'])
    const again = open()
    await again.start()
    expect(short(await registerOf(again).list(all, six, six + 300 * minute))).toEqual(short(await list()))
    const audit = await common.store.query(
      "SELECT reason, who FROM gemba.downtime_changes WHERE machine = 'keep-1' ORDER BY seq",
    )
    expect(audit).toEqual([
      { reason: 'mechanical/bearing', who: 'Ada' },
      { reason: 'changeover/set-up', who: 'Ada' },
      { reason: 'mechanical/bearing', who: 'Ada' },
    ])
    const written = await common.store.query(
      "SELECT toUInt32(count()) AS n FROM gemba.downtime_events FINAL WHERE machine = 'keep-1' AND NOT gone AND kind IN ('breakdown', 'setup')",
    )
    expect(written).toEqual([{ n: 1 }])
  })

  it('keeps stops and their reasons over a restart, whatever the other machines did', async () => {
    const { open, tell, goTo, settle, registerOf, all } = ground(['over-1', 'over-2'])
    const book = open()
    await book.start()
    tellStates(book, tell, 'over-1', [0, 'Execute'], [60, 'Aborted'], [70, 'Execute'], [120, 'Held'])
    tellStates(book, tell, 'over-1', [140, 'Execute'])
    // Its past is read from its last production on, hours before that of the other.
    tellStates(book, tell, 'over-2', [0, 'Execute'], [30, 'Idle'])
    goTo(book, six + 145 * minute)
    const id = `over-1@${six + 60 * minute}`
    await registerOf(book).change(id, [{ ...said, reason: 'mechanical/bearing' }])
    await settle(book)
    const expected = [
      [60, 70, 'breakdown', 'mechanical/bearing'],
      [120, 140, 'breakdown', ''],
    ]
    for (const of of [book, open(), open()]) {
      if (of !== book) await of.start()
      await settle(of)
      const listed = await registerOf(of).list(all, six, six + 145 * minute)
      const stops = listed.filter(({ machine }) => machine === 'over-1')
      expect(short(stops)).toEqual(expected)
      expect(stops[0]).toMatchObject({ state: 'Aborted', sourceState: 'aborted' })
    }
  })

  it('counts all of a stop anew when what came late or was said cuts it in a later hour', async () => {
    const { open, tell, goTo, settle, registerOf } = ground(['hours-1', 'hours-2'])
    const book = open()
    await book.start()
    tellStates(book, tell, 'hours-1', [0, 'Execute'], [57, 'Held'], [70, 'Execute'])
    tellStates(book, tell, 'hours-2', [0, 'Execute'], [58, 'Held'], [70, 'Execute'])
    goTo(book, six + 200 * minute)
    await settle(book)
    const id = `hours-1@${six + 57 * minute}`
    await registerOf(book).change(id, [{ ...said, reason: 'changeover', at: six + 61 * minute }])
    tellStates(book, tell, 'hours-2', [61, 'Execute'])
    await settle(book)
    const again = open()
    await again.start()
    for (const of of [book, again]) {
      const hours = async (machine: string) => {
        const cells = await of.cells([machine], six, six + 120 * minute)
        return cells.map(({ tally: { time } }) =>
          [time.breakdown, time.minorStop, time.setup].map(ms => ms / minute),
        )
      }
      expect(await hours('hours-1')).toEqual([
        [0, 3, 0],
        [0, 1, 9],
      ])
      // The split lies behind the end of what is asked for.
      const before = await of.cells(['hours-1'], six + 30 * minute, six + 59 * minute)
      expect(before.map(({ tally }) => tally.time)).toMatchObject([{ breakdown: 0, minorStop: 2 * minute }])
      expect(await hours('hours-2')).toEqual([
        [0, 2, 0],
        [0, 1, 0],
      ])
    }
  })

  it('corrects as a whole a stop that was put together again, and splits it anew', async () => {
    const { open, tell, goTo, settle, registerOf, all } = ground(['whole-1'])
    const book = open()
    await book.start()
    for (const entry of morning('whole-1')) tell(book, entry)
    goTo(book, six + 290 * minute)
    await settle(book)
    const register = registerOf(book)
    const id = `whole-1@${six + 60 * minute}`
    const first = async () =>
      short(await register.list(all, six, six + 100 * minute)).filter(([, , kind]) => kind === 'breakdown')
    const [bearing, drive] = ['mechanical/bearing', 'electrical/drive']
    await register.change(id, [
      { ...said, reason: bearing! },
      { ...said, reason: bearing!, at: six + 65 * minute },
    ])
    await settle(book)
    expect(await first()).toEqual([[60, 80, 'breakdown', bearing]])
    await register.change(id, [{ ...said, reason: drive! }])
    await settle(book)
    expect(await first()).toEqual([[60, 80, 'breakdown', drive]])
    await register.change(id, [{ ...said, reason: bearing!, at: six + 63 * minute }])
    await settle(book)
    expect(await first()).toEqual([
      [60, 63, 'breakdown', drive],
      [63, 80, 'breakdown', bearing],
    ])
  })

  it('refuses two reasons for one moment', async () => {
    const { open, tell, goTo, registerOf } = ground(['twice-1'])
    const book = open()
    await book.start()
    for (const entry of morning('twice-1')) tell(book, entry)
    goTo(book, six + 200 * minute)
    const at = six + 70 * minute
    const parts = ['material', 'changeover'].map(reason => ({ ...said, reason, at }))
    expect(await registerOf(book).change(`twice-1@${six + 60 * minute}`, parts)).toMatchObject({
      part: 'at',
      message: expect.stringContaining('two reasons begin at'),
    })
  })

  it('forgets a stop that late data say never was, and does not put its reason upon the next', async () => {
    const { open, tell, goTo, settle, registerOf, all } = ground(['none-1'])
    const book = open()
    await book.start()
    for (const entry of morning('none-1')) tell(book, entry)
    goTo(book, six + 290 * minute)
    await settle(book)
    const register = registerOf(book)
    await register.change(`none-1@${six + 60 * minute}`, [{ ...said, reason: 'mechanical/bearing' }])
    tell(book, { source: 's', stateChanges: [change('none-1', six + 60 * minute, 'Execute')] })
    await settle(book)
    const stops = await register.list(all, six, six + 290 * minute)
    expect(short(stops)).toEqual([
      [110, 113, 'minorStop', ''],
      [150, 160, 'starved', ''],
    ])
  })

  it('reads reasons from the source’s own words, and names who made a machine wait', async () => {
    const { open, tell, goTo, registerOf, all } = ground(['root-1', 'root-2', 'root-3'], {
      faultReasons: { mill: { Aborted: 'electrical/drive' } },
    })
    const book = open()
    await book.start()
    const tellAll = (...rows: [string, number, string, string?][]) =>
      tell(book, {
        source: 's',
        stateChanges: rows.map(([machine, at, state, reason]) =>
          change(machine, six + at * minute, state, reason),
        ),
      })
    tellAll(['root-1', 0, 'Execute'], ['root-2', 0, 'Execute'], ['root-3', 0, 'Execute'])
    tellAll(
      ['root-1', 10, 'Aborted'],
      ['root-2', 12, 'Suspended', 'starved'],
      ['root-3', 14, 'Suspended', 'starved'],
    )
    tellAll(['root-1', 30, 'Execute'], ['root-2', 31, 'Execute'], ['root-3', 32, 'Execute'])
    goTo(book, six + 40 * minute)
    const stops = await registerOf(book).list(all, six, six + 40 * minute)
    expect(
      stops.map(({ machine, kind, reason, reasonBy, root }) => [machine, kind, reason, reasonBy, root]),
    ).toEqual([
      ['root-1', 'breakdown', 'electrical/drive', 'map', undefined],
      ['root-2', 'starved', '', '', { machine: 'root-1', reason: 'electrical/drive' }],
      ['root-3', 'starved', '', '', { machine: 'root-1', reason: 'electrical/drive' }],
    ])
  })

  it('refuses what does not fit, and says what would', async () => {
    const { open, tell, goTo, registerOf } = ground(['bad-1'])
    const book = open()
    await book.start()
    for (const entry of morning('bad-1')) tell(book, entry)
    goTo(book, six + 200 * minute)
    const register = registerOf(book)
    const id = `bad-1@${six + 60 * minute}`
    expect(await register.change('bad-1@12', [{ ...said, reason: 'material' }])).toMatchObject({ part: 'id' })
    expect(await register.change(id, [{ ...said, reason: 'mechanical/gremlin' }])).toMatchObject({
      part: 'reason',
    })
    // Into the next stop.
    const over = await register.change(id, [{ ...said, reason: 'material', at: six + 111 * minute }])
    expect(over).toMatchObject({
      part: 'at',
      message: expect.stringContaining('before and after it is another'),
    })
    const [row] = await common.store.query<{ n: number }>(
      "SELECT toUInt32(count()) AS n FROM gemba.downtime_changes WHERE machine = 'bad-1'",
    )
    expect(row).toEqual({ n: 0 })
  })
})
