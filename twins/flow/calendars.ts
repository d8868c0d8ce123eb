import type { Calendar, MachineModel } from './model.js'

/** The hours of the machines. */
export class Calendars {
  readonly count: number
  readonly #calendars: readonly Calendar[]
  readonly #isOpen: Uint8Array
  /** By machine; -1 = always open. */
  readonly #of: Int32Array

  constructor(calendars: readonly Calendar[], machines: readonly MachineModel[]) {
    this.count = calendars.length
    this.#calendars = calendars
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

  /** Opens or closes a calendar as it is at `time`. Returns when it changes next, Unix ms; infinite if never. */
  turn(calendar: number, time: number): number {
    const { origin, period } = this.#calendars[calendar]!
    const length = period * 1000
    const place = (((time - origin) % length) + length) % length
    const isOpen = this.#isOpenAt(calendar, place)
    this.#isOpen[calendar] = isOpen ? 1 : 0
    const edges = this.#calendars[calendar]!.open.flatMap(([from, to]) =>
      [from, to, from + period, to + period].map(edge => edge * 1000),
    )
    const changes = edges.filter(edge => edge > place && this.#isOpenAt(calendar, edge % length) !== isOpen)
    return changes.length === 0 ? Number.POSITIVE_INFINITY : time + Math.min(...changes) - place
  }

  #isOpenAt(calendar: number, place: number): boolean {
    return this.#calendars[calendar]!.open.some(([from, to]) => from * 1000 <= place && place < to * 1000)
  }
}
