/** The newest row of every item, in the order of the recording: what a reader that joins late has to know. */
export class CurrentValues {
  readonly #rowByKey = new Map<string, number>()
  readonly #rows = new Map<number, { readonly text: string; keys: number }>()
  #count = 0

  see(text: string): void {
    const row = this.#count++
    const keys = new Set(keysOf(text))
    if (keys.size === 0) return
    this.#rows.set(row, { text, keys: keys.size })
    for (const key of keys) {
      this.#release(this.#rowByKey.get(key))
      this.#rowByKey.set(key, row)
    }
  }

  rows(): string[] {
    return [...this.#rows.values()].map(({ text }) => text)
  }

  /** A row leaves when none of its items is the newest any more. */
  #release(row: number | undefined): void {
    const known = row === undefined ? undefined : this.#rows.get(row)
    if (known === undefined || row === undefined) return
    known.keys--
    if (known.keys === 0) this.#rows.delete(row)
  }
}

/**
 * Every second field behind the time. Of a condition that is the key and some of its own fields: keeping a row under a
 * name too many costs a row, not a value.
 */
function keysOf(row: string): string[] {
  if (row.startsWith('*')) return []
  return row.split('|').filter((field, place) => place % 2 === 1 && field !== '')
}
