import type { SourceEvent } from '../contract.js'
import type { Block } from './plan.js'

/** Which units do not tell values that they are asked for, and why: told as long as a signal has none for that reason. */
export class UnwellUnits {
  readonly #tell: (event: SourceEvent) => void
  /** Signals without a value by what is wrong, and what is wrong with each. */
  readonly #without = new Map<string, Set<number>>()
  readonly #wrong = new Map<number, string>()

  constructor(tell: (event: SourceEvent) => void) {
    this.#tell = tell
  }

  /** `why`: a short name, the same for the same reason; `what`: in words, with the next step. */
  add({ unit, fields }: Block, why: string, what: string): void {
    const of = `unit ${unit}: ${why}`
    const before = this.#without.get(of)
    const without = before ?? new Set<number>()
    this.#without.set(of, without)
    for (const { index } of fields) {
      if (this.#wrong.get(index) === of) continue
      this.#leave(index)
      this.#wrong.set(index, of)
      without.add(index)
    }
    if (before === undefined) this.#tell({ kind: 'trouble', of, what })
  }

  /** The signals of the block are told again. */
  clear({ fields }: Block): void {
    if (this.#wrong.size === 0) return
    for (const { index } of fields) this.#leave(index)
  }

  #leave(index: number): void {
    const of = this.#wrong.get(index)
    if (of === undefined) return
    this.#wrong.delete(index)
    const without = this.#without.get(of)!
    without.delete(index)
    if (without.size > 0) return
    this.#without.delete(of)
    this.#tell({ kind: 'trouble', of, what: undefined })
  }
}
