import type { TimePolicy } from '../../schema/plant.js'
import type { SampleBatch } from '../../schema/sample-batch.js'

/** The offset is the least delay of about the last minute: of this half and the one before. */
const halfMs = 30_000
/** A correction follows the measured offset only where they differ by more, so that jitter moves no sample. */
const slackMs = 100

/**
 * What a source's clock is worth. A sample is never early, so the least distance between the time it bears and its
 * receipt is the delay of the quickest one plus what the source's clock is behind; where it is negative the clock is
 * ahead for certain.
 */
export class SourceTime {
  readonly #policy: TimePolicy
  #least = Number.POSITIVE_INFINITY
  #leastBefore = Number.POSITIVE_INFINITY
  #halfEnds = Number.NEGATIVE_INFINITY
  #applied = 0
  #lag: number | undefined

  constructor(policy: TimePolicy) {
    this.#policy = policy
  }

  /** How much the source's clock is ahead of ours, less the quickest delay, ms; undefined before the first sample. */
  get offset(): number | undefined {
    const least = Math.min(this.#least, this.#leastBefore)
    return Number.isFinite(least) ? 0 - least : undefined
  }

  /** From the time that the newest sample bore to its receipt, ms. */
  get lag(): number | undefined {
    return this.#lag
  }

  /** The batch with the times that the policy wants. */
  apply(batch: SampleBatch): SampleBatch {
    if (batch.count === 0) return batch
    this.#measure(batch)
    if (this.#policy === 'source') return batch
    if (this.#policy === 'receive') return { ...batch, sourceTime: batch.receiveTime }
    const offset = this.offset ?? 0
    if (Math.abs(offset - this.#applied) > slackMs) this.#applied = offset
    if (this.#applied === 0) return batch
    return { ...batch, sourceTime: batch.sourceTime.map(time => time - this.#applied) }
  }

  #measure({ count, sourceTime, receiveTime }: SampleBatch): void {
    const received = receiveTime[count - 1]!
    if (received >= this.#halfEnds) {
      this.#leastBefore = received - this.#halfEnds < halfMs ? this.#least : Number.POSITIVE_INFINITY
      this.#least = Number.POSITIVE_INFINITY
      this.#halfEnds = received + halfMs
    }
    for (let i = 0; i < count; i++) {
      // What is no number compares with nothing.
      const delay = receiveTime[i]! - sourceTime[i]!
      if (delay < this.#least) this.#least = delay
    }
    this.#lag = received - sourceTime[count - 1]!
  }
}
