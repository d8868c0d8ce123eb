import { furthestAheadMs } from '../../schema/quality-rules.js'
import type { SampleBatch } from '../../schema/sample-batch.js'

/** Clocks that are kept by a time server differ by so much, ms: the times that one tells stand as they are. */
export const slackMs = 100
/** What is slower on its way by so much, ms, says nothing of its clock. */
const jitterMs = 1_000

interface Shift {
  /** The latest time that the signal told from ahead, by its source's clock, Unix ms. */
  told: number
  /** What is taken off its times, ms. */
  by: number
}

/** A time that was taken back, for people. */
export interface TakenBack {
  readonly signal: number
  readonly sourceTime: number
  readonly aheadMs: number
}

/**
 * No value is of a time after its receipt. One that says so comes of a clock that is ahead; were it believed, what is
 * told after the clock was set right would pass for older, and its signal would stand still for as long as the clock had
 * been ahead. Such times are taken back to their receipt: by the same for as long as the clock goes
 * on as it does, so that what lies between two values stays, and not anew for a time that is told again. Times beyond
 * what a clock may be ahead are left for the gate to refuse.
 */
export class TimeAhead {
  readonly #shifts = new Map<number, Shift>()

  /** What is taken off the times of a signal (by index) now, ms. */
  of(signal: number): number {
    return this.#shifts.get(signal)?.by ?? 0
  }

  /** The batch with no time ahead of its receipt, and the first that was; the batch itself where none was. */
  take(batch: SampleBatch): { readonly batch: SampleBatch; readonly first?: TakenBack } {
    const first = this.#findAhead(batch)
    if (first === -1 && this.#shifts.size === 0) return { batch }
    if (first !== -1) this.#measure(batch, first)
    const { count, signal, sourceTime, receiveTime } = batch
    const taken = sourceTime.slice()
    for (let i = 0; i < count; i++) {
      const shift = this.#shifts.get(signal[i]!)
      if (shift === undefined) continue
      const time = sourceTime[i]!
      if (isAhead(time, receiveTime[i]!, 0) || time === shift.told) taken[i] = time - shift.by
      else if (time > shift.told) this.#shifts.delete(signal[i]!)
    }
    if (first === -1) return { batch: { ...batch, sourceTime: taken } }
    const aheadMs = sourceTime[first]! - receiveTime[first]!
    return {
      batch: { ...batch, sourceTime: taken },
      first: { signal: signal[first]!, sourceTime: sourceTime[first]!, aheadMs },
    }
  }

  /** The batch of what was: as the same clock told it, so what is known of the clock is taken off. */
  takeHistory(batch: SampleBatch): SampleBatch {
    if (this.#shifts.size === 0) return batch
    const { count, signal, sourceTime } = batch
    const taken = sourceTime.slice()
    for (let i = 0; i < count; i++) taken[i] = sourceTime[i]! - this.of(signal[i]!)
    return { ...batch, sourceTime: taken }
  }

  #findAhead({ count, signal, sourceTime, receiveTime }: SampleBatch): number {
    for (let i = 0; i < count; i++)
      if (isAhead(sourceTime[i]!, receiveTime[i]!, this.#slackOf(signal[i]!))) return i
    return -1
  }

  /** Of a clock that is known to be ahead every time that is ahead is taken back, so that none overtakes the next. */
  #slackOf(signal: number): number {
    return this.#shifts.size > 0 && this.#shifts.has(signal) ? 0 : slackMs
  }

  /** By how much the signals of this batch are ahead, each by the furthest of its values. */
  #measure({ count, signal, sourceTime, receiveTime }: SampleBatch, first: number): void {
    const found = new Map<number, Shift>()
    for (let i = first; i < count; i++) {
      const told = sourceTime[i]!
      if (!isAhead(told, receiveTime[i]!, this.#slackOf(signal[i]!))) continue
      const by = told - receiveTime[i]!
      const known = found.get(signal[i]!)
      if (known === undefined) found.set(signal[i]!, { told, by })
      else {
        known.told = Math.max(known.told, told)
        known.by = Math.max(known.by, by)
      }
    }
    for (const [index, { told, by }] of found) {
      const known = this.#shifts.get(index)
      if (known === undefined) this.#shifts.set(index, { told, by })
      else if (told !== known.told) {
        // What is quicker on its way than the one before moves nothing; a clock that was set does.
        if (by > known.by || by < known.by - jitterMs) known.by = by
        known.told = told
      }
    }
  }
}

function isAhead(sourceTime: number, receiveTime: number, slack: number): boolean {
  const ahead = sourceTime - receiveTime
  return ahead > slack && ahead <= furthestAheadMs
}
