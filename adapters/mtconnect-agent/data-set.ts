/** What was told of a data set or a table (MTConnect Part 2, DATA_SET, TABLE). */
export interface DataSetChange {
  /** By key; undefined: the entry was removed. */
  readonly entries: readonly (readonly [key: string, value: string | undefined])[]
  /** All that was before is gone. */
  readonly isReset: boolean
}

/** The entries of one data set: an agent tells only what changed of them. */
export class DataSet {
  readonly #entries = new Map<string, string>()

  /** Takes what changed, and says all that is there now: `a=1 b=two`, by key. */
  take({ entries, isReset }: DataSetChange): string {
    if (isReset) this.#entries.clear()
    for (const [key, value] of entries) {
      if (value === undefined) this.#entries.delete(key)
      else this.#entries.set(key, value)
    }
    const sorted = [...this.#entries].sort(([a], [b]) => (a < b ? -1 : 1))
    return sorted.map(([key, value]) => `${key}=${value}`).join(' ')
  }
}
