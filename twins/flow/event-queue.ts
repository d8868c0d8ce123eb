/**
 * What happens next, by time: a binary heap over a fixed set of event ids, each with at most one time. Events of the
 * same time come in the order of their ids, so that the order never depends on how far anybody advances at once.
 */
export class EventQueue {
  readonly #heap: Int32Array
  /** Place of each id in the heap; -1 = not waiting. */
  readonly #place: Int32Array
  readonly #time: Float64Array
  #size = 0

  constructor(capacity: number) {
    this.#heap = new Int32Array(capacity)
    this.#place = new Int32Array(capacity).fill(-1)
    this.#time = new Float64Array(capacity)
  }

  /** Id of the next event; -1 when nothing waits. */
  get next(): number {
    return this.#size === 0 ? -1 : this.#heap[0]!
  }

  /** Time of the next event; infinite when nothing waits. */
  get nextTime(): number {
    return this.#size === 0 ? Number.POSITIVE_INFINITY : this.#time[this.#heap[0]!]!
  }

  /** Lets `id` happen at `time`, in place of the time it had. */
  set(id: number, time: number): void {
    this.#time[id] = time
    let place = this.#place[id]!
    if (place < 0) place = this.#size++
    this.#sink(this.#rise(place, id), id)
  }

  clear(id: number): void {
    const place = this.#place[id]!
    if (place < 0) return
    this.#place[id] = -1
    const last = this.#heap[--this.#size]!
    if (last !== id) this.#sink(this.#rise(place, last), last)
  }

  #isBefore(a: number, b: number): boolean {
    const timeA = this.#time[a]!
    const timeB = this.#time[b]!
    return timeA < timeB || (timeA === timeB && a < b)
  }

  #put(place: number, id: number): void {
    this.#heap[place] = id
    this.#place[id] = place
  }

  #rise(from: number, id: number): number {
    let place = from
    while (place > 0) {
      const parent = (place - 1) >> 1
      const other = this.#heap[parent]!
      if (!this.#isBefore(id, other)) break
      this.#put(place, other)
      place = parent
    }
    this.#put(place, id)
    return place
  }

  #sink(from: number, id: number): void {
    let place = from
    for (;;) {
      let child = 2 * place + 1
      if (child >= this.#size) break
      if (child + 1 < this.#size && this.#isBefore(this.#heap[child + 1]!, this.#heap[child]!)) child++
      const other = this.#heap[child]!
      if (!this.#isBefore(other, id)) break
      this.#put(place, other)
      place = child
    }
    this.#put(place, id)
  }
}
