import { databaseName as db } from '../../schema/tables/definition.js'
import type { Database } from './database.js'

/** Where most signals have spoken shortly before; the others are searched for. */
const recentMs = 10 * 60_000

/** The newest sample of a signal at an instant, by source time. */
export interface SampleAt {
  readonly signal: number
  /** NaN where the source had no value. */
  readonly value: number
  readonly quality: number
  /** Unix ms. */
  readonly sourceTime: number
  readonly receiveTime: number
}

/** What was known of a machine at an instant. */
interface MachineAt {
  readonly machine: string
  /** PackML state; empty where nobody had told one yet. */
  readonly state: string
  readonly mode: string
  readonly reason: string
  readonly sourceState: string
  /** False where it was inferred: a lost source. */
  readonly observed: boolean
  /** In this state since, Unix ms. */
  readonly since: number
}

/** The newest event of a kind that a twin had told at an instant. */
interface TwinAt {
  /** Its number among all records. */
  readonly seq: number
  readonly address: string
  readonly type: string
  readonly to: string
  readonly time: number
}

/** A fault that was not dormant at an instant. */
interface FaultAt {
  readonly machine: string
  readonly pattern: string
  readonly stage: string
  readonly since: number
  readonly severity: number
  readonly progress: number
  readonly estimated: boolean
}

export interface FloorAt {
  /** Number of the record of the last start of the engine by then: what links and sensors said before was over. */
  readonly started: number
  readonly samples: readonly SampleAt[]
  readonly machines: readonly MachineAt[]
  readonly twins: readonly TwinAt[]
  readonly faults: readonly FaultAt[]
  /** When sources last said that all they had told still held: who reports changes says nothing else of what stands. */
  readonly confirmed: readonly ConfirmedAt[]
}

interface ConfirmedAt {
  readonly source: string
  /** Unix ms. */
  readonly time: number
}

/** Everything on the floor as it was at an instant (Unix ms), as far as is known of it today: late data counts. */
export async function readFloorAt(
  database: Database,
  at: number,
  signals: readonly number[],
  machines: readonly string[],
): Promise<FloorAt> {
  const [started, samples, states, twins, faults, confirmed] = await Promise.all([
    startBefore(database, at),
    samplesAt(database, at, signals),
    machinesAt(database, at, machines),
    twinsAt(database, at),
    faultsAt(database, at),
    confirmedAt(database, at),
  ])
  return { started, samples, machines: states, twins, faults, confirmed }
}

async function startBefore(database: Database, at: number): Promise<number> {
  const [found] = await database.query<{ started: number }>(
    `SELECT toFloat64(max(seq)) AS started FROM ${db}.floor_checkpoints
    WHERE start AND ts <= ${instant('at')}`,
    { at },
  )
  return found?.started ?? 0
}

const instant = (parameter: string): string => `fromUnixTimestamp64Milli({${parameter}:Int64}, 'UTC')`

interface SampleRow {
  readonly signal: number
  readonly value: number | null
  readonly quality: number
  readonly source_time: string
  readonly receive_time: string
}

/** Arrivals are below 2^44: see `bySequence` of telemetry. */
const arrivals = 2 ** 44

/** Rows of the newest sample of each signal; `place` orders them. One number is much faster than a pair of two. */
const newest = (where: string, place: string): string => `
  SELECT
    signal, argMax(value, place) AS value, argMax(quality, place) AS quality,
    toString(toUnixTimestamp64Milli(max(ts))) AS source_time,
    toString(toUnixTimestamp64Milli(argMax(received, place))) AS receive_time
  FROM (SELECT signal, value, quality, ts, received, ${place} AS place FROM ${db}.telemetry WHERE ${where})
  GROUP BY signal`

async function samplesAt(
  database: Database,
  at: number,
  signals: readonly number[],
): Promise<readonly SampleAt[]> {
  const recent = await database.query<SampleRow>(
    newest(
      `ts <= ${instant('at')} AND ts > ${instant('from')}`,
      `toUInt64(toUnixTimestamp64Milli(ts) - {from:Int64}) * ${arrivals} + seq`,
    ),
    { at, from: at - recentMs },
  )
  const found = new Set(recent.map(({ signal }) => signal))
  const missing = signals.filter(signal => !found.has(signal))
  const earlier = missing.length === 0 ? [] : await lastBefore(database, at - recentMs, missing)
  return [...recent, ...earlier].map(({ source_time, receive_time, value, ...row }) => ({
    ...row,
    value: value ?? Number.NaN,
    sourceTime: Number(source_time),
    receiveTime: Number(receive_time),
  }))
}

/** Of signals that had been silent for long: the minute in which they spoke last, and from there the sample. */
async function lastBefore(database: Database, at: number, signals: readonly number[]): Promise<SampleRow[]> {
  // Not from telemetry_1m: it adds up every minute there ever was before it knows the last.
  const minutes = await database.query<{ signal: number; spoken: number }>(
    `WITH (SELECT max(up_to) FROM ${db}.telemetry_1m_parts) AS rolled_up
    SELECT signal, toUInt32(toUnixTimestamp(max(last))) AS spoken FROM (
      SELECT signal, max(minute) AS last FROM ${db}.telemetry_1m_parts
      WHERE signal IN {signals:Array(UInt32)} AND minute <= toDateTime(intDiv({at:Int64}, 1000), 'UTC')
      GROUP BY signal
      UNION ALL
      SELECT signal, toStartOfMinute(toDateTime(max(ts), 'UTC')) AS last FROM ${db}.telemetry
      WHERE seq > rolled_up AND signal IN {signals:Array(UInt32)} AND ts <= ${instant('at')}
      GROUP BY signal
    )
    GROUP BY signal SETTINGS optimize_aggregation_in_order = 1`,
    { signals, at },
  )
  if (minutes.length === 0) return []
  const places = minutes.map(({ signal, spoken }) => `(${signal}, ${spoken})`).join(', ')
  // The first bounds let the database find the rows; the last picks the minute of each signal.
  return database.query<SampleRow>(
    newest(
      `signal IN {signals:Array(UInt32)} AND ts <= ${instant('at')} AND ts >= ${instant('earliest')}
      AND (signal, toUInt32(toUnixTimestamp(toStartOfMinute(toDateTime(ts, 'UTC'))))) IN (${places})`,
      '(ts, seq)',
    ),
    {
      signals: minutes.map(({ signal }) => signal),
      at,
      earliest: Math.min(...minutes.map(({ spoken }) => spoken)) * 1000,
    },
  )
}

/** How far back the state of machines is looked for, step by step: most changed a moment ago. */
const lookBacksMs = [3_600_000, 24 * 3_600_000, Number.POSITIVE_INFINITY]

async function machinesAt(
  database: Database,
  at: number,
  machines: readonly string[],
): Promise<readonly MachineAt[]> {
  const found = new Map<string, MachineAt>()
  for (const lookBackMs of lookBacksMs) {
    const isAll = lookBackMs === Number.POSITIVE_INFINITY
    const wanted = machines.filter(machine => !found.has(machine))
    if (wanted.length === 0) break
    for (const { isDecided, ...machine } of await machinesSince(database, at, lookBackMs, wanted))
      if (isAll || isDecided === 1) found.set(machine.machine, machine)
  }
  return [...found.values()].sort((a, b) => (a.machine < b.machine ? -1 : 1))
}

/**
 * What a stretch of time before an instant tells of machines. Decided is what no earlier
 * change can alter: there is a mode, and another state before the present one.
 */
async function machinesSince(
  database: Database,
  at: number,
  lookBackMs: number,
  machines: readonly string[],
): Promise<(MachineAt & { readonly isDecided: number })[]> {
  const isAll = lookBackMs === Number.POSITIVE_INFINITY
  const rows = await database.query<
    Omit<MachineAt, 'since'> & { readonly since: string; readonly isDecided: number }
  >(
    // In one go over the rows: a part of a query that is named twice is read twice.
    `WITH
      arraySort(groupArrayIf((ts, seq, cityHash64(c.state, c.reason, c.source_state)), c.state != '')) AS told,
      arrayLastIndex(each -> each.3 != told[-1].3, told) AS before,
      told[before + 1].1 AS began,
      argMaxIf((c.state, c.reason, c.source_state, c.observed), (ts, seq), c.state != '') AS what
    SELECT
      machine, what.1 AS state, argMaxIf(c.mode, (ts, seq), c.mode != '') AS mode, what.2 AS reason,
      what.3 AS sourceState, what.4 AS observed,
      toString(toUnixTimestamp64Milli(began)) AS since,
      toUInt8(state != '' AND mode != '' AND began > told[1].1) AS isDecided
    FROM ${db}.state_changes AS c
    WHERE ts <= ${instant('at')} ${isAll ? '' : `AND ts > ${instant('earliest')}`}
      AND machine IN {machines:Array(String)}
    GROUP BY machine`,
    { at, machines, ...(!isAll && { earliest: at - lookBackMs }) },
  )
  return rows.map(row => ({ ...row, since: Number(row.since) }))
}

/** The last word of each twin, by arrival: the first value after a link begins bears a time from before it as a rule. */
async function twinsAt(database: Database, at: number): Promise<readonly TwinAt[]> {
  const rows = await database.query<Omit<TwinAt, 'time'> & { time: string }>(
    `SELECT address, type, JSONExtractString(argMax(payload, t.seq), 'to') AS to,
      toString(toUnixTimestamp64Milli(argMax(ts, t.seq))) AS time, toFloat64(max(t.seq)) AS seq
    FROM ${db}.twin_events AS t
    WHERE ts <= ${instant('at')} AND type IN ('level.changed', 'connection.changed', 'link.changed')
    GROUP BY address, type`,
    { at },
  )
  return rows.map(row => ({ ...row, time: Number(row.time) }))
}

async function faultsAt(database: Database, at: number): Promise<readonly FaultAt[]> {
  const rows = await database.query<Omit<FaultAt, 'since'> & { since: string }>(
    `SELECT machine, pattern, newest.1 AS stage, newest.2 AS severity, newest.3 AS progress, newest.4 AS estimated,
      toString(toUnixTimestamp64Milli(latest)) AS since
    FROM (
      SELECT machine, pattern, argMax((stage, severity, progress, estimated), (ts, seq)) AS newest, max(ts) AS latest
      FROM ${db}.fault_events
      WHERE ts <= ${instant('at')}
      GROUP BY machine, pattern
    )
    WHERE stage NOT IN ('dormant', 'repaired')
    ORDER BY machine, pattern`,
    { at },
  )
  return rows.map(row => ({ ...row, since: Number(row.since) }))
}

/** What a source confirmed is looked for so far back: a signal that may be silent for longer is stale sooner here. */
const confirmedMs = 24 * 3_600_000

async function confirmedAt(database: Database, at: number): Promise<readonly ConfirmedAt[]> {
  const rows = await database.query<{ source: string; time: string }>(
    `SELECT source, toString(toUnixTimestamp64Milli(max(ts))) AS time FROM ${db}.turns
    WHERE kind = 'alive' AND ts <= ${instant('at')} AND ts > ${instant('from')} GROUP BY source`,
    { at, from: at - confirmedMs },
  )
  return rows.map(({ source, time }) => ({ source, time: Number(time) }))
}
