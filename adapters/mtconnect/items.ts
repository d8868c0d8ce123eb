import type { Signal } from '../../schema/plant.js'
import type { IndexedSignal } from '../contract.js'
import { ActiveConditions } from './active-conditions.js'

/** A word is one of a fixed set (an execution state, a mode); a text is free and may be a message with a code. */
type ItemKind = 'number' | 'word' | 'text' | 'condition'

/** The signals that one data item feeds, nearly always one, and what its rows look like. */
export interface Item {
  readonly tag: string
  readonly kind: ItemKind
  readonly signals: readonly { readonly index: number; readonly type: 'number' | 'text' }[]
  /** Of a condition: what was told of it so far. */
  readonly active: ActiveConditions
}

/**
 * Data items by key. A key may carry a device (`Mazak01:execution`), and a source with several devices announces the
 * one that plain keys belong to (`* device: Mazak01`). Tags of the plant name an item with or without its device.
 */
export class Items {
  readonly #byTag = new Map<string, Item>()
  /** The device that plain tags belong to: the configured one, else the first that the source announces. */
  #home: string | undefined
  #current: string | undefined

  constructor(signals: readonly IndexedSignal[], device?: string) {
    this.#home = device
    for (const { index, signal } of signals) {
      const known = this.#byTag.get(signal.tag)
      const own = kindOf(signal)
      const kind = known === undefined || own === 'condition' ? own : known.kind
      const fed = { index, type: signal.type }
      const signals = [...(known?.signals ?? []), fed]
      this.#byTag.set(signal.tag, { tag: signal.tag, kind, signals, active: new ActiveConditions() })
    }
  }

  get hasConditions(): boolean {
    return [...this.#byTag.values()].some(({ kind, active }) => kind === 'condition' || active.isTold)
  }

  /** Forgets what was active: nothing is known of what is now. */
  clearConditions(): void {
    for (const { active } of this.#byTag.values()) active.clear()
  }

  /** Plain keys belong to this device from now on. */
  selectDevice(name: string): void {
    this.#home ??= name
    this.#current = name
  }

  find(key: string): Item | undefined {
    const colon = key.indexOf(':')
    if (colon >= 0) {
      const isHome = key.slice(0, colon) === this.#home
      return this.#byTag.get(key) ?? (isHome ? this.#byTag.get(key.slice(colon + 1)) : undefined)
    }
    const device = this.#current ?? this.#home
    const ofDevice = this.#byTag.get(`${device}:${key}`)
    return ofDevice ?? (device === this.#home ? this.#byTag.get(key) : undefined)
  }
}

function kindOf(signal: Signal): ItemKind {
  if (signal.quantity === 'condition') return 'condition'
  if (signal.type === 'number') return 'number'
  return signal.quantity === 'text' ? 'text' : 'word'
}
