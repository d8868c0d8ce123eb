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

/** What is to be known of a machine. */
export interface EventRange {
  readonly plan: MachinePlan
  /** From inclusive, to exclusive, Unix ms. */
  readonly from: number
  readonly to: number
}

/**
 * All that a ledger needs to book a stretch of time, by machine, each of which has one stretch: the changes within it,
 * and what was said of stops; before it those since the last production, because what they began may go on; after it
 * those up to the next production, because only then it is known what a stop was. No machine gets anything from before
 * its own begin.
 */
export async function readEvents(
  store: Pick<Store, 'query'>,
  ranges: readonly EventRange[],
): Promise<Map<string, LedgerEvent[]>> {
  const machines = ranges.map(({ plan }) => plan.machine)
  const events = new Map<string, LedgerEvent[]>(machines.map(machine => [machine, []]))
  if (machines.length === 0) return events
  const warmUp = Math.max(...ranges.map(({ plan }) => plan.warmUpMs))
  const [begins, found] = await Promise.all([
    readBegins(store, new Map(ranges.map(({ plan, from }) => [plan.machine, Math.floor(from - warmUp)]))),
    readEnds(store, new Map(ranges.map(({ plan, to }) => [plan.machine, Math.ceil(to)]))),
  ])
  for (const { machine, mode, time } of begins.values())
    if (mode !== '') events.get(machine)!.push({ time, mode })
  const around = machines.map(machine => ({
    machine,
    start: begins.get(machine)?.time ?? 0,
    end: found.get(machine) ?? latest,
  }))
  const within = ranges.map(({ plan: { machine }, from, to }) => ({
    machine,
    start: Math.ceil(from),
    end: Math.min(latest, Math.ceil(to) - 1),
  }))
  const lines = [...new Set(ranges.map(({ plan }) => plan.line))]
  const earliest = Math.min(...ranges.map(({ from }) => from), ...around.map(({ start }) => start))
  const [changes, made, reasons, scraps, runs] = await Promise.all([
    bySpans(around, spans => readChanges(store, spans)),
    bySpans(within, spans => readParts(store, spans)),
    readReasons(store, around),
    readScrap(store, within),
    readRuns(store, lines, earliest, Math.max(...ranges.map(({ to }) => to))),
  ])
  for (const { machine, time, state, mode, reason, word } of changes) {
    events.get(machine)!.push({
      time,
      ...(state !== '' && { state, reason, sourceState: word }),
      ...(mode !== '' && { mode }),
    })
  }
  for (const { machine, ...parts } of made) events.get(machine)!.push(partsEvent(parts))
  for (const { machine, ...said } of reasons) events.get(machine)!.push(...reasonEvents(said))
  for (const { machine, ...scrap } of scraps) events.get(machine)!.push(scrapEvent(scrap))
  for (const { plan, from, to } of ranges) {
    const { machine, line } = plan
    // A run of weeks need not be booked from its begin.
    const begin = Math.min(from, begins.get(machine)?.time ?? from)
    for (const run of runs) {
      if (run.line !== line || run.start >= Math.ceil(to) || (run.end > 0 && run.end <= begin)) continue
      events.get(machine)!.push(...runEvents({ ...run, start: Math.max(run.start, begin) }))
    }
  }
  return events
}

/** When machines were first heard of: a state, a mode, or parts; none of those that never were. */
export async function firstHeard(
  store: Pick<Store, 'query'>,
  machines: readonly string[],
): Promise<Map<string, number>> {
  // Of a machine that has hours it was by the end of the first; what came later need not be read.
  const [found] = await store.query<{ until: number }>(
    `SELECT toFloat64(toUnixTimestamp64Milli(max(first))) + ${hourMs} AS until
    FROM (SELECT min(hour) AS first FROM ${databaseName}.oee_hourly GROUP BY machine)`,
  )
  const isEarly = `ts < fromUnixTimestamp64Milli({until:Int64}, 'UTC')`
  const early = await firstsOf(store, machines, { where: isEarly, until: found!.until })
  const firsts = new Map(early.map(({ machine, time }) => [machine, time]))
  const others = machines.filter(machine => !firsts.has(machine))
  if (others.length > 0)
    for (const { machine, time } of await firstsOf(store, others)) firsts.set(machine, time)
  return firsts
}

function firstsOf(
  store: Pick<Store, 'query'>,
  machines: readonly string[],
  { where = 'true', ...parameters }: { readonly where?: string; readonly until?: number } = {},
) {
  const tables = ['state_changes', 'production_events', 'scrap_events']
  const firsts = tables.map(
    table => `SELECT machine, min(ts) AS first FROM ${databaseName}.${table}
      WHERE machine IN {machines:Array(String)} AND ${where}
        ${table === 'production_events' ? "AND cause != 'late'" : ''} GROUP BY machine`,
  )
  return store.query<{ machine: string; time: number }>(
    `SELECT machine, toFloat64(toUnixTimestamp64Milli(min(first))) AS time
    FROM (${firsts.join(' UNION ALL ')}) GROUP BY machine`,
    { machines, ...parameters },
  )
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

function readScrap(store: Pick<Store, 'query'>, spans: readonly Span[]) {
  return store.query<EnteredScrap & { readonly machine: string }>(
    `${withSpans}
    SELECT machine, toFloat64(toUnixTimestamp64Milli(ts)) AS time, id, kind, quantity
    FROM ${databaseName}.scrap_events
    WHERE NOT counted AND ${isInSpan}
    ORDER BY machine, ts, seq`,
    spanParameters(spans),
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

function readReasons(store: Pick<Store, 'query'>, spans: readonly Span[]) {
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

/** Of machines a time each, Unix ms. */
type Times = ReadonlyMap<string, number>

const timeParameters = (times: Times) => ({ machines: [...times.keys()], times: [...times.values()] })
const ofMachine = (times: string): string =>
  `transform(machine, {machines:Array(String)}, {${times}:Array(Int64)}, toInt64(0))`

/** Where reading has to begin: at the last production that lasted, by a time, with the mode that held then. */
async function readBegins(store: Pick<Store, 'query'>, before: Times): Promise<Map<string, Begin>> {
  const begins = new Map<string, Begin>()
  for (const lookBackMs of lookBacksMs) {
    const wanted = new Map([...before].filter(([machine]) => !begins.has(machine)))
    if (wanted.size === 0) break
    for (const [machine, begin] of await readBeginsSince(store, wanted, lookBackMs))
      begins.set(machine, begin)
  }
  return begins
}

async function readBeginsSince(
  store: Pick<Store, 'query'>,
  before: Times,
  lookBackMs: number,
): Promise<Map<string, Begin>> {
  const times = [...before.values()]
  const rows = await store.query<{ machine: string; time: number; mode: string }>(
    `WITH
      ${ofMachine('times')} AS before,
      carried AS (
        SELECT machine, ts, seq, state,
          anyLastIf(mode, mode != '') OVER so_far AS held,
          leadInFrame(toNullable(ts)) OVER in_order AS next
        FROM ${databaseName}.state_changes
        WHERE machine IN {machines:Array(String)}
          AND ts <= fromUnixTimestamp64Milli({last:Int64}, 'UTC')
          AND ts > fromUnixTimestamp64Milli({earliest:Int64}, 'UTC')
          AND toUnixTimestamp64Milli(ts) <= before
          AND toUnixTimestamp64Milli(ts) > before - {lookBackMs:Int64}
        WINDOW
          so_far AS (PARTITION BY machine ORDER BY ts, seq ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW),
          in_order AS (PARTITION BY machine ORDER BY ts, seq ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
      )
    SELECT machine, toFloat64(toUnixTimestamp64Milli(max(ts))) AS time, argMax(held, (ts, seq)) AS mode
    FROM carried
    WHERE state = 'Execute' AND held NOT IN ('Maintenance', 'Manual') AND (next IS NULL OR next > ts)
    GROUP BY machine`,
    {
      ...timeParameters(before),
      lookBackMs,
      last: Math.max(...times),
      earliest: Math.min(...times) - lookBackMs,
    },
  )
  const begins = new Map(rows.map(row => [row.machine, row]))
  const untold = rows.filter(({ mode }) => mode === '')
  const since = new Map(untold.map(({ machine }) => [machine, before.get(machine)! - lookBackMs]))
  for (const { machine, held: mode } of await readModes(store, since)) {
    // Not production after all: all of its past is read.
    if (mode === 'Maintenance' || mode === 'Manual') begins.delete(machine)
    else begins.set(machine, { ...begins.get(machine)!, mode })
  }
  return begins
}

/** The modes that held at a time, of machines that told one before. */
async function readModes(store: Pick<Store, 'query'>, at: Times) {
  if (at.size === 0) return []
  return store.query<{ machine: string; held: string }>(
    `SELECT machine, argMax(mode, (ts, seq)) AS held FROM ${databaseName}.state_changes
    WHERE machine IN {machines:Array(String)} AND mode != ''
      AND toUnixTimestamp64Milli(ts) <= ${ofMachine('times')}
    GROUP BY machine`,
    timeParameters(at),
  )
}

/** When each machine first produced from a time on; those that did not are left out. */
async function readEnds(store: Pick<Store, 'query'>, from: Times): Promise<Map<string, number>> {
  const ends = new Map<string, number>()
  for (const lookAheadMs of lookAheadsMs) {
    const wanted = new Map([...from].filter(([machine]) => !ends.has(machine)))
    if (wanted.size === 0) break
    const times = [...wanted.values()]
    const rows = await store.query<{ machine: string; time: number }>(
      `WITH ${ofMachine('times')} AS start
      SELECT machine, toFloat64(toUnixTimestamp64Milli(min(ts))) AS time FROM ${databaseName}.state_changes
      WHERE machine IN {machines:Array(String)} AND state = 'Execute'
        AND ts >= fromUnixTimestamp64Milli({earliest:Int64}, 'UTC') AND ts < fromUnixTimestamp64Milli({until:Int64}, 'UTC')
        AND toUnixTimestamp64Milli(ts) >= start AND toUnixTimestamp64Milli(ts) < start + {lookAheadMs:Int64}
      GROUP BY machine`,
      {
        ...timeParameters(wanted),
        lookAheadMs: Math.min(latest, lookAheadMs),
        earliest: Math.min(...times),
        until: Math.min(latest, Math.max(...times) + lookAheadMs),
      },
    )
    for (const { machine, time } of rows) ends.set(machine, time)
  }
  return ends
}

/** A stretch of a machine, Unix ms, both inclusive: its ledger can begin and end nowhere else. */
interface Span {
  readonly machine: string
  readonly start: number
  readonly end: number
}

/** Longer ones are read by themselves: all that is read of any machine is bounded by the longest. */
const shortMs = 4 * hourMs

/** Short stretches lie close together, and are found by time; the others are those of a few machines. */
async function bySpans<Row>(
  spans: readonly Span[],
  read: (spans: readonly Span[]) => Promise<readonly Row[]>,
): Promise<readonly Row[]> {
  const isShort = ({ start, end }: Span): boolean => end - start <= shortMs
  const groups = [spans.filter(isShort), spans.filter(span => !isShort(span))]
  return (await Promise.all(groups.map(group => (group.length === 0 ? [] : read(group))))).flat()
}

// transform looks a machine up by hash; indexOf compared it with every other, of each row there is.
const withSpans = `WITH ${ofMachine('starts')} AS span_start, ${ofMachine('ends')} AS span_end`
const isInSpan = `machine IN {machines:Array(String)}
      AND ts >= fromUnixTimestamp64Milli({earliest:Int64}, 'UTC')
      AND ts <= fromUnixTimestamp64Milli({last:Int64}, 'UTC')
      AND toUnixTimestamp64Milli(ts) >= span_start AND toUnixTimestamp64Milli(ts) <= span_end`

function spanParameters(spans: readonly Span[]) {
  const starts = spans.map(({ start }) => Math.floor(start))
  const ends = spans.map(({ end }) => end)
  return {
    machines: spans.map(({ machine }) => machine),
    starts,
    ends,
    earliest: Math.min(...starts),
    last: Math.max(...ends),
  }
}

/**
 * Changes from each machine's last production before a stretch of time to its first production after it. Of what is told
 * again and again the first is the change; the last of all says how long it went on. Each machine's in one row: there
 * are many, and names with each of them would be most of the answer.
 */
async function readChanges(store: Pick<Store, 'query'>, spans: readonly Span[]) {
  const rows = await store.query<{
    machine: string
    changes: [number, number, string, string, string, string][]
  }>(
    `${withSpans}
    SELECT machine, arraySort(groupArray((toFloat64(toUnixTimestamp64Milli(ts)), toFloat64(seq), told.1, told.2, told.3, told.4))) AS changes
    FROM (
      SELECT machine, ts, seq, (state, mode, reason, source_state) AS told,
        row_number() OVER in_order AS place,
        lagInFrame(told) OVER in_order AS before,
        leadInFrame(1) OVER in_order AS goes_on
      FROM ${databaseName}.state_changes
      WHERE ${isInSpan}
      WINDOW in_order AS (PARTITION BY machine ORDER BY ts, seq ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
    )
    WHERE place = 1 OR goes_on = 0 OR before != told
    GROUP BY machine`,
    spanParameters(spans),
  )
  return rows.flatMap(({ machine, changes }) =>
    changes.map(([time, , state, mode, reason, word]) => ({ machine, time, state, mode, reason, word })),
  )
}

/** Each machine's in one row, as its changes. */
async function readParts(store: Pick<Store, 'query'>, spans: readonly Span[]) {
  const rows = await store.query<{ machine: string; made: [number, string, number, number][] }>(
    `${withSpans}
    SELECT machine, arrayMap(each -> (each.1, each.3, each.4, each.5), arraySort(groupArray((
      toFloat64(toUnixTimestamp64Milli(ts)), seq, counter, parts, total
    )))) AS made
    FROM ${databaseName}.production_events
    WHERE ${isInSpan} AND cause != 'late'
    GROUP BY machine`,
    spanParameters(spans),
  )
  return rows.flatMap(({ machine, made }) =>
    made.map(([time, counter, parts, total]) => ({ machine, time, counter, parts, total })),
  )
}
