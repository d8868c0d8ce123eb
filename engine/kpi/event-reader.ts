import { databaseName } from '../../schema/tables/definition.js'
import { eventOf } from '../../workers/kpi/intervals.js'
import type { LedgerEvent } from '../../workers/kpi/ledger.js'
import type { MachinePlan } from '../../workers/kpi/machine-plan.js'
import { codeLeadMs } from '../../workers/kpi/stops.js'
import type { Store } from '../store/store.js'
import { queryByStretch } from './by-stretch.js'

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
 * All that a ledger needs to book stretches of time, in their order: the changes within each, and what was said of stops;
 * before it those since the last production, because what they began may go on; after it those up to the next
 * production, because only then it is known what a stop was. No machine gets anything from before its own begin.
 */
export async function readEvents(
  store: Pick<Store, 'query'>,
  ranges: readonly EventRange[],
): Promise<LedgerEvent[][]> {
  if (ranges.length === 0) return []
  const warmUp = Math.max(...ranges.map(({ plan }) => plan.warmUpMs))
  const momentsOf = (timeOf: (range: EventRange) => number): Moment[] =>
    ranges.map(range => ({ machine: range.plan.machine, time: timeOf(range) }))
  const [begins, found] = await Promise.all([
    readBegins(
      store,
      momentsOf(({ from }) => Math.floor(from - warmUp)),
    ),
    readEnds(
      store,
      momentsOf(({ to }) => Math.ceil(to)),
    ),
  ])
  const around = ranges.map(({ plan: { machine } }, place) => ({
    machine,
    start: begins[place]?.time ?? 0,
    end: found[place]?.time ?? latest,
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
  return ranges.map(({ plan: { line }, from, to }, place) => {
    const held = begins[place]
    // A run of weeks need not be booked from its begin.
    const begin = Math.min(from, held?.time ?? from)
    const ofLine = runs.filter(
      run => run.line === line && run.start < Math.ceil(to) && (run.end === 0 || run.end > begin),
    )
    return [
      ...(held === undefined || held.mode === '' ? [] : [{ time: held.time, mode: held.mode }]),
      ...changes[place]!,
      ...made[place]!,
      ...reasons[place]!,
      ...scraps[place]!,
      ...ofLine.flatMap(run => runEvents({ ...run, start: Math.max(run.start, begin) })),
    ]
  })
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

/** What is on record and says nothing of a machine's time. */
const tellsNothing: Readonly<Record<string, string>> = {
  state_changes: "AND (state != '' OR mode != '')",
  production_events: "AND cause != 'late'",
}

function firstsOf(
  store: Pick<Store, 'query'>,
  machines: readonly string[],
  { where = 'true', ...parameters }: { readonly where?: string; readonly until?: number } = {},
) {
  const tables = ['state_changes', 'production_events', 'scrap_events']
  const firsts = tables.map(
    table => `SELECT machine, min(ts) AS first FROM ${databaseName}.${table}
      WHERE machine IN {machines:Array(String)} AND ${where} ${tellsNothing[table] ?? ''} GROUP BY machine`,
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
  return {
    time,
    id,
    isEntered: true,
    made: kind === 'rework' ? { reworked: quantity } : { scrapped: quantity },
  }
}

async function readScrap(store: Pick<Store, 'query'>, spans: readonly Span[]): Promise<LedgerEvent[][]> {
  const rows = await queryByStretch<{ machine: string; made: [number, string, string, number][] }, Span>(
    store,
    `${withSpans}
    SELECT machine, arrayMap(each -> (each.1, each.3, each.4, each.5), arraySort(groupArray((
      toFloat64(toUnixTimestamp64Milli(ts)), seq, id, kind, quantity
    )))) AS made
    FROM ${databaseName}.scrap_events
    WHERE NOT counted AND ${isInSpan}
    GROUP BY machine`,
    spans,
    spanParameters,
  )
  return rows.map(row =>
    (row?.made ?? []).map(([time, id, kind, quantity]) => scrapEvent({ time, id, kind, quantity })),
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

async function readReasons(store: Pick<Store, 'query'>, spans: readonly Span[]): Promise<LedgerEvent[][]> {
  const rows = await queryByStretch<{ machine: string; said: [number, number, string][] }, Span>(
    store,
    `${withSpans}
    SELECT machine, arrayMap(each -> (each.1, each.3, each.4), arraySort(groupArray((
      toFloat64(toUnixTimestamp64Milli(ts)), seq, toFloat64(toUnixTimestamp64Milli(until)), reason
    )))) AS said
    FROM ${databaseName}.downtime_changes
    WHERE ${isInSpan}
    GROUP BY machine`,
    spans,
    spanParameters,
  )
  return rows.map(row =>
    (row?.said ?? []).flatMap(([time, until, reason]) => reasonEvents({ time, until, reason })),
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

/** A time of a machine, Unix ms. */
interface Moment {
  readonly machine: string
  readonly time: number
}

const timeParameters = (moments: readonly Moment[]) => ({
  machines: moments.map(({ machine }) => machine),
  times: moments.map(({ time }) => time),
})
const ofMachine = (times: string): string =>
  `transform(machine, {machines:Array(String)}, {${times}:Array(Int64)}, toInt64(0))`

/** Looks for something of each moment, step by step further away, until it is found. */
async function stepByStep<Row>(
  moments: readonly Moment[],
  stepsMs: readonly number[],
  look: (wanted: readonly Moment[], stepMs: number) => Promise<readonly (Row | undefined)[]>,
): Promise<(Row | undefined)[]> {
  const found: (Row | undefined)[] = moments.map(() => undefined)
  for (const stepMs of stepsMs) {
    const places = [...moments.keys()].filter(place => found[place] === undefined)
    if (places.length === 0) break
    const rows = await look(
      places.map(place => moments[place]!),
      stepMs,
    )
    for (const [at, place] of places.entries()) found[place] = rows[at]
  }
  return found
}

/** Where reading has to begin: at the last production that lasted, by a time, with the mode that held then. */
const readBegins = (store: Pick<Store, 'query'>, before: readonly Moment[]): Promise<(Begin | undefined)[]> =>
  stepByStep(before, lookBacksMs, (wanted, lookBackMs) => readBeginsSince(store, wanted, lookBackMs))

async function readBeginsSince(
  store: Pick<Store, 'query'>,
  before: readonly Moment[],
  lookBackMs: number,
): Promise<(Begin | undefined)[]> {
  const begins = await queryByStretch<Begin, Moment>(
    store,
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
    before,
    moments => {
      const times = moments.map(({ time }) => time)
      return {
        ...timeParameters(moments),
        lookBackMs,
        last: Math.max(...times),
        earliest: Math.min(...times) - lookBackMs,
      }
    },
  )
  const untold = [...begins.keys()].filter(place => begins[place]?.mode === '')
  const since = untold.map(place => ({ ...before[place]!, time: before[place]!.time - lookBackMs }))
  for (const [at, told] of (await readModes(store, since)).entries()) {
    if (told === undefined) continue
    const place = untold[at]!
    const { held: mode } = told
    // Not production after all: all of its past is read.
    begins[place] = mode === 'Maintenance' || mode === 'Manual' ? undefined : { ...begins[place]!, mode }
  }
  return begins
}

/** The modes that held at a time, of machines that told one before. */
const readModes = (store: Pick<Store, 'query'>, at: readonly Moment[]) =>
  queryByStretch<{ machine: string; held: string }, Moment>(
    store,
    `SELECT machine, argMax(mode, (ts, seq)) AS held FROM ${databaseName}.state_changes
    WHERE machine IN {machines:Array(String)} AND mode != ''
      AND toUnixTimestamp64Milli(ts) <= ${ofMachine('times')}
    GROUP BY machine`,
    at,
    timeParameters,
  )

/** When each machine first produced from a time on. */
const readEnds = (store: Pick<Store, 'query'>, from: readonly Moment[]): Promise<(Moment | undefined)[]> =>
  stepByStep(from, lookAheadsMs, (wanted, lookAheadMs) =>
    queryByStretch<Moment, Moment>(
      store,
      `WITH ${ofMachine('times')} AS start
      SELECT machine, toFloat64(toUnixTimestamp64Milli(min(ts))) AS time FROM ${databaseName}.state_changes
      WHERE machine IN {machines:Array(String)} AND state = 'Execute'
        AND ts >= fromUnixTimestamp64Milli({earliest:Int64}, 'UTC') AND ts < fromUnixTimestamp64Milli({until:Int64}, 'UTC')
        AND toUnixTimestamp64Milli(ts) >= start AND toUnixTimestamp64Milli(ts) < start + {lookAheadMs:Int64}
      GROUP BY machine`,
      wanted,
      moments => {
        const times = moments.map(({ time }) => time)
        return {
          ...timeParameters(moments),
          lookAheadMs: Math.min(latest, lookAheadMs),
          earliest: Math.min(...times),
          until: Math.min(latest, Math.max(...times) + lookAheadMs),
        }
      },
    ),
  )

/** A stretch of a machine, Unix ms, both inclusive: its ledger can begin and end nowhere else. */
interface Span {
  readonly machine: string
  readonly start: number
  readonly end: number
}

/** Longer ones are read by themselves: all that is read of any machine is bounded by the longest. */
const shortMs = 4 * hourMs

/** Short stretches lie close together, and are found by time; the others are those of a few machines. */
async function bySpans(
  spans: readonly Span[],
  read: (spans: readonly Span[]) => Promise<LedgerEvent[][]>,
): Promise<LedgerEvent[][]> {
  const found: LedgerEvent[][] = spans.map(() => [])
  const isShort = (place: number): boolean => spans[place]!.end - spans[place]!.start <= shortMs
  const places = [...spans.keys()]
  const groups = [places.filter(isShort), places.filter(place => !isShort(place))]
  const readGroup = async (group: readonly number[]): Promise<void> => {
    const events = await read(group.map(place => spans[place]!))
    for (const [at, place] of group.entries()) found[place] = events[at]!
  }
  await Promise.all(groups.map(readGroup))
  return found
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
 * are many, and names with each of them would be most of the answer. Of codes for why a machine stops all are read, and
 * those from just before.
 */
async function readChanges(store: Pick<Store, 'query'>, spans: readonly Span[]): Promise<LedgerEvent[][]> {
  const rows = await queryByStretch<
    { machine: string; changes: [number, number, string, string, string, string][] },
    Span
  >(
    store,
    `${withSpans}
    SELECT machine, arraySort(groupArray((toFloat64(toUnixTimestamp64Milli(ts)), toFloat64(seq), told.1, told.2, told.3, told.4))) AS changes
    FROM (
      SELECT machine, ts, seq, (state, mode, reason, source_state) AS told,
        row_number() OVER in_order AS place,
        lagInFrame(told) OVER in_order AS before,
        leadInFrame(1) OVER in_order AS goes_on
      FROM ${databaseName}.state_changes
      WHERE ${isInSpan} AND (${isCode} OR toUnixTimestamp64Milli(ts) >= span_start + ${codeLeadMs})
      WINDOW in_order AS (PARTITION BY machine ORDER BY ts, seq ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
    )
    WHERE place = 1 OR goes_on = 0 OR before != told OR (told.1 = '' AND told.2 = '')
    GROUP BY machine`,
    spans.map(span => ({ ...span, start: span.start - codeLeadMs })),
    spanParameters,
  )
  return rows.map((row, place) =>
    (row?.changes ?? []).map(([time, , state, mode, reason, sourceState]) => ({
      ...eventOf({ time, state, mode, reason, sourceState }),
      // A code may be older than what it is read for.
      time: Math.max(time, spans[place]!.start),
    })),
  )
}

const isCode = "(state = '' AND mode = '')"

/** Each machine's in one row, as its changes. */
async function readParts(store: Pick<Store, 'query'>, spans: readonly Span[]): Promise<LedgerEvent[][]> {
  const rows = await queryByStretch<{ machine: string; made: [number, string, number, number][] }, Span>(
    store,
    `${withSpans}
    SELECT machine, arrayMap(each -> (each.1, each.3, each.4, each.5), arraySort(groupArray((
      toFloat64(toUnixTimestamp64Milli(ts)), seq, counter, parts, total
    )))) AS made
    FROM ${databaseName}.production_events
    WHERE ${isInSpan} AND cause != 'late'
    GROUP BY machine`,
    spans,
    spanParameters,
  )
  return rows.map(row =>
    (row?.made ?? []).map(([time, counter, parts, total]) => partsEvent({ time, counter, parts, total })),
  )
}
