import type { Calendar, CalendarSpan, Plan } from '../../schema/calendar.js'
import { type Cell, copyOf, placeOf } from './cell.js'
import { KpiError } from './kpi-error.js'
import { type LedgerEvent, type Situation, saysWhat, situationAfter, untold } from './ledger-event.js'
import { addMade, addTally, emptyTally, type Made, type Tally } from './tally.js'
import {
  type Cause,
  causeOf,
  causeTold,
  type Errand,
  errandAfter,
  isWayIn,
  type TimeClass,
  type Wait,
  waitOf,
} from './time-class.js'

export interface LedgerSetup {
  readonly calendar: Calendar
  /** Time per part that was planned for a product, ms, greater than 0; '' = no product known. */
  idealMs(product: string): number
  /** Stops of its own from this length on are breakdowns, shorter ones minor stops, ms; usual 5 min. */
  readonly breakdownFromMs: number
  /** Rejects within this time after a setup, a breakdown or the begin of work are start-up rejects, ms. */
  readonly warmUpMs: number
  /** Only what lies within counts, from inclusive, to exclusive; what lies around only tells how it began and ended. */
  readonly window?: { readonly from: number; readonly to: number }
}

/** A stretch of time with all that is known of it and what it counts as; Unix ms. */
export interface Interval extends Situation {
  readonly from: number
  readonly to: number
  readonly shift: string
  readonly plan: Plan
  readonly timeClass: TimeClass
}

/** A stretch of time in which nothing changes, before it is known what it counts as. */
interface Piece {
  readonly from: number
  readonly to: number
  readonly planned: CalendarSpan
  readonly situation: Situation
  readonly cell: Cell
}

/** On its way into a wait of which nobody has said yet what for: the next state tells, and until then it is not booked. */
interface WayIn {
  /** All that was said on it, in order. */
  readonly events: LedgerEvent[]
  /** As of now. */
  situation: Situation
}

/** State of a ledger: plain, so that it can be copied. */
interface Page {
  /** Up to where time has gone, and up to where it is booked: less only on the way into a wait. */
  head: number
  booked: number
  situation: Situation
  wayIn: WayIn | undefined
  errand: Errand
  /** What it has waited for, while it waits. */
  wait: Wait | undefined
  /** Something was said since the last production that a machine has to warm up after. */
  isCold: boolean
  warmUntil: number
  /** A stop of its own that is not over: what it counts as depends on its length. */
  open: Piece[]
  openMs: number
  /** What the stop is that the reason was taken for: with the next production, or another cause, it is spent. */
  reasonCause: Cause | undefined
  /** In order of their hours. */
  cells: Cell[]
}

/**
 * Books a machine's time and parts, event by event in the order of time, into cells whose tallies add up. Live and
 * from history it is the same ledger: the same events give the same cells, however the way is divided by `advance`.
 */
export class Ledger {
  readonly #setup: LedgerSetup
  readonly #listen: ((interval: Interval) => void) | undefined
  #page: Page
  /** From this place on cells are its own alone; any other is replaced by one of its own before it changes. */
  #ownFrom = 0

  /** `listen` gets each interval once it is known what it counts as; those of a stop when it is over. */
  constructor(setup: LedgerSetup, from: number, listen?: (interval: Interval) => void) {
    if (!(setup.idealMs('') > 0)) {
      const message = `The ideal cycle time is ${setup.idealMs('')} ms; it must be greater than 0.`
      throw new KpiError('ideal-cycle', message)
    }
    this.#setup = setup
    this.#listen = listen
    this.#page = {
      head: from,
      booked: from,
      situation: untold,
      wayIn: undefined,
      errand: 'setup',
      wait: undefined,
      isCold: false,
      warmUntil: Number.NEGATIVE_INFINITY,
      open: [],
      openMs: 0,
      reasonCause: undefined,
      cells: [],
    }
  }

  /** Up to where time has gone. */
  get head(): number {
    return this.#page.head
  }

  get situation(): Situation {
    return (this.#page.wayIn ?? this.#page).situation
  }

  /** Since when a stop is open whose class is not known before it ends; infinity where there is none. */
  get openSince(): number {
    const { open, wayIn, booked } = this.#page
    return open[0]?.from ?? (wayIn === undefined ? Number.POSITIVE_INFINITY : booked)
  }

  /**
   * Another ledger that stands where this one does, with a listener of its own. `until`: what the copy books from there
   * on only tells what was before; not before the head.
   */
  copy(listen?: (interval: Interval) => void, until?: number): Ledger {
    const window = { from: this.#setup.window?.from ?? Number.NEGATIVE_INFINITY, to: until ?? 0 }
    const setup = until === undefined ? this.#setup : { ...this.#setup, window }
    const copy = new Ledger(setup, this.#page.head, listen)
    const { cells, open, wayIn } = this.#page
    copy.#page = {
      ...{ ...this.#page, cells: [...cells], open: [...open] },
      wayIn: wayIn && { ...wayIn, events: [...wayIn.events] },
    }
    copy.#ownFrom = cells.length
    this.#ownFrom = cells.length
    return copy
  }

  /** Books an event that is not older than the head; throws KpiError `time-backwards` where it is. */
  take(event: LedgerEvent): void {
    this.advance(event.time)
    const { wayIn } = this.#page
    if (wayIn === undefined) this.#hear(event)
    else {
      wayIn.events.push(event)
      if (saysWhat(event)) wayIn.situation = situationAfter(wayIn.situation, event)
    }
  }

  #hear(event: LedgerEvent): void {
    const { time, made, isEntered = false, isReasonVoid } = event
    if (made !== undefined) this.#count(time, made, isEntered)
    if (isReasonVoid === true && this.#page.reasonCause === undefined) this.#dropReason()
    if (event.downtimeReason !== undefined) this.#page.reasonCause = undefined
    if (saysWhat(event)) this.#page.situation = situationAfter(this.#page.situation, event)
  }

  /** Books the time up to `time`. */
  advance(time: number): void {
    const page = this.#page
    if (time < page.head) {
      const message = `Time ${time} lies before ${page.head}, which is booked; begin anew from an earlier time.`
      throw new KpiError('time-backwards', message)
    }
    if (time === page.head) return
    if (page.wayIn !== undefined && !this.#isWayIn(page.wayIn.situation)) this.#bookWayIn()
    if (page.wayIn === undefined && this.#isWayIn(page.situation))
      page.wayIn = { events: [], situation: page.situation }
    page.head = time
    if (page.wayIn === undefined) this.#bookUpTo(time)
  }

  #isWayIn(situation: Situation): boolean {
    const { errand, wait } = this.#page
    return isWayIn(situation) && causeOf(situation, errand, waitOf(situation, wait)) === 'own'
  }

  /** Books what was not yet: it belongs to the wait that it led into, if there is one. */
  #bookWayIn(): void {
    const page = this.#page
    const { wayIn, head } = page
    if (wayIn === undefined) return
    page.wayIn = undefined
    page.wait = waitOf(wayIn.situation, page.wait)
    for (const event of wayIn.events) {
      this.#bookUpTo(event.time)
      this.#hear(event)
    }
    this.#bookUpTo(head)
  }

  #bookUpTo(time: number): void {
    const page = this.#page
    while (page.booked < time) {
      const planned = this.#setup.calendar.at(page.booked)
      const to = Math.min(planned.to, time)
      this.#book(planned, page.booked, to)
      page.booked = to
    }
  }

  /** Tells the listener of a stop that is still open as of now; for a ledger that is at its end. */
  close(): void {
    this.#bookWayIn()
    this.#settle()
  }

  /**
   * The cells so far; what is booked later does not change them. A stop that is not over counts as what it would be if
   * it ended now.
   */
  cells(): Cell[] {
    if (this.#page.wayIn !== undefined) return this.#asOfNow().cells()
    const { open } = this.#page
    const cells = [...this.#page.cells]
    this.#ownFrom = cells.length
    if (open.length === 0) return cells
    const timeClass = this.#classOfOpen()
    const provisional = new Set<Cell>()
    for (const { cell, from, to } of open) {
      const place = placeOf(cells, cell)
      let shown = cells[place]!
      if (!provisional.has(shown)) {
        shown = copyOf(shown)
        cells[place] = shown
        provisional.add(shown)
      }
      shown.tally.time[timeClass] += this.#within(from, to)
    }
    return cells
  }

  /** The sum of those cells that are wanted; undefined: there are none. */
  tally(isWanted: (cell: Cell) => boolean): Tally | undefined {
    if (this.#page.wayIn !== undefined) return this.#asOfNow().tally(isWanted)
    const { cells, open } = this.#page
    let sum: Tally | undefined
    for (const cell of cells) {
      if (!isWanted(cell)) continue
      sum ??= emptyTally()
      addTally(sum, cell.tally)
    }
    if (sum === undefined || open.length === 0) return sum
    const timeClass = this.#classOfOpen()
    for (const { cell, from, to } of open) if (isWanted(cell)) sum.time[timeClass] += this.#within(from, to)
    return sum
  }

  /** One that has booked the way into a wait as the stop of its own that it is as long as nobody says what for. */
  #asOfNow(): Ledger {
    const copy = this.copy()
    copy.#bookWayIn()
    return copy
  }

  /** Lets go of cells of hours before `time`, so that a ledger that runs for ever does not grow for ever. */
  forgetBefore(time: number): void {
    const { cells, open } = this.#page
    if (cells.length === 0 || cells[0]!.hour >= time) return
    const isOpen = new Set(open.map(({ cell }) => placeOf(cells, cell)))
    const isKept = cells.map(({ hour }, place) => hour >= time || isOpen.has(place))
    this.#page.cells = cells.filter((_, place) => isKept[place])
    this.#ownFrom = isKept.slice(0, this.#ownFrom).filter(Boolean).length
  }

  #book(planned: CalendarSpan, from: number, to: number): void {
    const page = this.#page
    page.wait = waitOf(page.situation, page.wait)
    const seen = causeOf(page.situation, page.errand, page.wait)
    if (page.reasonCause !== undefined && page.reasonCause !== seen) this.#dropReason()
    if (seen !== 'production') page.reasonCause = seen
    const cause = causeTold(seen, page.situation.downtimeReason)
    const piece = { from, to, planned, situation: page.situation, cell: this.#cell(planned) }
    if (planned.plan !== 'busy') {
      const isOff = planned.plan === 'none'
      // The shift's end is the stop's; a pause only interrupts it.
      if (isOff || cause !== 'own') this.#settle()
      if (cause === 'production') this.#warmUp(from)
      // Of one that only counts nobody knows whether it is warm.
      else if (isOff && page.situation.state !== '') page.isCold = true
      this.#enter(piece, cause === 'production' ? 'overtime' : isOff ? 'unscheduled' : 'planned')
    } else if (cause === 'own') {
      const last = page.open.at(-1)
      if (last?.to === from && last.planned === planned && last.situation === page.situation)
        page.open[page.open.length - 1] = { ...last, to }
      else page.open.push(piece)
      page.openMs += to - from
    } else {
      this.#settle()
      if (cause === 'setup') page.isCold = true
      if (cause === 'production') this.#warmUp(from)
      this.#enter(piece, cause === 'maintenance' ? 'planned' : cause)
    }
    page.errand = errandAfter(page.situation, seen, page.errand)
  }

  #dropReason(): void {
    this.#page.situation = { ...this.#page.situation, downtimeReason: '' }
    this.#page.reasonCause = undefined
  }

  #warmUp(from: number): void {
    const page = this.#page
    if (!page.isCold) return
    page.isCold = false
    page.warmUntil = from + this.#setup.warmUpMs
  }

  /** The open stop is over: now it is known what it was. */
  #settle(): void {
    const page = this.#page
    if (page.open.length === 0) return
    const timeClass = this.#classOfOpen()
    if (timeClass === 'breakdown') page.isCold = true
    for (const piece of page.open) this.#enter(piece, timeClass)
    page.open = []
    page.openMs = 0
  }

  #classOfOpen(): TimeClass {
    return this.#page.openMs >= this.#setup.breakdownFromMs ? 'breakdown' : 'minorStop'
  }

  #enter(piece: Piece, timeClass: TimeClass): void {
    const { from, to, planned, situation } = piece
    this.#owned(piece.cell).tally.time[timeClass] += this.#within(from, to)
    this.#listen?.({ ...situation, from, to, shift: planned.shift, plan: planned.plan, timeClass })
  }

  /** How much of a stretch lies within the window, ms. */
  #within(from: number, to: number): number {
    const { window } = this.#setup
    if (window === undefined) return to - from
    return Math.max(0, Math.min(to, window.to) - Math.max(from, window.from))
  }

  #count(time: number, part: Partial<Made>, isEntered: boolean): void {
    const page = this.#page
    const { window } = this.#setup
    if (window !== undefined && (time < window.from || time >= window.to)) return
    const planned = this.#setup.calendar.at(time)
    const { tally } = this.#owned(this.#cell(planned))
    const made: Made = { produced: 0, scrapped: 0, warmUp: 0, reworked: 0, ...part }
    const isBusy = planned.plan === 'busy'
    const isOfPlan = isBusy || (isEntered && causeOf(page.situation, page.errand, page.wait) !== 'production')
    if (!isOfPlan) {
      tally.overtimeParts += made.produced || made.scrapped + made.reworked
      return
    }
    if (isBusy && this.#setup.warmUpMs > 0 && (page.isCold || time < page.warmUntil))
      made.warmUp = made.scrapped
    addMade(tally, this.#setup.idealMs(page.situation.product), made)
  }

  #cell({ hour, shift }: CalendarSpan): Cell {
    const { cells, situation } = this.#page
    const { product, order } = situation
    const known = cells[placeOf(cells, { hour, shift, product, order })]
    if (known !== undefined) return known
    const cell = { hour, shift, product, order, tally: emptyTally() }
    cells.push(cell)
    return cell
  }

  /** The cell for the same, to be changed; what a stop still names may be the cell as it was when it was shared. */
  #owned(cell: Cell): Cell {
    const { cells } = this.#page
    const place = placeOf(cells, cell)
    while (this.#ownFrom > place) {
      this.#ownFrom--
      cells[this.#ownFrom] = copyOf(cells[this.#ownFrom]!)
    }
    return cells[place]!
  }
}
