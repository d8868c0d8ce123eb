import { dateOf } from '../../schema/calendar.js'
import { kpiRulesOf } from '../../schema/kpi-rules.js'
import type { Plant } from '../../schema/plant.js'
import { addCosts, type CostRates, type LossCosts, noCosts } from '../../workers/kpi/costs.js'
import { type Elements, elementsOf, type Kpis, kpisOf } from '../../workers/kpi/kpi.js'
import { type Waterfall, waterfallOf } from '../../workers/kpi/losses.js'
import { cellsOfLines, linePartsOf, type MachineCell, rollUp } from '../../workers/kpi/roll-up.js'
import type { ClassedTime } from '../../workers/kpi/time-class.js'
import type { CellDetail } from './hourly.js'
import type { KpiBook } from './kpi-book.js'
import type { Scope } from './scope.js'

export const groupings = [
  'none',
  'hour',
  'day',
  'shift',
  'product',
  'order',
  'machine',
  'line',
  'area',
  'site',
] as const
type Grouping = (typeof groupings)[number]

/** How the machines of a line make its figures: all added up, its constraint alone, or what leaves the line. */
export const lineViews = ['sum', 'constraint', 'output'] as const
type LineView = (typeof lineViews)[number]

export interface KpiQuery {
  readonly scope: Scope
  /** From inclusive, to exclusive, Unix ms. */
  readonly from: number
  readonly to: number
  readonly by: Grouping
  readonly lines: LineView
  /** What things cost; undefined: costs are not asked for. */
  readonly rates?: CostRates
}

/** The figures of one group: what they are made from, and they. */
export interface KpiGroup {
  /** What the group is of: an hour and a day in ISO 8601, else an id; empty for the whole. */
  readonly key: string
  readonly time: ClassedTime
  readonly elements: Elements
  readonly kpis: Kpis
  readonly waterfall: Waterfall
  /** What was lost in money, by all machines; undefined: it was not asked for. */
  readonly costs: LossCosts | undefined
}

/** Figures for a part of the plant over a stretch of time, by group; groups of time in its order, others by id. */
export async function readKpis(
  plant: Plant,
  book: Pick<KpiBook, 'cells' | 'plans'>,
  query: KpiQuery,
): Promise<KpiGroup[]> {
  return groupsOf(plant, book, await readCells(book, query), query)
}

/** What the figures of a query are made from; those of other `lines` are made from the same. */
export const readCells = (
  book: Pick<KpiBook, 'cells'>,
  { scope, from, to, by }: Pick<KpiQuery, 'scope' | 'from' | 'to' | 'by'>,
): Promise<readonly MachineCell[]> => book.cells(scope.machines, from, to, detailOf(by))

export function groupsOf(
  plant: Plant,
  book: Pick<KpiBook, 'plans'>,
  cells: readonly MachineCell[],
  { scope, by, lines, rates }: Pick<KpiQuery, 'scope' | 'by' | 'lines' | 'rates'>,
): KpiGroup[] {
  const policy = kpiRulesOf(plant)
  const seen = lines === 'sum' ? cells : cellsOfLines(cells, lines, linesOf(scope), idealMsIn(book))
  const keyOf = keyIn(book, by)
  const groups = rollUp(seen, keyOf)
  const costs = rates === undefined ? undefined : costsBy(cells, keyOf, rates)
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, tally]) => {
      const elements = elementsOf(tally, policy)
      return {
        key,
        time: tally.time,
        elements,
        kpis: kpisOf(tally, policy, elements),
        waterfall: waterfallOf(tally, policy, elements),
        costs: costs && (costs.get(key) ?? noCosts()),
      }
    })
}

/** What cells have to be told apart by. */
const detailOf = (by: Grouping): CellDetail =>
  by === 'hour' || by === 'day' ? 'hour' : by === 'shift' ? 'shift' : 'none'

/** Of all machines, whatever stands for their line: money is lost at each. */
function costsBy(
  cells: readonly MachineCell[],
  keyOf: (cell: MachineCell) => string,
  rates: CostRates,
): Map<string, LossCosts> {
  const sums = new Map<string, LossCosts>()
  for (const cell of cells) {
    const key = keyOf(cell)
    const sum = sums.get(key) ?? noCosts()
    sums.set(key, sum)
    addCosts(sum, cell, rates)
  }
  return sums
}

function linesOf(scope: Scope) {
  const asked = new Set(scope.machines)
  return scope.lines.flatMap(line => linePartsOf(line.machines.filter(({ id }) => asked.has(id))) ?? [])
}

const idealMsIn =
  ({ plans }: Pick<KpiBook, 'plans'>) =>
  (machine: string, product: string): number => {
    const plan = plans.get(machine)!
    return plan.idealMsByProduct[product] ?? plan.idealMs
  }

/** What a group is called: of time in ISO 8601, else by id. */
export function keyIn(
  { plans }: Pick<KpiBook, 'plans'>,
  by: Grouping,
): (cell: Omit<MachineCell, 'tally'>) => string {
  switch (by) {
    case 'none':
      return () => ''
    case 'hour':
      return ({ hour }) => new Date(hour).toISOString()
    case 'day': {
      const days = new Map<string, string>()
      return ({ machine, hour }) => {
        const { timeZone } = plans.get(machine)!.calendar
        const key = `${timeZone} ${hour}`
        const day = days.get(key) ?? dateOf(hour, timeZone).toString()
        days.set(key, day)
        return day
      }
    }
    case 'shift':
    case 'product':
    case 'order':
    case 'machine':
      return cell => cell[by]
    case 'line':
    case 'area':
    case 'site':
      return ({ machine }) => plans.get(machine)![by]
  }
}
