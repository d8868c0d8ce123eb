import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Quality } from '../../schema/quality.js'
import type { Entry } from '../../schema/records.js'
import { SampleBatchBuilder } from '../../schema/sample-batch.js'
import { rollUp } from '../../workers/kpi/roll-up.js'
import { floorOf, machineOf, sensor } from '../floor/floor.fixture.js'
import { KpiBook } from './kpi-book.js'
import { recordSettled } from './kpi-keeper.js'
import { LateCounts } from './late-counts.js'
import { movedParts } from './moved-parts.js'
import { KpiGround } from './test-ground.js'

let common: KpiGround
beforeAll(async () => {
  common = await KpiGround.open()
})
afterAll(() => common?.close())

const numRuns = process.env.GEMBA_SOAK ? 300 : 5
const hourMs = 3_600_000
const dayMs = 24 * hourMs
const firstDay = Date.UTC(2026, 0, 5, 6)

const counterOf = (machine: string) =>
  sensor(machine, 'parts', {
    role: 'status',
    name: 'produced',
    quantity: 'counter',
    unit: 'parts',
    range: [0, 1e9],
    resolution: 1,
  })

let days = 0

/** A machine that only tells its counter, a new one on each day, watched from six in the morning. */
async function watch() {
  const day = days++
  const begin = firstDay + dayMs * day
  const press = `press-${day}`
  // What other days' counters were told is not this one's: their signals come first.
  const others = Array.from({ length: day }, (_, place) => sensor('others', `t${place}`))
  const machines = [machineOf('others', others), machineOf(press, [counterOf(press)])]
  const { floor, wall, registry, say } = floorOf(machines, { at: begin })
  const { index } = registry.signalById(`${press}.parts`)!
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
    const record = tellTo(of)
    await new LateCounts({ plant: floor.plant, registry, store, clock: wall, record }).settle(of.lateReadings)
    await of.reread()
    recordSettled(of, tellTo(of))
    await store.flush()
  }
  const read = (at: number, shows: number): void => {
    wall.time = Math.max(wall.time, begin + at)
    tellTo(book)(say(`${press}.parts`, shows, begin + at))
  }
  /** Several in one turn. */
  const readAll = (readings: readonly { readonly at: number; readonly shows: number }[]): void => {
    const batch = new SampleBatchBuilder()
    for (const { at, shows } of readings) batch.push(index, begin + at, wall.time, shows, Quality.good)
    tellTo(book)(floor.ingest('plc', { kind: 'samples', batch: batch.take() }))
  }
  /** What the source kept while nobody asked it. */
  const readBack = (at: number, shows: number): void => {
    const batch = new SampleBatchBuilder()
    batch.push(index, begin + at, wall.time, shows, Quality.good)
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
      WHERE machine = {press:String} GROUP BY at HAVING parts != 0 ORDER BY at`,
      { begin, press },
    )
  /** What the book says of each hour. */
  const byHour = async (of: KpiBook): Promise<[number, number][]> => {
    const cells = await of.cells([press], begin, begin + 10 * hourMs)
    const hours = rollUp(cells, ({ hour }) => String((hour - begin) / hourMs))
    return [...hours]
      .flatMap(([hour, { made }]): [number, number][] => {
        const [{ produced } = { produced: 0 }] = made.values()
        return produced === 0 ? [] : [[Number(hour), produced]]
      })
      .sort(([a], [b]) => a - b)
  }
  return { begin, index, press, tellTo, book, open, read, readAll, readBack, goTo, settle, credited, byHour }
}

describe('parts of a counter that was read too late', () => {
  it('are credited as if each reading had come in time, whatever the order of arrival, and stay as many; so says plain SQL, the live book and the next one', async () => {
    const readings = fc
      .uniqueArray(
        fc.tuple(fc.integer({ min: 1, max: 35_998 }), fc.constantFrom(0, 0, 0, 1, 3, 5), fc.nat(2)),
        {
          selector: ([at]) => at,
          minLength: 1,
          maxLength: 30,
        },
      )
      .map(drawn => drawn.sort(([a], [b]) => a - b))
    await fc.assert(
      fc.asyncProperty(readings, fc.nat(3), fc.infiniteStream(fc.nat()), async (drawn, early, orders) => {
        const { begin, index, book, open, read, readAll, goTo, settle, credited, byHour } = await watch()
        let shows = 7
        const from7 = [[0, 0, 1] as const, ...drawn]
        // The first come late, whether or not any came in time before them.
        const steps = from7.map(([at, by, isLate], place) => {
          shows += by
          return { at: at * 1_000, shows, isLate: isLate === 0 || place < early }
        })
        for (const { at, shows: value } of steps.filter(({ isLate }) => !isLate)) read(at, value)
        read(35_999_000, shows + 1)
        goTo(36_000_000)
        await settle(book)
        const late = steps
          .filter(({ isLate }) => isLate)
          .map(step => ({ ...step, order: orders.next().value! }))
        late.sort((a, b) => a.order - b.order)
        // Some by themselves, some together, some in one turn.
        for (let place = 0; place < late.length; ) {
          const together = late.slice(place, place + 1 + (late[place]!.order % 4))
          place += together.length
          readAll(together)
          if (place % 2 === 0) await settle(book)
        }
        await settle(book)
        const right = await common.store.query<{ at: number; parts: number }>(
          `SELECT at, parts FROM (
            SELECT toFloat64(toUnixTimestamp64Milli(ts)) - {begin:Int64} AS at,
              value - lagInFrame(value, 1, value) OVER (ORDER BY ts ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS parts
            FROM gemba.telemetry WHERE signal = {index:UInt32})
          WHERE parts != 0 ORDER BY at`,
          { begin, index },
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

  it('are counted where they are older than the first that came in time, among themselves and up to it; by the next start too', async () => {
    const early = [
      { at: 1 * hourMs, shows: 0 },
      { at: 2 * hourMs, shows: 20 },
      { at: 3 * hourMs, shows: 53 },
    ]
    const right = [
      [2, 20],
      [3, 33],
      [8, 947],
    ]
    const killed = await watch()
    killed.read(8 * hourMs, 1000)
    killed.goTo(9 * hourMs)
    killed.readAll(early)
    const next = killed.open()
    await next.start()
    await killed.settle(next)
    expect(await killed.byHour(next)).toEqual(right)

    const { book, open, read, readAll, goTo, settle, byHour } = await watch()
    read(8 * hourMs, 1000)
    goTo(9 * hourMs)
    readAll(early)
    await settle(book)
    expect(await byHour(book)).toEqual(right)
    read(30 * 60_000, 0)
    read(2.5 * hourMs, 25)
    await settle(book)
    expect(await byHour(book)).toEqual([
      [2, 25],
      [3, 28],
      [8, 947],
    ])
    const again = open()
    await again.start()
    expect(await byHour(again)).toEqual(await byHour(book))
  })

  it('are not believed of a source whose clock was set back', async () => {
    const { book, open, read, readAll, goTo, settle, byHour } = await watch()
    read(8 * hourMs, 1)
    read(8.5 * hourMs, 22)
    const right = [[8, 21]]
    for (const [place, shows] of [23, 29, 35, 36].entries()) {
      goTo(9 * hourMs + place * 30_000)
      readAll([{ at: 7.2 * hourMs + place * 30_000, shows }])
      await settle(book)
      expect(await byHour(book)).toEqual(right)
      // One alone does not say; from the second on their pace does.
      expect(book.lateReadings.all()).toHaveLength(place === 0 ? 1 : 0)
    }
    // The clock was set right.
    read(9.1 * hourMs, 40)
    await settle(book)
    const next = open()
    await next.start()
    await settle(next)
    for (const each of [book, next]) {
      expect(await byHour(each)).toEqual([
        [8, 21],
        [9, 18],
      ])
      expect(each.lateReadings.all()).toEqual([])
    }
  })

  it('are not believed of a source whose clock was set back by a second just after the first', async () => {
    const { book, read, readAll, goTo, settle, byHour } = await watch()
    read(8 * hourMs, 100)
    goTo(8 * hourMs + 1_000)
    readAll([{ at: 8 * hourMs - 500, shows: 101 }])
    await settle(book)
    goTo(8 * hourMs + 2_000)
    readAll([{ at: 8 * hourMs + 500, shows: 102 }])
    await settle(book)
    expect(await byHour(book)).toEqual([[8, 2]])
  })

  it('are those of a counter that was set back since, whatever it showed when they came', async () => {
    const { book, open, read, readAll, goTo, settle, byHour } = await watch()
    read(8 * hourMs, 5)
    read(8.5 * hourMs, 9)
    goTo(9 * hourMs)
    readAll([
      { at: 6.5 * hourMs, shows: 10 },
      { at: 7.2 * hourMs, shows: 41 },
      { at: 7.5 * hourMs, shows: 60 },
    ])
    await settle(book)
    const right = [
      [7, 50],
      [8, 9],
    ]
    expect(await byHour(book)).toEqual(right)
    expect(book.lateReadings.all()).toEqual([])
    readAll([{ at: 6 * hourMs, shows: 45 }])
    await settle(book)
    expect(await byHour(book)).toEqual([[6, 10], ...right])
    const again = open()
    await again.start()
    await settle(again)
    expect(await byHour(again)).toEqual([[6, 10], ...right])
  })

  it('are that, where nothing more comes that would say otherwise, a minute after them', async () => {
    const { book, read, readAll, goTo, settle, byHour } = await watch()
    read(8 * hourMs, 5)
    goTo(9 * hourMs)
    readAll([{ at: 7 * hourMs, shows: 11 }])
    await settle(book)
    expect(book.lateReadings.all()).toHaveLength(1)
    goTo(9 * hourMs + 60_000)
    await settle(book)
    expect(await byHour(book)).toEqual([[8, 5]])
    expect(book.lateReadings.all()).toEqual([])
  })

  it('count as if they had come in order though the counter began anew again and again, wherever the first to arrive lies', async () => {
    const steps = fc.array(
      fc.tuple(fc.integer({ min: 60, max: 900 }), fc.constantFrom(0, 1, 2, 3, 7, 'reset' as const)),
      {
        minLength: 2,
        maxLength: 20,
      },
    )
    await fc.assert(
      fc.asyncProperty(steps, fc.nat(), fc.nat(3), async (drawn, split, size) => {
        const { book, open, readAll, goTo, settle, byHour } = await watch()
        let at = 0
        let shows = 50
        let parts = 0
        const readings = drawn.map(([apart, by], place) => {
          const before = shows
          shows = by === 'reset' ? place % 3 : shows + by
          if (place > 0) parts += shows >= before ? shows - before : shows < before / 2 ? shows : 0
          at += apart * 1_000
          return { at, shows }
        })
        const first = 1 + (split % (readings.length - 1))
        goTo(10 * hourMs)
        readAll(readings.slice(first))
        await settle(book)
        // The older ones in pieces, as they are handed over.
        for (let from = 0; from < first; from += size + 1) {
          goTo(10 * hourMs + from * 10)
          readAll(readings.slice(from, Math.min(from + size + 1, first)))
          if (from === 0) await settle(book)
        }
        await settle(book)
        goTo(10 * hourMs + 120_000)
        await settle(book)
        const again = open()
        await again.start()
        await settle(again)
        for (const each of [book, again]) {
          expect((await byHour(each)).reduce((sum, [, made]) => sum + made, 0)).toBe(parts)
          expect(each.lateReadings.all()).toEqual([])
        }
      }),
      { numRuns },
    )
  })

  it('leave imported parts as they are', async () => {
    const { begin, press, tellTo, book, read, readAll, goTo, settle, byHour } = await watch()
    const row = { machine: press, counter: 'processed', cause: 'count' }
    const imported = { ...row, ts: begin + 2.5 * hourMs, parts: 30, total: -17 }
    read(8 * hourMs, 100)
    goTo(9 * hourMs)
    tellTo(book)({ source: 'import', rows: { production_events: [imported] } })
    readAll([
      { at: 1 * hourMs, shows: 0 },
      { at: 2 * hourMs, shows: 20 },
      { at: 3 * hourMs, shows: 53 },
    ])
    await settle(book)
    expect(await byHour(book)).toEqual([
      [2, 50],
      [8, 47],
    ])
  })

  it('count no leap of more than can have been made, and list it once', async () => {
    const { press, book, read, readAll, goTo, settle, byHour } = await watch()
    read(8 * hourMs, 900_000_010)
    goTo(9 * hourMs)
    readAll([
      { at: 1 * hourMs, shows: 0 },
      { at: 2 * hourMs, shows: 20 },
      { at: 3 * hourMs, shows: 900_000_000 },
    ])
    await settle(book)
    readAll([{ at: 1.5 * hourMs, shows: 10 }])
    await settle(book)
    expect(await byHour(book)).toEqual([
      [1, 10],
      [2, 10],
      [8, 10],
    ])
    const listed = await common.store.query<{ value: number }>(
      `SELECT value FROM gemba.rejects WHERE rule = 'counter.leap' AND signal = {signal:String}`,
      { signal: `${press}.parts` },
    )
    expect(listed).toEqual([{ value: 900_000_000 }])
  })

  it('that say the same in one turn move parts all the same', async () => {
    const { book, read, readAll, goTo, settle, byHour } = await watch()
    read(0, 0)
    read(8 * hourMs, 10)
    goTo(9 * hourMs)
    readAll([1, 2, 3, 4].map(hour => ({ at: hour * hourMs, shows: 5 })))
    await settle(book)
    expect(await byHour(book)).toEqual([
      [1, 5],
      [8, 5],
    ])
  })

  it('count where the counter stood still before the first that came in time, in one turn and in any order', async () => {
    const shows = [0, 2, 2, 2, 2, 5, 5, 5, 7].map((value, place) => ({
      at: (place + 1) * 1_800_000,
      shows: value,
    }))
    for (const order of [shows, shows.toReversed(), [...shows.slice(3), ...shows.slice(0, 3)]]) {
      const { book, read, readAll, goTo, settle, byHour } = await watch()
      read(8 * hourMs, 7)
      read(8.5 * hourMs, 9)
      goTo(9 * hourMs)
      readAll(order)
      await settle(book)
      expect(await byHour(book)).toEqual([
        [1, 2],
        [3, 3],
        [4, 2],
        [8, 2],
      ])
    }
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
    rows.map(([time, parts, falls = 0]) => ({ time, parts, falls, isImported: false }))
  const rule = (width: number) => ({ width, most: () => 1_000 })
  const readings = (...rows: [time: number, value: number][]) =>
    rows.map(([time, value], place) => ({ time, value, isLate: place > 0 && place < rows.length - 1 }))

  it('moves them over a counter that came round', () => {
    expect(
      movedParts(readings([0, 65_000], [1, 65_500], [2, 100]), recorded([2, 636, 1]), rule(65_536)),
    ).toEqual([
      { time: 1, parts: 500, total: 500, cause: 'moved' },
      { time: 2, parts: -500, total: 136, cause: 'moved' },
    ])
  })

  it('credits what a counter showed before it was set back, which nobody knew of', () => {
    expect(movedParts(readings([0, 100], [1, 110], [2, 3]), recorded([2, 3, 1]), rule(0))).toEqual([
      { time: 1, parts: 10, total: 10, cause: 'moved' },
    ])
  })

  it('believes no late value that would set the counter back once more', () => {
    expect(movedParts(readings([0, 100], [1, 5], [2, 110]), recorded([2, 10]), rule(0))).toEqual([])
    expect(movedParts(readings([0, 100], [1, 500], [2, 110]), recorded([2, 10]), rule(0))).toEqual([])
  })

  it('moves nothing where something else is credited than the readings say', () => {
    expect(movedParts(readings([0, 100], [1, 104], [2, 110]), recorded([2, 30]), rule(0))).toEqual([])
  })
})
