import type { LineRun } from '../../schema/line-run.js'
import type { Flow } from '../flow/flow.js'
import type { FlowModel } from '../flow/model.js'
import type { PlantPlan } from '../flow/plant-plan.js'
import { noPart } from '../flow/work.js'

/** What a line was told to make, and after which of the parts that leave it that is done. */
interface Told {
  readonly product: string
  readonly order: string
  readonly target: number
  readonly lastPart: number
}

interface Account {
  readonly line: string
  /** Parts that left the line since the start, good or not. */
  gone: number
  /** What the first machine has begun, in its order; the first is what the line is making. */
  readonly told: Told[]
  /** When that began, Unix ms. */
  since: number
}

export interface LineRunsParts {
  /** Ids of the simulated machines, by their place. */
  readonly machines: readonly string[]
  readonly model: FlowModel
  readonly flow: Flow
  readonly plan: PlantPlan
  /** Unix ms. */
  readonly start: number
  onRun(run: LineRun): void
}

/**
 * What simulated lines make: a run begins when the first machine chooses it, before it is set up for it, or where parts of
 * the run before are still on the line, when the last of those has left; it is over when its last part has left. So every
 * part that leaves the line counts for the run that it was begun for. Parts are told apart by their number alone: one
 * that is done again may leave with the next run in place of another.
 */
export class LineRuns {
  readonly #model: FlowModel
  readonly #onRun: LineRunsParts['onRun']
  /** By demand; undefined where the plan does not say what its line makes. */
  readonly #byDemand: readonly (Account | undefined)[]
  /** By machine. */
  readonly #accounts: readonly (Account | undefined)[]
  readonly #isExit: Uint8Array
  readonly #good: Float64Array
  readonly #rejected: Float64Array
  readonly #flow: Flow

  constructor({ machines, model, flow, plan, start, onRun }: LineRunsParts) {
    this.#model = model
    this.#flow = flow
    this.#onRun = onRun
    const places = new Map(machines.map((id, place) => [id, place]))
    const accounts: (Account | undefined)[] = machines.map(() => undefined)
    const byDemand: (Account | undefined)[] = (model.demands ?? []).map(() => undefined)
    this.#isExit = new Uint8Array(machines.length)
    this.#good = flow.produced.map((made, m) => made - flow.rejected[m]!)
    this.#rejected = flow.rejected.slice()
    for (const line of plan.sites.flatMap(({ areas }) => areas.flatMap(({ lines }) => lines))) {
      const own = line.machines.flatMap(({ id }) => places.get(id) ?? [])
      const demand = own.map(machine => model.machines[machine]!.demand).find(each => each !== undefined)
      // Of a line that several sources have a part of, the one tells that has its begin.
      if (demand === undefined || !places.has(line.machines[0]!.id)) continue
      if (!plan.products.some(({ lines }) => lines.includes(line.id))) continue
      const account: Account = { line: line.id, gone: 0, told: [], since: start }
      byDemand[demand] = account
      const ownPlaces = new Set(own)
      for (const machine of own) {
        accounts[machine] = account
        this.#isExit[machine] = model.machines[machine]!.feeds.some(to => ownPlaces.has(to)) ? 0 : 1
      }
      const inProcess = own.reduce(
        (parts, machine) => parts + flow.buffers.level[machine]! + (flow.holds[machine] === noPart ? 0 : 1),
        0,
      )
      this.#meet(account, demand, inProcess)
    }
    this.#accounts = accounts
    this.#byDemand = byDemand
  }

  /** The first machine begins something else. */
  onOrder(demand: number, time: number): void {
    const account = this.#byDemand[demand]
    if (account === undefined) return
    this.#add(account, demand, this.#flow.order(demand)!.left)
    if (account.told.length === 1) this.#begin(account, time)
  }

  /** A machine has made a part, good or not. */
  onPart(machine: number, time: number): void {
    const account = this.#accounts[machine]
    if (account === undefined) return
    const rejected = this.#flow.rejected[machine]!
    const good = this.#flow.produced[machine]! - rejected
    account.gone += rejected - this.#rejected[machine]!
    if (this.#isExit[machine] === 1) account.gone += good - this.#good[machine]!
    this.#rejected[machine] = rejected
    this.#good[machine] = good
    while (account.told.length > 0 && account.gone >= account.told[0]!.lastPart) {
      // The part that leaves now is still one of it.
      const over = time + 1
      this.#tell(account, over)
      account.told.shift()
      if (account.told.length > 0) this.#begin(account, over)
    }
  }

  /** A line that is met at work goes on with what it has begun, as far as it is not done. */
  #meet(account: Account, demand: number, inProcess: number): void {
    const order = this.#flow.order(demand)
    if (order === undefined || order.left + inProcess === 0) return
    this.#add(account, demand, order.left + inProcess)
    this.#begin(account, account.since)
  }

  #add(account: Account, demand: number, parts: number): void {
    const { product, id = '' } = this.#flow.order(demand)!
    const head = this.#model.machines.find(machine => machine.demand === demand)!
    account.told.push({
      product: head.products?.[product] ?? '',
      order: id,
      target: id === '' ? 0 : parts,
      lastPart: (account.told.at(-1)?.lastPart ?? account.gone) + parts,
    })
  }

  #begin(account: Account, time: number): void {
    account.since = time
    this.#tell(account, 0)
  }

  #tell({ line, told, since: start }: Account, end: number): void {
    const { product, order, target } = told[0]!
    this.#onRun({ line, start, end, product, order, target })
  }
}
