import { databaseName } from '../../schema/tables/definition.js'
import { counterNames } from '../../twins/machine/machine.events.js'
import { lateWaits } from '../floor/interlocks.js'
import type { Store } from '../store/store.js'

const lateCounters = [...counterNames, lateWaits]

/**
 * A stretch in which readings of a counter came too late for the machine's twin, or (`lateWaits`) in which it has to be
 * looked at anew why the machine waited; Unix ms, both inclusive.
 */
export interface LateReadings {
  readonly machine: string
  readonly counter: string
  readonly from: number
  readonly to: number
}

/** Which late readings nobody has taken into account so far, by machine and counter. */
export class LateReadingList {
  readonly #owed = new Map<string, LateReadings>()
  /** Some came since the list was looked at. */
  isNew = false

  add({ machine, counter, from, to }: LateReadings): void {
    const key = keyOf({ machine, counter })
    const known = this.#owed.get(key)
    const span = { from: Math.min(from, known?.from ?? from), to: Math.max(to, known?.to ?? to) }
    this.#owed.set(key, { machine, counter, ...span })
    this.isNew = true
  }

  /** Some of a machine's from before a time. */
  isOwed(machine: string, before: number): boolean {
    // Asked once a second of each machine, and hardly ever is there any.
    if (this.#owed.size === 0) return false
    return lateCounters.some(
      counter => (this.#owed.get(keyOf({ machine, counter }))?.from ?? before) < before,
    )
  }

  all(): LateReadings[] {
    return [...this.#owed.values()]
  }

  /** They are done with, unless more of them came meanwhile. */
  done(readings: LateReadings): void {
    if (this.#owed.get(keyOf(readings)) === readings) this.#owed.delete(keyOf(readings))
  }
}

const keyOf = ({ machine, counter }: Pick<LateReadings, 'machine' | 'counter'>): string =>
  `${machine} ${counter}`

/** So much of what arrived before the last hour was written is looked at, s. */
const lookBackSeconds = 2 * 24 * 3_600

/** The late readings that an earlier run may not have worked out, however long ago it ended. */
export async function owedReadings(store: Pick<Store, 'query'>): Promise<LateReadings[]> {
  return store.query<LateReadings>(
    `SELECT machine, counter, toFloat64(toUnixTimestamp64Milli(min(ts))) AS from,
      toFloat64(toUnixTimestamp64Milli(max(ts))) AS to
    FROM ${databaseName}.production_events
    WHERE cause = 'late' AND counter IN {counters:Array(String)}
      AND stored >= (SELECT toDateTime(greatest(0, toUnixTimestamp(max(stored)) - ${lookBackSeconds}), 'UTC') FROM ${databaseName}.oee_hourly)
    GROUP BY machine, counter`,
    { counters: lateCounters },
  )
}
