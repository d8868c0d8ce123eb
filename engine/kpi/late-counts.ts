import { standardConfig } from '../../schema/machine-config.js'
import type { Plant } from '../../schema/plant.js'
import type { Entry } from '../../schema/records.js'
import { databaseName } from '../../schema/tables/definition.js'
import type { RowOfTable } from '../../schema/tables/row-tables.js'
import { increment } from '../../twins/machine/counter.js'
import { counterNames } from '../../twins/machine/machine.events.js'
import type { Registry } from '../floor/floor.js'
import { lateWaits } from '../floor/interlocks.js'
import { partCounterOf } from '../floor/part-counters.js'
import type { Store } from '../store/store.js'
import { waitChanges } from './late-waits.js'

const lateCounters = [...counterNames, lateWaits]

type PartsRow = RowOfTable<'production_events'>

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

interface Reading {
  readonly time: number
  readonly value: number
  readonly isLate: boolean
}

interface Recorded {
  readonly time: number
  readonly parts: number
  /** How often the counter fell, as its twin saw it. */
  readonly falls: number
}

export interface LateCountsParts {
  readonly plant: Pick<Plant, 'stateMaps'>
  readonly registry: Pick<Registry, 'machineById'>
  readonly store: Pick<Store, 'query' | 'flush'>
  record(entry: Entry): void
}

/**
 * Moves parts to where they were made, and works out why machines waited, where that came late. A counter shows how many parts lie between two readings, and all of them are
 * credited at the later one; a reading from between the two that comes late says how many of them were made before it.
 * What it moves is told by rows that take away and give, so that the parts stay as many as they were. Working the same
 * readings out again changes nothing.
 */
export class LateCounts {
  readonly #parts: LateCountsParts

  constructor(parts: LateCountsParts) {
    this.#parts = parts
  }

  /** Takes late readings into account; those after which the counter has not been read yet stay in the list. */
  async settle(list: LateReadingList): Promise<void> {
    const owed = list.all()
    list.isNew = false
    if (owed.length === 0) return
    await this.#parts.store.flush()
    for (const readings of owed) {
      if (readings.counter === lateWaits) {
        await this.#rework(readings)
        list.done(readings)
        continue
      }
      const moved = await this.#moved(readings)
      if (moved === undefined) continue
      if (moved.length > 0) this.#parts.record({ source: 'kpis', rows: { production_events: moved } })
      list.done(readings)
    }
  }

  async #rework(told: LateReadings): Promise<void> {
    const { plant, registry, store, record } = this.#parts
    const machine = registry.machineById(told.machine)
    if (machine === undefined) return
    const stateChanges = await waitChanges(store, plant.stateMaps, machine, told)
    if (stateChanges.length > 0) record({ source: 'kpis', stateChanges })
  }

  /** Undefined: too early to say. */
  async #moved({ machine, counter, from, to }: LateReadings): Promise<PartsRow[] | undefined> {
    const found = this.#parts.registry.machineById(machine)
    const signals = found?.signals.filter(({ signal }) => partCounterOf(signal) === counter) ?? []
    // Of two signals nobody knows which of them a row is of.
    if (found === undefined || signals.length !== 1) return []
    const { index } = signals[0]!
    const of = { signal: index, machine, counter }
    const [first, last] = await Promise.all([
      this.#neighbour(of, from, 'before'),
      this.#neighbour(of, to, 'after'),
    ])
    if (first === undefined) return []
    if (last === undefined) return undefined
    const [readings, recorded] = await Promise.all([
      this.#readings(of, first, last),
      this.#recorded(of, first, last),
    ])
    const width = found.machine.packml?.counterWidth ?? standardConfig.counterWidth
    return movedParts(readings, recorded, width).map(({ time, parts, total }) => ({
      machine,
      ts: time,
      counter,
      parts,
      total,
      cause: 'moved',
    }))
  }

  /** When the twin read the counter next to a time. */
  async #neighbour(of: Counter, time: number, side: 'before' | 'after'): Promise<number | undefined> {
    const [comparison, order] = side === 'before' ? ['<', 'DESC'] : ['>', 'ASC']
    const [row] = await this.#parts.store.query<{ time: number }>(
      `SELECT toFloat64(toUnixTimestamp64Milli(ts)) AS time FROM ${databaseName}.telemetry
      WHERE signal = {signal:UInt32} AND ${isReading} AND NOT ${isLate}
        AND ts ${comparison} fromUnixTimestamp64Milli({time:Int64}, 'UTC')
      ORDER BY ts ${order} LIMIT 1`,
      { ...of, time },
    )
    return row?.time
  }

  /** What the counter showed from one reading to another, whenever it came; the same again tells nothing but after a late one. */
  #readings(of: Counter, from: number, to: number): Promise<Reading[]> {
    return this.#parts.store.query<Reading>(
      `SELECT toFloat64(toUnixTimestamp64Milli(at)) AS time, shown AS value, late AS isLate
      FROM (
        SELECT ts AS at, t.value AS shown, ${isLate} AS late, row_number() OVER in_order AS place,
          lagInFrame(t.value) OVER in_order AS before, lagInFrame(late) OVER in_order AS after_late
        FROM ${databaseName}.telemetry AS t
        WHERE signal = {signal:UInt32} AND ${isReading}
          AND ts >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND ts <= fromUnixTimestamp64Milli({to:Int64}, 'UTC')
        WINDOW in_order AS (ORDER BY ts, seq ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING))
      WHERE place = 1 OR shown != before OR after_late ORDER BY at, place`,
      { ...of, from, to },
    )
  }

  /** What is credited after one reading up to another. */
  #recorded(of: Counter, from: number, to: number): Promise<Recorded[]> {
    return this.#parts.store.query<Recorded>(
      `SELECT toFloat64(toUnixTimestamp64Milli(ts)) AS time, sum(e.parts) AS parts,
        toFloat64(countIf(cause IN ('rollover', 'reset'))) AS falls
      FROM ${databaseName}.production_events AS e
      WHERE machine = {machine:String} AND counter = {counter:String} AND cause != 'late'
        AND ts > fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND ts <= fromUnixTimestamp64Milli({to:Int64}, 'UTC')
      GROUP BY ts ORDER BY ts`,
      { ...of, from, to },
    )
  }
}

/** A counter of a machine, and the signal that tells it. */
interface Counter extends Record<string, unknown> {
  readonly signal: number
  readonly machine: string
  readonly counter: string
}

/** What a twin takes for a reading of a counter. */
const isReading = 'quality != 2 AND isFinite(value) AND value >= 0 AND value = floor(value)'
/** It came too late for the twin, which went on from one reading that came in time to the next. */
const isLate = `(ts IN (
  SELECT ts FROM ${databaseName}.production_events
  WHERE machine = {machine:String} AND counter = {counter:String} AND cause = 'late'))`

interface MovedParts {
  readonly time: number
  readonly parts: number
  /** What there is at that time now. */
  readonly total: number
}

/**
 * What has to be given and taken, so that parts are credited where readings in order of time say. From one reading that
 * came in time to the next it is judged as a whole; where the late ones between do not fit to what is credited nothing
 * is moved.
 */
export function movedParts(
  readings: readonly Reading[],
  recorded: readonly Recorded[],
  width: number,
): MovedParts[] {
  const moved: MovedParts[] = []
  let stretch: Reading[] = []
  for (const reading of readings) {
    stretch.push(reading)
    if (reading.isLate || stretch.length === 1) continue
    const [{ time: from }] = stretch as [Reading]
    const own = recorded.filter(({ time }) => time > from && time <= reading.time)
    if (stretch.length > 2) moved.push(...movedWithin(stretch, own, width))
    stretch = [reading]
  }
  return moved
}

/**
 * A late value that makes the counter fall once more than is known is not believed, and only before a fall that is known
 * may it tell of parts that nobody knew of.
 */
function movedWithin(
  readings: readonly Reading[],
  recorded: readonly Recorded[],
  width: number,
): MovedParts[] {
  const right = new Map<number, number>()
  let falls = 0
  for (const [place, { time, value }] of readings.entries()) {
    const before = readings[place - 1]
    if (before === undefined) continue
    right.set(time, (right.get(time) ?? 0) + increment(before.value, value, width).by)
    if (value < before.value) falls++
  }
  const known = sum(recorded.map(each => each.falls))
  const more = sum(right.values()) - sum(recorded.map(({ parts }) => parts))
  if (falls > known || more < 0 || (more > 0 && known === 0)) return []
  const credited = new Map(recorded.map(({ time, parts }) => [time, parts]))
  return [...new Set([...right.keys(), ...credited.keys()])]
    .sort((a, b) => a - b)
    .flatMap(time => {
      const total = right.get(time) ?? 0
      const parts = total - (credited.get(time) ?? 0)
      return parts === 0 ? [] : [{ time, parts, total }]
    })
}

const sum = (values: Iterable<number>): number => [...values].reduce((all, value) => all + value, 0)

/** The late readings that are on record since a time, by the wall's clock, Unix ms. */
export async function lateReadingsSince(
  store: Pick<Store, 'query'>,
  stored: number,
): Promise<LateReadings[]> {
  return store.query<LateReadings>(
    `SELECT machine, counter, toFloat64(toUnixTimestamp64Milli(min(ts))) AS from,
      toFloat64(toUnixTimestamp64Milli(max(ts))) AS to
    FROM ${databaseName}.production_events
    WHERE cause = 'late' AND counter IN {counters:Array(String)} AND stored >= toDateTime({stored:UInt32}, 'UTC')
    GROUP BY machine, counter`,
    { counters: lateCounters, stored: Math.max(0, Math.floor(stored / 1_000)) },
  )
}
