import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, describe, expect, it } from 'vitest'
import { loadPlant } from '../../schema/plant-file/load-plant.js'
import { databaseName as db } from '../../schema/tables/definition.js'
import { openPlant } from '../cli/open-plant.js'
import { EngineError } from '../errors.js'
import type { Store } from '../store/store.js'
import { makePast, type PastPlan } from './make-past.js'

const from = Date.UTC(2026, 0, 5, 6)
const hour = 3_600_000
/** A CNC machine, a welding robot and a press. */
const cell = openPlant('plants/automotive-cell.yaml')

/** Lines that know nothing of each other, and two sources. */
const threeLines = loadPlant(
  `gemba: 1
name: Test
enterprise: Example
sources:
  one: { adapter: simulator, tags: "{machine}.{signal}", randomFaults: 0.9 }
  two: { adapter: simulator, tags: "{machine}.{signal}" }
sites:
  - id: here
    timeZone: UTC
    areas:
      - id: hall
        lines:
          - { id: line-1, machines: [{ id: mill-1, type: cnc-mill, source: one }, { id: robot-1, type: robot-arm, source: one }] }
          - { id: line-2, machines: [{ id: mill-2, type: cnc-mill, source: one }, { id: robot-2, type: robot-arm, source: one }] }
          - { id: line-3, machines: [{ id: press-3, type: press, source: two }] }
`,
  { file: 'plant.yaml' },
).plant!

describe('the past of a simulated plant', () => {
  const folders: string[] = []
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
  })
  const folder = (): string => {
    const made = mkdtempSync(join(tmpdir(), 'gemba-past-'))
    folders.push(made)
    return made
  }
  const plan = (data: string, given: Partial<PastPlan> = {}): PastPlan => ({
    plant: cell,
    data,
    seed: 1,
    from,
    to: from + 4 * hour,
    period: 10_000,
    logger: pino({ level: 'silent' }),
    signal: new AbortController().signal,
    onProgress: () => undefined,
    ...given,
  })

  /** What a store holds, in a few numbers that another history would not have. */
  async function contents(store: Store) {
    const [telemetry] = await store.query(
      `SELECT count() AS rows, toString(sum(cityHash64(signal, ts, value, seq))) AS hash
      FROM ${db}.telemetry`,
    )
    const intervals = await store.query(
      `SELECT machine, state, count() AS times, min(start) AS first, max(start) AS last
      FROM ${db}.state_intervals GROUP BY machine, state ORDER BY machine, state`,
    )
    const [parts] = await store.query(
      `SELECT count() AS rows, sum(parts) AS parts FROM ${db}.production_events`,
    )
    const [silent] = await store.query(
      `SELECT count() - uniqExact(address) AS again FROM ${db}.twin_events
      WHERE type = 'connection.changed' AND JSONExtractString(payload, 'to') != 'live'`,
    )
    // Each machine's time is parted: one state begins where the other ends.
    const [gaps] = await store.query(
      `SELECT countIf(start != before) AS count FROM (
        SELECT start, lagInFrame(end) OVER (PARTITION BY machine ORDER BY start, end
          ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS before
        FROM ${db}.state_intervals)
      WHERE before IS NOT NULL`,
    )
    const [hours] = await store.query(
      `SELECT count(DISTINCT machine, hour) AS count, uniqExact(machine) AS machines FROM ${db}.oee_hourly`,
    )
    const [stops] = await store.query(`SELECT count() AS count FROM ${db}.downtime_events`)
    const [checkpoints] = await store.query(
      `SELECT count() AS rows, toString(sum(cityHash64(round, part, seq))) AS hash FROM ${db}.floor_checkpoints`,
    )
    return { checkpoints, telemetry, intervals, parts, silent, gaps, hours, stops }
  }

  async function live(data: string, given: Partial<PastPlan> = {}) {
    let seen: Awaited<ReturnType<typeof contents>> | undefined
    const made = await makePast(plan(data, given), async store => {
      seen = await contents(store)
    })
    return { made, seen }
  }

  it('writes the start of the floor down once, also where it was cut before the first sample', async () => {
    const [whole, cut] = [folder(), folder()]
    const to = from + hour / 2
    const expected = await live(whole, { to })
    const signal = AbortSignal.abort()
    expect((await live(cut, { to, signal })).made).toMatchObject({ isComplete: false, samples: 0 })
    expect((await live(cut, { to })).seen).toEqual(expected.seen)
  })

  it('is the same whether it was lived at once or interrupted twice, and nothing of it is there twice', async () => {
    const whole = await live(folder())
    expect(whole.made).toMatchObject({ isComplete: true, time: from + 4 * hour })
    const { rows } = whole.seen!.telemetry as { rows: string }
    // Every sensor each 10 s, 6 at least on each of the three machines; the status signals say a little more.
    expect(Number(rows)).toBeGreaterThan(3 * 6 * 4 * 360)
    expect(Number(rows)).toBe(whole.made.samples)
    expect(whole.seen!.intervals.length).toBeGreaterThan(5)
    expect(Number((whole.seen!.parts as { parts: number }).parts)).toBeGreaterThan(100)

    expect(Number((whole.seen!.gaps as { count: string }).count)).toBe(0)
    // Complete hours of three machines; the newest stay open for what comes late.
    const { count, machines } = whole.seen!.hours as { count: string; machines: string }
    expect([Number(machines), Number(count) >= 3 * 2]).toEqual([3, true])
    expect(Number((whole.seen!.stops as { count: string }).count)).toBeGreaterThan(3)

    // Nobody fell silent: only at first, before its first sample, was a sensor not live.
    expect(Number((whole.seen!.silent as { again: number }).again)).toBe(0)

    const data = folder()
    for (const until of [0.9, 2.6]) {
      const stop = new AbortController()
      const onProgress: PastPlan['onProgress'] = ({ time }) => {
        if (time >= from + until * hour) stop.abort()
      }
      const { made, seen } = await live(data, { signal: stop.signal, onProgress })
      expect(made.isComplete).toBe(false)
      expect(made.time).toBeGreaterThanOrEqual(from + until * hour)
      expect(seen).toBeUndefined()
    }
    const rest = await live(data)
    expect(rest.made.isComplete).toBe(true)
    expect(rest.seen).toEqual(whole.seen)
  }, 120_000)

  it('is the same to the byte on no, one and two worker threads, and another one for another seed', async () => {
    const short = { plant: threeLines, to: from + hour / 2 }
    const seen = []
    for (const workers of [0, 1, 2]) seen.push((await live(folder(), { ...short, workers })).seen)
    expect(seen[0]!.intervals.length).toBeGreaterThan(6)
    expect(seen[1]).toEqual(seen[0])
    expect(seen[2]).toEqual(seen[0])
    const other = (await live(folder(), { ...short, seed: 2 })).seen
    expect(other!.telemetry).not.toEqual(seen[0]!.telemetry)
  })

  it('is not mixed with another past, nor made of machines that are real', async () => {
    const data = folder()
    const short = { to: from + 0.1 * hour }
    await live(data, short)
    const refused = (given: Partial<PastPlan>) => expect(live(data, { ...short, ...given })).rejects
    await refused({ seed: 2 }).toThrow('holds another past')
    const real = {
      ...cell,
      sources: [{ id: 'simulator', adapter: 'opcua', clock: 'wall', options: {} }],
    }
    await refused({ plant: real as PastPlan['plant'] }).toThrow(EngineError)
    await refused({ plant: real as PastPlan['plant'] }).toThrow('is simulated')
  })
})
