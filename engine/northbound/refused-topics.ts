/** Most topics remembered: that a broker refuses these will do. */
const mostTopics = 1_000

/** What a broker does not let us publish, by topic, until it does. */
export class RefusedTopics {
  readonly #why = new Map<string, string>()

  /** Returns whether it is the first. */
  add(topic: string, why: string): boolean {
    if (this.#why.size < mostTopics) this.#why.set(topic, why)
    return this.#why.size === 1
  }

  taken(topic: string): void {
    this.#why.delete(topic)
  }

  /** In words, with the next step; undefined: it refuses none. */
  get words(): string | undefined {
    const [first] = this.#why
    if (first === undefined) return undefined
    const [topic, why] = first
    const others = this.#why.size > 1 ? ` and ${this.#why.size - 1} more` : ''
    const [enterprise] = topic.split('/')
    return `does not let us publish ${topic}${others} (${why}); let its user write ${enterprise}/#`
  }
}
