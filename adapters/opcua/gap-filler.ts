import type { AdapterContext, IndexedSignal, MissingPast } from '../contract.js'
import { type ReceivedValue, sourceTimeOf } from './codec.js'
import { type Gap, readHistory } from './history.js'
import type { Outlet } from './outlet.js'
import type { OpenSession } from './session.js'

/**
 * A signal may have been silent long before a link was lost, and what was on its way when it was lost may be this much
 * older than the newest that came of the source, ms.
 */
const onItsWayMs = 600_000
const maxRaw = 4096

/**
 * Fills what links have missed from the server's history: from the newest value that the floor has of a signal to the
 * first that the new link brought. What a broken link leaves unread is left to the next one.
 */
export class GapFiller {
  readonly #context: AdapterContext
  readonly #outlet: Outlet
  readonly #longestMs: number
  /** Of each signal: the newest time that the floor had when the link began, Unix ms UTC by the floor's clock. */
  readonly #before = new Map<number, number>()
  /** The first source time of each signal on this link. */
  #first: Map<number, number> | undefined
  #isFilling = false

  /** `longestMs`: how far back a gap is filled at most; 0 = none is. */
  constructor(context: AdapterContext, outlet: Outlet, longestMs: number) {
    this.#context = context
    this.#outlet = outlet
    this.#longestMs = longestMs
  }

  /** The link begins, or has lost what these signals said: from now on it is noted what comes first. */
  begin(signals: readonly IndexedSignal[] = this.#context.signals): void {
    const { past } = this.#context
    if (past === undefined || this.#longestMs === 0) return
    this.#first ??= new Map()
    for (const { index } of signals) {
      this.#first.delete(index)
      // What an earlier gap has not read yet, this one reads with it.
      if (this.#before.has(index)) continue
      const newest = past.newest(index)
      if (newest !== undefined) this.#before.set(index, newest)
    }
  }

  /** A value came by the link, in time. */
  came(index: number, value: ReceivedValue): void {
    if (this.#first === undefined || this.#first.has(index)) return
    this.#first.set(index, sourceTimeOf(value) ?? this.#outlet.receiveTime)
  }

  /** The first values of all signals have come, or will not: what lies between them and what was before is a gap. */
  close(): void {
    const first = this.#first
    const { past, signals, clock } = this.#context
    if (first === undefined || past === undefined) return
    this.#first = undefined
    const now = clock.now()
    const heard = Math.max(...this.#before.values()) - onItsWayMs
    for (const { index } of signals) {
      const newest = this.#before.get(index)
      if (newest === undefined) continue
      // By the server's clock, whose first values on this link have told how far it is ahead.
      const ahead = past.ahead(index)
      const from = Math.max(newest, heard, now - this.#longestMs) + ahead
      const to = first.get(index) ?? now + ahead
      if (to - from > 1) past.missing.push({ index, from, to })
    }
    this.#before.clear()
  }

  /** Reads what is missing. Rejects when the link breaks; then what is left stays missing. */
  async fill(open: OpenSession): Promise<void> {
    const missing = this.#context.past?.missing ?? []
    if (this.#isFilling || missing.length === 0) return
    this.#isFilling = true
    try {
      await this.#fill(open, missing)
    } finally {
      this.#isFilling = false
    }
  }

  async #fill(open: OpenSession, missing: MissingPast[]): Promise<void> {
    const byIndex = new Map(this.#context.signals.map(indexed => [indexed.index, indexed]))
    const places = new Map<Gap, MissingPast>()
    for (const entry of missing) {
      const indexed = byIndex.get(entry.index)
      if (indexed !== undefined) places.set({ indexed, from: entry.from, to: entry.to }, entry)
    }
    const refused = new Map<string, IndexedSignal[]>()
    for await (const piece of readHistory(open, [...places.keys()])) {
      if (piece.kind === 'values') {
        await this.#outlet.room()
        this.#take(piece.gap, piece.values, places.get(piece.gap)!)
        continue
      }
      if (piece.kind === 'refused') {
        for (const { indexed } of piece.gaps)
          refused.set(piece.status, [...(refused.get(piece.status) ?? []), indexed])
        continue
      }
      const done = new Set(piece.gaps.map(gap => places.get(gap)))
      missing.splice(0, missing.length, ...missing.filter(entry => !done.has(entry)))
    }
    for (const [status, signals] of refused) {
      const reason = `the server keeps a history of ${signals.length} signals but does not give it (${status}): what changed while the link was gone is lost`
      const ids = signals.map(({ signal }) => signal.id).join(' ')
      this.#outlet.reject('opcua.gap', reason, ids.slice(0, maxRaw))
    }
    this.#outlet.flush()
  }

  #take(gap: Gap, values: readonly ReceivedValue[], entry: MissingPast): void {
    this.#outlet.receiveTime = this.#context.clock.now()
    for (const value of values) {
      const time = sourceTimeOf(value)
      // One range of time is asked for many: what we have of this signal, or will not need, comes along.
      if (time === undefined || time <= entry.from || time >= gap.to) continue
      this.#outlet.read(gap.indexed, value, time)
      entry.from = time
    }
    this.#outlet.flushHistory()
  }
}
