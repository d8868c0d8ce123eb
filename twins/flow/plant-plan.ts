import { type CalendarParts, calendarPartsOf, instantOf } from '../../schema/calendar.js'
import { type Line, onShift, type People, type Plant, type Site } from '../../schema/plant.js'
import type { Duty } from './duty.js'
import type { Calendar, Demand, Order, PlannedHours, Pool } from './model.js'

/** What a plant file says of when is worked, by whom, and what is made. */
export type PlantPlan = Pick<
  Plant,
  'sites' | 'shifts' | 'calendarExceptions' | 'plannedStops' | 'crews' | 'products' | 'orders'
>

type Campaigns = Extract<Demand, { kind: 'campaigns' }>

interface Place {
  readonly site: Site
  readonly line: Line
}

/** The calendars, pools and demands of a plan, each made when the first machine asks for it. */
export class PlanLists {
  readonly calendars: Calendar[] = []
  readonly pools: Pool[] = []
  readonly demands: Demand[] = []
  readonly #plan: PlantPlan
  readonly #places: ReadonlyMap<string, Place>
  readonly #known = new Map<string, number>()

  constructor(plan: PlantPlan) {
    this.#plan = plan
    this.#places = new Map(
      plan.sites.flatMap(site =>
        site.areas.flatMap(area =>
          area.lines.flatMap(line => line.machines.map(({ id }): [string, Place] => [id, { site, line }])),
        ),
      ),
    )
  }

  /** What is made by the lines of machines, in the order of the plan. */
  productsOf(machines: readonly string[]): readonly string[] {
    const lines = new Set(machines.map(id => this.#places.get(id)?.line.id))
    return this.#plan.products.filter(each => each.lines.some(line => lines.has(line))).map(({ id }) => id)
  }

  /** Time for a part of each product over the machine's ideal cycle time. */
  /** How long the products of a machine take over the `usual` seconds of its cycle, in their order. */
  pacesOf(id: string, usual: number, names: readonly string[]) {
    const line = this.#places.get(id)?.line.id ?? ''
    return names.map(name => {
      const { cycleTimes } = this.#plan.products.find(product => product.id === name) ?? {}
      return (cycleTimes?.[id] ?? cycleTimes?.[line] ?? usual) / usual
    })
  }

  /** Place of the machine's hours; undefined where it always works. */
  calendarOf(machine: string, worksThroughBreaks = false): number | undefined {
    const place = this.#places.get(machine)
    if (place === undefined) return undefined
    const { site, line } = place
    const parts = calendarPartsOf(this.#plan, site, [site.id, line.id, machine])
    if (parts.shifts.length === 0 && parts.stops?.length === 0) return undefined
    return this.#hours(parts, worksThroughBreaks ? ['busy', 'pause'] : ['busy'])
  }

  /** Place of the people who serve the machine. */
  poolOf(machine: string, people: People): number | undefined {
    const site = this.#places.get(machine)?.site
    if (site === undefined) return undefined
    const key = people === onShift ? `${onShift} ${site.id}` : `crew ${people}`
    return this.#once(key, this.pools, () => {
      const crews = this.#plan.crews.filter(({ id, site: at }) =>
        people === onShift ? at === site.id : id === people,
      )
      const shifts = crews.flatMap(crew => this.#shiftsOf(crew.id, crew.size, site))
      const always = crews.filter(({ id }) => !this.#plan.shifts.some(({ crew }) => crew === id))
      // A crew that is on no shift is not "on shift"; named by its id it is always there.
      const size = people === onShift ? 0 : always.reduce((sum, crew) => sum + crew.size, 0)
      return { id: key, size, shifts }
    })
  }

  /**
   * Place of what a first machine works off: the orders of its line; where it has none the products of its line in
   * turn; where the plan names none, `otherwise`. `names`: the products by number.
   */
  demandOf(machine: string, names: readonly string[], otherwise: Campaigns): number {
    const place = this.#places.get(machine)
    const { products, orders = [] } = this.#plan
    const made = products.filter(({ lines }) => place !== undefined && lines.includes(place.line.id))
    if (place === undefined || made.length === 0) return this.#once(machine, this.demands, () => otherwise)
    const { line, site } = place
    return this.#once(`line ${line.id}`, this.demands, (): Demand => {
      const own = orders.filter(order => order.line === line.id)
      if (own.length === 0) {
        return { ...otherwise, id: line.id, products: made.map(({ id }) => names.indexOf(id)) }
      }
      const ordered = own.map(
        ({ id, product, quantity, release, due }): Order => ({
          id,
          product: names.indexOf(product),
          quantity,
          ...(release !== undefined && { release: instantOf(release, site.timeZone) }),
          ...(due !== undefined && { due: instantOf(due, site.timeZone) }),
        }),
      )
      return { id: line.id, kind: 'orders', orders: ordered }
    })
  }

  /** Whether its line works off orders, and nothing else. */
  hasOrders(machine: string): boolean {
    const line = this.#places.get(machine)?.line.id
    return (this.#plan.orders ?? []).some(order => order.line === line)
  }

  #shiftsOf(crew: string, size: number, site: Site): NonNullable<Pool['shifts']> {
    const parts = calendarPartsOf(this.#plan, site, [])
    const shifts = parts.shifts.filter(shift => shift.crew === crew)
    return shifts.length === 0 ? [] : [{ calendar: this.#hours({ ...parts, shifts }, ['busy']), size }]
  }

  #hours(parts: CalendarParts, open: PlannedHours['open']): number {
    const hours = { kind: 'planned', parts, open } as const
    return this.#once(JSON.stringify(hours), this.calendars, () => hours)
  }

  #once<Item>(key: string, list: Item[], make: () => Item): number {
    const known = this.#known.get(key)
    if (known !== undefined) return known
    this.#known.set(key, list.length)
    list.push(make())
    return list.length - 1
  }
}

/** One product after another, each for half to one and a half times the usual number of parts. */
export function campaigns(id: string, products: readonly number[], cycleTime: number, duty: Duty): Campaigns {
  const parts = duty.changeoverEvery / cycleTime
  return {
    id,
    kind: 'campaigns',
    products,
    quantity: [Math.max(1, Math.round(0.5 * parts)), Math.max(1, Math.round(1.5 * parts))],
  }
}
