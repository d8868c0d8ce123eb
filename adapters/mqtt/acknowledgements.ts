/**
 * Receipts in the order of their messages, each given once all samples up to its message are accepted. The broker
 * keeps what has no receipt and sends it again after a lost link; so what we acknowledge must be durable.
 */
export class Acknowledgements {
  #waiting: { readonly upTo: number; readonly give: () => void }[] = []
  #accepted = 0

  /** `upTo`: how many samples there were with those of the message; a message without any counts those before it. */
  hold(upTo: number, give: () => void): void {
    this.#waiting.push({ upTo, give })
  }

  get count(): number {
    return this.#waiting.length
  }

  accept(count: number): void {
    this.#accepted = count
    let given = 0
    while (given < this.#waiting.length && this.#waiting[given]!.upTo <= this.#accepted) {
      this.#waiting[given++]!.give()
    }
    if (given > 0) this.#waiting = this.#waiting.slice(given)
  }

  /** Gives those whose messages are accepted already: of messages without samples. */
  settle(): void {
    this.accept(this.#accepted)
  }
}
