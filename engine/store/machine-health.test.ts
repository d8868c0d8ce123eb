import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Database } from './database.js'
import { openTestDatabase, type TestDatabase } from './your-clickhouse.fixture.js'

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

/** From the third day on. */
const grows =
  (from: number, perHour: number): Course =>
  i =>
    from + Math.max(0, i - hours / 2) * perHour + (i % 3)
const drifting = ['sensor-drift', 'coolant-failure']
const turning = ['bearing-failure', 'tool-wear']

/** For an hour. */
const leaps =
  (to: number): Course =>
  i =>
    i === 50 ? to : calm(i)
const heated = ['motor-overheating']
const supplied = ['electrical-fault']

interface Made {
  readonly faults: readonly string[]
  readonly sensors: Readonly<Record<string, Course>>
}
const machines: Readonly<Record<string, Made>> = {
  lone: { faults: drifting, sensors: { a: climbs, b: calm } },
  both: { faults: drifting, sensors: { a: climbs, b: i => 50 + (25 * i) / hours } },
  step: { faults: drifting, sensors: { a: steps, b: calm } },
  well: { faults: drifting, sensors: { a: calm, b: calm } },
  bearing: { faults: turning, sensors: { vibration: grows(20, 0.6), force: calm } },
  tool: { faults: turning, sensors: { vibration: grows(20, 0.6), force: grows(50, 0.5) } },
  hot: { faults: heated, sensors: { 'motor-temperature': leaps(160), current: calm } },
  warm: { faults: heated, sensors: { 'motor-temperature': leaps(120), current: calm } },
  loaded: { faults: heated, sensors: { 'motor-temperature': leaps(120), current: leaps(110) } },
  sags: { faults: supplied, sensors: { voltage: leaps(-10) } },
  misread: { faults: supplied, sensors: { voltage: i => 50 + (90 * i) / hours + (i % 3) } },
}
const quantities: Readonly<Record<string, string>> = {
  vibration: 'vibration',
  'motor-temperature': 'temperature',
  current: 'current',
  voltage: 'voltage',
}

beforeAll(async () => {
  opened = await openTestDatabase()
  database = opened.database
  const shared = { line: 'l', area: 'a', site: 's', updated: stamp(from) }
  const limits = { warning_low: 0, warning_high: 100, critical_low: -50, critical_high: 150 }
  const ids = Object.keys(machines)
  await database.insertRows(
    'machines',
    Object.entries(machines).map(([id, { faults }], place) => ({
      ...{ ...shared, machine_index: place, id, name: `Machine ${id}`, type: 'press', faults },
    })),
  )
  const sensors = Object.entries(machines)
    .flatMap(([machine, made]) =>
      Object.entries(made.sensors).map(([name, course]) => ({ machine, name, course })),
    )
    .map((sensor, i) => ({ ...sensor, signal: i + 1 }))
  await database.insertRows(
    'signals',
    sensors.map(({ signal, machine, name }) => ({
      ...{ ...shared, ...limits, signal, id: `${machine}.${name}`, name, machine },
      ...{ role: 'sensor', quantity: quantities[name] ?? 'force', unit: 'kN', type: 'number' },
    })),
  )
  await database.insertRows(
    'telemetry_1m_parts',
    sensors.flatMap(({ signal, course }) =>
      Array.from({ length: hours * 30 }, (_, i) => {
        const value = course(Math.floor(i / 30))
        return {
          ...{ signal, minute: second(from + i * 120_000), count: 1, valued: 1, up_to: 1 },
          ...{ sum: value, sum_squares: value ** 2, min: value, max: value, last: value },
        }
      }),
    ),
  )
  await database.insertRows(
    'oee_hourly',
    ids.flatMap(machine =>
      Array.from({ length: hours }, (_, i) => ({
        ...{ machine, hour: stamp(from + i * hour), day: second(from + i * hour).slice(0, 10) },
        ...{ computed: stamp(from), ideal_ms: 60_000, produced: 50, scrapped: 5 },
        ...{ production: i === hours - 1 ? 900_000 : hour, breakdown: i === hours - 1 ? 2_700_000 : 0 },
      })),
    ),
  )
  const states = [
    { state: 'Execute', mode: 'Production', ts: from },
    { state: 'Aborted', mode: '', ts: from + hours * hour - 5_000_000 },
    { state: 'Execute', mode: '', ts: from + hours * hour - 4_000_000 },
    { state: 'Execute', mode: '', ts: from + hours * hour - 1_000 },
  ]
  await database.insertRows(
    'state_changes',
    ids.flatMap(machine =>
      states.map((seen, i) => ({
        ...{ ...seen, machine, ts: stamp(seen.ts), reason: 'none', seq: i + 1, observed: true },
      })),
    ),
  )
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

describe('the heat of a motor', () => {
  it('is told where the current is too high as well, and by itself where it is critical', async () => {
    const found = await database.query(
      'SELECT machine, level, signals, min(known) AS first FROM gemba.detected_motor_overheating GROUP BY machine, level, signals ORDER BY machine',
    )
    const [hot, loaded] = [from + 50 * hour + 60_000, from + 50 * hour + 3 * 60_000]
    expect(found).toEqual([
      { machine: 'hot', level: 'critical', signals: ['hot.motor-temperature'], first: second(hot) },
      {
        ...{ machine: 'loaded', level: 'warning', first: second(loaded) },
        signals: ['loaded.current', 'loaded.motor-temperature'],
      },
    ])
  })
})

describe('a fault of the supply', () => {
  it('is told as it comes, and not of a voltmeter that has slowly gone beyond its limit', async () => {
    expect(await database.query('SELECT machine, at, level FROM gemba.detected_electrical_fault')).toEqual([
      { machine: 'sags', at: second(from + 50 * hour), level: 'warning' },
    ])
  })
})

describe('the trends of vibration', () => {
  const machinesOf = (view: string) =>
    database.query(`SELECT DISTINCT machine, level FROM gemba.${view} ORDER BY machine`)

  it('are a bearing where no effort rises with it, early while nothing warms, and a blunt tool where it does', async () => {
    expect(await machinesOf('detected_bearing_trend')).toEqual([{ machine: 'bearing', level: 'early' }])
    expect(await machinesOf('detected_tool_wear')).toEqual([{ machine: 'tool', level: 'warning' }])
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
    expect(all.map(({ machine }) => machine)).toEqual(Object.keys(machines).toSorted())
    const [bearing, lone, well] = ['bearing', 'lone', 'well'].map(id => all.find(one => one.machine === id))
    expect(bearing).toMatchObject({
      severity: 'early',
      faults: [{ pattern: 'bearing-failure', level: 'early' }],
    })
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
