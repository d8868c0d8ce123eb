import { packmlNumber } from '../../schema/packml.js'
import { Flow } from './flow.js'
import type { FlowModel } from './model.js'
import { finishedPart, rawPart } from './work.js'

/** A figure measured in independent runs. */
export interface Measured {
  readonly mean: number
  /** Standard error of the mean. */
  readonly error: number
}

export interface MeasuredLine {
  /** Good parts of the last machine per second. */
  readonly throughput: Measured
  /** Parts that a machine has finished and the next has not, by buffer, averaged over time. */
  readonly inventory: readonly Measured[]
  /** Share of the time each machine works. */
  readonly utilisation: readonly Measured[]
  /** Share of the time each machine is up and has no part or no room. */
  readonly waiting: readonly Measured[]
}

export interface Runs {
  readonly runs: number
  /** Seconds per run, and before it. */
  readonly length: number
  readonly warmUp: number
  readonly seed?: number
}

/** Measures a line of machines that feed each other in their order. For the tests of theory. */
export function measureLine(model: FlowModel, { runs, length, warmUp, seed = 1 }: Runs): MeasuredLine {
  const machines = model.machines.length
  const throughput: number[] = []
  const inventory: number[][] = Array.from({ length: machines - 1 }, () => [])
  const utilisation: number[][] = model.machines.map(() => [])
  const waiting: number[][] = model.machines.map(() => [])
  const parts = new Float64Array(machines)
  const waited = new Float64Array(machines)
  for (let run = 0; run < runs; run++) {
    const flow = new Flow(model, { seed: seed * 1000 + run, start: 0 })
    flow.advance(warmUp * 1000)
    const shipped = flow.shipped
    const worked = model.machines.map((_, m) => flow.operatingTime(m, warmUp * 1000))
    parts.fill(0)
    waited.fill(0)
    const end = (warmUp + length) * 1000
    for (let time = warmUp * 1000; time < end; ) {
      const next = Math.min(flow.nextTime, end)
      for (let m = 0; m < machines; m++) {
        if (m > 0) parts[m]! += (next - time) * between(flow, m)
        if (isWaiting(flow, m)) waited[m]! += next - time
      }
      time = next
      if (flow.nextTime <= end) flow.step()
    }
    throughput.push((flow.shipped - shipped) / length)
    for (let m = 1; m < machines; m++) inventory[m - 1]!.push(parts[m]! / (length * 1000))
    for (const [m, each] of utilisation.entries()) {
      each.push((flow.operatingTime(m, end) - worked[m]!) / (length * 1000))
      waiting[m]!.push(waited[m]! / (length * 1000))
    }
  }
  return {
    throughput: measured(throughput),
    inventory: inventory.map(measured),
    utilisation: utilisation.map(measured),
    waiting: waiting.map(measured),
  }
}

/** Parts that the machine before `machine` has finished and `machine` has not. */
function between(flow: Flow, machine: number): number {
  const isBeingWorked = flow.holds[machine] === rawPart ? 1 : 0
  const isStuck = flow.holds[machine - 1] === finishedPart ? 1 : 0
  return flow.buffers.level[machine]! + isBeingWorked + isStuck
}

const isWaiting = (flow: Flow, machine: number): boolean =>
  flow.state[machine] === packmlNumber.Execute && !flow.isWorking(machine)

export function measured(values: readonly number[]): Measured {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1)
  return { mean, error: Math.sqrt(variance / values.length) }
}
