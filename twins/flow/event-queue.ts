/**
 * What happens next, by time, among a fixed set of event ids, each with at most one time. Events of the same time come
 * in the order of their ids, so that the order never depends on how far anybody advances at once.
 *
 * A tournament: the ids are the leaves of a binary tree, and each node knows which of the ids below it is earliest. To
 * give an event a new time is to play the matches on the way to the root again, and nothing ever moves.
 */
export class EventQueue {
  readonly #time: Float64Array
  /** By node: the winner below it. Node 1 is the root, the children of node k are 2k and 2k + 1. */
  readonly #winner: Int32Array
  readonly #leaves: number

  constructor(capacity: number) {
    let leaves = 2
    while (leaves < capacity) leaves *= 2
    this.#leaves = leaves
    this.#time = new Float64Array(leaves).fill(Number.POSITIVE_INFINITY)
    this.#winner = new Int32Array(2 * leaves)
    for (let id = 0; id < leaves; id++) this.#winner[leaves + id] = id
    for (let node = leaves - 1; node >= 1; node--) this.#winner[node] = this.#winner[2 * node]!
  }

  /** Id of the next event; -1 when nothing waits. */
  get next(): number {
    return this.nextTime === Number.POSITIVE_INFINITY ? -1 : this.#winner[1]!
  }

  /** Time of the next event; infinite when nothing waits. */
  get nextTime(): number {
    return this.#time[this.#winner[1]!]!
  }

  /** Lets `id` happen at `time`, in place of the time it had; an infinite time clears it. */
  set(id: number, time: number): void {
    const times = this.#time
    const winner = this.#winner
    times[id] = time
    for (let node = (this.#leaves + id) >> 1; node >= 1; node >>= 1) {
      const left = winner[2 * node]!
      const right = winner[2 * node + 1]!
      winner[node] = times[right]! < times[left]! ? right : left
    }
  }

  clear(id: number): void {
    this.set(id, Number.POSITIVE_INFINITY)
  }
}
