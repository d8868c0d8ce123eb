import { Calendar as SiteCalendar } from '../../schema/calendar.js'
import type { Calendar, MachineModel, PlannedHours, RepeatingHours } from './model.js'

/** What a calendar says at an instant, and up to when nobody has to ask again, Unix ms. */
interface Hours {
  readonly isOpen: boolean
  readonly until: number
}

type AskHours = (time: number) => Hours

/** How far it is looked ahead for a change, ms: a plant that always works is asked about once a week. */
const sight = 7 * 86_400_000

/** The hours of the machines. */
export class Calendars {
  readonly #ask: readonly AskHours[]
  readonly #isOpen: Uint8Array
  /** By machine; -1 = always open. */
  readonly #of: Int32Array

  /** Throws where shifts overlap or a planned stop has no length. */
  constructor(calendars: readonly Calendar[], machines: readonly MachineModel[]) {
    this.#ask = calendars.map(calendar =>
      calendar.kind === 'planned' ? plannedHours(calendar) : repeatingHours(calendar),
    )
    this.#isOpen = new Uint8Array(calendars.length)
    this.#of = Int32Array.from(machines, ({ calendar }) => calendar ?? -1)
  }

  /** Whether the machine may begin a part. */
  isOpen(machine: number): boolean {
    const calendar = this.#of[machine]!
    return calendar === -1 || this.#isOpen[calendar] === 1
  }

  belongs(machine: number, calendar: number): boolean {
    return this.#of[machine] === calendar
  }

  /** Whether people of the calendar are there. */
  isNow(calendar: number): boolean {
    return this.#isOpen[calendar] === 1
  }

  /** Opens or closes a calendar as it is at `time`. Returns when to turn it again, Unix ms; infinite if never. */
  turn(calendar: number, time: number): number {
    const { isOpen, until } = this.#ask[calendar]!(time)
    this.#isOpen[calendar] = isOpen ? 1 : 0
    return until
  }
}

function repeatingHours({ origin, period, open }: RepeatingHours): AskHours {
  const length = period * 1000
  const isOpenAt = (place: number): boolean =>
    open.some(([from, to]) => from * 1000 <= place && place < to * 1000)
  const edges = open.flatMap(([from, to]) => [from, to, from + period, to + period].map(edge => edge * 1000))
  return time => {
    const place = (((time - origin) % length) + length) % length
    const isOpen = isOpenAt(place)
    const changes = edges.filter(edge => edge > place && isOpenAt(edge % length) !== isOpen)
    const until = changes.length === 0 ? Number.POSITIVE_INFINITY : time + Math.min(...changes) - place
    return { isOpen, until }
  }
}

function plannedHours({ parts, open }: PlannedHours): AskHours {
  const calendar = new SiteCalendar(parts)
  return time => {
    const now = calendar.at(time)
    const isOpen = open.includes(now.plan)
    let until = now.to
    while (until < time + sight) {
      const next = calendar.at(until)
      if (open.includes(next.plan) !== isOpen) break
      until = next.to
    }
    return { isOpen, until }
  }
}
