import { databaseName as db } from '../../schema/tables/definition.js'
import type { Store } from '../store/store.js'

/** So much of what arrived before the last hour was written is looked at: rereads are tried again each minute. */
const lookBackDays = 2

/**
 * Of each machine the first thing that arrived after the hour in which it happened was written down, and that this
 * hour has not been worked out with since, Unix ms: what came late just before an engine ended. The number of arrival
 * tells, which all records share.
 */
export async function owedHours(store: Pick<Store, 'query'>): Promise<Map<string, number>> {
  const isRecent = `stored >= (SELECT max(stored) - INTERVAL ${lookBackDays} DAY FROM ${db}.oee_hourly)`
  const of = (table: string, condition = 'true', at = 'ts'): string =>
    `SELECT machine, min(t.${at}) AS first, max(t.seq) AS arrived FROM ${db}.${table} AS t
    WHERE ${isRecent} AND ${condition} GROUP BY machine, toStartOfFifteenMinutes(t.${at})`
  const rows = await store.query<{ machine: string; time: number }>(
    `SELECT e.machine AS machine, toFloat64(toUnixTimestamp64Milli(min(e.first))) AS time
    FROM (
      ${of('state_changes')}
      UNION ALL ${of('production_events', "cause != 'late'")}
      UNION ALL ${of('scrap_events', 'NOT counted')}
      UNION ALL ${of('downtime_changes')}
      UNION ALL
      SELECT m.id AS machine, r.start AS first, r.seq AS arrived
      FROM ${db}.production_runs AS r INNER JOIN (SELECT id, line FROM ${db}.machines FINAL) AS m ON m.line = r.line
      WHERE r.${isRecent}
    ) AS e
    ASOF INNER JOIN (
      SELECT machine, hour, max(h.seq) AS written FROM ${db}.oee_hourly AS h GROUP BY machine, hour
    ) AS w ON e.machine = w.machine AND e.first >= w.hour
    WHERE e.arrived > w.written AND e.first < w.hour + INTERVAL 1 HOUR
    GROUP BY machine`,
  )
  return new Map(rows.map(({ machine, time }) => [machine, time]))
}
