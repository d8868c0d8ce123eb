import { furthestAheadMs } from '../../schema/quality-rules.js'
import type { SampleBatch } from '../../schema/sample-batch.js'

/** Clocks that are kept by a time server differ by so much, ms: the times that one tells stand as they are. */
export const slackMs = 100
/** What is slower on its way by so much, ms, says nothing of its clock. */
const jitterMs = 1_000

/** What the newest value of a signal told of its time, and what was made of it; Unix ms. */
interface Made {
  told: number
  made: number
}

/** The values of one signal in one batch that one clock told. */
interface Stretch {
  readonly signal: number
  readonly places: number[]
  /** The newest time told, and how far the furthest that is new lies ahead of its receipt, ms. */
  newest: number
  lead: number
  /** What was newest before is told again in it. */
  isAgain: boolean
  /** Of the last value of it: the time told and the receipt. */
  told: number
  received: number
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
 * been ahead. All that one batch tells of a signal is taken back alike, by as much as the furthest of it is ahead, so that
 * order and distances stay. From batch to batch nothing is kept of the clock but the newest time told and what was
 * made of it: told again it is the same, and a later one is later, as far as its receipt lets it. Times beyond what
 * a clock may be ahead are left for the gate to refuse.
 */
export class TimeAhead {
  readonly #newest = new Map<number, Made>()
  /** Signals whose newest value bears another time than it was told with. */
  readonly #moved = new Set<number>()

  /** What was taken off the time of the newest value of a signal (by index), ms. */
  of(signal: number): number {
    if (!this.#moved.has(signal)) return 0
    const { told, made } = this.#newest.get(signal)!
    return Math.max(0, told - made)
  }

  /** The batch with no time ahead of its receipt, and the furthest that was; the batch itself where none is moved. */
  take(batch: SampleBatch): { readonly batch: SampleBatch; readonly furthest?: TakenBack } {
    const { count, signal, sourceTime, receiveTime } = batch
    if (!this.#hasToMove(batch)) {
      for (let i = 0; i < count; i++) this.#keep(signal[i]!, sourceTime[i]!, sourceTime[i]!, receiveTime[i]!)
      return { batch }
    }
    const made = sourceTime.slice()
    for (const stretch of this.#stretchesOf(batch)) this.#move(stretch, batch, made)
    const taken = { batch: { ...batch, sourceTime: made } }
    const furthest = furthestOf(batch)
    return furthest === undefined ? taken : { ...taken, furthest }
  }

  /** The batch of what was: as the same clock told it, so what is known of the clock is taken off. */
  takeHistory(batch: SampleBatch): SampleBatch {
    if (this.#moved.size === 0) return batch
    const { count, signal, sourceTime } = batch
    const taken = sourceTime.slice()
    for (let i = 0; i < count; i++) taken[i] = sourceTime[i]! - this.of(signal[i]!)
    return { ...batch, sourceTime: taken }
  }

  #hasToMove({ count, signal, sourceTime, receiveTime }: SampleBatch): boolean {
    for (let i = 0; i < count; i++) {
      if (isAhead(sourceTime[i]! - receiveTime[i]!)) return true
      if (this.#moved.size > 0 && this.#moved.has(signal[i]!)) return true
    }
    return false
  }

  /** The times that can be believed, by signal; a time that falls although its receipt comes later is of a clock that was set. */
  #stretchesOf({ count, signal, sourceTime, receiveTime }: SampleBatch): Stretch[] {
    const found: Stretch[] = []
    const current = new Map<number, Stretch>()
    for (let i = 0; i < count; i++) {
      const told = sourceTime[i]!
      const received = receiveTime[i]!
      const index = signal[i]!
      if (!(told - received <= furthestAheadMs)) continue
      let stretch = current.get(index)
      if (stretch === undefined || (told < stretch.told && received > stretch.received)) {
        const lead = Number.NEGATIVE_INFINITY
        stretch = { signal: index, places: [], newest: told, lead, isAgain: false, told, received }
        current.set(index, stretch)
        found.push(stretch)
      }
      stretch.places.push(i)
      stretch.newest = Math.max(stretch.newest, told)
      // What is told again is judged by its first receipt.
      if (told === this.#newest.get(index)?.told) stretch.isAgain = true
      else stretch.lead = Math.max(stretch.lead, told - received)
      stretch.told = told
      stretch.received = received
    }
    return found
  }

  #move({ signal, places, newest, lead, isAgain }: Stretch, batch: SampleBatch, made: Float64Array): void {
    const { sourceTime, receiveTime } = batch
    const by = isAhead(lead) ? lead : 0
    const known = this.#newest.get(signal)
    const before = known === undefined ? undefined : { ...known }
    // Nothing is ahead any more, or all lies before what was told: of a clock that was set.
    const isSet = by === 0 || (before !== undefined && newest < before.told)
    const inOrder = places.toSorted((a, b) => sourceTime[a]! - sourceTime[b]!)
    for (const place of inOrder) {
      const told = sourceTime[place]!
      const received = receiveTime[place]!
      const last = this.#newest.get(signal)
      let time = told - by
      if (last !== undefined && told === last.told) time = last.made
      else if (isAgain && before !== undefined && told < before.told)
        time = told - (before.told - before.made)
      else if (
        last !== undefined &&
        time <= last.made &&
        (told > last.told || (isSet && this.#isOvertaken(signal, time)))
      )
        // Not before the one before; where that lies after this receipt, by what clocks differ by, with it.
        time = Math.max(last.made, Math.min(last.made + 1, received))
      made[place] = time
      this.#keep(signal, told, time, received)
    }
  }

  /** Whether the newest value, taken as of its receipt, stands no further after `time` than its way here may have taken. */
  #isOvertaken(signal: number, time: number): boolean {
    return this.#moved.has(signal) && this.#newest.get(signal)!.made - time <= jitterMs
  }

  #keep(signal: number, told: number, made: number, received: number): void {
    if (!(told - received <= furthestAheadMs)) return
    const last = this.#newest.get(signal)
    if (last === undefined) this.#newest.set(signal, { told, made })
    else if (made >= last.made) {
      last.told = told
      last.made = made
    } else return
    if (made !== told) this.#moved.add(signal)
    else if (this.#moved.size > 0) this.#moved.delete(signal)
  }
}

/** Whether a time so far ahead of its receipt, ms, is of a clock that is ahead. */
function isAhead(leadMs: number): boolean {
  return leadMs > slackMs && leadMs <= furthestAheadMs
}

function furthestOf({ count, signal, sourceTime, receiveTime }: SampleBatch): TakenBack | undefined {
  let furthest: TakenBack | undefined
  for (let i = 0; i < count; i++) {
    const aheadMs = sourceTime[i]! - receiveTime[i]!
    if (!isAhead(aheadMs) || aheadMs <= (furthest?.aheadMs ?? 0)) continue
    furthest = { signal: signal[i]!, sourceTime: sourceTime[i]!, aheadMs }
  }
  return furthest
}
