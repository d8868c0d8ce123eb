/** A source that names ever more troubles would fill the memory. */
const mostTroubles = 20
/** A trouble that comes and goes is told at most so often, ms: it would fill the log. */
const tellAgainMs = 600_000

interface Told {
  readonly what: string
  /** Unix ms UTC. */
  readonly at: number
}

/** What does not work of a source while its link stands, each by its name. */
export class Troubles {
  readonly #standing = new Map<string, string>()
  /** What was told last of each that was told, and is not over for long. */
  readonly #told = new Map<string, Told>()

  /** In words, the oldest first. */
  get list(): readonly string[] {
    return [...this.#standing.values()]
  }

  /** `what`: in words; undefined: it is over. Returns whether that is worth telling at `now`, Unix ms UTC. */
  set(of: string, what: string | undefined, now: number): boolean {
    if (what === undefined) {
      this.#standing.delete(of)
      return false
    }
    if (!this.#standing.has(of) && this.#standing.size >= mostTroubles) return false
    this.#standing.set(of, what)
    const told = this.#told.get(of)
    if (told?.what === what && now - told.at < tellAgainMs) return false
    if (told === undefined && this.#told.size >= mostTroubles) this.#told.clear()
    this.#told.set(of, { what, at: now })
    return true
  }

  /** The link is gone: what is wrong is another thing now. */
  clear(): void {
    this.#standing.clear()
  }
}
