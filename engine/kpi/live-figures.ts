import type { Calendar } from '../../schema/calendar.js'
import { kpiRulesOf } from '../../schema/kpi-rules.js'
import type { Plant } from '../../schema/plant.js'
import type { Cell } from '../../workers/kpi/cell.js'
import { elementsOf, type KpiPolicy } from '../../workers/kpi/kpi.js'
import { LedgerSetups } from '../../workers/kpi/machine-plan.js'
import type { FigureFeed, ShownFigures } from '../gateway/figure-board.js'
import type { KpiBook } from './kpi-book.js'

/** With no shift, figures are of so much of the time before now, ms. */
const usualMs = 8 * 3_600_000
const longestShiftMs = 24 * 3_600_000

type LiveBook = Pick<KpiBook, 'liveTally' | 'plans' | 'isRecomputing'>

/** What the OEE of a machine is made from, of the shift that it is in. */
export class LiveFigures implements FigureFeed {
  readonly #book: LiveBook
  readonly #clock: { now(): number }
  readonly #policy: KpiPolicy
  /** By machine; machines of the same calendar share it. */
  readonly #calendars: ReadonlyMap<string, Calendar>
  /** Begins of shifts by calendar: machines that share one share them. */
  readonly #begins = new Map<Calendar, { readonly shift: string; readonly from: number }>()

  constructor(plant: Plant, book: LiveBook, clock: { now(): number }) {
    this.#book = book
    this.#clock = clock
    this.#policy = kpiRulesOf(plant)
    const setups = new LedgerSetups()
    this.#calendars = new Map([...book.plans].map(([machine, plan]) => [machine, setups.calendarOf(plan)]))
  }

  of(machine: string): ShownFigures | undefined {
    const calendar = this.#calendars.get(machine)
    if (calendar === undefined) return undefined
    const { shift, from } = this.#begin(calendar)
    const isOwn = shift === '' ? ({ hour }: Cell) => hour >= from : (cell: Cell) => cell.shift === shift
    const tally = this.#book.liveTally(machine, isOwn)
    if (tally === undefined) return undefined
    const elements = elementsOf(tally, this.#policy)
    return {
      since: from,
      busy: elements.PBT,
      running: elements.APT,
      ideal: elements.idealTime,
      idealGood: elements.idealGoodTime,
      produced: elements.PQ,
      good: elements.GQ,
      recomputing: Number(this.#book.isRecomputing([machine], this.#clock.now())),
    }
  }

  #begin(calendar: Calendar): { readonly shift: string; readonly from: number } {
    const now = this.#clock.now()
    const { shift } = calendar.at(now)
    if (shift === '') return { shift, from: calendar.at(now - usualMs).hour }
    let begin = this.#begins.get(calendar)
    if (begin?.shift !== shift) {
      const [first] = [...calendar.between(now - longestShiftMs, now + 1)].filter(
        span => span.shift === shift,
      )
      begin = { shift, from: first!.from }
      this.#begins.set(calendar, begin)
    }
    return begin
  }
}
