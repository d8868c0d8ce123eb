import { databaseName } from '../../schema/tables/definition.js'
import { eventOf } from '../../workers/kpi/intervals.js'
import type { LedgerEvent } from '../../workers/kpi/ledger-event.js'
import { codeLeadMs } from '../../workers/kpi/stops.js'
import type { Store } from '../store/store.js'
import { queryTogether, type StretchQuestion } from './by-stretch.js'
import { isInSpan, type Span, spanParameters, withSpans } from './spans.js'

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

export async function readChanges(
  store: Pick<Store, 'query'>,
  groups: readonly (readonly Span[])[],
): Promise<LedgerEvent[][][]> {
  const found = await queryTogether<Changes, Span[]>(store, groups.map(changesOf))
  return found.map((rows, group) =>
    rows.map((row, place) => (row?.changes ?? []).map(toldChange(groups[group]![place]!.start))),
  )
}

const isCode = "(state = '' AND mode = '')"
