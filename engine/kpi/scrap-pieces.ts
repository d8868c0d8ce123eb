import { databaseName } from '../../schema/tables/definition.js'
import type { RowOfTable } from '../../schema/tables/row-tables.js'
import { type CostRates, partCost } from '../../workers/kpi/costs.js'
import type { MachineCell } from '../../workers/kpi/roll-up.js'
import type { Store } from '../store/store.js'
import type { KpiBook } from './kpi-book.js'
import { readRuns, runAt } from './runs.js'
import type { Scope } from './scope.js'

/** Hours of a local clock may be two on the night in which it is moved, ms. */
const longestHourMs = 2 * 3_600_000

const notSaid = { product: '', order: '' }

/** Rejected parts of one machine, product, order and reason. */
export interface ScrapPiece {
  readonly machine: string
  readonly product: string
  readonly order: string
  /** Empty: nobody has said why. */
  readonly category: string
  readonly reason: string
  readonly quantity: number
  /** What they should have taken, ms. */
  readonly idealMs: number
  /** Undefined: nobody has said what they cost. */
  readonly cost: number | undefined
  /** Entries that somebody made; 0 for what only a counter told. */
  readonly count: number
}

interface Made {
  quantity: number
  idealMs: number
  cost: number | undefined
}

/** What the id of an entry ends with that takes another back, after that one's id. */
export const takenBackMark = ' taken back'

interface EnteredScrap {
  readonly machine: string
  readonly time: number
  readonly category: string
  readonly reason: string
  readonly quantity: number
  /** The machine's own counter has them. */
  readonly counted: boolean
}

/**
 * All rejected parts of a stretch of time: those that somebody has given a reason for, and the others. Together they
 * are the scrap quantity (SQ) of the same stretch, and cost what its losses say: of entries that say why counters have
 * counted rejects no more than those have, and none of overtime.
 */
export async function scrapPieces(
  book: Pick<KpiBook, 'cells' | 'cellsOfEach' | 'plans'>,
  store: Pick<Store, 'query' | 'flush'>,
  scope: Scope,
  from: number,
  to: number,
  rates: CostRates,
): Promise<ScrapPiece[]> {
  await store.flush()
  const [cells, entered, runs] = await Promise.all([
    book.cells(scope.machines, from, to),
    readEntered(store, scope.machines, from, to),
    readRuns(
      store,
      scope.lines.map(({ id }) => id),
      from,
      to,
    ),
  ])
  const made = madeBy(cells, rates)
  const isOfPlan = await notInOvertime(book, cells, entered)
  /** Of each product and order of a machine, parts that no entry has told of yet. */
  const unexplained = new Map<string, number>()
  // Those that no counter has are rejects of their own; what is left is what counters have counted.
  const told = entered.filter(isOfPlan).sort((a, b) => Number(a.counted) - Number(b.counted))
  const pieces = told.flatMap(({ machine, time, category, reason, counted, ...of }): ScrapPiece[] => {
    // What the line made then, as the ledger has it, so that the two are of the same parts.
    const { product, order } = runAt(runs, book.plans.get(machine)!.line, time) ?? notSaid
    const key = keyOf({ machine, product, order })
    const known = made.get(key)
    const each = known === undefined || known.quantity <= 0 ? undefined : known
    const left = unexplained.get(key) ?? known?.quantity ?? 0
    const quantity = counted ? Math.max(0, Math.min(of.quantity, left)) : of.quantity
    unexplained.set(key, left - quantity)
    if (quantity === 0) return []
    const plan = book.plans.get(machine)!
    const idealMs = each ? each.idealMs / each.quantity : (plan.idealMsByProduct[product] ?? plan.idealMs)
    const price = each
      ? each.cost === undefined
        ? undefined
        : each.cost / each.quantity
      : partCost({ product, order }, idealMs, rates)
    const cost = price === undefined ? undefined : price * quantity
    return [
      {
        ...{ machine, product, order, category, reason, quantity, cost },
        idealMs: idealMs * quantity,
        count: 1,
      },
    ]
  })
  for (const piece of [...pieces]) {
    const rest = made.get(keyOf(piece))
    if (rest === undefined) continue
    rest.quantity -= piece.quantity
    rest.idealMs -= piece.idealMs
    if (rest.cost !== undefined && piece.cost !== undefined) rest.cost -= piece.cost
  }
  for (const [key, rest] of made) {
    if (rest.quantity <= 0) continue
    const [machine = '', product = '', order = ''] = JSON.parse(key) as string[]
    pieces.push({ machine, product, order, category: '', reason: '', count: 0, ...rest })
  }
  return pieces
}

/**
 * Which entries are of planned time, or of time in which the machine did not produce, as the ledger has it: told by the
 * moment itself, where the hour has overtime at all.
 */
async function notInOvertime(
  book: Pick<KpiBook, 'cellsOfEach'>,
  cells: readonly MachineCell[],
  entered: readonly EnteredScrap[],
): Promise<(entry: EnteredScrap) => boolean> {
  const late = cells.filter(({ tally }) => tally.time.overtime > 0)
  const unsure = entered.filter(({ machine, time }) =>
    late.some(cell => cell.machine === machine && time >= cell.hour && time < cell.hour + longestHourMs),
  )
  const moments = await book.cellsOfEach(
    unsure.map(({ machine, time }) => ({ machines: [machine], from: time, to: time + 1 })),
  )
  const inOvertime = new Set(
    unsure.filter((_, place) => moments[place]!.some(({ tally }) => tally.time.overtime > 0)),
  )
  return entry => !inOvertime.has(entry)
}

const keyOf = ({ machine, product, order }: Pick<MachineCell, 'machine' | 'product' | 'order'>): string =>
  JSON.stringify([machine, product, order])

function madeBy(cells: readonly MachineCell[], rates: CostRates): Map<string, Made> {
  const sums = new Map<string, Made>()
  for (const cell of cells) {
    for (const [idealMs, { scrapped }] of cell.tally.made) {
      if (scrapped === 0) continue
      const sum = sums.get(keyOf(cell)) ?? { quantity: 0, idealMs: 0, cost: 0 }
      sums.set(keyOf(cell), sum)
      const price = partCost(cell, idealMs, rates)
      sum.quantity += scrapped
      sum.idealMs += idealMs * scrapped
      sum.cost = price === undefined || sum.cost === undefined ? undefined : sum.cost + price * scrapped
    }
  }
  return sums
}

/** Entries that were taken back are left out. */
function readEntered(store: Pick<Store, 'query'>, machines: readonly string[], from: number, to: number) {
  return store.query<EnteredScrap>(
    `SELECT machine, time, any(s.category) AS category, any(s.reason) AS reason, sum(s.quantity) AS quantity,
      any(s.counted) AS counted
    FROM (
      SELECT *, toFloat64(toUnixTimestamp64Milli(ts)) AS time,
        if(endsWith(id, {mark:String}), left(id, length(id) - length({mark:String})), id) AS entry
      FROM ${databaseName}.scrap_events
      WHERE kind = 'scrap' AND machine IN {machines:Array(String)}
        AND ts >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND ts < fromUnixTimestamp64Milli({to:Int64}, 'UTC')
    ) AS s
    GROUP BY machine, time, entry
    HAVING count() = countIf(NOT endsWith(s.id, {mark:String}))
    ORDER BY machine, time, min(s.seq)`,
    { machines, from: Math.ceil(from), to: Math.ceil(to), mark: takenBackMark },
  )
}

/** Entries of rejects by their ids. */
export async function readScrapEntries(
  store: Pick<Store, 'query'>,
  ids: readonly string[],
): Promise<Omit<RowOfTable<'scrap_events'>, 'seq' | 'stored'>[]> {
  return store.query(
    `SELECT machine, toFloat64(toUnixTimestamp64Milli(s.ts)) AS ts, id, kind, quantity, counted, category, reason, operator,
      product, order, comment
    FROM ${databaseName}.scrap_events AS s WHERE id IN {ids:Array(String)}`,
    { ids },
  )
}
