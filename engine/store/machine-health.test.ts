import pino from 'pino'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Database } from './database.js'
import { openTestDatabase, type TestDatabase } from './your-clickhouse.fixture.js'

// A database is started here; on a busy machine that takes a while.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const _logger = pino({ level: 'silent' })
const hour = 3_600_000
const from = Date.UTC(2026, 0, 5)
const hours = 96
let opened: TestDatabase
let database: Database

const stamp = (time: number): string => new Date(time).toISOString().replace('T', ' ').slice(0, 23)
const second = (time: number): string => stamp(time).slice(0, 19)

/** What a sensor shows in the hour `i`; its limits are 0 and 100, critical −50 and 150. */
type Course = (i: number) => number
const calm: Course = i => 50 + (i % 3)
const climbs: Course = i => 50 + (30 * i) / hours + (i % 3)
const steps: Course = i => (i < hours / 2 ? 50 : 80) + (i % 3)

const machines: Readonly<Record<string, Readonly<Record<string, Course>>>> = {
  lone: { a: climbs, b: calm },
  both: { a: climbs, b: i => 50 + (25 * i) / hours },
  step: { a: steps, b: calm },
  well: { a: calm, b: calm },
}

beforeAll(async () => {
  opened = await openTestDatabase()
  database = opened.database
  let signal = 0
  for (const [place, [id, sensors]] of Object.entries(machines).entries()) {
    const shared = { line: 'l', area: 'a', site: 's', updated: stamp(from) }
    await database.insertRows('machines', [
      {
        ...shared,
        machine_index: place,
        id,
        name: `Machine ${id}`,
        type: 'press',
        faults: ['sensor-drift', 'coolant-failure'],
      },
    ])
    for (const [name, course] of Object.entries(sensors)) {
      signal++
      const limits = { warning_low: 0, warning_high: 100, critical_low: -50, critical_high: 150 }
      await database.insertRows('signals', [
        {
          ...shared,
          ...limits,
          signal,
          id: `${id}.${name}`,
          name,
          machine: id,
          role: 'sensor',
          quantity: 'force',
          unit: 'kN',
          type: 'number',
        },
      ])
      const minutes = Array.from({ length: hours }, (_, i) =>
        [0, 10, 20, 30, 40, 50].map(minute => ({
          ...{ signal, minute: second(from + i * hour + minute * 60_000), count: 1, valued: 1, up_to: 1 },
          ...{ sum: course(i), sum_squares: course(i) ** 2, min: course(i), max: course(i), last: course(i) },
        })),
      ).flat()
      await database.insertRows('telemetry_1m_parts', minutes)
    }
    await database.insertRows(
      'oee_hourly',
      Array.from({ length: hours }, (_, i) => ({
        ...{
          machine: id,
          hour: stamp(from + i * hour),
          day: second(from + i * hour).slice(0, 10),
          computed: stamp(from),
        },
        ...{ production: i === hours - 1 ? 900_000 : hour, breakdown: i === hours - 1 ? 2_700_000 : 0 },
        ...{ ideal_ms: 60_000, produced: 50, scrapped: 5 },
      })),
    )
    await database.insertRows('state_changes', [
      {
        machine: id,
        ts: stamp(from),
        state: 'Execute',
        mode: 'Production',
        reason: 'none',
        seq: 1,
        observed: true,
      },
      {
        machine: id,
        ts: stamp(from + hours * hour - 5_000_000),
        state: 'Aborted',
        mode: '',
        reason: 'none',
        seq: 2,
        observed: true,
      },
      {
        machine: id,
        ts: stamp(from + hours * hour - 4_000_000),
        state: 'Execute',
        mode: '',
        reason: 'none',
        seq: 3,
        observed: true,
      },
      {
        machine: id,
        ts: stamp(from + hours * hour - 1_000),
        state: 'Execute',
        mode: '',
        reason: 'none',
        seq: 4,
        observed: true,
      },
    ])
  }
})
afterAll(async () => {
  await opened?.close()
})

describe('the drift of a sensor', () => {
  it('is told of the one that moves in a straight line while no other sensor of its machine moves', async () => {
    const found = await database.query(
      'SELECT machine, any(level) AS level, groupUniqArrayArray(signals) AS signals FROM gemba.detected_sensor_drift GROUP BY machine',
    )
    expect(found).toEqual([{ machine: 'lone', level: 'warning', signals: ['lone.a'] }])
  })
})

describe('machine_health_dashboard', () => {
  interface Row {
    readonly machine: string
    readonly state: string
    readonly state_since: string
    readonly severity: string
    readonly faults: readonly { readonly pattern: string; readonly level: string }[]
    readonly worst_signal: string
    readonly worst_zone: string
    readonly worst_value: number | null
    readonly maintained: string | null
    readonly maintenance: string
    readonly oee: number | null
  }
  const rows = (): Promise<Row[]> =>
    database.query<Row>('SELECT * FROM gemba.machine_health_dashboard ORDER BY machine')

  it('has a row for each machine, with state, suspected faults, the sensor nearest to its limits and OEE of the day', async () => {
    const all = await rows()
    expect(all.map(({ machine }) => machine)).toEqual(['both', 'lone', 'step', 'well'])
    const [, lone, , well] = all
    expect(lone).toMatchObject({
      ...{ state: 'Execute', state_since: stamp(from + hours * hour - 4_000_000), severity: 'warning' },
      faults: [{ pattern: 'sensor-drift', level: 'warning' }],
      ...{ worst_signal: 'lone.a', worst_zone: 'normal', maintained: null, maintenance: '' },
    })
    // 24 hours of an hour each, in which 45 good parts of a minute each were made.
    expect(lone!.oee).toBeCloseTo(45 / 60, 6)
    expect(well).toMatchObject({ severity: '', faults: [] })
  })

  it('shows a sensor beyond its limit, and the newest work that was not withdrawn', async () => {
    const end = from + hours * hour
    await database.insertRows('telemetry_1m_parts', [
      {
        signal: 7,
        minute: second(end - 60_000),
        count: 1,
        valued: 1,
        up_to: 2,
        sum: 151,
        min: 151,
        max: 151,
        last: 151,
      },
      {
        signal: 8,
        minute: second(end - 60_000),
        count: 1,
        valued: 1,
        up_to: 2,
        sum: -1,
        min: -1,
        max: -1,
        last: -1,
      },
    ])
    const work = (id: string, kind: string, until: number, seq: number, withdrawn = false) => ({
      ...{ id, machine: 'well', kind, start: stamp(until - hour), end: stamp(until), seq, withdrawn },
    })
    await database.insertRows('maintenance_events', [
      work('1', 'preventive', end - 3 * hour, 1),
      work('2', 'corrective', end - 2 * hour, 2),
      work('2', 'corrective', end - 2 * hour, 3, true),
      work('3', 'predictive', end + 9 * hour, 4),
    ])
    const well = (await rows()).at(-1)
    expect(well).toMatchObject({
      ...{ worst_signal: 'well.a', worst_zone: 'critical', worst_value: 151 },
      ...{ maintained: stamp(end - 3 * hour), maintenance: 'preventive' },
    })
  })
})
