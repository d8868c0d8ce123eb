import { isWorkerThread, move, transferableSymbol, valueSymbol } from 'piscina'
import type { DamageReport } from '../schema/damage-report.js'
import { Behaviour, type BehaviourMachine } from '../twins/behaviour/behaviour.js'
import type { PlantPlan } from '../twins/flow/plant-plan.js'

/** A stretch of the lives of some machines, from their being met at work at `start`; times in Unix ms. */
export interface DegradationTask {
  readonly machines: readonly BehaviourMachine[]
  readonly seed: number
  readonly start: number
  readonly until: number
  /** Distance between samples of every periodic sensor, ms. */
  readonly period: number
  /** Share of machines that carry a fault of their own at any time, 0 to 1. */
  readonly faultShare: number
  /** Who works when, and what is made; missing: round the clock. */
  readonly plan?: PlantPlan
}

/** What the machines say over a stretch, in the order of time, and what only their fault twins may know. */
export interface Degradation {
  /** Place of the signal among those of the task's machines. */
  readonly signal: Uint32Array
  readonly time: Float64Array
  readonly value: Float64Array
  readonly reports: readonly DamageReport[]
}

/** Simulates machines with their warmth, load and damage, off the main thread where the pool runs it. */
export default function degradation(task: DegradationTask): Degradation {
  const { machines, seed, start, until, period, faultShare, plan } = task
  const reports: DamageReport[] = []
  const onDamage = (report: DamageReport) => reports.push(report)
  const behaviour = new Behaviour(machines, {
    seed,
    start,
    period,
    faultShare,
    onDamage,
    ...(plan && { plan }),
  })
  const columns = new Columns(1 << 16)
  behaviour.advance(until, (signal, time, value) => columns.push(signal, time, value))
  const made: Degradation = { ...columns.take(), reports }
  return isWorkerThread ? moved(made) : made
}

/** Columns that grow by doubling. */
class Columns {
  #signal: Uint32Array
  #time: Float64Array
  #value: Float64Array
  #count = 0

  constructor(capacity: number) {
    this.#signal = new Uint32Array(capacity)
    this.#time = new Float64Array(capacity)
    this.#value = new Float64Array(capacity)
  }

  push(signal: number, time: number, value: number): void {
    if (this.#count === this.#signal.length) this.#grow()
    this.#signal[this.#count] = signal
    this.#time[this.#count] = time
    this.#value[this.#count++] = value
  }

  take(): Pick<Degradation, 'signal' | 'time' | 'value'> {
    const count = this.#count
    return {
      signal: this.#signal.slice(0, count),
      time: this.#time.slice(0, count),
      value: this.#value.slice(0, count),
    }
  }

  #grow(): void {
    const wider = 2 * this.#signal.length
    const [signal, time, value] = [new Uint32Array(wider), new Float64Array(wider), new Float64Array(wider)]
    signal.set(this.#signal)
    time.set(this.#time)
    value.set(this.#value)
    this.#signal = signal
    this.#time = time
    this.#value = value
  }
}

/** Hands the columns over without copying them. */
function moved(made: Degradation): Degradation {
  const transferable = {
    get [transferableSymbol]() {
      return [made.signal.buffer, made.time.buffer, made.value.buffer]
    },
    get [valueSymbol]() {
      return made
    },
  }
  return move(transferable as never) as unknown as Degradation
}
