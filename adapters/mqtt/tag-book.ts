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
  /** What stands behind the last `_` of the tag's last part: perhaps a unit. */
  readonly suffix: string
}

const suffixOf = /_([A-Za-z%°][A-Za-z0-9%°/]*)$/

/** The signals of a source by tag. */
export class TagBook {
  readonly #byTag = new Map<string, TaggedSignal[]>()

  constructor(signals: readonly IndexedSignal[]) {
    for (const { index, signal } of signals) {
      const { type, unit, period, tag } = signal
      const tagged = { index, type, unit, isPeriodic: period > 0 }
      const known = this.#byTag.get(tag)
      if (known === undefined) this.#byTag.set(tag, [tagged])
      else known.push(tagged)
    }
  }

  /**
   * The signals of a tag as a source names it. Where the plant knows no such tag, slashes may stand for dots, and a
   * unit at the end of the name may be missing in the plant: `press/flow_Lmin` finds `press.flow`, measured in L/min.
   */
  find(tag: string): TaggedSignals | undefined {
    const suffix = suffixOf.exec(tag)?.[1] ?? ''
    const dotted = tag.replaceAll('/', '.')
    const exact = this.#byTag.get(tag) ?? this.#byTag.get(dotted)
    if (exact !== undefined) return { signals: exact, suffix }
    if (suffix === '') return undefined
    const bare = -suffix.length - 1
    const signals = this.#byTag.get(tag.slice(0, bare)) ?? this.#byTag.get(dotted.slice(0, bare))
    const isUnit = signals?.every(({ unit }) => conversionFrom(suffix, unit) !== undefined)
    return signals !== undefined && isUnit ? { signals, suffix } : undefined
  }
}

/** `value * scale + offset`, then into the signal's unit; undefined where nothing is to be done. */
export function composed(first: Conversion, then: Conversion | undefined): Conversion | undefined {
  const { scale, offset } = then ?? { scale: 1, offset: 0 }
  const whole = { scale: first.scale * scale, offset: first.offset * scale + offset }
  return whole.scale === 1 && whole.offset === 0 ? undefined : whole
}
