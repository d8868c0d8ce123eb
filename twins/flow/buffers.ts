/**
 * The parts between machines: one buffer before each, filled by the machines that feed it. A machine that nobody
 * feeds always finds a part; one that feeds nobody always finds room.
 */
export class Buffers {
  /** Parts waiting before each machine. */
  readonly parts: Int32Array
  /** How many fit. */
  readonly size: Int32Array
  /** Places of the machines before each machine. */
  readonly suppliers: readonly (readonly number[])[]
  readonly #feeds: readonly (readonly number[])[]

  constructor(feeds: readonly (readonly number[])[]) {
    this.parts = new Int32Array(feeds.length)
    this.size = new Int32Array(feeds.length)
    this.#feeds = feeds
    const suppliers: number[][] = feeds.map(() => [])
    for (const [from, to] of feeds.entries()) for (const next of to) suppliers[next]?.push(from)
    this.suppliers = suppliers
  }

  /** Sets how many parts fit before a machine, and leaves the buffer half full. */
  open(machine: number, size: number): void {
    this.size[machine] = size
    this.parts[machine] = size >> 1
  }

  /** Takes a part from before `machine`; false where there is none. */
  take(machine: number): boolean {
    if (this.suppliers[machine]!.length === 0) return true
    if (this.parts[machine] === 0) return false
    this.parts[machine]!--
    return true
  }

  /**
   * Puts a part of `machine` into the emptiest of the buffers it feeds. Returns the machine behind that buffer, `full`
   * where there is no room, `shipped` where the line ends.
   */
  put(machine: number): number {
    const feeds = this.#feeds[machine]!
    if (feeds.length === 0) return shipped
    let to = full
    for (let i = 0; i < feeds.length; i++) {
      const next = feeds[i]!
      if (this.parts[next]! >= this.size[next]!) continue
      if (to === full || this.parts[next]! < this.parts[to]!) to = next
    }
    if (to !== full) this.parts[to]!++
    return to
  }
}

export const full = -1
export const shipped = -2
