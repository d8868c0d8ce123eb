import type { DamageReport } from '../schema/damage-report.js'
import type { LineRun } from '../schema/line-run.js'
import { EventQueue } from '../twins/flow/event-queue.js'

/** What simulated machines say over a stretch of time, in the order of time, and what only a simulation knows. */
export interface Stretch {
  /** Place of the signal among those of its source. */
  readonly signal: Uint32Array
  /** Unix ms. */
  readonly time: Float64Array
  /** For text signals the place among the words. */
  readonly value: Float64Array
  readonly reports: readonly DamageReport[]
  readonly runs: readonly LineRun[]
}

/** Samples one by one in columns, which grow by doubling. */
export class Columns {
  #signal = new Uint32Array(1024)
  #time = new Float64Array(1024)
  #value = new Float64Array(1024)
  #count = 0

  push(signal: number, time: number, value: number): void {
    if (this.#count === this.#signal.length) this.#grow()
    this.#signal[this.#count] = signal
    this.#time[this.#count] = time
    this.#value[this.#count++] = value
  }

  /** What was collected; the next samples come into columns that have room for as many. */
  take(): Pick<Stretch, 'signal' | 'time' | 'value'> {
    const count = this.#count
    this.#count = 0
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

const toldAt = ({ start, end }: LineRun): number => end || start

/**
 * Stretches of the same time as one: in the order of time, and at one moment in the order of the list. So it does not
 * matter whether stretches that stand side by side have been joined before.
 */
export function joined(stretches: readonly Stretch[]): Stretch {
  if (stretches.length === 1) return stretches[0]!
  const count = stretches.reduce((sum, { time }) => sum + time.length, 0)
  const [signal, time, value] = [new Uint32Array(count), new Float64Array(count), new Float64Array(count)]
  const queue = new EventQueue(stretches.length)
  const next = new Uint32Array(stretches.length)
  for (const [place, { time: times }] of stretches.entries())
    if (times.length > 0) queue.set(place, times[0]!)
  for (let i = 0; i < count; i++) {
    const place = queue.next
    const from = stretches[place]!
    const at = next[place]!++
    signal[i] = from.signal[at]!
    time[i] = from.time[at]!
    value[i] = from.value[at]!
    queue.set(place, from.time[at + 1] ?? Number.POSITIVE_INFINITY)
  }
  const reports = stretches.flatMap(stretch => stretch.reports).sort((a, b) => a.time - b.time)
  const runs = stretches.flatMap(stretch => stretch.runs)
  return { signal, time, value, reports, runs: runs.sort((a, b) => toldAt(a) - toldAt(b)) }
}
