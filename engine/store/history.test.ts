import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SampleBatchBuilder } from '../../schema/sample-batch.js'
import { propertyRuns } from '../../twins/proof/runs.js'
import { buildBlocks } from '../../workers/spool/block-builder.js'
import { emptyIndexBook, makeRegistry } from '../floor/registry.js'
import { testPlant } from '../gateway/test-floor.js'
import type { Database } from './database.js'
import { writeDimensions } from './dimensions.js'
import type { Gap } from './gaps.js'
import { exportHistory, readHistory, type SignalHistory } from './history.js'
import { RollUp } from './roll-up.js'
import { readTextHistory } from './text-history.js'
import { openTestDatabase, type TestDatabase } from './your-clickhouse.fixture.js'

const noon = Date.UTC(2026, 10, 20, 12)
const minute = 60_000

let opened: TestDatabase
let database: Database
let nextSignal = 1_000
let nextSample = 1

beforeAll(async () => {
  opened = await openTestDatabase()
  database = opened.database
})
afterAll(async () => {
  await opened?.close()
})

type Row = readonly [time: number, value: number, quality?: number]

/** Keeps rows of a signal, one of its own unless told which. */
async function keep(rows: readonly Row[], signal = nextSignal++): Promise<number> {
  const builder = new SampleBatchBuilder()
  for (const [time, value, quality = 0] of rows) builder.push(signal, time, time, value, quality)
  const stamp = { firstSample: nextSample, firstRecord: 1, stored: Date.now() }
  const entry = { source: 's', samples: builder.take() }
  for (const { table, body } of buildBlocks([{ kind: 'entry', entry, ...stamp }]))
    await database.insertBlock(table, body, `block-${nextSample}`)
  nextSample += rows.length
  return signal
}

describe('the history of numbers', () => {
  it('has at most the asked number of buckets, with gaps where there were no samples', async () => {
    const one = await keep([
      [noon, 1],
      [noon + 400, 3],
      [noon + 999, 99, 2],
      [noon + 3_000, Number.NaN, 2],
      [noon + 9_999, 8],
      [noon + 9_500, 7],
      [noon + 10_000, 1000],
    ])
    const two = await keep([[noon + 5_000, 5]])
    const query = { signals: [one, two, 999_999], from: noon, to: noon + 10_000, points: 10 }
    const common = { width: 1_000, table: 'telemetry', gaps: [], shorter: { count: 0, ms: 0 } }
    expect(await readHistory(database, query)).toEqual([
      {
        signal: one,
        ...common,
        buckets: [
          { start: noon, count: 3, min: 1, max: 3, mean: 2, last: 3, badShare: 1 / 3 },
          { start: noon + 3_000, count: 1, min: null, max: null, mean: null, last: null, badShare: 1 },
          { start: noon + 9_000, count: 2, min: 7, max: 8, mean: 7.5, last: 8, badShare: 0 },
        ],
      },
      {
        signal: two,
        ...common,
        buckets: [{ start: noon + 5_000, count: 1, min: 5, max: 5, mean: 5, last: 5, badShare: 0 }],
      },
      { signal: 999_999, ...common, buckets: [] },
    ])
  })

  it('comes from minutes where a bucket is a minute or longer, cut exactly where the span cuts them', async () => {
    const signal = await keep([
      [noon - 1, 1000],
      [noon + 30_000, 1],
      [noon + 90_000, 2],
      [noon + 200_000, 3],
      [noon + 299_999, 4],
      [noon + 330_000, 1000],
    ])
    const [history] = await readHistory(database, {
      signals: [signal],
      from: noon + 20_000,
      to: noon + 320_000,
      points: 3,
    })
    expect(history).toEqual({
      signal,
      table: 'telemetry_1m',
      width: 2 * minute,
      gaps: [],
      shorter: { count: 0, ms: 0 },
      buckets: [
        { start: noon + 20_000, count: 2, min: 1, max: 2, mean: 1.5, last: 2, badShare: 0 },
        { start: noon + 120_000, count: 1, min: 3, max: 3, mean: 3, last: 3, badShare: 0 },
        { start: noon + 240_000, count: 1, min: 4, max: 4, mean: 4, last: 4, badShare: 0 },
      ],
    })
  })

  it('takes a span beyond the last minute there is', async () => {
    const signal = await keep([[noon, 1]])
    await new RollUp(database).run()
    const to = Date.UTC(2150, 0, 1)
    const [history] = await readHistory(database, { signals: [signal], from: noon, to, points: 10 })
    expect(history!.buckets).toMatchObject([{ count: 1 }])
  })

  it('a late sample of a minute that was added up already is not its last value', async () => {
    const signal = await keep([[noon + 50_000, 5]])
    await new RollUp(database).run()
    await keep([[noon + 40_000, 4]], signal)
    const [history] = await readHistory(database, {
      signals: [signal],
      from: noon,
      to: noon + 10 * minute,
      points: 1,
    })
    expect(history!.buckets).toMatchObject([{ count: 2, last: 5 }])
  })

  it('is what plain code makes of the samples, whatever the span, the number of points and the order of arrival', async () => {
    const row = fc.tuple(
      fc.integer({ min: -2 * minute, max: 12 * minute }),
      fc.oneof({ weight: 5, arbitrary: fc.integer({ min: -9, max: 9 }) }, fc.constant(Number.NaN)),
      fc.constantFrom(0, 1, 2),
    )
    const spans = fc.tuple(fc.integer({ min: 0, max: 5 * minute }), fc.integer({ min: 1, max: 7 * minute }))
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { maxLength: 60 }),
        spans,
        fc.oneof(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 12 })),
        fc.tuple(fc.nat(30), fc.nat(60)),
        fc.constantFrom('now' as const, 'before the last' as const, 'as the database tells' as const),
        async (rows, [offset, length], points, [first, second], rolledUp) => {
          const timed = rows.map(([time, value, quality]): Row => [noon + time, value, quality])
          const rollUp = new RollUp(database)
          const signal = await keep(timed.slice(0, first))
          await rollUp.run()
          const known = {
            now: () => rollUp.upTo,
            'before the last': () => before,
            'as the database tells': () => undefined,
          }
          const before = rollUp.upTo
          await keep(timed.slice(first, second), signal)
          await rollUp.run()
          await keep(timed.slice(Math.max(first, second)), signal)
          const [from, to] = [noon + offset, noon + offset + length]
          const query = { signals: [signal], from, to, points }
          const [history] = await readHistory(database, query, known[rolledUp]())
          const { width, table, buckets } = history!
          expect(buckets.length).toBeLessThanOrEqual(points)
          if (table === 'telemetry_1m') expect(width % minute).toBe(0)
          const origin = table === 'telemetry' ? from : Math.floor(from / minute) * minute
          expect(buckets).toEqual(bucketsOf(rows, origin, from, to, width))
        },
      ),
      { numRuns: propertyRuns / 4 },
    )
  })
})

/** What `history` must say, in plain code. */
function bucketsOf(rows: readonly Row[], origin: number, from: number, to: number, width: number): object[] {
  const groups = new Map<number, (Row & { 0: number })[]>()
  for (const row of rows) {
    const time = noon + row[0]
    if (time < from || time >= to) continue
    const place = Math.floor((time - origin) / width)
    groups.set(place, [...(groups.get(place) ?? []), row])
  }
  return [...groups]
    .sort(([a], [b]) => a - b)
    .map(([place, group]) => {
      const good = group.filter(([, value, quality]) => quality !== 2 && !Number.isNaN(value))
      const values = good.map(([, value]) => value)
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length
      return {
        start: Math.max(from, origin + place * width),
        count: group.length,
        min: values.length === 0 ? null : Math.min(...values),
        max: values.length === 0 ? null : Math.max(...values),
        mean: values.length === 0 ? null : expect.closeTo(mean, 9),
        last: [...good].sort((a, b) => a[0] - b[0]).at(-1)?.[1] ?? null,
        badShare: group.filter(([, , quality]) => quality === 2).length / group.length,
      }
    })
}

describe('the history of texts', () => {
  it('tells changes of text and of quality, after the later of two that held at its beginning', async () => {
    const signal = await keep([
      [noon - 1_000, 7],
      [noon - 1_000, 1],
      [noon, 1],
      [noon + 1_000, 1, 2],
      [noon + 2_000, 1, 2],
      [noon + 3_000, 1],
      [noon + 4_000, 2],
      [noon + 5_000, 2, 1],
      [noon + 6_000, Number.NaN, 2],
    ])
    const texts = [1, 2, 7].map(code => ({ code, text: `text ${code}` }))
    await database.insertRows('dictionary', texts)
    const query = { signal, from: noon, to: noon + minute, limit: 10 }
    const { changes } = await readTextHistory(database, query)
    expect(changes.map(({ time, text, quality }) => [time - noon, text, quality])).toEqual([
      [-1_000, 'text 1', 0],
      [1_000, 'text 1', 2],
      [3_000, 'text 1', 0],
      [4_000, 'text 2', 0],
      [5_000, 'text 2', 1],
      [6_000, null, 2],
    ])
  })
})

describe('gaps', () => {
  const every = (from: number, to: number, step: number): Row[] =>
    Array.from({ length: Math.ceil((to - from) / step) }, (_, i) => [noon + from + i * step, 1])

  it('are told exactly, though they lie inside of a bucket, and at both ends of the span', async () => {
    const signal = await keep([...every(10_000, 20_000, 1_000), ...every(30_000, 50_000, 1_000)])
    const query = { signals: [signal], from: noon, to: noon + 100_000, points: 2, silences: [3_000] }
    const [history] = await readHistory(database, { ...query, until: noon + 60_000 })
    expect(history!.buckets).toHaveLength(1)
    expect(history!.gaps).toEqual([
      { from: noon, to: noon + 10_000 },
      { from: noon + 19_000, to: noon + 30_000 },
      { from: noon + 49_000, to: noon + 60_000 },
    ])
  })

  it('are told by the minute over long spans', async () => {
    const signal = await keep([
      ...every(0, 5 * minute, 10_000),
      ...every(9 * minute, 30 * minute, 10_000),
      [noon + 40 * minute + 1, 1],
    ])
    const query = { signals: [signal], from: noon, to: noon + 41 * minute, points: 5, silences: [30_000] }
    const [history] = await readHistory(database, query)
    expect(history!.gaps).toEqual([
      { from: noon + 5 * minute, to: noon + 9 * minute },
      { from: noon + 30 * minute, to: noon + 40 * minute },
    ])
  })

  it('are by the minute what plain code makes of the samples, wherever the span cuts them', async () => {
    const spoken = fc.uniqueArray(fc.integer({ min: 0, max: 12 * minute }), { maxLength: 12 })
    const edge = fc.integer({ min: -minute, max: 13 * minute })
    await fc.assert(
      fc.asyncProperty(
        spoken,
        spoken,
        edge,
        edge,
        fc.integer({ min: 1, max: 4 }),
        async (times, late, one, other, points) => {
          const signal = await keep(times.map(time => [noon + time, 1]))
          const [from, to] = [noon + Math.min(one, other), noon + Math.max(one, other) + points * minute]
          await new RollUp(database).run()
          await keep(
            late.map(time => [noon + time, 1]),
            signal,
          )
          const until = noon + 11 * minute
          const query = { signals: [signal], from, to, points, until, silences: [70_000] }
          const [history] = await readHistory(database, query)
          expect(history!.table).toBe('telemetry_1m')
          const spoken = [...times, ...late].map(time => noon + time).filter(at => at >= from && at < to)
          const gaps = gapsOf(spoken, from, Math.min(to, until), 70_000)
          expectLongest(history!, gaps, points + 1)
        },
      ),
      { numRuns: Math.min(40, propertyRuns) },
    )
  })

  it('are the longest where there are more than points, told sample by sample too', async () => {
    const signal = await keep(
      every(0, 100_000, 1_000).filter(([time]) => ![5, 6, 30, 40, 41, 42].includes((time - noon) / 1_000)),
    )
    const query = { signals: [signal], from: noon, to: noon + 100_000, points: 2, silences: [1_500] }
    const [history] = await readHistory(database, { ...query, points: 50 })
    expect(history!.gaps.map(({ from, to }) => [from - noon, to - noon])).toEqual([
      [4_000, 7_000],
      [29_000, 31_000],
      [39_000, 43_000],
    ])
    const [coarse] = await readHistory(database, { ...query, to: noon + 59_000, points: 1 })
    expect(coarse!.table).toBe('telemetry')
    expectLongest(coarse!, history!.gaps, 2)
  })

  /** Whole minutes in which nothing was said count as silence, and what the span cuts of one. */
  function gapsOf(spoken: readonly number[], from: number, end: number, silence: number): Gap[] {
    if (end <= from) return []
    const said = new Set(spoken.map(at => Math.floor(at / minute)))
    const gaps: Gap[] = []
    for (let at = Math.floor(from / minute); at * minute < end; at++) {
      if (said.has(at)) continue
      const [begin, stop] = [Math.max(from, at * minute), Math.min(end, (at + 1) * minute)]
      const last = gaps.at(-1)
      if (last?.to === begin) gaps[gaps.length - 1] = { from: last.from, to: stop }
      else gaps.push({ from: begin, to: stop })
    }
    return gaps.filter(gap => gap.to - gap.from > silence)
  }

  function expectLongest(found: Pick<SignalHistory, 'gaps' | 'shorter'>, all: readonly Gap[], most: number) {
    const length = ({ from, to }: Gap): number => to - from
    const byLength = [...all].sort((a, b) => length(b) - length(a) || a.from - b.from)
    expect(found.gaps).toEqual(byLength.slice(0, most).sort((a, b) => a.from - b.from))
    const others = byLength.slice(most).map(length)
    expect(found.shorter).toEqual({ count: others.length, ms: others.reduce((sum, ms) => sum + ms, 0) })
  }

  it('are not where silence says nothing, nor in the future', async () => {
    const signal = await keep([[noon, 1]])
    const span = { signals: [signal], from: noon, to: noon + 60_000, points: 10 }
    expect((await readHistory(database, { ...span, silences: [0] }))[0]!.gaps).toEqual([])
    expect(
      (await readHistory(database, { ...span, silences: [3_000], until: noon + 3_000 }))[0]!.gaps,
    ).toEqual([])
  })
})

describe('a table for other programs', () => {
  it('has a row for each signal and bucket, as CSV and as Arrow', async () => {
    const { registry } = makeRegistry(testPlant(1, 2), emptyIndexBook)
    await writeDimensions(database, registry, noon)
    const [a, b] = registry.signals.map(({ index }) => index)
    await keep(
      [
        [noon, 1.5],
        [noon + 500, 2.5],
      ],
      a,
    )
    await keep([[noon + 1_000, 7, 2]], b)
    const query = { signals: [a!, b!], from: noon, to: noon + 10_000, points: 10 }
    const csv = Buffer.from(await exportHistory(database, query, 'csv')).toString()
    expect(csv.trim().split('\n')).toEqual([
      '"signal","time","min","max","mean","last","count","bad_share","unit"',
      '"b-01.t1","2026-11-20 12:00:00.000",1.5,2.5,2,2.5,2,0,"°C"',
      '"b-01.t2","2026-11-20 12:00:01.000",\\N,\\N,\\N,\\N,1,1,"°C"',
    ])
    const arrow = Buffer.from(await exportHistory(database, query, 'arrow'))
    // An encapsulated message begins with the continuation marker (Arrow columnar format, IPC streaming).
    expect(arrow.readUInt32LE(0)).toBe(0xffffffff)
    expect(arrow.includes('bad_share')).toBe(true)
  })
})
