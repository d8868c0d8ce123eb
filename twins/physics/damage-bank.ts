import { type FaultPatternId, faultsOf } from '../../schema/fault-catalogue.js'
import type { Machine } from '../../schema/plant.js'
import { damageAt, progressAt } from './growth.js'

/** What growth needs to know of the machines. */
export interface WearClock {
  /** Time a machine has worked on parts since the start, ms. */
  operatingTime(machine: number, time: number): number
}

/** A machine with what says which faults it may have. */
export type DamageMachine = Pick<Machine, 'id' | 'type' | 'faults'>

/**
 * The hidden damage of machines: a slot for each fault that a machine may have, in columns. Growth has a closed form,
 * so that damage at any time costs the same whether it is asked for each second or once a week.
 */
export class DamageBank {
  readonly patterns: readonly FaultPatternId[]
  /** The machine of each slot; the slots of a machine stand together. */
  readonly machine: Uint32Array
  /** The first slot of each machine, and the end of the last one's. */
  readonly first: Uint32Array
  /** 1 while the slot's damage grows. */
  readonly isGrowing: Uint8Array
  /** Damage that growth ends at, 0 to 1. */
  readonly goal: Float64Array
  /** From onset to failure at the rate 1, ms. */
  readonly span: Float64Array
  /** Progress for each ms of work, and for each ms without, in shares of 1 / span. */
  readonly workRate: Float64Array
  readonly idleRate: Float64Array
  /** Progress at `#since`, when the machine had worked for `#worked`. */
  readonly #progress: Float64Array
  readonly #since: Float64Array
  readonly #worked: Float64Array
  readonly #clock: WearClock

  constructor(machines: readonly DamageMachine[], clock: WearClock) {
    const patterns = machines.map(faultsOf)
    this.patterns = patterns.flat()
    const slots = this.patterns.length
    this.machine = Uint32Array.from(patterns.flatMap((list, machine) => list.map(() => machine)))
    this.first = new Uint32Array(machines.length + 1)
    for (const [m, list] of patterns.entries()) this.first[m + 1] = this.first[m]! + list.length
    this.isGrowing = new Uint8Array(slots)
    this.goal = new Float64Array(slots)
    this.span = new Float64Array(slots)
    this.workRate = new Float64Array(slots)
    this.idleRate = new Float64Array(slots)
    this.#progress = new Float64Array(slots)
    this.#since = new Float64Array(slots)
    this.#worked = new Float64Array(slots)
    this.#clock = clock
  }

  /** The slot of a fault; undefined where the machine's type cannot have it. */
  slotOf(machine: number, pattern: FaultPatternId): number | undefined {
    for (let slot = this.first[machine]!; slot < this.first[machine + 1]!; slot++) {
      if (this.patterns[slot] === pattern) return slot
    }
    return undefined
  }

  /** The share of its way that a fault has gone at `time`, 0 to 1. */
  progress(slot: number, time: number): number {
    const before = this.#progress[slot]!
    if (this.isGrowing[slot] === 0) return before
    const elapsed = time - this.#since[slot]!
    const worked = this.#clock.operatingTime(this.machine[slot]!, time) - this.#worked[slot]!
    const gone = worked * this.workRate[slot]! + (elapsed - worked) * this.idleRate[slot]!
    return Math.min(1, before + gone / this.span[slot]!)
  }

  /** Damage at `time`, 0 to 1. */
  damage(slot: number, time: number): number {
    const progress = this.progress(slot, time)
    if (progress === 0) return 0
    return Math.min(this.goal[slot]!, damageAt(this.patterns[slot]!, progress))
  }

  /** Puts the damage where it is told, and lets it grow from there or not. */
  set(slot: number, time: number, damage: number, isGrowing: boolean): void {
    this.#progress[slot] = progressAt(this.patterns[slot]!, damage)
    this.isGrowing[slot] = isGrowing ? 1 : 0
    this.#since[slot] = time
    this.#worked[slot] = this.#clock.operatingTime(this.machine[slot]!, time)
  }

  /** Puts a fault that has just begun so far on its way, 0 to 1. */
  setProgress(slot: number, progress: number): void {
    this.#progress[slot] = progress
  }

  /** From `time` on the damage grows at other rates, or stands still. */
  setRates(slot: number, time: number, isGrowing: boolean, work: number, idle: number): void {
    this.#progress[slot] = this.progress(slot, time)
    this.#since[slot] = time
    this.#worked[slot] = this.#clock.operatingTime(this.machine[slot]!, time)
    this.isGrowing[slot] = isGrowing ? 1 : 0
    this.workRate[slot] = work
    this.idleRate[slot] = idle
  }

  /** The earliest time at which the damage can have reached so much, were the machine to work all the time. */
  earliest(slot: number, damage: number, time: number): number {
    const rate = Math.max(this.workRate[slot]!, this.idleRate[slot]!)
    if (this.isGrowing[slot] === 0 || rate === 0) return Number.POSITIVE_INFINITY
    const left = progressAt(this.patterns[slot]!, damage) - this.progress(slot, time)
    return time + Math.max(0, (left * this.span[slot]!) / rate)
  }
}
