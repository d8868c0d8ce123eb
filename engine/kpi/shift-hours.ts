import type { Calendar } from '../../schema/calendar.js'
import { databaseName } from '../../schema/tables/definition.js'
import type { RowOfTable } from '../../schema/tables/row-tables.js'
import type { Store } from '../store/store.js'

const hourMs = 3_600_000
/** So far ahead shifts are written down, ms: the plan may be edited until then. */
const aheadMs = 48 * hourMs
/** No further back than this, ms. */
const longestMs = 400 * 24 * hourMs

/** Which hours of each site's shifts are written down, and which are to be. */
export class ShiftHours {
  /** By site; hours from here on are to be written. */
  readonly #upTo = new Map<string, number>()

  /** What an earlier run wrote stands, but for the hours to come: their plan may be another by now. */
  async start(store: Pick<Store, 'query'>, now: number): Promise<void> {
    const rows = await store.query<{ site: string; last: number }>(
      `SELECT site, toFloat64(toUnixTimestamp64Milli(max(hour))) AS last FROM ${databaseName}.shift_hours GROUP BY site`,
    )
    for (const { site, last } of rows) this.#upTo.set(site, Math.min(last + 1, now))
  }

  /** The hours of a site from when its first machine was heard of (`begin`, Unix ms) to some days ahead, each once. */
  take(site: string, calendar: Calendar, begin: number, now: number): RowOfTable<'shift_hours'>[] {
    const end = now + aheadMs
    const from = Math.max(this.#upTo.get(site) ?? begin, now - longestMs)
    const rows: RowOfTable<'shift_hours'>[] = []
    for (let { hour } = calendar.at(from); hour < end && from < end; ) {
      const shifts: string[] = []
      let before: string | undefined
      let span = calendar.at(hour)
      const of = span.hour
      for (; span.hour === of; span = calendar.at(span.to)) {
        if (span.shift !== before) shifts.push(`${span.from - of}=${span.shift}`)
        before = span.shift
      }
      rows.push({ site, hour: of, shifts: shifts.join(';') })
      hour = span.hour
    }
    this.#upTo.set(site, Math.max(end, from))
    return rows
  }
}
