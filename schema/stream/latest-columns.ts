import type { MachineColumns, SignalColumns } from './protocol.js'

/** Quality and status of a signal nobody has heard of yet: bad, lost (see quality.ts and sensor-state.ts). */
const unheardQuality = 2
const unheardStatus = 2

/**
 * The client's picture of the floor: the latest of every signal and machine, by index, over all topics. Columns grow
 * with the largest index seen and are replaced when they do, so read them afresh after each frame.
 */
export class LatestColumns {
  value = new Float64Array(0)
  /** Smallest and largest since the frame before the last one that brought the signal. */
  min = new Float64Array(0)
  max = new Float64Array(0)
  quality = new Uint8Array(0)
  status = new Uint8Array(0)
  /** Unix ms UTC; 0 = never heard. */
  sourceTime = new Float64Array(0)

  machineState = new Uint8Array(0)
  machineMode = new Uint8Array(0)
  machineDisplay = new Uint8Array(0)
  /** Unix ms UTC. */
  machineSince = new Float64Array(0)

  applySignals(columns: SignalColumns): void {
    const count = columns.index.length
    if (count === 0) return
    this.#growSignals(columns.index[count - 1]! + 1)
    for (let i = 0; i < count; i++) {
      const at = columns.index[i]!
      this.value[at] = columns.value[i]!
      this.min[at] = columns.min[i]!
      this.max[at] = columns.max[i]!
      this.quality[at] = columns.quality[i]!
      this.status[at] = columns.status[i]!
      this.sourceTime[at] = columns.sourceTime[i]!
    }
  }

  applyMachines(columns: MachineColumns): void {
    const count = columns.index.length
    if (count === 0) return
    this.#growMachines(columns.index[count - 1]! + 1)
    for (let i = 0; i < count; i++) {
      const at = columns.index[i]!
      this.machineState[at] = columns.state[i]!
      this.machineMode[at] = columns.mode[i]!
      this.machineDisplay[at] = columns.display[i]!
      this.machineSince[at] = columns.since[i]!
    }
  }

  #growSignals(needed: number): void {
    const size = grownSize(this.value.length, needed)
    if (size === this.value.length) return
    this.value = grown(new Float64Array(size).fill(Number.NaN), this.value)
    this.min = grown(new Float64Array(size).fill(Number.NaN), this.min)
    this.max = grown(new Float64Array(size).fill(Number.NaN), this.max)
    this.quality = grown(new Uint8Array(size).fill(unheardQuality), this.quality)
    this.status = grown(new Uint8Array(size).fill(unheardStatus), this.status)
    this.sourceTime = grown(new Float64Array(size), this.sourceTime)
  }

  #growMachines(needed: number): void {
    const size = grownSize(this.machineState.length, needed)
    if (size === this.machineState.length) return
    this.machineState = grown(new Uint8Array(size), this.machineState)
    this.machineMode = grown(new Uint8Array(size), this.machineMode)
    this.machineDisplay = grown(new Uint8Array(size), this.machineDisplay)
    this.machineSince = grown(new Float64Array(size), this.machineSince)
  }
}

const grownSize = (size: number, needed: number): number =>
  needed <= size ? size : Math.max(needed, Math.ceil(size * 1.5))

function grown<T extends Float64Array | Uint8Array>(to: T, from: T): T {
  to.set(from)
  return to
}
