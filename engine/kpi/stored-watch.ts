import type { Store } from '../store/store.js'

/** Knows from when on something was told that may not be in the database yet. */
export class StoredWatch {
  readonly #store: Pick<Store, 'flush'>
  /** The oldest that was told since a flush began, Unix ms; and of those that have not ended, or failed. */
  #told = { from: Number.POSITIVE_INFINITY }
  readonly #unstored = new Set([this.#told])

  constructor(store: Pick<Store, 'flush'>) {
    this.#store = store
  }

  /** Something of that time is on its way, Unix ms. */
  tell(time: number): void {
    this.#told.from = Math.min(this.#told.from, time)
  }

  /** Sees that what happened up to a time is in the database: of long ago it is, unless it was told of since. */
  async upTo(upTo: number): Promise<void> {
    const told = [...this.#unstored]
    if (told.every(({ from }) => from > upTo)) return
    this.#told = { from: Number.POSITIVE_INFINITY }
    this.#unstored.add(this.#told)
    await this.#store.flush()
    for (const stored of told) this.#unstored.delete(stored)
  }
}
