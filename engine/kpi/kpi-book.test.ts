import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Entry } from '../../schema/records.js'
import { kpisOf } from '../../workers/kpi/kpi.js'
import { type MachineCell, rollUp } from '../../workers/kpi/roll-up.js'
import { calendarTime, sumTallies, type Tally } from '../../workers/kpi/tally.js'
import { openStore, type Store, type StoreOptions } from '../store/store.js'
import type { CellDetail } from './hourly.js'
import { KpiBook } from './kpi-book.js'
import { recordSettled } from './kpi-keeper.js'
import { change, KpiGround, minute, morning, parts, six } from './test-ground.js'

let common: KpiGround
beforeAll(async () => {
  common = await KpiGround.open()
})
afterAll(() => common?.close())

const whole = (cells: Iterable<MachineCell>): Tally => {
  const tally = sumTallies([...cells].map(cell => cell.tally))
  return { ...tally, made: new Map([...tally.made].sort()) }
}

describe('the book of figures', () => {
  it('says the same of the present shift live, after a restart, and by plain SQL over the database', async () => {
    const { open, tell, goTo, settle } = common.floor(['live-1'])
    const book = open()
    await book.start()
    for (const entry of morning('live-1')) tell(book, entry)
    const now = six + 200 * minute
    goTo(book, now)
    const live = await book.cells(['live-1'], six, now)
    const { ratios } = kpisOf(whole(live))
    // By hand: 200 min, 20 of them break; 20 down, 3 stopped, 10 starved; 120 parts of 30 s, 4 of them bad.
    expect(whole(live).time).toMatchObject({
      production: (200 - 20 - 20 - 3 - 10) * minute,
      breakdown: 20 * minute,
      minorStop: 3 * minute,
      starved: 10 * minute,
      planned: 0,
      overtime: 20 * minute,
    })
    expect(ratios.oee).toBeCloseTo((116 * 30) / (180 * 60), 12)

    await settle(book)
    const again = open()
    await again.start()
    goTo(again, now)
    expect(whole(await again.cells(['live-1'], six, now))).toEqual(whole(live))
    const written = await common.store.query<{ n: number }>(
      "SELECT toUInt32(count()) AS n FROM gemba.oee_hourly WHERE machine = 'live-1' AND production > 0",
    )
    expect(written[0]!.n).toBeGreaterThan(1)

    const bySql = await common.store.query<{ name: string; seconds: number }>(
      `SELECT if(state = 'Execute', 'production', source_state) AS name,
        sum(dateDiff('millisecond', greatest(start, {from:DateTime64(3)}), least(ifNull(end, {to:DateTime64(3)}), {to:DateTime64(3)}))) / 1000 AS seconds
      FROM gemba.state_intervals WHERE machine = 'live-1' AND start < {to:DateTime64(3)} GROUP BY name`,
      { from: sqlTime(six), to: sqlTime(now) },
    )
    const sql = Object.fromEntries(bySql.map(({ name, seconds }) => [name, seconds]))
    expect(sql).toEqual({ production: 147 * 60 + 20 * 60, aborted: 1_200, held: 180, suspended: 600 })
  })

  it('answers for any stretch of time with the sum of its parts, whether written, live or cut within an hour', async () => {
    const { open, tell, goTo, settle } = common.floor(['cut-1', 'cut-2'])
    const book = open()
    await book.start()
    for (const machine of ['cut-1', 'cut-2']) for (const entry of morning(machine)) tell(book, entry)
    const now = six + 290 * minute
    goTo(book, now)
    await settle(book)
    const all = whole(await book.cells(['cut-1', 'cut-2'], six, now))
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: six, max: now }), { maxLength: 3 }), async cuts => {
        const bounds = [six, ...cuts, now].sort((a, b) => a - b)
        const piecesBy = (detail: CellDetail): Promise<MachineCell[][]> =>
          Promise.all(
            bounds.slice(1).map((to, place) => book.cells(['cut-1', 'cut-2'], bounds[place]!, to, detail)),
          )
        const pieces = (await piecesBy('hour')).flat()
        expect(whole(pieces)).toEqual(all)
        // Added up by the database what need not be told apart.
        const byShift = (cells: MachineCell[]) => rollUp(cells, ({ machine, shift }) => `${machine} ${shift}`)
        expect(byShift((await piecesBy('shift')).flat())).toEqual(byShift(pieces))
        expect(whole((await piecesBy('none')).flat())).toEqual(all)
      }),
      { numRuns: process.env.GEMBA_SOAK ? 200 : 12 },
    )
    const byMachine = rollUp(await book.cells(['cut-1', 'cut-2'], six, now), ({ machine }) => machine)
    expect(sumTallies(byMachine.values()).time).toEqual(all.time)
  })

  it('says the same while hours that it has just handed out are on their way into the database, written first or anew', async () => {
    const { open, tell, goTo } = common.floor(['way-1'])
    const book = open()
    await book.start()
    for (const entry of morning('way-1')) tell(book, entry)
    const now = six + 290 * minute
    goTo(book, now)
    const cells = async () => whole(await book.cells(['way-1'], six, now))
    const live = await cells()
    recordSettled(book, entry => tell(book, entry))
    expect(await cells()).toEqual(live)
    tell(book, { source: 's', stateChanges: [change('way-1', six + 50 * minute, 'Aborted')] })
    await book.reread()
    const anew = await cells()
    expect(anew.time.breakdown).toBe(live.time.breakdown + 10 * minute)
    recordSettled(book, entry => tell(book, entry))
    expect(await cells()).toEqual(anew)
  })

  it('works out anew what a late change touches, and writes those hours again', async () => {
    const { open, tell, goTo, settle } = common.floor(['late-1'])
    const book = open()
    await book.start()
    for (const entry of morning('late-1')) tell(book, entry)
    const now = six + 290 * minute
    goTo(book, now)
    await settle(book)
    const before = whole(await book.cells(['late-1'], six, now))
    // Four hours late: it had stood still for ten minutes more.
    tell(book, { source: 's', stateChanges: [change('late-1', six + 50 * minute, 'Aborted')] })
    await settle(book)
    await settle(book)
    const after = whole(await book.cells(['late-1'], six, now))
    expect(after.time.breakdown - before.time.breakdown).toBe(10 * minute)
    expect(before.time.production - after.time.production).toBe(10 * minute)
    const again = open()
    await again.start()
    goTo(again, now)
    expect(whole(await again.cells(['late-1'], six, now))).toEqual(after)
  })

  it('works out anew the way into a wait, in the hour before, when what it was for is corrected', async () => {
    const { open, tell, goTo, settle } = common.floor(['way-in'])
    const book = open()
    await book.start()
    const say = (at: number, state: string, reason?: string) =>
      tell(book, { source: 's', stateChanges: [change('way-in', six + at * minute, state, reason)] })
    say(0, 'Execute')
    say(59, 'Suspending')
    say(62, 'Suspended', 'starved')
    say(90, 'Execute')
    const now = six + 290 * minute
    goTo(book, now)
    await settle(book)
    const first = async (of: KpiBook) => whole(await of.cells(['way-in'], six, six + 60 * minute)).time
    expect(await first(book)).toMatchObject({ starved: minute, breakdown: 0 })
    // Nobody knows what for, after all: a stop of its own.
    say(62, 'Suspended')
    await settle(book)
    await settle(book)
    expect(await first(book)).toMatchObject({ starved: 0, breakdown: minute })
    const again = open()
    await again.start()
    goTo(again, now)
    expect(await first(again)).toMatchObject({ starved: 0, breakdown: minute })
  })

  it('ends a stop that came late with a state that was told again after it, though what was told again is not read back', async () => {
    const { open, tell, goTo, settle } = common.floor(['told-again'])
    const book = open()
    await book.start()
    const say = (at: number, state: string) =>
      tell(book, { source: 's', stateChanges: [change('told-again', six + at * minute, state)] })
    goTo(book, six + 60 * minute)
    for (const [at, state] of [
      [50, 'Execute'],
      [52, 'Aborted'],
      [54, 'Execute'],
    ] as const)
      say(at, state)
    // Too late: from now on the past is what was read back.
    say(10, 'Execute')
    await settle(book)
    say(47, 'Held')
    await settle(book)
    const again = open()
    await again.start()
    for (const each of [book, again]) {
      goTo(each, six + 60 * minute)
      expect(whole(await each.cells(['told-again'], six, six + 60 * minute)).time).toMatchObject({
        production: (60 - 10 - 3 - 2) * minute,
        minorStop: (3 + 2) * minute,
        breakdown: 0,
      })
    }
  })

  it('works out at a start what came late just before the engine ended, be it that a stop which goes on held the hours back', async () => {
    const { open, tell, goTo, settle } = common.floor(['owed-1', 'owed-2'])
    const book = open()
    await book.start()
    for (const entry of [...morning('owed-1'), ...morning('owed-2')]) tell(book, entry)
    tell(book, { source: 's', stateChanges: [change('owed-2', six + 170 * minute, 'Undefined')] })
    const now = six + 290 * minute
    goTo(book, now)
    await settle(book)
    const times = async (of: KpiBook, machine: string) => whole(await of.cells([machine], six, now)).time
    const before = await times(book, 'owed-1')
    // Told, and on record; and then the engine is gone.
    tell(book, { source: 's', stateChanges: [change('owed-1', six + 50 * minute, 'Aborted')] })
    const next = open()
    await next.start()
    const after = await times(next, 'owed-1')
    expect(after.breakdown - before.breakdown).toBe(10 * minute)
    expect(before.production - after.production).toBe(10 * minute)

    // 120 min of nobody knows, 30 of them break, become a breakdown that goes on.
    goTo(next, now)
    expect(await times(next, 'owed-2')).toMatchObject({ unknown: 90 * minute, breakdown: 20 * minute })
    const said = {
      ...{ machine: 'owed-2', ts: six + 170 * minute, until: 0, told: now },
      ...{ reason: 'mechanical/bearing', who: 'Ada', comment: '' },
    }
    tell(next, { source: 'operators', rows: { downtime_changes: [said] } })
    await settle(next)
    const told = await times(next, 'owed-2')
    expect(told).toMatchObject({ unknown: 0, breakdown: 110 * minute })
    const last = open()
    await last.start()
    expect(await times(last, 'owed-2')).toEqual(told)
    const [written] = await common.store.query<{ unknown: number }>(
      "SELECT toFloat64(sum(unknown)) AS unknown FROM gemba.fact_oee WHERE machine = 'owed-2'",
    )
    expect(written).toEqual({ unknown: 0 })
  })

  it('works out at a start what an hour counts as that was written while a stop of it went on', async () => {
    const { open, tell, goTo, settle } = common.floor(['open-hour-1'])
    const book = open()
    await book.start()
    tell(book, { source: 's', stateChanges: [change('open-hour-1', six, 'Execute')] })
    goTo(book, six + 200 * minute)
    await settle(book)
    // Told late: it has stood since three minutes before the break, in which it is.
    tell(book, { source: 's', stateChanges: [change('open-hour-1', six + 177 * minute, 'Aborted')] })
    await settle(book)
    const written = () =>
      common.store.query<{ minor: number; breakdown: number }>(
        `SELECT toFloat64(sum(minor_stop)) / 60000 AS minor, toFloat64(sum(breakdown)) / 60000 AS breakdown
        FROM gemba.fact_oee WHERE machine = 'open-hour-1'`,
      )
    expect(await written()).toEqual([{ minor: 3, breakdown: 0 }])

    const again = open()
    await again.start()
    tell(again, { source: 's', stateChanges: [change('open-hour-1', six + 225 * minute, 'Execute')] })
    goTo(again, six + 300 * minute)
    const times = async (of: KpiBook) => whole(await of.cells(['open-hour-1'], six, six + 300 * minute)).time
    expect(await times(again)).toMatchObject({ minorStop: 0, breakdown: 18 * minute })
    await settle(again)
    expect(await written()).toEqual([{ minor: 0, breakdown: 18 }])
    const last = open()
    await last.start()
    expect(await times(last)).toEqual(await times(again))
  })

  it('says that figures are being worked out anew, and how much of a range no machine had been heard of', async () => {
    const { open, tell, goTo, settle } = common.floor(['flag-1', 'flag-2'])
    const machines = ['flag-1', 'flag-2']
    const book = open()
    await book.start()
    for (const entry of morning('flag-1')) tell(book, entry)
    const now = six + 290 * minute
    goTo(book, now)
    await settle(book)
    expect(book.isRecomputing(machines, now)).toBe(false)
    expect(book.unheard(machines, six - 10 * minute, now + minute)).toEqual({ machines: 2, ms: 310 * minute })
    tell(book, { source: 's', stateChanges: [change('flag-1', six + 50 * minute, 'Aborted')] })
    const figures = () => [
      book.isRecomputing(machines, now),
      book.isRecomputing(['flag-2'], now),
      book.isRecomputing(machines, six + 50 * minute),
    ]
    expect(figures()).toEqual([true, false, false])
    const reread = book.reread()
    expect(figures()).toEqual([true, false, false])
    await reread
    expect(figures()).toEqual([false, false, false])
    const late = { machine: 'flag-2', ts: six, counter: 'processed', parts: 0, total: 3, cause: 'late' }
    tell(book, { source: 's', rows: { production_events: [late] } })
    expect(book.isRecomputing(machines, now)).toBe(true)
  })

  it('begins no machine’s time with a run of its line, and knows the run when the machine is first heard of', async () => {
    const { open, tell, goTo, settle } = common.floor(['born-1'], {}, 'line-born')
    const book = open()
    await book.start()
    const run = {
      line: 'line-born',
      start: six,
      end: 0,
      product: 'bolt',
      order: 'W-9',
      target: 0,
      who: 'Ada',
    }
    tell(book, { source: 'operators', rows: { production_runs: [run] } })
    goTo(book, six + 30 * minute)
    expect(await book.cells(['born-1'], six, six + 30 * minute)).toEqual([])
    // Another start comes before the machine is heard of.
    const next = open()
    await next.start()
    for (const each of [book, next])
      each.take({ source: 's', stateChanges: [change('born-1', six + 40 * minute, 'Execute')] })
    goTo(next, six + 50 * minute)
    const orders = async (of: KpiBook) =>
      new Set((await of.cells(['born-1'], six, six + 50 * minute)).map(({ order }) => order))
    expect([await orders(book), await orders(next)]).toEqual([new Set(['W-9']), new Set(['W-9'])])
    tell(book, { source: 's', stateChanges: [change('born-1', six + 40 * minute, 'Execute')] })
    goTo(book, six + 100 * minute)
    await settle(book)
    const cells = await book.cells(['born-1'], six, six + 100 * minute)
    expect(whole(cells).time).toMatchObject({ production: 60 * minute, unknown: 0 })
    expect(new Set(cells.map(({ product, order }) => `${product} ${order}`))).toEqual(new Set(['bolt W-9']))
    const again = open()
    await again.start()
    expect(whole(await again.cells(['born-1'], six, six + 100 * minute))).toEqual(whole(cells))
  })

  it('begins a machine’s time within an hour also where what is first of it came late', async () => {
    const { open, tell, goTo, settle } = common.floor(['late-born'])
    const book = open()
    await book.start()
    goTo(book, six + 200 * minute)
    tell(book, { source: 's', stateChanges: [change('late-born', six + 190 * minute, 'Execute')] })
    await settle(book)
    const born = six + 30 * minute
    tell(book, { source: 's', stateChanges: [change('late-born', born, 'Held')] })
    await settle(book)
    const now = six + 230 * minute
    goTo(book, now)
    await settle(book)
    const again = open()
    await again.start()
    for (const of of [book, again])
      for (const from of [six - 60 * minute, six, born, born + 1]) {
        const spent = calendarTime(whole(await of.cells(['late-born'], from, now)))
        expect(spent + of.unheard(['late-born'], from, now).ms).toBe(now - from)
      }
  })

  it('begins a machine’s time when it is first heard of, be it years from where the floor’s clock stood', async () => {
    const { open, tell, goTo, settle } = common.floor(['first-1', 'first-2'])
    const book = open()
    goTo(book, 0)
    await book.start()
    tell(book, { source: 's', stateChanges: [change('first-1', six, 'Execute')] })
    goTo(book, six + 90 * minute)
    await settle(book)
    expect(whole(await book.cells(['first-1'], 0, six + 90 * minute)).time).toMatchObject({
      production: 90 * minute,
      unknown: 0,
      unscheduled: 0,
    })
    const again = open()
    await again.start()
    expect(whole(await again.cells(['first-1'], 0, six + 90 * minute)).time.production).toBe(90 * minute)
    // One whose state nobody tells, only its counter.
    tell(book, parts('first-2', six + 40 * minute, 7))
    await settle(book)
    const counted = whole(await book.cells(['first-2'], six, six + 90 * minute))
    expect([...counted.made.values()]).toMatchObject([{ produced: 7 }])
    const anew = open()
    await anew.start()
    expect(whole(await anew.cells(['first-2'], six, six + 90 * minute))).toEqual(counted)
    // From within an hour before it.
    const early = await book.cells(['first-1'], six - 95 * minute, six + 30 * minute)
    expect(whole(early).time).toMatchObject({ production: 30 * minute, unknown: 0, unscheduled: 0 })
    const [row] = await common.store.query<{ n: number }>(
      "SELECT toUInt32(count()) AS n FROM gemba.oee_hourly WHERE machine = 'first-1'",
    )
    expect(row).toEqual({ n: 1 })
  })
})

it('says at once after a crash what it said before it: what the spool holds is read first', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gemba-kpis-'))
  const open = (more: Partial<StoreOptions> = {}): Promise<Store> =>
    openStore({ dataDir: folder, logger: pino({ level: 'silent' }), wall: Date, ...more })
  const { plant, clock, goTo } = common.floor(['crash-1'])
  const figures = async (store: Store): Promise<Tally> => {
    const book = new KpiBook({ plant, store, clock, wall: Date })
    await book.start()
    return whole(await book.cells(['crash-1'], six - 60 * minute, six + 40 * minute))
  }
  try {
    await (await open()).close()
    // Its hour has not ended, none is written; and the database is away until the end.
    const first = await open({ clickhouseUrl: 'http://127.0.0.1:1', spool: { segmentSamples: 1 } })
    const book = new KpiBook({ plant, store: first, clock, wall: Date })
    const entries: Entry[] = [
      { source: 's', stateChanges: [change('crash-1', six + 10 * minute, 'Execute')] },
      parts('crash-1', six + 20 * minute, 20),
      parts('crash-1', six + 30 * minute, 2, 'defective'),
    ]
    for (const entry of entries) {
      first.append(entry)
      book.take(entry)
    }
    goTo(book, six + 40 * minute)
    const before = whole(await book.cells(['crash-1'], six - 60 * minute, six + 40 * minute))
    expect(kpisOf(before).ratios.qualityRatio).toBe(0.9)
    expect((await first.close(0)).segmentsLeft).toBeGreaterThan(0)
    const second = await open()
    expect(await figures(second)).toEqual(before)
    await second.close()
    const third = await open()
    expect(await figures(third)).toEqual(before)
    await third.close()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

const sqlTime = (time: number): string => new Date(time).toISOString().replace('T', ' ').replace('Z', '')
