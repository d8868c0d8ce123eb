import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, it } from 'vitest'
import { loadPlant } from '../../schema/plant-file/load-plant.js'
import { databaseName as db } from '../../schema/tables/definition.js'
import { createPool } from '../../workers/pool.js'
import { KpiBook } from '../kpi/kpi-book.js'
import { readKpis } from '../kpi/kpi-query.js'
import { reportRuns } from '../kpi/production.js'
import { findScope } from '../kpi/scope.js'
import type { Store } from '../store/store.js'
import { makePast } from './make-past.js'

const hour = 3_600_000
const minute = 60_000
/** A Monday, an hour before the shift. */
const from = Date.UTC(2026, 0, 5, 5)
const to = from + 7 * hour

/** A shift of four hours with a break, and an order that is done long before its end. */
const file = `gemba: 1
name: Test
enterprise: Example
sources: { sim: { adapter: simulator, tags: "{machine}.{signal}", randomFaults: 0 } }
types:
  calm: { extends: press, idealCycleTime: 30, flow: { cycle: 30, failures: [], scrap: 0 } }
sites:
  - id: here
    timeZone: UTC
    areas:
      - id: hall
        lines:
          - { id: line-1, machines: [{ id: first, type: calm }, { id: last, type: calm }] }
shifts:
  - { id: early, site: here, start: "06:00", end: "10:00", days: [1], breaks: [{ start: "08:00", end: "08:15" }] }
products: [{ id: bolt, lines: [line-1] }]
orders: [{ id: o-1, line: line-1, product: bolt, quantity: 300 }]
`

it('a simulated plant keeps to its plan, and its intervals and figures show it', async () => {
  const { plant } = loadPlant(file, { file: 'plant.yaml' })
  const data = mkdtempSync(join(tmpdir(), 'gemba-planned-'))
  const pool = createPool({ maxThreads: 1 })
  let looks = 0
  const look = async (store: Store): Promise<void> => {
    looks++
    const worked = await store.query<{ first: number; last: number }>(
      `SELECT toFloat64(toUnixTimestamp64Milli(min(start))) AS first,
        toFloat64(toUnixTimestamp64Milli(max(ifNull(end, start)))) AS last
      FROM ${db}.state_intervals WHERE machine = 'first' AND state = 'Execute'`,
    )
    // 300 parts of 30 s from six o'clock on, with a break of a quarter of an hour.
    expect(worked[0]!.first).toBeGreaterThan(from + hour)
    expect(worked[0]!.first).toBeLessThan(from + hour + minute)
    expect(worked[0]!.last).toBeGreaterThan(from + 3.75 * hour)
    expect(worked[0]!.last).toBeLessThan(from + 3.75 * hour + 2 * minute)

    const book = new KpiBook({ plant: plant!, store, clock: { now: () => to }, wall: Date })
    await book.start()
    const scope = findScope(plant!, 'machine:first')!
    const [figures] = await readKpis(plant!, book, { scope, from, to, by: 'none', lines: 'sum' })
    const { time, elements } = figures!
    const near = (value: number, wanted: number): void => {
      expect(Math.abs(value - wanted), `${value} ms, of ${wanted}`).toBeLessThan(2 * minute)
    }
    // A part that was begun before the break is finished in it, which is overtime.
    expect(time.unscheduled + time.planned + time.overtime).toBe(3.25 * hour)
    expect(time.overtime).toBeLessThanOrEqual(30_000)
    near(time.planned, 15 * minute)
    near(time.production, 2.5 * hour)
    // Without an order until the end of the shift: nobody's stop.
    near(time.idle, 1.25 * hour)
    expect(time.breakdown + time.minorStop + time.starved + time.blocked + time.unknown).toBe(0)
    // All but the part that was finished in the break.
    expect(elements.PQ).toBe(299)
    const [made] = await store.query<{ parts: number }>(
      `SELECT sum(parts) AS parts FROM ${db}.production_events WHERE machine = 'first' AND counter = 'processed'`,
    )
    expect(Number(made!.parts)).toBe(300)
    const ofOrders = await readKpis(plant!, book, { scope, from, to, by: 'order', lines: 'sum' })
    expect(ofOrders.map(({ key, elements }) => [key, elements.PQ])).toEqual([
      ['', 0],
      ['o-1', 299],
    ])
    const line = findScope(plant!, 'line:line-1')!
    const [run, ...others] = await reportRuns(plant!, book, store, line, from, to)
    expect(others).toEqual([])
    expect(run).toMatchObject({ product: 'bolt', order: 'o-1', target: 300, scrap: 0, rework: 0 })
    // One part of the last machine, too, is finished in the break, which is overtime.
    expect([299, 300]).toContain(run!.actual)
    expect(run!.good).toBe(run!.actual)
    near(run!.start - from, hour)
    near(run!.end - from, 3.75 * hour)
    // 300 parts of 30 s in the 2.5 hours that were planned for it until then.
    expect(run!.oee).toBeGreaterThan(0.97)
    expect(run!.oee).toBeLessThanOrEqual(1)
    const byShift = await readKpis(plant!, book, { scope, from, to, by: 'shift', lines: 'sum' })
    expect(byShift.map(({ key }) => key)).toEqual(['', 'early@2026-01-05'])
  }
  try {
    await makePast(
      {
        plant: plant!,
        data,
        seed: 1,
        from,
        to,
        period: minute,
        logger: pino({ level: 'silent' }),
        signal: new AbortController().signal,
        onProgress: () => undefined,
      },
      look,
    )
    expect(looks).toBe(1)
  } finally {
    await pool.close()
    rmSync(data, { recursive: true, force: true })
  }
})
