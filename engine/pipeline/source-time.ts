import type { TimePolicy } from '../../schema/plant.js'
import type { SampleBatch } from '../../schema/sample-batch.js'
import { ClockOffset } from './clock-offset.js'
import { type TakenBack, TimeAhead } from './time-ahead.js'
import { TimeBack } from './time-back.js'

/** A correction follows the measured offset only where they differ by more, so that jitter moves no sample. */
const jitterMs = 100
/** A clock that is ahead by more is worth a word, ms. */
const worthTellingMs = 1_000
/** No clock that can be corrected is ahead by more than is known of it, ms: a day is more than any wrong time zone. */
const furthestMs = 86_400_000

/** The times of a source: how good its clock is, and the times that its samples are to bear. */
export class SourceTime {
  readonly #policy: TimePolicy
  readonly #isOwnClock: boolean
  readonly #clock = new ClockOffset()
  readonly #ahead = new TimeAhead()
  readonly #back = new TimeBack()
  #takenBack: TakenBack | undefined
  #applied = 0
  #lag: number | undefined

  /** `isOwnClock`: the floor goes by the source's clock, so that nothing of it is ahead. */
  constructor(policy: TimePolicy, isOwnClock = false) {
    this.#policy = policy
    this.#isOwnClock = isOwnClock
  }

  /** The first time that was taken back by more than a second: what is less needs nobody's attention. */
  get takenBack(): TakenBack | undefined {
    return this.#takenBack
  }

  /** How far what it tells has been behind its receipt for some time, ms, where its own time is believed. */
  get behindMs(): number | undefined {
    return this.#policy === 'source' ? this.#back.behindMs : undefined
  }

  /** Signals (by index) that this batch, of which the floor has not heard yet, makes outdated; see TimeBack. */
  hearBehind(batch: SampleBatch, newest: Float64Array, received: number): ReadonlySet<number> {
    return this.#back.hear(batch, newest, this.offset, received)
  }

  /** What was taken off the time of the newest value of a signal (by index) because it was ahead, ms. */
  ahead(signal: number): number {
    return this.#ahead.of(signal)
  }

  /** How much the source's clock is ahead of ours, less the quickest delay, ms; undefined before that is known. */
  get offset(): number | undefined {
    return this.#clock.ms
  }

  /** From the time that the newest sample bore to its receipt, ms. */
  get lag(): number | undefined {
    return this.#lag
  }

  /** The batch with the times that the policy wants. `isHistory`: told after the event, which says nothing of a clock. */
  apply(batch: SampleBatch, isHistory = false): SampleBatch {
    if (batch.count === 0) return batch
    if (!isHistory) this.#measure(batch)
    if (this.#policy === 'source') return this.#isOwnClock ? batch : this.#takeBack(batch, isHistory)
    if (this.#policy === 'receive') return { ...batch, sourceTime: batch.receiveTime }
    const offset = this.#clock.ms ?? 0
    if (Math.abs(offset - this.#applied) > jitterMs) this.#applied = offset
    return this.#correct(batch)
  }

  #takeBack(told: SampleBatch, isHistory: boolean): SampleBatch {
    if (isHistory) return this.#ahead.takeHistory(told)
    const { batch, furthest } = this.#ahead.take(told)
    if (furthest !== undefined && furthest.aheadMs > worthTellingMs) this.#takenBack ??= furthest
    return batch
  }

  /**
   * What is still ahead cannot be: it is taken as of its receipt, as long as a clock may go that wrong; the gate turns
   * away the rest.
   */
  #correct(batch: SampleBatch): SampleBatch {
    const { count, sourceTime, receiveTime } = batch
    const corrected = sourceTime.slice()
    for (let i = 0; i < count; i++) {
      const time = sourceTime[i]! - this.#applied
      const received = receiveTime[i]!
      corrected[i] = time > received && time - received <= furthestMs ? received : time
    }
    return { ...batch, sourceTime: corrected }
  }

  /** What the sample at `place` of what came, the last whose time can be true, says of the way here. */
  measureLag({ sourceTime, receiveTime }: SampleBatch, place: number): void {
    if (place >= 0) this.#lag = receiveTime[place]! - sourceTime[place]!
  }

  #measure({ count, signal, sourceTime, receiveTime }: SampleBatch): void {
    for (let i = 0; i < count; i++) this.#clock.hear(signal[i]!, sourceTime[i]!, receiveTime[i]!)
  }
}
