import type { Interval } from './ledger.js'
import type { TimeClass } from './time-class.js'

/** What a stop counts as; a stop of several kinds is several stops. */
export const stopKinds = [
  'breakdown',
  'minorStop',
  'starved',
  'blocked',
  'setup',
  'idle',
  'planned',
  'unknown',
] as const satisfies readonly TimeClass[]
export type StopKind = (typeof stopKinds)[number]

/** A machine does not produce in time that was planned for it. */
export interface Stop {
  /** Unix ms; `to`: as far as is known. */
  readonly from: number
  readonly to: number
  /** Of it planned busy time, ms: pauses within it do not count. */
  readonly busyMs: number
  readonly kind: StopKind
  /** `category/code` as somebody said; empty: nobody has. */
  readonly downtimeReason: string
  /** How it began: PackML state and the source's own word. */
  readonly state: string
  readonly sourceState: string
  readonly shift: string
  readonly product: string
  readonly order: string
}

/**
 * Puts intervals together to stops, in the order in which a ledger tells them. A pause of the calendar belongs to the
 * stop that it interrupts; the end of the shift ends it.
 */
export class StopCollector {
  readonly #tell: (stop: Stop) => void
  #open: Stop | undefined

  constructor(tell: (stop: Stop) => void) {
    this.#tell = tell
  }

  take(interval: Interval): void {
    if (interval.plan === 'pause' || interval.plan === 'stop') return
    const kind = interval.plan === 'none' ? undefined : stopKinds.find(name => name === interval.timeClass)
    const open = this.#open
    if (open !== undefined && kind === open.kind && interval.downtimeReason === open.downtimeReason) {
      const busyMs = open.busyMs + interval.to - interval.from
      this.#open = { ...open, to: interval.to, busyMs }
      return
    }
    this.close()
    if (kind === undefined) return
    const { from, to, downtimeReason, state, sourceState, shift, product, order } = interval
    this.#open = {
      from,
      to,
      busyMs: to - from,
      kind,
      downtimeReason,
      state,
      sourceState,
      shift,
      product,
      order,
    }
  }

  /** Another one that goes on where this one stands. */
  copy(tell: (stop: Stop) => void): StopCollector {
    const copy = new StopCollector(tell)
    copy.#open = this.#open
    return copy
  }

  /** Tells the last one as far as it is known. */
  close(): void {
    if (this.#open !== undefined) this.#tell(this.#open)
    this.#open = undefined
  }
}
