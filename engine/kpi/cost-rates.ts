import { hourOfDay } from '../../schema/calendar.js'
import type { Costs, Plant, TimedTariff } from '../../schema/plant.js'
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

/** What a kilowatt-hour costs at a site in the hour of its clock that begins at a time; undefined = nobody has said. */
export function tariffOf({ costs }: Pick<Plant, 'costs'>, site: string, timeZone: string) {
  const said = costs?.energy
  const tariff = typeof said !== 'object' || isTimed(said) ? said : said[site]
  if (typeof tariff !== 'object') return (): number | undefined => tariff
  const byHour = Array.from({ length: 24 }, (_, hour) => priceAt(tariff, hour))
  const known = new Map<number, number>()
  return (hour: number): number | undefined => {
    const price = known.get(hour) ?? byHour[hourOfDay(hour, timeZone)]!
    known.set(hour, price)
    return price
  }
}

const isTimed = (said: NonNullable<Costs['energy']>): said is TimedTariff =>
  typeof said === 'object' && Array.isArray(said.times)

function priceAt({ price, times }: TimedTariff, hour: number): number {
  const span = times.find(({ start, end }) => {
    const [from, to] = [Number.parseInt(start, 10), Number.parseInt(end, 10)]
    return from < to ? from <= hour && hour < to : hour >= from || hour < to
  })
  return span?.price ?? price
}
