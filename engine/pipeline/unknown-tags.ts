import type { UnknownTag } from '../../adapters/contract.js'

/** Tags named at most; a source that makes up a new tag for each value would fill the memory. */
const mostNamed = 1_000

/** The tags that a source tells and no signal has: each named once, every value counted. */
export class UnknownTags {
  readonly #counts = new Map<string, number>()
  #values = 0

  /** Values of unknown tags so far. */
  get values(): number {
    return this.#values
  }

  /** Whether there were more tags than are named. */
  get isFull(): boolean {
    return this.#counts.size === mostNamed
  }

  /** The tags and how many values came of each, most first. */
  list(): readonly (readonly [tag: string, values: number])[] {
    return [...this.#counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
  }

  /** Counts; answers with those never heard of before. */
  take(values: readonly UnknownTag[]): readonly UnknownTag[] {
    const fresh: UnknownTag[] = []
    for (const value of values) {
      this.#values++
      const known = this.#counts.get(value.tag)
      if (known !== undefined) this.#counts.set(value.tag, known + 1)
      else if (!this.isFull) {
        this.#counts.set(value.tag, 1)
        fresh.push(value)
      }
    }
    return fresh
  }
}
