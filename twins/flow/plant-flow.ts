import type { Buffer } from '../../schema/plant.js'
import { type Duty, healthyDuty, type Span } from './duty.js'
import type { Demand, FlowModel, MachineModel } from './model.js'
import { RandomStream } from './random.js'

/** A machine of a plant; `feeds` are places in the list of machines. */
export interface FlowMachine {
  readonly id: string
  /** Seconds. */
  readonly idealCycleTime: number
  readonly feeds: readonly number[]
  /** What stands before it, where the plant says; else as `Duty` has it. */
  readonly buffer?: Buffer | undefined
}

/** How many products a line makes where the plant does not say. */
const productCount = 4

/**
 * The flow of a plant whose machines work as `duty` says. Two machines of a type are never quite alike: each draws its
 * own pace, rejects and buffer from the seed. Lines make one product after another, and the change runs down the line
 * with the first part of the next.
 */
export function plantFlow(
  machines: readonly FlowMachine[],
  seed: number,
  duty: Duty = healthyDuty,
): FlowModel {
  const isFed = new Set(machines.flatMap(({ feeds }) => feeds))
  const demands: Demand[] = []
  const models = machines.map((machine, place): MachineModel => {
    const model = machineFlow(machine, new RandomStream(seed, machine.id, 'nature'), duty)
    if (isFed.has(place)) return model
    demands.push(demandOf(machine, duty))
    return { ...model, demand: demands.length - 1 }
  })
  return { machines: models, demands }
}

function machineFlow(
  { id, idealCycleTime, feeds, buffer }: FlowMachine,
  nature: RandomStream,
  duty: Duty,
): MachineModel {
  const mean = idealCycleTime * nature.between(...duty.pace)
  const scrap = nature.between(...duty.rejectShare)
  const drawn = { capacity: wholeBetween(nature, duty.buffer), transport: 0 }
  const { capacity, transport } = buffer ?? drawn
  return {
    id,
    cycle: { kind: 'normal', mean, deviation: mean * duty.cycleJitter },
    feeds,
    buffer: { capacity, initial: capacity >> 1, transport },
    blocking: 'after-service',
    failures: [
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
    ],
    scrap,
    setups: [{ time: spanOf(duty.changeover) }],
    patience: spanOf(duty.patience),
    acting: duty.acting,
  }
}

/** Campaigns of half to one and a half times the mean number of parts. */
function demandOf({ id, idealCycleTime }: FlowMachine, duty: Duty): Demand {
  const parts = duty.changeoverEvery / idealCycleTime
  return {
    id,
    kind: 'campaigns',
    products: Array.from({ length: productCount }, (_, product) => product),
    quantity: [Math.max(1, Math.round(0.5 * parts)), Math.max(1, Math.round(1.5 * parts))],
  }
}

const spanOf = ([low, high]: Span) => ({ kind: 'uniform', low, high }) as const

const wholeBetween = (chance: RandomStream, [low, high]: Span): number =>
  Math.floor(chance.between(low, high + 1))
