import type { Conversion } from '../../schema/unit-conversion.js'
import { conversionFrom } from '../../schema/unit-spelling.js'
import type { IndexedSignal } from '../contract.js'

/** A signal as the codec needs it. */
export interface TaggedSignal {
  readonly index: number
  readonly type: 'number' | 'text'
  /** As the plant shows it; empty where there is none. */
  readonly unit: string
  /** Reported again and again, so that an old value is a stale one. */
  readonly isPeriodic: boolean
}

/** The signals that one tag feeds, nearly always one, and how the tag's name says they are measured. */
export interface TaggedSignals {
  readonly signals: readonly TaggedSignal[]
  /** The tag's `suffixOf`; empty where units in names do not count. */
  readonly suffix: string
}

/** What stands behind the last `_` of a tag, perhaps a unit; empty where nothing does. */
export const suffixOf = (tag: string): string => /_([A-Za-z%°][A-Za-z0-9%°/]*)$/.exec(tag)?.[1] ?? ''

/** The signals of a source by tag. */
export class TagBook {
  readonly #byTag = new Map<string, TaggedSignal[]>()
  /** Found by their tag itself. */
  readonly #named = new Set<readonly TaggedSignal[]>()
  /** Found by a name that says their unit as well. */
  readonly #meant = new Set<readonly TaggedSignal[]>()
  #edition = 0

  constructor(signals: readonly IndexedSignal[]) {
    for (const { index, signal } of signals) {
      const { type, unit, period, tag } = signal
      const tagged = { index, type, unit, isPeriodic: period > 0 }
      const known = this.#byTag.get(tag)
      if (known === undefined) this.#byTag.set(tag, [tagged])
      else known.push(tagged)
    }
  }

  /** Grows when a tag that has been found is found no longer, so that what is kept of it is to be worked out anew. */
  get edition(): number {
    return this.#edition
  }

  /**
   * The signals of a tag as a source names it. Where the plant knows no such tag, slashes may stand for dots. With
   * `isUnitInName` a unit at the end of the name may be missing in the plant: `press/flow_Lmin` finds `press.flow`,
   * measured in L/min, which whoever asks converts; not where the source has been heard to have `press/flow` itself.
   */
  find(tag: string, isUnitInName: boolean): TaggedSignals | undefined {
    const suffix = isUnitInName ? suffixOf(tag) : ''
    const dotted = tag.replaceAll('/', '.')
    const exact = this.#byTag.get(tag) ?? this.#byTag.get(dotted)
    if (exact !== undefined) {
      if (this.#meant.has(exact) && !this.#named.has(exact)) this.#edition++
      this.#named.add(exact)
      return { signals: exact, suffix }
    }
    if (suffix === '') return undefined
    const bare = -suffix.length - 1
    const signals = this.#byTag.get(tag.slice(0, bare)) ?? this.#byTag.get(dotted.slice(0, bare))
    if (signals === undefined || this.#named.has(signals)) return undefined
    if (!signals.every(({ unit }) => conversionFrom(suffix, unit) !== undefined)) return undefined
    this.#meant.add(signals)
    return { signals, suffix }
  }
}

/** `value * scale + offset`, then into the signal's unit; undefined where nothing is to be done. */
export function composed(first: Conversion, then: Conversion | undefined): Conversion | undefined {
  const { scale, offset } = then ?? { scale: 1, offset: 0 }
  const whole = { scale: first.scale * scale, offset: first.offset * scale + offset }
  return whole.scale === 1 && whole.offset === 0 ? undefined : whole
}
