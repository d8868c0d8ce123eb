import type { LedgerSetups, MachinePlan } from '../../workers/kpi/machine-plan.js'

/** Hours of the local clocks of machines; Unix ms. */
export class PlanHours {
  readonly #setups: LedgerSetups

  constructor(setups: LedgerSetups) {
    this.#setups = setups
  }

  /** Begin of the hour in which a time lies. */
  hourOf(plan: MachinePlan, time: number): number {
    return this.#setups.calendarOf(plan).at(time).hour
  }

  /** An hour begins at that time. */
  isHour(plan: MachinePlan, time: number): boolean {
    return this.hourOf(plan, time) === time
  }

  /** Begin of the hour after that in which a time lies. */
  nextHour(plan: MachinePlan, time: number): number {
    const calendar = this.#setups.calendarOf(plan)
    const { hour } = calendar.at(time)
    let span = calendar.at(time)
    while (span.hour === hour) span = calendar.at(span.to)
    return span.hour
  }
}
