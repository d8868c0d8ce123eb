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
  /** What a signal of its own said of why it stops, with the stop; empty: nothing. */
  readonly stopCode: string
  readonly shift: string
  readonly product: string
  readonly order: string
}

/** A code for why a machine stops belongs to the stop that begins within this time after it, ms: tags come in any order. */
export const codeLeadMs = 10_000

/** Whose cause is another machine's: what this one's own signals say of it is no reason. */
const isForeign = (kind: StopKind): boolean => kind === 'starved' || kind === 'blocked'

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
      // The first code that is told stands: what follows it is mostly its consequence.
      const stopCode = open.stopCode || codeOf(interval, open)
      this.#open = { ...open, to: interval.to, busyMs, stopCode }
      return
    }
    this.close()
    if (kind === undefined) return
    // Of a stop that is split by what somebody said the code stays.
    const isSplit = open !== undefined && open.kind === kind && open.to === interval.from
    const { from, to, downtimeReason, state, sourceState, shift, product, order } = interval
    this.#open = {
      from,
      to,
      busyMs: to - from,
      kind,
      downtimeReason,
      state,
      sourceState,
      stopCode: (isSplit && open.stopCode) || codeOf(interval, { kind, from }),
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

function codeOf({ stopCode, stopCodeAt }: Interval, { kind, from }: Pick<Stop, 'kind' | 'from'>): string {
  return isForeign(kind) || stopCodeAt < from - codeLeadMs ? '' : stopCode
}
