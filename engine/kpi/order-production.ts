import type { Plant } from '../../schema/plant.js'
import { databaseName } from '../../schema/tables/definition.js'
import type { CostRates } from '../../workers/kpi/costs.js'
import type { Store } from '../store/store.js'
import type { KpiBook } from './kpi-book.js'
import { groupsOf, type KpiGroup, readCells } from './kpi-query.js'
import type { Run } from './runs.js'
import { findScope, type Scope } from './scope.js'

/** What the floor made for an order. */
export interface OrderProduction {
  /** Runs that name it, in order of their begin. */
  readonly runs: readonly Run[]
  /** From the begin of the first run to the end of the last, or now; Unix ms. */
  readonly from: number
  readonly to: number
  /** Of its lines: all machines added up, and what left the lines. Undefined: nothing was booked for it yet. */
  readonly all: KpiGroup | undefined
  readonly output: KpiGroup | undefined
}

/** What was made for an order, in all of its time; undefined where no run names it. */
export async function orderProduction(
  plant: Plant,
  book: Pick<KpiBook, 'cells' | 'plans'>,
  store: Pick<Store, 'query' | 'flush'>,
  order: string,
  now: number,
  rates: CostRates,
): Promise<OrderProduction | undefined> {
  await store.flush()
  const runs = await runsOf(store, order)
  const lines = [...new Set(runs.map(({ line }) => line))]
  const scope = joined(lines.flatMap(line => findScope(plant, `line:${line}`) ?? []))
  const [first] = runs
  if (first === undefined || scope === undefined) return undefined
  const from = Math.min(...runs.map(({ start }) => start))
  const to = Math.min(now, Math.max(...runs.map(({ end }) => end || now)))
  if (from >= to) return { runs, from, to: from, all: undefined, output: undefined }
  const query = { scope, from, to, by: 'order' as const }
  const cells = await readCells(book, query)
  const all = groupsOf(plant, book, cells, { ...query, lines: 'sum', rates })
  const output = groupsOf(plant, book, cells, { ...query, lines: 'output' })
  const ofOrder = ({ key }: KpiGroup): boolean => key === order
  return { runs, from, to, all: all.find(ofOrder), output: output.find(ofOrder) }
}

function runsOf(store: Pick<Store, 'query'>, order: string): Promise<Run[]> {
  return store.query<Run>(
    `SELECT line, toFloat64(toUnixTimestamp64Milli(r.start)) AS start,
      toFloat64(toUnixTimestamp64Milli(r.end)) AS end, product, order, target
    FROM ${databaseName}.production_runs AS r FINAL
    WHERE r.order = {order:String} ORDER BY r.start, line`,
    { order },
  )
}

function joined(scopes: readonly Scope[]): Scope | undefined {
  const [first] = scopes
  if (first === undefined) return undefined
  return {
    ...first,
    lines: scopes.flatMap(({ lines }) => lines),
    machines: scopes.flatMap(({ machines }) => machines),
  }
}
