import type { Topic } from './topic.js'

/**
 * What changed in a topic since a client that has fallen behind last had a frame: which entries, and between which
 * smallest and largest values, so that a spike between two of its frames is not lost. Its size is bounded by the
 * topic's, however long the client is away.
 */
export class ChangeSet {
  /** Sequence number of the frame the client has. */
  readonly fromSeq: number
  readonly #isChanged: Uint8Array
  readonly #min: Float64Array
  readonly #max: Float64Array
  readonly #signals: number[] = []
  readonly #machines = new Set<number>()

  constructor(topic: Topic, fromSeq: number) {
    this.fromSeq = fromSeq
    this.#isChanged = new Uint8Array(topic.signals.length)
    this.#min = new Float64Array(topic.signals.length)
    this.#max = new Float64Array(topic.signals.length)
  }

  /** Adds what changed in the topic in this tick. */
  add(topic: Topic): void {
    const { min, max } = topic.floor.signals
    for (const index of topic.changedSignals) {
      const place = topic.placeOf(index)
      const low = min[index]!
      const high = max[index]!
      const isFirst = this.#isChanged[place] === 0
      // As in the latest table: what is not a number never hides a number.
      if (isFirst || !(this.#min[place]! <= low || Number.isNaN(low))) this.#min[place] = low
      if (isFirst || !(this.#max[place]! >= high || Number.isNaN(high))) this.#max[place] = high
      if (isFirst) this.#signals.push(index)
      this.#isChanged[place] = 1
    }
    for (const index of topic.changedMachines) this.#machines.add(index)
  }

  /** Changed signals, ascending. */
  signals(): Uint32Array {
    return Uint32Array.from(this.#signals).sort()
  }

  machines(): Uint32Array {
    return Uint32Array.from(this.#machines).sort()
  }

  min(topic: Topic, index: number): number {
    return this.#min[topic.placeOf(index)]!
  }

  max(topic: Topic, index: number): number {
    return this.#max[topic.placeOf(index)]!
  }
}
