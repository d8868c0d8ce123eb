import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { Quality } from '../../schema/quality.js'
import type { Entry } from '../../schema/records.js'
import { SampleBatchBuilder } from '../../schema/sample-batch.js'
import { rollUp } from '../../workers/kpi/roll-up.js'
import { floorOf, machineOf, sensor } from '../floor/floor.fixture.js'
import { KpiBook } from './kpi-book.js'
import { recordSettled } from './kpi-keeper.js'
import { LateCounts, movedParts } from './late-counts.js'
import { KpiGround } from './test-ground.js'

// A database is started here; on a busy machine that takes a while.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })

let common: KpiGround
beforeAll(async () => {
  common = await KpiGround.open()
})
afterAll(() => common?.close())

const numRuns = process.env.GEMBA_SOAK ? 300 : 5
const hourMs = 3_600_000
const dayMs = 24 * hourMs
const firstDay = Date.UTC(2026, 0, 5, 6)

const counter = sensor('press', 'parts', {
  role: 'status',
  name: 'produced',
  quantity: 'counter',
  unit: 'parts',
  range: [0, 1e9],
  resolution: 1,
})

let day = 0

/** A machine that only tells its counter, on a day of its own, watched from six in the morning. */
async function watch() {
  const begin = firstDay + dayMs * day++
  const { floor, wall, registry, say } = floorOf([machineOf('press', [counter])], { at: begin })
  const { store } = common
  const open = () => new KpiBook({ plant: floor.plant, store, clock: wall, wall: Date })
  const book = open()
  await book.start()
  const tellTo =
    (of: KpiBook) =>
    (entry: Entry | undefined): void => {
      if (entry === undefined) return
      store.append(entry)
      of.take(entry)
    }
  const settle = async (of: KpiBook): Promise<void> => {
    of.advance()
    await new LateCounts({ plant: floor.plant, registry, store, record: tellTo(of) }).settle(of.lateReadings)
    await of.reread()
    recordSettled(of, tellTo(of))
    await store.flush()
  }
  const read = (at: number, shows: number): void => {
    wall.time = Math.max(wall.time, begin + at)
    tellTo(book)(say('press.parts', shows, begin + at))
  }
  /** What the source kept while nobody asked it. */
  const readBack = (at: number, shows: number): void => {
    const batch = new SampleBatchBuilder()
    batch.push(registry.signalById('press.parts')!.index, begin + at, wall.time, shows, Quality.good)
    tellTo(book)(floor.ingest('plc', { kind: 'samples', batch: batch.take(), isHistory: true }))
  }
  const goTo = (at: number): void => {
    wall.time = begin + at
  }
  /** Parts by the time at which they are credited, after the begin of the day. */
  const credited = async () =>
    common.store.query<{ at: number; parts: number }>(
      `SELECT toFloat64(toUnixTimestamp64Milli(ts)) - {begin:Int64} AS at, sum(e.parts) AS parts
      FROM gemba.production_events AS e
      WHERE machine = 'press' AND at >= 0 AND at < {day:Int64} GROUP BY at HAVING parts != 0 ORDER BY at`,
      { begin, day: dayMs },
    )
  /** What the book says of each hour. */
  const byHour = async (of: KpiBook): Promise<[number, number][]> => {
    const cells = await of.cells(['press'], begin, begin + 10 * hourMs)
    const hours = rollUp(cells, ({ hour }) => String((hour - begin) / hourMs))
    return [...hours]
      .flatMap(([hour, { made }]): [number, number][] => {
        const [{ produced } = { produced: 0 }] = made.values()
        return produced === 0 ? [] : [[Number(hour), produced]]
      })
      .sort(([a], [b]) => a - b)
  }
  return { begin, book, open, read, readBack, goTo, settle, credited, byHour }
}

describe('parts of a counter that was read too late', () => {
  it('are credited as if each reading had come in time, whatever the order of arrival, and stay as many; so says plain SQL, the live book and the next one', async () => {
    const readings = fc
      .uniqueArray(fc.tuple(fc.integer({ min: 1, max: 35_998 }), fc.integer({ min: 0, max: 5 }), fc.nat(2)), {
        selector: ([at]) => at,
        minLength: 1,
        maxLength: 30,
      })
      .map(drawn => drawn.sort(([a], [b]) => a - b))
    await fc.assert(
      fc.asyncProperty(readings, fc.infiniteStream(fc.nat()), async (drawn, orders) => {
        const { begin, book, open, read, goTo, settle, credited, byHour } = await watch()
        let shows = 7
        const steps = drawn.map(([at, by, isLate]) => {
          shows += by
          return { at: at * 1_000, shows, isLate: isLate === 0 }
        })
        read(0, 7)
        for (const { at, shows: value } of steps.filter(({ isLate }) => !isLate)) read(at, value)
        read(35_999_000, shows + 1)
        goTo(36_000_000)
        await settle(book)
        const late = steps
          .filter(({ isLate }) => isLate)
          .map(step => ({ ...step, order: orders.next().value! }))
        late.sort((a, b) => a.order - b.order)
        for (const [place, { at, shows: value }] of late.entries()) {
          read(at, value)
          // Some by themselves, some together.
          if (place % 2 === 0) await settle(book)
        }
        await settle(book)
        const right = await common.store.query<{ at: number; parts: number }>(
          `SELECT at, parts FROM (
            SELECT toFloat64(toUnixTimestamp64Milli(ts)) - {begin:Int64} AS at,
              value - lagInFrame(value, 1, value) OVER (ORDER BY ts ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS parts
            FROM gemba.telemetry WHERE signal = 0 AND ts >= fromUnixTimestamp64Milli({begin:Int64}, 'UTC')
              AND ts < fromUnixTimestamp64Milli({begin:Int64} + {day:Int64}, 'UTC'))
          WHERE parts != 0 ORDER BY at`,
          { begin, day: dayMs },
        )
        expect(await credited()).toEqual(right)
        expect(right.reduce((sum, { parts }) => sum + parts, 0)).toBe(shows + 1 - 7)
        const hours = new Map<number, number>()
        for (const { at, parts } of right) {
          const hour = Math.floor(at / hourMs)
          hours.set(hour, (hours.get(hour) ?? 0) + parts)
        }
        expect(await byHour(book)).toEqual([...hours])
        const again = open()
        await again.start()
        expect(await byHour(again)).toEqual([...hours])
      }),
      { numRuns },
    )
  })

  it('are found owed by the next start, where the engine ended before it had worked them out', async () => {
    const { book, open, read, goTo, settle, byHour } = await watch()
    read(0, 0)
    read(5 * hourMs, 50)
    goTo(9 * hourMs)
    await settle(book)
    expect(await byHour(book)).toEqual([[5, 50]])
    read(2 * hourMs, 20)
    const again = open()
    await again.start()
    await settle(again)
    expect(await byHour(again)).toEqual([
      [2, 20],
      [5, 30],
    ])
  })

  it('wait for the reading after them, which a history that is read first does not have yet', async () => {
    const { book, read, readBack, settle, byHour, goTo } = await watch()
    read(0, 0)
    goTo(5 * hourMs)
    readBack(1 * hourMs, 4)
    readBack(2 * hourMs, 10)
    await settle(book)
    expect(await byHour(book)).toEqual([])
    expect(book.lateReadings.all()).toHaveLength(1)
    read(5 * hourMs, 11)
    goTo(6 * hourMs)
    await settle(book)
    expect(await byHour(book)).toEqual([
      [1, 4],
      [2, 6],
      [5, 1],
    ])
    expect(book.lateReadings.all()).toEqual([])
  })
})

describe('what readings say of parts that are credited', () => {
  const recorded = (...rows: [time: number, parts: number, falls?: number][]) =>
    rows.map(([time, parts, falls = 0]) => ({ time, parts, falls }))
  const readings = (...rows: [time: number, value: number][]) =>
    rows.map(([time, value], place) => ({ time, value, isLate: place > 0 && place < rows.length - 1 }))

  it('moves them over a counter that came round', () => {
    expect(movedParts(readings([0, 65_000], [1, 65_500], [2, 100]), recorded([2, 636, 1]), 65_536)).toEqual([
      { time: 1, parts: 500, total: 500 },
      { time: 2, parts: -500, total: 136 },
    ])
  })

  it('credits what a counter showed before it was set back, which nobody knew of', () => {
    expect(movedParts(readings([0, 100], [1, 110], [2, 3]), recorded([2, 3, 1]), 0)).toEqual([
      { time: 1, parts: 10, total: 10 },
    ])
  })

  it('believes no late value that would set the counter back once more', () => {
    expect(movedParts(readings([0, 100], [1, 5], [2, 110]), recorded([2, 10]), 0)).toEqual([])
    expect(movedParts(readings([0, 100], [1, 500], [2, 110]), recorded([2, 10]), 0)).toEqual([])
  })

  it('moves nothing where something else is credited than the readings say', () => {
    expect(movedParts(readings([0, 100], [1, 104], [2, 110]), recorded([2, 30]), 0)).toEqual([])
  })
})
