/**
 * Receipts in the order of their messages, each given once all samples up to its message are accepted and on the disk.
 * The broker keeps what has no receipt and sends it again after a lost link; so what we acknowledge must be durable.
 */
export class Acknowledgements {
  readonly #onDisk: (() => Promise<void>) | undefined
  #waiting: { readonly upTo: number; readonly give: () => void }[] = []
  #accepted = 0
  #isCommitting = false
  #isClosed = false

  /** `onDisk` resolves when all that is accepted by now is; without it accepted is enough. */
  constructor(onDisk?: () => Promise<void>) {
    this.#onDisk = onDisk
  }

  /** `upTo`: how many samples there were with those of the message; a message without any counts those before it. */
  hold(upTo: number, give: () => void): void {
    this.#waiting.push({ upTo, give })
  }

  accept(count: number): void {
    this.#accepted = count
    this.settle()
  }

  /** Gives those whose messages are accepted already: of messages without samples, too. */
  settle(): void {
    const count = this.#accepted
    if (this.#onDisk === undefined) {
      this.#give(count)
      return
    }
    const [first] = this.#waiting
    if (this.#isCommitting || first === undefined || first.upTo > count) return
    this.#isCommitting = true
    void this.#onDisk().then(() => {
      this.#isCommitting = false
      if (this.#isClosed) return
      this.#give(count)
      // What was accepted meanwhile goes to the disk together.
      this.settle()
    })
  }

  /** Gives no more: the link is gone. */
  close(): void {
    this.#isClosed = true
  }

  #give(count: number): void {
    let given = 0
    while (given < this.#waiting.length && this.#waiting[given]!.upTo <= count) this.#waiting[given++]!.give()
    if (given > 0) this.#waiting = this.#waiting.slice(given)
  }
}
