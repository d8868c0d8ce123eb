import type { Costs, Plant } from '../plant.js'
import { workOrderSources } from '../work-order-sources.js'
import { costsEntry } from './figure-entries.js'
import type { PlantPath } from './problem.js'
import { keysOf, type Report, valueAt } from './report.js'

/** Where orders come from, and what things cost. */
export interface CostSections {
  readonly workOrders?: unknown
  readonly costs?: unknown
}

/** Ids that costs are said of, by kind. */
export interface CostIds {
  readonly sites: ReadonlySet<string>
  readonly lines: ReadonlySet<string>
  readonly machines: ReadonlySet<string>
  readonly products: readonly string[]
}

export function readCostSections(
  sections: CostSections,
  ids: CostIds,
  report: Report,
): Pick<Plant, 'workOrders' | 'costs'> {
  const workOrders = readSources(sections.workOrders, report)
  const costs = isNothing(sections.costs) ? undefined : report.read(costsEntry, sections.costs, ['costs'])
  if (costs !== undefined) checkIds(costs, ids, report)
  return {
    ...(workOrders !== undefined && { workOrders }),
    ...(costs !== undefined && { costs: costs as Costs }),
  }
}

const isNothing = (value: unknown): boolean => value === undefined || value === null

function readSources(value: unknown, report: Report): Plant['workOrders'] | undefined {
  if (isNothing(value)) return undefined
  const outcome = workOrderSources.safeParse(value)
  if (outcome.success) return outcome.data
  for (const issue of outcome.error.issues) {
    const inner = issue.path.filter(step => typeof step !== 'symbol')
    const at: PlantPath = ['workOrders', ...inner]
    report.add(at, valueAt(value, inner), issue.message, 'see plants/README.md, workOrders')
  }
  return undefined
}

const isTimed = (tariff: Costs['energy']): boolean =>
  typeof tariff === 'object' && Array.isArray(tariff.times)

function checkIds(
  costs: Pick<Costs, 'material' | 'downtime' | 'energy'>,
  ids: CostIds,
  report: Report,
): void {
  const check = (part: 'material' | 'downtime' | 'energy', known: readonly string[], what: string): void => {
    for (const key of part === 'energy' && isTimed(costs.energy) ? [] : keysOf(costs[part])) {
      if (known.includes(key)) continue
      const fix = report.suggest(key, known, `use the id of a ${what}`)
      report.add(['costs', part, key], key, `there is no ${what} "${key}"`, fix, 'key')
    }
  }
  check('material', ids.products, 'product')
  check('downtime', [...ids.sites, ...ids.lines, ...ids.machines], 'site, line or machine')
  check('energy', [...ids.sites], 'site')
}
