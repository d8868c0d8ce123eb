import { setImmediate } from 'node:timers/promises'
import { cellsWithin } from '../../workers/kpi/cells-within.js'
import type { LedgerSetups } from '../../workers/kpi/machine-plan.js'
import type { MachineCell } from '../../workers/kpi/roll-up.js'
import type { Store } from '../store/store.js'
import type { Account } from './account.js'
import type { EventRange } from './borders.js'
import { readEvents } from './event-reader.js'
import { type CellDetail, type HourSpan, readHours } from './hourly.js'
import { PlanHours } from './plan-hours.js'
import type { StoredWatch } from './stored-watch.js'

/** So many machines' parts of hours are worked out before others get a turn; to send them to a worker would take as long. */
const machinesInARow = 50
/** By so long after a stretch of time it is known what a stop at its end was. */
const decidedMs = 24 * 3_600_000

/** Machines in a stretch of time, from inclusive, to exclusive, Unix ms. */
export interface Stretch {
  readonly machines: readonly string[]
  readonly from: number
  readonly to: number
}

/** A part of what was asked, of the stretch in that place. */
type PartOf<Part> = Part & { readonly of: number }

/** Reads cells of any stretch of time: hours that are written, hours of live ledgers, and parts of hours from what happened. */
export class CellReader {
  readonly #store: Pick<Store, 'query'>
  readonly #stored: StoredWatch
  readonly #setups: LedgerSetups
  readonly #hours: PlanHours

  constructor(store: Pick<Store, 'query'>, stored: StoredWatch, setups: LedgerSetups) {
    this.#store = store
    this.#stored = stored
    this.#setups = setups
    this.#hours = new PlanHours(setups)
  }

  /** The cells of many stretches up to now, in their order, in as few questions as of one. */
  async cellsOfEach(
    accounts: ReadonlyMap<string, Account>,
    stretches: readonly Stretch[],
    now: number,
    detail: CellDetail,
  ): Promise<MachineCell[][]> {
    const found: MachineCell[][] = stretches.map(() => [])
    const begins: PartOf<EventRange>[] = []
    const ends: PartOf<EventRange>[] = []
    const written: PartOf<HourSpan>[] = []
    const live: PartOf<MachineCell>[] = []
    for (const [of, { machines, from, to }] of stretches.entries()) {
      const end = Math.min(to, now)
      for (const machine of machines) {
        const account = accounts.get(machine)
        if (account === undefined || account.born >= end || from >= end) continue
        const { plan } = account
        const begin = Math.max(from, account.born)
        // The hour in which it was born holds only what came after.
        const isWhole = begin === account.born || this.#hours.isHour(plan, begin)
        const first = isWhole ? this.#hours.hourOf(plan, begin) : this.#hours.nextHour(plan, begin)
        const recent = to >= now ? account.live.cells(now) : this.#cellsUntil(account, first, end, now)
        const last =
          recent !== undefined || this.#hours.isHour(plan, end) ? end : this.#hours.hourOf(plan, end)
        if (first > last) {
          begins.push({ of, plan, from: begin, to: end })
          continue
        }
        if (begin < first) begins.push({ of, plan, from: begin, to: first })
        const rest = Math.max(last, begin)
        if (rest < end) ends.push({ of, plan, from: rest, to: end })
        for (const cell of recent ?? account.live.cells(now)) {
          if (cell.hour >= first && cell.hour < last && cell.hour > account.lastHour)
            live.push({ ...cell, machine, of })
        }
        const upTo = Math.min(last, account.lastHour + 1)
        if (first < upTo) written.push({ of, machine, from: first, to: upTo })
      }
    }
    const [hours, edges] = await Promise.all([
      this.#readWritten(written, detail),
      this.#workOut(begins, ends),
    ])
    for (const [place, { of }] of written.entries()) found[of]!.push(...hours[place]!)
    for (const [place, { of }] of [...begins, ...ends].entries()) found[of]!.push(...edges[place]!)
    for (const { of, ...cell } of live) found[of]!.push(cell)
    return found
  }

  async #readWritten(spans: readonly HourSpan[], detail: CellDetail): Promise<MachineCell[][]> {
    const last = spans.reduce((latest, { to }) => Math.max(latest, to), Number.NEGATIVE_INFINITY)
    await this.#stored.upTo(last - 1)
    return readHours(this.#store, spans, detail)
  }

  /** Where the hours from `first` to a moment that has just passed need nothing from the store but what is written. */
  #cellsUntil({ plan, live, lastHour, since }: Account, first: number, end: number, now: number) {
    const hour = this.#hours.hourOf(plan, end)
    return first > hour || hour <= lastHour || hour < since ? undefined : live.cellsUntil(end, now)
  }

  /** What no hour that is written tells: parts of hours, from the events themselves, in the order of the ranges. */
  async #workOut(...groups: readonly (readonly EventRange[])[]): Promise<MachineCell[][]> {
    const ranges = groups.flat()
    if (ranges.length === 0) return []
    await this.#stored.upTo(Math.max(...ranges.map(({ to }) => to)) + decidedMs)
    const events = await readEvents(this.#store, ...groups)
    const cells: MachineCell[][] = []
    for (const [place, range] of ranges.entries()) {
      const { machine } = range.plan
      cells.push(cellsWithin(range, events[place]!, this.#setups).map(cell => ({ ...cell, machine })))
      if (place % machinesInARow === machinesInARow - 1) await setImmediate()
    }
    return cells
  }
}
