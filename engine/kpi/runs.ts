import { databaseName } from '../../schema/tables/definition.js'
import type { LedgerEvent } from '../../workers/kpi/ledger-event.js'
import type { Store } from '../store/store.js'
import { queryByStretch, type StretchQuestion } from './by-stretch.js'
import { type Span, type Told, type ToldThing, toldAs } from './spans.js'

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

/** The run that goes on upon a line at a time, of runs in order of their begin. */
export function runAt(runs: readonly Run[], line: string, time: number): Run | undefined {
  const run = runs.findLast(each => each.line === line && each.start <= time)
  return run !== undefined && (run.end === 0 || time < run.end) ? run : undefined
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
export const runsOfLines = (lines: readonly string[], from: number, to: number): StretchQuestion<Span> => ({
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

export function toldRun([start, product, order, end, target]: ToldThing): Omit<Run, 'line'> {
  return { start, end, product, order, target }
}
