import { Calendar, type CalendarParts, calendarPartsOf } from '../../schema/calendar.js'
import { kpiRulesOf } from '../../schema/kpi-rules.js'
import type { Plant } from '../../schema/plant.js'
import { foldWord } from '../../schema/state-maps.js'
import type { LedgerSetup } from './ledger.js'

/** What was planned for a machine, and where it stands; plain, so that it can travel to a worker. */
export interface MachinePlan {
  readonly machine: string
  readonly line: string
  readonly area: string
  readonly site: string
  readonly calendar: CalendarParts
  /** Time per part, ms: its own, and by product where that differs. */
  readonly idealMs: number
  readonly idealMsByProduct: Readonly<Record<string, number>>
  readonly breakdownFromMs: number
  readonly warmUpMs: number
  /** The source's own words for stops, folded, with the reasons that the plant file gives them. */
  readonly faultReasons: Readonly<Record<string, string>>
}

/** The plans of all machines of a plant, by machine. */
export function machinePlans(plant: Plant): Map<string, MachinePlan> {
  const rules = kpiRulesOf(plant)
  const plans = new Map<string, MachinePlan>()
  // One object where they are the same: it travels to a worker once.
  const calendars = new Map<string, CalendarParts>()
  const shared = (calendar: CalendarParts): CalendarParts => {
    const key = JSON.stringify(calendar)
    const same = calendars.get(key) ?? calendar
    calendars.set(key, same)
    return same
  }
  for (const site of plant.sites) {
    for (const area of site.areas) {
      for (const line of area.lines) {
        for (const { id, type, idealCycleTime } of line.machines) {
          const byProduct = plant.products.flatMap(({ id: product, cycleTimes }): [string, number][] => {
            const seconds = cycleTimes?.[id] ?? cycleTimes?.[line.id]
            return seconds === undefined ? [] : [[product, seconds * 1_000]]
          })
          plans.set(id, {
            machine: id,
            line: line.id,
            area: area.id,
            site: site.id,
            calendar: shared(calendarPartsOf(plant, site, [site.id, line.id, id])),
            idealMs: idealCycleTime * 1_000,
            idealMsByProduct: Object.fromEntries(byProduct),
            breakdownFromMs: rules.breakdownFrom * 1_000,
            warmUpMs: rules.warmUp * 1_000,
            faultReasons: Object.fromEntries(
              Object.entries(plant.faultReasons?.[type] ?? {}).map(([word, reason]) => [
                foldWord(word),
                reason,
              ]),
            ),
          })
        }
      }
    }
  }
  return plans
}

/** Makes the setups of ledgers; machines of the same calendar share it, with the days it has already made. */
export class LedgerSetups {
  readonly #calendars = new Map<CalendarParts, Calendar>()

  of(plan: MachinePlan, window?: LedgerSetup['window']): LedgerSetup {
    const { idealMs, idealMsByProduct, breakdownFromMs, warmUpMs } = plan
    return {
      calendar: this.calendarOf(plan),
      idealMs: product => idealMsByProduct[product] ?? idealMs,
      breakdownFromMs,
      warmUpMs,
      ...(window !== undefined && { window }),
    }
  }

  calendarOf({ calendar }: MachinePlan): Calendar {
    let made = this.#calendars.get(calendar)
    if (made === undefined) {
      made = new Calendar(calendar)
      this.#calendars.set(calendar, made)
    }
    return made
  }
}
