import { databaseName } from '../../schema/tables/definition.js'
import type { LedgerEvent } from '../../workers/kpi/ledger.js'
import type { MachinePlan } from '../../workers/kpi/machine-plan.js'
import type { Store } from '../store/store.js'

const hourMs = 3_600_000
/**
 * How far back a machine's last production is looked for, step by step, because most produced a moment ago; further
 * back all of its past is read.
 */
const lookBacksMs = [hourMs, 24 * hourMs, 7 * 24 * hourMs]
/** How far ahead its next production is looked for, likewise: by then it is known what a stop was. */
const lookAheadsMs = [hourMs, 24 * hourMs, Number.POSITIVE_INFINITY]
/** DateTime64 ends here. */
const latest = Date.UTC(2299, 11, 31)

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
 * All that a ledger needs to book a stretch of time, by machine: the changes within it, and what was said of stops;
 * before it those since the last production, because what they began may go on; after it those up to the next
 * production, because only then it is known what a stop was. No machine gets anything from before its own begin.
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
  const found = await readEnds(store, machines, to)
  const spans: Spans = { machines, starts, ends: machines.map(machine => found.get(machine) ?? latest) }
  for (const { machine, time, state, mode, reason, word } of await readChanges(store, spans)) {
    events.get(machine)!.push({
      time,
      ...(state !== '' && { state, reason, sourceState: word }),
      ...(mode !== '' && { mode }),
    })
  }
  for (const { machine, ...parts } of await readParts(store, machines, from, to)) {
    events.get(machine)!.push(partsEvent(parts))
  }
  for (const { machine, ...said } of await readReasons(store, spans)) {
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
      if (run.line !== line || (run.end > 0 && run.end <= earliest)) continue
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

function readReasons(store: Pick<Store, 'query'>, spans: Spans) {
  return store.query<SaidReason & { readonly machine: string }>(
    `${withSpans}
    SELECT machine, toFloat64(toUnixTimestamp64Milli(ts)) AS time,
      toFloat64(toUnixTimestamp64Milli(until)) AS until, reason
    FROM ${databaseName}.downtime_changes
    WHERE ${isInSpan}
    ORDER BY machine, ts, seq`,
    spanParameters(spans),
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

interface Begin {
  readonly machine: string
  readonly time: number
  readonly mode: string
}

/** Where reading has to begin: at the last production that lasted, with the mode that held then. */
async function readBegins(
  store: Pick<Store, 'query'>,
  machines: readonly string[],
  before: number,
): Promise<Map<string, Begin>> {
  const begins = new Map<string, Begin>()
  for (const lookBackMs of lookBacksMs) {
    const wanted = machines.filter(machine => !begins.has(machine))
    if (wanted.length === 0) break
    for (const [machine, begin] of await readBeginsSince(store, wanted, before, before - lookBackMs))
      begins.set(machine, begin)
  }
  return begins
}

async function readBeginsSince(
  store: Pick<Store, 'query'>,
  machines: readonly string[],
  before: number,
  since: number,
): Promise<Map<string, Begin>> {
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
    { machines, before: Math.floor(before), since: Math.floor(since) },
  )
  const begins = new Map(rows.map(row => [row.machine, row]))
  const untold = rows.filter(({ mode }) => mode === '').map(({ machine }) => machine)
  for (const { machine, held: mode } of await readModes(store, untold, since)) {
    // Not production after all: all of its past is read.
    if (mode === 'Maintenance' || mode === 'Manual') begins.delete(machine)
    else begins.set(machine, { ...begins.get(machine)!, mode })
  }
  return begins
}

/** The modes that held at a time, of machines that told one before. */
async function readModes(store: Pick<Store, 'query'>, machines: readonly string[], at: number) {
  if (machines.length === 0) return []
  return store.query<{ machine: string; held: string }>(
    `SELECT machine, argMax(mode, (ts, seq)) AS held FROM ${databaseName}.state_changes
    WHERE machine IN {machines:Array(String)} AND mode != ''
      AND ts <= fromUnixTimestamp64Milli({at:Int64}, 'UTC')
    GROUP BY machine`,
    { machines, at: Math.floor(at) },
  )
}

/** When each machine first produced from a time on; those that did not are left out. */
async function readEnds(
  store: Pick<Store, 'query'>,
  machines: readonly string[],
  to: number,
): Promise<Map<string, number>> {
  const ends = new Map<string, number>()
  for (const lookAheadMs of lookAheadsMs) {
    const wanted = machines.filter(machine => !ends.has(machine))
    if (wanted.length === 0) break
    const rows = await store.query<{ machine: string; time: number }>(
      `SELECT machine, toFloat64(toUnixTimestamp64Milli(min(ts))) AS time FROM ${databaseName}.state_changes
      WHERE machine IN {machines:Array(String)} AND state = 'Execute'
        AND ts >= fromUnixTimestamp64Milli({to:Int64}, 'UTC') AND ts < fromUnixTimestamp64Milli({until:Int64}, 'UTC')
      GROUP BY machine`,
      { machines: wanted, to: Math.ceil(to), until: Math.min(latest, Math.ceil(to + lookAheadMs)) },
    )
    for (const { machine, time } of rows) ends.set(machine, time)
  }
  return ends
}

/** Of each machine a stretch of its own, Unix ms, both inclusive: its ledger can begin and end nowhere else. */
interface Spans {
  readonly machines: readonly string[]
  readonly starts: readonly number[]
  readonly ends: readonly number[]
}

// transform looks a machine up by hash; indexOf compared it with every other, of each row there is.
const withSpans = `WITH
      transform(machine, {machines:Array(String)}, {starts:Array(Int64)}, toInt64(0)) AS span_start,
      transform(machine, {machines:Array(String)}, {ends:Array(Int64)}, toInt64(0)) AS span_end`
const isInSpan = `machine IN {machines:Array(String)}
      AND ts >= fromUnixTimestamp64Milli({earliest:Int64}, 'UTC')
      AND ts <= fromUnixTimestamp64Milli({last:Int64}, 'UTC')
      AND toUnixTimestamp64Milli(ts) >= span_start AND toUnixTimestamp64Milli(ts) <= span_end`

const spanParameters = ({ machines, starts, ends }: Spans) => ({
  machines,
  starts: starts.map(Math.floor),
  ends,
  earliest: Math.floor(Math.min(...starts)),
  last: Math.max(...ends),
})

/** Changes from each machine's last production before a stretch of time to its first production after it. */
async function readChanges(store: Pick<Store, 'query'>, spans: Spans): Promise<ChangeRow[]> {
  return store.query<ChangeRow>(
    `${withSpans}
    SELECT machine, toFloat64(toUnixTimestamp64Milli(ts)) AS time, state, mode, reason, source_state AS word
    FROM ${databaseName}.state_changes
    WHERE ${isInSpan}
    GROUP BY machine, ts, state, mode, reason, source_state, observed
    ORDER BY machine, ts, max(seq)`,
    spanParameters(spans),
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
