import type { Cell } from './cell.js'
import { Ledger, type LedgerSetup } from './ledger.js'
import { compareEvents, type LedgerEvent } from './ledger-event.js'
import { type Stop, StopCollector } from './stops.js'
import type { Tally } from './tally.js'

/** How late an event may come and still be put into its place from memory, ms. */
const memoryMs = 15 * 60_000

/**
 * The ledger of a machine that is watched. Events may come late and out of order: the last quarter of an hour is kept,
 * and taken anew where one falls into it. What is shown is what a ledger would give that had all events in order.
 */
export class LiveLedger {
  /** Stands a quarter of an hour behind; what is before it is booked for good. */
  readonly #base: Ledger
  readonly #collector: StopCollector
  /** Stops that are over for the base and that nobody has taken yet. */
  #stops: Stop[] = []
  /** Events from the base's head on, in order of time, then arrival. */
  #log: LedgerEvent[] = []
  /** Stands at the newest event and no further: what comes a little late costs nothing more than what comes in time. */
  #head: Ledger
  /** Stands where `cells` was asked for last; undefined once there is something that it has not. */
  #ahead: Ledger | undefined
  /** An event was put into the past: the head no longer stands for the log. */
  #isStale = false
  /** Before this a state that was told again may be missing. */
  #thinUpTo = Number.NEGATIVE_INFINITY

  constructor(setup: LedgerSetup, from: number) {
    this.#collector = new StopCollector(stop => this.#stops.push(stop))
    this.#base = new Ledger(setup, from, interval => this.#collector.take(interval))
    this.#head = this.#base.copy()
  }

  /** Before this nothing is taken any more: it is for whoever has all of history. */
  get settledUpTo(): number {
    return this.#base.head
  }

  /** Cells of hours that ended before `settledUpTo`, but those of a stop that is still open. */
  settledCells(): Cell[] {
    const open = Math.min(this.#base.openSince, this.#base.head)
    return this.#base.cells().filter(({ hour }) => hour + 3_600_000 <= open)
  }

  /** Stops that are over and that nothing will change any more but what is too late; each once. */
  takeStops(): Stop[] {
    const stops = this.#stops
    this.#stops = []
    return stops
  }

  /** All later stops, as of `now`; the last one may still go on. */
  recentStops(now: number): Stop[] {
    const stops: Stop[] = [...this.#stops]
    const collector = this.#collector.copy(stop => stops.push(stop))
    const ledger = this.#base.copy(interval => collector.take(interval))
    for (const event of this.#log) ledger.take(event)
    ledger.advance(Math.max(now, ledger.head))
    ledger.close()
    collector.close()
    return stops
  }

  /**
   * What it has up to a time was read back, where of states that are told again and again the first is all there is: one
   * that comes before the last of them is too late, or it would hold beyond the next time that another was told.
   */
  readBackUpTo(time: number): void {
    this.#thinUpTo = time
  }

  /** False where the event is too late to be put into its place. */
  take(event: LedgerEvent): boolean {
    if (event.time < this.#base.head) return false
    if (event.time < this.#thinUpTo && (event.state ?? event.mode) !== undefined) return false
    this.#ahead = undefined
    const last = this.#log.at(-1)
    const isNewest = last === undefined || compareEvents(last, event) <= 0
    if (!this.#isStale && isNewest && event.time >= this.#head.head) {
      this.#log.push(event)
      this.#head.take(event)
      return true
    }
    // From the end: late events are late by little.
    let place = this.#log.length
    while (place > 0 && compareEvents(this.#log[place - 1]!, event) > 0) place--
    this.#log.splice(place, 0, event)
    this.#isStale = true
    return true
  }

  /** Books for good what is so long ago that nothing comes to it any more; `now` in Unix ms. */
  advance(now: number): void {
    if (now - this.#base.head < 2 * memoryMs) return
    const until = now - memoryMs
    const kept = this.#log.findIndex(({ time }) => time >= until)
    const done = kept === -1 ? this.#log : this.#log.slice(0, kept)
    this.#log = kept === -1 ? [] : this.#log.slice(kept)
    for (const event of done) this.#base.take(event)
    this.#base.advance(until)
  }

  /** The cells as of `now`. */
  cells(now: number): Cell[] {
    return this.#at(now).cells()
  }

  /** The sum of those of the cells as of `now` that are wanted; undefined: there are none. */
  tally(now: number, isWanted: (cell: Cell) => boolean): Tally | undefined {
    return this.#at(now).tally(isWanted)
  }

  #at(now: number): Ledger {
    if (this.#isStale) {
      this.#head = this.#base.copy()
      for (const event of this.#log) this.#head.take(event)
      this.#isStale = false
    }
    if (now <= this.#head.head) return this.#head
    if (this.#ahead === undefined || now < this.#ahead.head) this.#ahead = this.#head.copy()
    this.#ahead.advance(now)
    return this.#ahead
  }

  /**
   * The cells of what was before `until`, as of `now`: as if nothing after it had been booked, but what tells how a stop
   * went on. Undefined where that is settled: then the store has it.
   */
  cellsUntil(until: number, now: number): Cell[] | undefined {
    if (until < this.#base.head) return undefined
    const isRecent = !this.#isStale && until >= this.#head.head
    const ledger = (isRecent ? this.#head : this.#base).copy(undefined, until)
    if (!isRecent) for (const event of this.#log) ledger.take(event)
    ledger.advance(Math.max(now, ledger.head))
    return ledger.cells()
  }

  /** Lets go of the cells of hours before `time`. */
  forgetBefore(time: number): void {
    this.#base.forgetBefore(time)
    this.#head.forgetBefore(time)
    this.#ahead?.forgetBefore(time)
  }
}
