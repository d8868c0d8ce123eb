import type { Plant } from '../../schema/plant.js'
import type { WorkOrder } from '../../schema/work-order.js'
import type { CostRates } from '../../workers/kpi/costs.js'
import type { MachinePlan } from '../../workers/kpi/machine-plan.js'

/** Finds an order by its number. */
export interface OrderPrices {
  get(number: string): Pick<WorkOrder, 'part' | 'materialCost' | 'labourRate'> | undefined
}

/**
 * What things cost now: an order's own figures first, then those of the plant file. Figures of the past are worked out
 * with them too: nobody tells when a price changed.
 */
export function costRates(
  plant: Plant,
  plans: ReadonlyMap<string, MachinePlan>,
  orders: OrderPrices = { get: () => undefined },
): CostRates {
  const { material = {}, downtime = {}, labourRate } = plant.costs ?? {}
  return {
    material: ({ product, order }) => {
      const known = orders.get(order)
      return known?.materialCost ?? material[product || (known?.part ?? '')]
    },
    labour: ({ order }) => orders.get(order)?.labourRate ?? labourRate,
    standing: machine => {
      const plan = plans.get(machine)
      return downtime[machine] ?? downtime[plan?.line ?? ''] ?? downtime[plan?.site ?? '']
    },
  }
}

/** What a kilowatt-hour costs at a site; undefined = nobody has said. */
export function tariffOf({ costs }: Plant, site: string): number | undefined {
  return typeof costs?.energy === 'object' ? costs.energy[site] : costs?.energy
}
