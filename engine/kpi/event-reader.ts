import { databaseName } from '../../schema/tables/definition.js'
import type { LedgerEvent } from '../../workers/kpi/ledger.js'
import type { MachinePlan } from '../../workers/kpi/machine-plan.js'
import type { Store } from '../store/store.js'

/** How far back a machine's last production is looked for by its index; further back all of its past is read. */
const lookBackMs = 7 * 24 * 3_600_000

export interface EventRange {
  readonly plans: readonly MachinePlan[]
  /** From inclusive, to exclusive, Unix ms. */
  readonly from: number
  readonly to: number
}

interface ChangeRow {
  readonly machine: string
  readonly time: number
  readonly state: string
  readonly mode: string
  readonly reason: string
  readonly word: string
}

/**
 * All that a ledger needs to book a stretch of time, by machine: the changes within it; before it those since the last
 * production, because what they began may go on; after it those up to the next production, because only then it is
 * known what a stop was.
 */
export async function readEvents(
  store: Pick<Store, 'query'>,
  { plans, from, to }: EventRange,
): Promise<Map<string, LedgerEvent[]>> {
  const machines = plans.map(({ machine }) => machine)
  const events = new Map<string, LedgerEvent[]>(machines.map(machine => [machine, []]))
  if (machines.length === 0) return events
  const warmUp = Math.max(...plans.map(({ warmUpMs }) => warmUpMs))
  const begins = await readBegins(store, machines, from - warmUp)
  for (const { machine, mode, time } of begins.values())
    if (mode !== '') events.get(machine)!.push({ time, mode })
  const starts = machines.map(machine => begins.get(machine)?.time ?? 0)
  for (const { machine, time, state, mode, reason, word } of await readChanges(store, machines, starts, to)) {
    events.get(machine)!.push({
      time,
      ...(state !== '' && { state, reason, sourceState: word }),
      ...(mode !== '' && { mode }),
    })
  }
  for (const { machine, ...parts } of await readParts(store, machines, from, to)) {
    events.get(machine)!.push(partsEvent(parts))
  }
  for (const { machine, ...said } of await readReasons(store, machines, Math.min(...starts), to)) {
    events.get(machine)!.push(...reasonEvents(said))
  }
  for (const { machine, ...scrap } of await readScrap(store, machines, from, to))
    events.get(machine)!.push(scrapEvent(scrap))
  const lines = [...new Set(plans.map(({ line }) => line))]
  const runs = await readRuns(store, lines, Math.min(from, ...starts), to)
  for (const { machine, line } of plans) {
    // A run of weeks need not be booked from its begin.
    const earliest = Math.min(from, begins.get(machine)?.time ?? from)
    for (const run of runs) {
      if (run.line !== line) continue
      events.get(machine)!.push(...runEvents({ ...run, start: Math.max(run.start, earliest) }))
    }
  }
  return events
}

/** When each machine was first heard of: a state, a mode, or parts. */
export async function firstHeard(store: Pick<Store, 'query'>): Promise<Map<string, number>> {
  const tables = ['state_changes', 'production_events', 'scrap_events']
  const firsts = tables.map(
    table => `SELECT machine, min(ts) AS first FROM ${databaseName}.${table} GROUP BY machine`,
  )
  const rows = await store.query<{ machine: string; time: number }>(
    `SELECT machine, toFloat64(toUnixTimestamp64Milli(min(first))) AS time
    FROM (${firsts.join(' UNION ALL ')}) GROUP BY machine`,
  )
  return new Map(rows.map(({ machine, time }) => [machine, time]))
}

interface EnteredScrap {
  readonly time: number
  readonly id: string
  readonly kind: string
  readonly quantity: number
}

/** Parts that somebody rejected and that no counter has counted, as the ledger takes them. */
export function scrapEvent({ time, id, kind, quantity }: EnteredScrap): LedgerEvent {
  return { time, id, made: kind === 'rework' ? { reworked: quantity } : { scrapped: quantity } }
}

function readScrap(store: Pick<Store, 'query'>, machines: readonly string[], from: number, to: number) {
  return store.query<EnteredScrap & { readonly machine: string }>(
    `SELECT machine, toFloat64(toUnixTimestamp64Milli(ts)) AS time, id, kind, quantity
    FROM ${databaseName}.scrap_events
    WHERE NOT counted AND machine IN {machines:Array(String)}
      AND ts >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND ts < fromUnixTimestamp64Milli({to:Int64}, 'UTC')
    ORDER BY machine, ts, seq`,
    { machines, from: Math.ceil(from), to: Math.ceil(to) },
  )
}

/** A run of a line, Unix ms. */
export interface Run {
  readonly line: string
  readonly start: number
  /** 0 = it goes on. */
  readonly end: number
  readonly product: string
  readonly order: string
  /** Parts; 0 = not said. */
  readonly target: number
}

/** What a run tells the ledgers of its line's machines. */
export function runEvents({ start, end, product, order }: Run): LedgerEvent[] {
  const begun = { time: start, product, order }
  return end > start ? [begun, { time: end, product: '', order: '' }] : [begun]
}

/** Runs of lines that touch a stretch of time, the last begun before it among them; in order of their begin. */
export async function readRuns(
  store: Pick<Store, 'query'>,
  lines: readonly string[],
  from: number,
  to: number,
): Promise<Run[]> {
  return store.query<Run>(
    `SELECT line, toFloat64(toUnixTimestamp64Milli(r.start)) AS start,
      toFloat64(toUnixTimestamp64Milli(r.end)) AS end, product, order, target
    FROM ${databaseName}.production_runs AS r FINAL
    WHERE line IN {lines:Array(String)} AND toUnixTimestamp64Milli(r.start) < {to:Int64}
      AND (toUnixTimestamp64Milli(r.end) = 0 OR toUnixTimestamp64Milli(r.end) > {from:Int64})
    ORDER BY line, r.start`,
    { lines, from: Math.floor(from), to: Math.min(Number.MAX_SAFE_INTEGER, Math.ceil(to)) },
  )
}

interface SaidReason {
  readonly time: number
  /** 0 = the stop was not over. */
  readonly until: number
  readonly reason: string
}

/** What somebody said of a stop as the ledger takes it. */
export function reasonEvents({ time, until, reason }: SaidReason): LedgerEvent[] {
  const said = { time, downtimeReason: reason }
  return until > time ? [said, { time: until, isReasonVoid: true }] : [said]
}

function readReasons(store: Pick<Store, 'query'>, machines: readonly string[], from: number, to: number) {
  return store.query<SaidReason & { readonly machine: string }>(
    `SELECT machine, toFloat64(toUnixTimestamp64Milli(ts)) AS time,
      toFloat64(toUnixTimestamp64Milli(until)) AS until, reason
    FROM ${databaseName}.downtime_changes
    WHERE machine IN {machines:Array(String)}
      AND ts >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND ts < fromUnixTimestamp64Milli({to:Int64}, 'UTC')
    ORDER BY machine, ts, seq`,
    { machines, from: Math.floor(from), to: Math.ceil(to) },
  )
}

interface CountedParts {
  readonly time: number
  readonly counter: string
  readonly parts: number
  readonly total: number
}

/** An increment of a machine's counter as the ledger takes it. */
export function partsEvent({ time, counter, parts, total }: CountedParts): LedgerEvent {
  const made = counter === 'defective' ? { scrapped: parts } : { produced: parts }
  return { time, made, id: `${counter} ${total}` }
}

/** Where reading has to begin: at the last production that lasted, with the mode that held then. */
async function readBegins(
  store: Pick<Store, 'query'>,
  machines: readonly string[],
  before: number,
): Promise<Map<string, { readonly machine: string; readonly time: number; readonly mode: string }>> {
  const rows = await store.query<{ machine: string; time: number; mode: string }>(
    `WITH
      carried AS (
        SELECT machine, ts, seq, state,
          anyLastIf(mode, mode != '') OVER so_far AS held,
          leadInFrame(toNullable(ts)) OVER in_order AS next
        FROM ${databaseName}.state_changes
        WHERE machine IN {machines:Array(String)}
          AND ts <= fromUnixTimestamp64Milli({before:Int64}, 'UTC')
          AND ts > fromUnixTimestamp64Milli({since:Int64}, 'UTC')
        WINDOW
          so_far AS (PARTITION BY machine ORDER BY ts, seq ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW),
          in_order AS (PARTITION BY machine ORDER BY ts, seq ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
      )
    SELECT machine, toFloat64(toUnixTimestamp64Milli(max(ts))) AS time, argMax(held, (ts, seq)) AS mode
    FROM carried
    WHERE state = 'Execute' AND held NOT IN ('Maintenance', 'Manual') AND (next IS NULL OR next > ts)
    GROUP BY machine`,
    { machines, before: Math.floor(before), since: Math.floor(before - lookBackMs) },
  )
  const begins = new Map(rows.map(row => [row.machine, row]))
  const untold = rows.filter(({ mode }) => mode === '').map(({ machine }) => machine)
  const since = before - lookBackMs
  for (const { machine, mode } of await readModes(store, untold, since)) {
    // Not production after all: all of its past is read.
    if (mode === 'Maintenance' || mode === 'Manual') begins.delete(machine)
    else begins.set(machine, { ...begins.get(machine)!, mode })
  }
  return begins
}

/** The modes that held at a time, of machines that told one before. */
async function readModes(store: Pick<Store, 'query'>, machines: readonly string[], at: number) {
  if (machines.length === 0) return []
  return store.query<{ machine: string; mode: string }>(
    `SELECT machine, argMax(mode, (ts, seq)) AS mode FROM ${databaseName}.state_changes
    WHERE machine IN {machines:Array(String)} AND mode != ''
      AND ts <= fromUnixTimestamp64Milli({at:Int64}, 'UTC')
    GROUP BY machine`,
    { machines, at: Math.floor(at) },
  )
}

/** Changes from each machine's start to its first production from `to` on. */
function readChanges(
  store: Pick<Store, 'query'>,
  machines: readonly string[],
  starts: readonly number[],
  to: number,
): Promise<ChangeRow[]> {
  return store.query<ChangeRow>(
    `WITH
      {machines:Array(String)} AS machines,
      {starts:Array(Int64)} AS starts,
      ends AS (
        SELECT machine, min(ts) AS ended FROM ${databaseName}.state_changes
        WHERE machine IN machines AND state = 'Execute' AND ts >= fromUnixTimestamp64Milli({to:Int64}, 'UTC')
        GROUP BY machine
      )
    SELECT c.machine AS machine, toFloat64(toUnixTimestamp64Milli(c.ts)) AS time,
      c.state AS state, c.mode AS mode, c.reason AS reason, c.source_state AS word
    FROM ${databaseName}.state_changes AS c
    LEFT JOIN ends AS e ON c.machine = e.machine
    WHERE c.machine IN machines
      AND c.ts >= fromUnixTimestamp64Milli({earliest:Int64}, 'UTC')
      AND toUnixTimestamp64Milli(c.ts) >= starts[indexOf(machines, c.machine)]
      AND (e.machine = '' OR c.ts <= e.ended)
    GROUP BY c.machine, c.ts, c.state, c.mode, c.reason, c.source_state, c.observed
    ORDER BY c.machine, c.ts, max(c.seq)`,
    {
      machines,
      starts: starts.map(Math.floor),
      earliest: Math.floor(Math.min(...starts)),
      to: Math.ceil(to),
    },
  )
}

function readParts(store: Pick<Store, 'query'>, machines: readonly string[], from: number, to: number) {
  return store.query<CountedParts & { readonly machine: string }>(
    `SELECT machine, toFloat64(toUnixTimestamp64Milli(ts)) AS time, counter, parts, total
    FROM ${databaseName}.production_events
    WHERE machine IN {machines:Array(String)}
      AND ts >= fromUnixTimestamp64Milli({from:Int64}, 'UTC')
      AND ts < fromUnixTimestamp64Milli({to:Int64}, 'UTC')
    ORDER BY machine, ts, seq`,
    { machines, from: Math.ceil(from), to: Math.ceil(to) },
  )
}
