import { databaseName } from '../../schema/tables/definition.js'
import { eventOf } from '../../workers/kpi/intervals.js'
import type { LedgerEvent } from '../../workers/kpi/ledger.js'
import type { MachinePlan } from '../../workers/kpi/machine-plan.js'
import { codeLeadMs } from '../../workers/kpi/stops.js'
import type { Store } from '../store/store.js'
import { queryByStretch, queryTogether, type StretchQuestion } from './by-stretch.js'

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
 * production, because only then it is known what a stop was. No machine gets anything from before its own begin. Those
 * of a group lie close together. Of all groups it is asked in one statement where they begin and end, then in two what
 * happened, because a short statement takes the database longer to understand than to run.
 */
export async function readEvents(
  store: Pick<Store, 'query'>,
  ...groups: readonly (readonly EventRange[])[]
): Promise<LedgerEvent[][]> {
  const ranges = groups.flat()
  if (ranges.length === 0) return []
  const borders = await readBorders(store, groups)
  const stretches = ranges.map(({ plan: { machine }, from, to }, place) => {
    const { begin, end } = borders[place]!
    const around = { machine, start: begin?.time ?? 0, end: end?.time ?? latest }
    return { around, within: { machine, start: Math.ceil(from), end: Math.min(latest, Math.ceil(to) - 1) } }
  })
  const runsQuestion = runsOfLines(
    [...new Set(ranges.map(({ plan }) => plan.line))],
    Math.min(...ranges.map(({ from }) => from), ...stretches.map(({ around }) => around.start)),
    Math.max(...ranges.map(({ to }) => to)),
  )
  const close = closeTogether(
    groups.map(({ length }) => length),
    stretches.map(({ around }) => around),
  )
  const spansOf = (kind: 'around' | 'within'): Span[][] =>
    close.map(places => places.map(place => stretches[place]![kind]))
  const [around, within] = [spansOf('around'), spansOf('within')]
  // The database answers two at a time; changes take about as long as all the rest.
  const [changes, [runs, ...others]] = await Promise.all([
    readChanges(store, around),
    queryTogether<Told, Span[]>(store, [
      runsQuestion,
      ...within.map(partsOf),
      ...around.map(reasonsOf),
      ...within.map(scrapOf),
    ]),
  ])
  const runsByLine = new Map(
    runs!.map((row, place) => [runsQuestion.stretches[place]!.machine, (row?.things ?? []).map(toldRun)]),
  )
  const events: LedgerEvent[][] = []
  for (const [group, places] of close.entries()) {
    const kinds = [0, 1, 2].map(kind => others[kind * close.length + group]!)
    for (const [at, place] of places.entries()) {
      const { plan, from, to } = ranges[place]!
      const stretch = stretches[place]!
      const { begin: held } = borders[place]!
      const [parts, reasons, scrap] = kinds.map(of => of[at]?.things ?? [])
      // A run of weeks need not be booked from its begin.
      const begin = Math.min(from, held?.time ?? from)
      const ofLine = runsByLine
        .get(plan.line)!
        .filter(run => run.start < Math.ceil(to) && (run.end === 0 || run.end > begin))
      events[place] = [
        ...(held === undefined || held.mode === '' ? [] : [{ time: held.time, mode: held.mode }]),
        ...changes[group]![at]!,
        ...parts!.map(toldParts),
        ...reasons!.filter(isWithin(stretch.around)).flatMap(toldReason),
        ...scrap!.filter(isWithin(stretch.within)).map(toldScrap),
        ...ofLine.flatMap(run => runEvents({ ...run, start: Math.max(run.start, begin) })),
      ]
    }
  }
  return events
}

/**
 * Of a machine, or a line, in one row, because names with each would be most of the answer. All kinds have the same
 * columns, so that one statement asks of all.
 */
interface Told {
  readonly machine: string
  readonly things: readonly ToldThing[]
}
/** Sorted by time, then by their arrival; what each word and number says depends on the kind. */
type ToldThing = readonly [time: number, word: string, otherWord: string, number: number, otherNumber: number]

/** Rows with ts and seq, in SQL. */
const toldAs = (word: string, otherWord: string, number: string, otherNumber: string): string =>
  `arrayMap(each -> (each.1, each.3, each.4, each.5, each.6), arraySort(groupArray((
    toFloat64(toUnixTimestamp64Milli(ts)), seq,
    toString(${word}), toString(${otherWord}), toFloat64(${number}), toFloat64(${otherNumber})
  )))) AS things`

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

const scrapOf = (spans: readonly Span[]): StretchQuestion<Span> => ({
  sql: `SELECT machine, ${toldAs('id', 'kind', 'quantity', '0')}
    FROM ${databaseName}.scrap_events
    WHERE NOT counted AND ${isInRange}
    GROUP BY machine`,
  stretches: spans,
  parametersOf: rangeParameters,
})

const toldScrap = ([time, id, kind, quantity]: ToldThing): LedgerEvent =>
  scrapEvent({ time, id, kind, quantity })

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
export function runEvents({ start, end, product, order }: Omit<Run, 'line' | 'target'>): LedgerEvent[] {
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
  const { sql, stretches, parametersOf } = runsOfLines(lines, from, to)
  const rows = await queryByStretch<Told, Span>(store, sql, stretches, parametersOf)
  return rows.flatMap(row => (row?.things ?? []).map(told => ({ line: row!.machine, ...toldRun(told) })))
}

/** A row a line, which stands in place of a machine. */
const runsOfLines = (lines: readonly string[], from: number, to: number): StretchQuestion<Span> => ({
  sql: `SELECT line AS machine, ${toldAs('product', 'order', 'ended', 'target')}
    FROM (
      SELECT line, r.start AS ts, seq, product, order, target, toUnixTimestamp64Milli(r.end) AS ended
      FROM ${databaseName}.production_runs AS r FINAL
      WHERE line IN {lines:Array(String)} AND toUnixTimestamp64Milli(r.start) < {to:Int64}
        AND (ended = 0 OR ended > {from:Int64})
    )
    GROUP BY line`,
  stretches: lines.map(machine => ({ machine, start: from, end: to })),
  parametersOf: () => ({
    ...{ lines, from: Math.floor(from), to: Math.min(Number.MAX_SAFE_INTEGER, Math.ceil(to)) },
  }),
})

function toldRun([start, product, order, end, target]: ToldThing): Omit<Run, 'line'> {
  return { start, end, product, order, target }
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

const reasonsOf = (spans: readonly Span[]): StretchQuestion<Span> => ({
  sql: `SELECT machine, ${toldAs('reason', "''", 'toUnixTimestamp64Milli(until)', '0')}
    FROM ${databaseName}.downtime_changes
    WHERE ${isInRange}
    GROUP BY machine`,
  stretches: spans,
  parametersOf: rangeParameters,
})

const toldReason = ([time, reason, , until]: ToldThing): LedgerEvent[] =>
  reasonEvents({ time, until, reason })

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

/** Where a stretch has to be read from, with the mode that held then, and up to; undefined where there is no production. */
interface Borders {
  begin?: Begin
  end?: Begin
}

/**
 * Looks for where reading has to begin, at the last production that lasted, and end, at the next, step by step further
 * away until all are found.
 */
async function readBorders(
  store: Pick<Store, 'query'>,
  groups: readonly (readonly EventRange[])[],
): Promise<Borders[]> {
  const warmUp = Math.max(...groups.flat().map(({ plan }) => plan.warmUpMs))
  const found = groups.map(group =>
    group.map(({ plan: { machine }, from, to }) => ({
      ...{ machine, before: Math.floor(from - warmUp), after: Math.ceil(to), borders: {} as Borders },
    })),
  )
  for (const [step, lookBackMs] of lookBacksMs.entries()) {
    const backwards = found.map(group => group.filter(({ borders }) => borders.begin === undefined))
    const forwards = found.map(group => group.filter(({ borders }) => borders.end === undefined))
    const [begins, ends] = [backwards.flat(), forwards.flat()]
    if (begins.length + ends.length === 0) break
    const rows = await queryTogether<Begin, Moment[]>(store, [
      ...backwards.map(some =>
        beginsSince(
          some.map(({ machine, before: time }) => ({ machine, time })),
          lookBackMs,
        ),
      ),
      ...forwards.map(some =>
        endsWithin(
          some.map(({ machine, after: time }) => ({ machine, time })),
          lookAheadsMs[step]!,
        ),
      ),
    ])
    const all = rows.flat()
    for (const [at, { borders }] of [...begins.entries()]) if (all[at] !== undefined) borders.begin = all[at]
    for (const [at, { borders }] of [...ends.entries()])
      if (all[begins.length + at] !== undefined) borders.end = all[begins.length + at]!
    const untold = begins.filter(({ borders }) => borders.begin?.mode === '')
    const since = untold.map(({ machine, before }) => ({ machine, time: before - lookBackMs }))
    for (const [at, told] of (await readModes(store, since)).entries()) {
      if (told === undefined) continue
      const { borders } = untold[at]!
      // Not production after all: all of its past is read.
      if (told.held === 'Maintenance' || told.held === 'Manual') delete borders.begin
      else borders.begin = { ...borders.begin!, mode: told.held }
    }
  }
  return found.flat().map(({ borders }) => borders)
}

/** The last production that lasted, by a time, with the mode that held then. */
const beginsSince = (before: readonly Moment[], lookBackMs: number): StretchQuestion<Moment> => ({
  sql: `WITH
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
  stretches: before,
  parametersOf: moments => {
    const times = moments.map(({ time }) => time)
    return {
      ...timeParameters(moments),
      lookBackMs,
      last: Math.max(...times),
      earliest: Math.min(...times) - lookBackMs,
    }
  },
})

/** The first production from a time on. */
const endsWithin = (after: readonly Moment[], lookAheadMs: number): StretchQuestion<Moment> => ({
  sql: `WITH ${ofMachine('times')} AS start
    SELECT machine, toFloat64(toUnixTimestamp64Milli(min(ts))) AS time, '' AS mode
    FROM ${databaseName}.state_changes
    WHERE machine IN {machines:Array(String)} AND state = 'Execute'
      AND ts >= fromUnixTimestamp64Milli({earliest:Int64}, 'UTC') AND ts < fromUnixTimestamp64Milli({until:Int64}, 'UTC')
      AND toUnixTimestamp64Milli(ts) >= start AND toUnixTimestamp64Milli(ts) < start + {lookAheadMs:Int64}
    GROUP BY machine`,
  stretches: after,
  parametersOf: moments => {
    const times = moments.map(({ time }) => time)
    return {
      ...timeParameters(moments),
      lookAheadMs: Math.min(latest, lookAheadMs),
      earliest: Math.min(...times),
      until: Math.min(latest, Math.max(...times) + lookAheadMs),
    }
  },
})

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

/** A stretch of a machine, Unix ms, both inclusive: its ledger can begin and end nowhere else. */
interface Span {
  readonly machine: string
  readonly start: number
  readonly end: number
}

/** Longer ones are read by themselves: all that is read of any machine is bounded by the longest. */
const shortMs = 4 * hourMs

/** Of groups of so many spans the places of those that are found by time, and of those of a few machines, which are long. */
function closeTogether(lengths: readonly number[], spans: readonly Span[]): number[][] {
  const isShort = (place: number): boolean => spans[place]!.end - spans[place]!.start <= shortMs
  let next = 0
  return lengths.flatMap(length => {
    const places = [...spans.keys()].slice(next, next + length)
    next += length
    return [places.filter(isShort), places.filter(place => !isShort(place))].filter(some => some.length > 0)
  })
}

// transform looks a machine up by hash; indexOf compared it with every other, of each row there is.
const withSpans = `WITH ${ofMachine('starts')} AS span_start, ${ofMachine('ends')} AS span_end`
const isInRange = `machine IN {machines:Array(String)}
      AND ts >= fromUnixTimestamp64Milli({earliest:Int64}, 'UTC')
      AND ts <= fromUnixTimestamp64Milli({last:Int64}, 'UTC')`
const isInSpan = `${isInRange}
      AND toUnixTimestamp64Milli(ts) >= span_start AND toUnixTimestamp64Milli(ts) <= span_end`

/** What people say is little: it is read of all the range, and what is of no span is left out here. */
const isWithin =
  ({ start, end }: Span) =>
  ([time]: ToldThing): boolean =>
    time >= start && time <= end

function rangeParameters(spans: readonly Span[]) {
  return {
    machines: spans.map(({ machine }) => machine),
    earliest: Math.min(...spans.map(({ start }) => Math.floor(start))),
    last: Math.max(...spans.map(({ end }) => end)),
  }
}

function spanParameters(spans: readonly Span[]) {
  return {
    ...rangeParameters(spans),
    starts: spans.map(({ start }) => Math.floor(start)),
    ends: spans.map(({ end }) => end),
  }
}

interface Changes {
  readonly machine: string
  readonly changes: readonly (readonly [number, number, string, string, string, string])[]
}

/**
 * Changes from each machine's last production before a stretch of time to its first production after it. Of what is told
 * again and again the first is the change; the last of all says how long it went on. Each machine's in one row: there
 * are many, and names with each of them would be most of the answer. Of codes for why a machine stops all are read, and
 * those from just before.
 */
const changesOf = (spans: readonly Span[]): StretchQuestion<Span> => ({
  sql: `${withSpans}
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
  stretches: spans.map(span => ({ ...span, start: span.start - codeLeadMs })),
  parametersOf: spanParameters,
})

/** Of a stretch that is read from `start` on. */
const toldChange =
  (start: number) =>
  ([time, , state, mode, reason, sourceState]: Changes['changes'][number]): LedgerEvent => ({
    ...eventOf({ time, state, mode, reason, sourceState }),
    // A code may be older than what it is read for.
    time: Math.max(time, start),
  })

async function readChanges(
  store: Pick<Store, 'query'>,
  groups: readonly (readonly Span[])[],
): Promise<LedgerEvent[][][]> {
  const found = await queryTogether<Changes, Span[]>(store, groups.map(changesOf))
  return found.map((rows, group) =>
    rows.map((row, place) => (row?.changes ?? []).map(toldChange(groups[group]![place]!.start))),
  )
}

const isCode = "(state = '' AND mode = '')"

const partsOf = (spans: readonly Span[]): StretchQuestion<Span> => ({
  sql: `${withSpans}
    SELECT machine, ${toldAs('counter', "''", 'parts', 'total')}
    FROM ${databaseName}.production_events
    WHERE ${isInSpan} AND cause != 'late'
    GROUP BY machine`,
  stretches: spans,
  parametersOf: spanParameters,
})

const toldParts = ([time, counter, , parts, total]: ToldThing): LedgerEvent =>
  partsEvent({ time, counter, parts, total })
