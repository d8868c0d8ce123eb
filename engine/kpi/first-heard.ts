import { databaseName } from '../../schema/tables/definition.js'
import type { Store } from '../store/store.js'

const hourMs = 3_600_000

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
  scrap_events: 'AND NOT counted',
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
