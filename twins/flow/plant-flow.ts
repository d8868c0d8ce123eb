import { meanOf } from '../../schema/distribution.js'
import type { Buffer, MachineFlow } from '../../schema/plant.js'
import { type Duty, healthyDuty, type Span } from './duty.js'
import type { FailureMode, FlowModel, MachineModel, Setup } from './model.js'
import { campaigns, PlanLists, type PlantPlan } from './plant-plan.js'
import { RandomStream } from './random.js'

/** A machine of a plant; `feeds` are places in the list of machines. */
export interface FlowMachine {
  readonly id: string
  /** Seconds. */
  readonly idealCycleTime: number
  readonly feeds: readonly number[]
  /** What stands before it, and how it works, where the plant says; else as `Duty` has it. */
  readonly buffer?: Buffer | undefined
  readonly flow?: MachineFlow | undefined
}

/** Products of a line, where the plant names none. */
const unnamed = [0, 1, 2, 3]
const roundTheClock: PlantPlan = { sites: [], shifts: [], crews: [], products: [] }

/**
 * The flow of a plant whose machines work as the plan and their own `flow` say, and as `duty` does where these say
 * nothing. Two machines of a type are never quite alike: each draws its own pace, rejects and buffer from the seed.
 * Lines work off their orders, or make one product after another; the change runs down the line with the first part
 * of the next.
 */
export function plantFlow(
  machines: readonly FlowMachine[],
  seed: number,
  duty: Duty = healthyDuty,
  plan: PlantPlan = roundTheClock,
): FlowModel {
  const lists = new PlanLists(plan)
  const places = new Map(machines.map(({ id }, place) => [id, place]))
  const products = productsByMachine(machines, lists)
  const isFed = new Set(machines.flatMap(({ feeds }) => feeds))
  const models = machines.map((machine, place): MachineModel => {
    const { id, idealCycleTime, flow = {} } = machine
    const names = products[place]!
    const calendar = lists.calendarOf(id, flow.worksThroughBreaks)
    const usual = flow.cycle === undefined ? idealCycleTime : meanOf(flow.cycle)
    const model = {
      ...ownFlow(machine, new RandomStream(seed, id, 'nature'), duty, lists.hasOrders(id)),
      ...(names.length > 0 && { products: names, paces: lists.pacesOf(id, usual, names) }),
      ...(calendar !== undefined && { calendar }),
      ...peopleOf(machine, lists),
      ...reworkOf(flow, places),
      setups: flow.changeovers === undefined ? [{ time: spanOf(duty.changeover) }] : setupsOf(flow, names),
    }
    if (isFed.has(place)) return model
    const anyOf = campaigns(id, names.length > 0 ? [...names.keys()] : unnamed, idealCycleTime, duty)
    return { ...model, demand: lists.demandOf(id, names, anyOf) }
  })
  return { machines: models, demands: lists.demands, pools: lists.pools, calendars: lists.calendars }
}

/** What a machine is by itself. */
function ownFlow(
  { id, idealCycleTime, feeds, buffer, flow = {} }: FlowMachine,
  nature: RandomStream,
  duty: Duty,
  hasOrders: boolean,
) {
  // Drawn whether it counts or not, so that what a plan says of one thing changes no other.
  const mean = idealCycleTime * nature.between(...duty.pace)
  const scrap = nature.between(...duty.rejectShare)
  const drawn = { capacity: wholeBetween(nature, duty.buffer), transport: 0 }
  const { capacity, transport } = buffer ?? drawn
  const usualCycle = { kind: 'normal', mean, deviation: mean * duty.cycleJitter } as const
  return {
    id,
    cycle: flow.cycle ?? usualCycle,
    feeds,
    // What is on a line with orders was begun for one of them.
    buffer: { capacity, initial: hasOrders ? 0 : capacity >> 1, transport },
    blocking: flow.blocking ?? 'after-service',
    failures: usualFailures(duty),
    scrap: flow.scrap ?? scrap,
    patience: flow.patience ?? spanOf(duty.patience),
    acting: duty.acting,
  }
}

function usualFailures(duty: Duty): readonly FailureMode[] {
  return [
    {
      state: 'Held',
      clock: 'operating',
      up: { kind: 'exponential', mean: duty.minorStopEvery },
      down: { kind: 'lognormal', ...duty.minorStop },
      scrapsPart: false,
    },
    {
      state: 'Aborted',
      clock: 'operating',
      up: { kind: 'exponential', mean: duty.breakdownEvery },
      down: { kind: 'lognormal', ...duty.repair },
      scrapsPart: true,
    },
  ]
}

/** Who has to come when it works and when it fails. */
function peopleOf({ id, flow = {} }: FlowMachine, lists: PlanLists): Partial<MachineModel> {
  const operator = flow.operator === undefined ? undefined : lists.poolOf(id, flow.operator)
  const failures = flow.failures?.map(({ every, repair, crew: people, ...mode }): FailureMode => {
    const crew = people === undefined ? undefined : lists.poolOf(id, people)
    return { ...mode, up: every, down: repair, ...(crew !== undefined && { crew }) }
  })
  return { ...(operator !== undefined && { operator }), ...(failures && { failures }) }
}

/** A machine of another source is not there to do parts again. */
function reworkOf({ rework }: MachineFlow, places: ReadonlyMap<string, number>): Partial<MachineModel> {
  const to = rework && places.get(rework.to)
  return rework === undefined || to === undefined ? {} : { rework: { share: rework.share, to } }
}

/** Of those between products that come to the machine. */
function setupsOf({ changeovers = [] }: MachineFlow, names: readonly string[]): Setup[] {
  const comes = (product: string | undefined): boolean => product === undefined || names.includes(product)
  return changeovers
    .filter(({ from, to }) => comes(from) && comes(to))
    .map(({ from, to, time }) => ({
      ...(from !== undefined && { from: names.indexOf(from) }),
      ...(to !== undefined && { to: names.indexOf(to) }),
      time,
    }))
}

/** The products of machines that parts lead from one to another, on whatever line; they have numbers in common. */
function productsByMachine(
  machines: readonly FlowMachine[],
  lists: PlanLists,
): readonly (readonly string[])[] {
  const group = machines.map((_, place) => place)
  const rootOf = (place: number): number => {
    let root = place
    while (group[root] !== root) root = group[root]!
    group[place] = root
    return root
  }
  for (const [place, { feeds }] of machines.entries())
    for (const to of feeds) group[rootOf(to)] = rootOf(place)
  const byGroup = new Map<number, string[]>()
  for (const [place, { id }] of machines.entries()) {
    const root = rootOf(place)
    byGroup.set(root, [...(byGroup.get(root) ?? []), id])
  }
  const products = new Map([...byGroup].map(([root, ids]) => [root, lists.productsOf(ids)]))
  return machines.map((_, place) => products.get(rootOf(place))!)
}

const spanOf = ([low, high]: Span) => ({ kind: 'uniform', low, high }) as const

const wholeBetween = (chance: RandomStream, [low, high]: Span): number =>
  Math.floor(chance.between(low, high + 1))
