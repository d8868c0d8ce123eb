import { conditionText } from './row.js'

/** The worst first; what is normal is none of them. */
const levels = ['Fault', 'Warning'] as const
/** Conditions of one item that are remembered; a source that makes up more never clears them. */
const mostActive = 1_000
/** Conditions that are shown; of more than these only the number. */
const mostShown = 20

interface Active {
  readonly level: string
  readonly text: string
}

/**
 * What is active of one condition (MTConnect Part 2, Condition): several at once, told apart by their conditionId or,
 * where there is none, their nativeCode. A Normal with a code clears the one, a Normal without clears all.
 */
export class ActiveConditions {
  readonly #active = new Map<string, Active>()
  #changedAt = Number.NEGATIVE_INFINITY

  /**
   * Takes what was told of one, and says what is shown from then on and since when: the worst level with all that are
   * of it, by their ids. `fields`: code, severity, qualifier, message. `time`: Unix ms UTC.
   */
  take(
    level: string,
    fields: readonly string[],
    id: string,
    time: number,
  ): { readonly level: string; readonly text: string; readonly time: number } {
    const text = conditionText(level, fields)
    const known = this.#active.get(id)
    const isNews = level === 'Normal' ? this.#clear(id) : known?.level !== level || known.text !== text
    if (level !== 'Normal' && isNews) this.#raise(id, { level, text })
    // What stands is told again with the time it began: that is no reason to go back behind what came since.
    const at = isNews ? time : Math.max(time, this.#changedAt)
    this.#changedAt = at
    return { ...(this.#worst() ?? { level: 'Normal', text: id === '' ? text : 'Normal' }), time: at }
  }

  /** Whether anything was ever told of it. */
  get isTold(): boolean {
    return this.#changedAt > Number.NEGATIVE_INFINITY
  }

  clear(): void {
    this.#active.clear()
  }

  #raise(id: string, active: Active): void {
    if (!this.#active.has(id) && this.#active.size >= mostActive) {
      const [oldest] = this.#active.keys()
      this.#active.delete(oldest!)
    }
    this.#active.set(id, active)
  }

  /** Whether something was active that no longer is. */
  #clear(id: string): boolean {
    if (id !== '') return this.#active.delete(id)
    const isNews = this.#active.size > 0
    this.#active.clear()
    return isNews
  }

  #worst(): Active | undefined {
    for (const level of levels) {
      const worst = [...this.#active].filter(([, active]) => active.level === level)
      if (worst.length === 0) continue
      worst.sort(([a], [b]) => (a < b ? -1 : 1))
      const texts = worst.slice(0, mostShown).map(([, { text }]) => text)
      if (worst.length > mostShown) texts.push(`and ${worst.length - mostShown} more`)
      return { level, text: texts.join('; ') }
    }
    return undefined
  }
}
