import { standardConfig } from '../../schema/machine-config.js'
import type { Plant } from '../../schema/plant.js'
import type { Entry } from '../../schema/records.js'
import type { RowOfTable } from '../../schema/tables/row-tables.js'
import { increment } from '../../twins/machine/counter.js'
import type { Registry } from '../floor/floor.js'
import { lateWaits } from '../floor/interlocks.js'
import { partCounterOf } from '../floor/part-counters.js'
import { leapReject, PlausibleParts } from '../floor/plausible-parts.js'
import type { Store } from '../store/store.js'
import { CounterRecord } from './counter-record.js'
import type { LateReadingList, LateReadings } from './late-readings.js'
import { waitChanges } from './late-waits.js'
import { type CounterRule, movedParts, partsBefore } from './moved-parts.js'
import { isSetBack } from './set-back.js'

type Change = Pick<Entry, 'rows' | 'rejects' | 'stateChanges'>
type PartsRow = RowOfTable<'production_events'>

export interface LateCountsParts {
  readonly plant: Pick<Plant, 'stateMaps' | 'products'>
  readonly registry: Pick<Registry, 'machineById'>
  readonly store: Pick<Store, 'query' | 'flush'>
  /** The floor's time. */
  readonly clock: { now(): number }
  record(entry: Entry): void
}

/**
 * Moves parts to where they were made, and works out why machines waited, where that came late. A counter shows how many
 * parts lie between two readings, and all of them are credited at the later one; a reading from between the two that
 * comes late says how many of them were made before it. What it moves is told by rows that take away and give, so that
 * the parts stay as many as they were. Readings from before the first that came in time tell of parts that nobody has
 * counted yet. Working the same readings out again changes nothing.
 */
export class LateCounts {
  readonly #parts: LateCountsParts
  readonly #plausible: PlausibleParts

  constructor(parts: LateCountsParts) {
    this.#parts = parts
    this.#plausible = new PlausibleParts(parts.plant)
  }

  /** Takes late readings into account; those after which the counter has not been read yet stay in the list. */
  async settle(list: LateReadingList): Promise<void> {
    const owed = list.all()
    list.isNew = false
    if (owed.length === 0) return
    await this.#parts.store.flush()
    for (const readings of owed) {
      const entry =
        readings.counter === lateWaits ? await this.#rework(readings) : await this.#recount(readings)
      if (entry === undefined) continue
      const { rows, stateChanges = [] } = entry
      if (rows !== undefined || stateChanges.length > 0) this.#parts.record({ source: 'kpis', ...entry })
      list.done(readings)
    }
  }

  async #rework(told: LateReadings): Promise<Change> {
    const { plant, registry, store } = this.#parts
    const machine = registry.machineById(told.machine)
    if (machine === undefined) return {}
    return { stateChanges: await waitChanges(store, plant.stateMaps, machine, told) }
  }

  /** Undefined: too early to say. */
  async #recount(readings: LateReadings): Promise<Change | undefined> {
    const { machine, counter } = readings
    const { registry, store, clock } = this.#parts
    const found = registry.machineById(machine)
    const signals = found?.signals.filter(({ signal }) => partCounterOf(signal) === counter) ?? []
    // Of two signals nobody knows which of them a row is of.
    if (found === undefined || signals.length !== 1) return {}
    const [{ index, signal }] = signals as [(typeof signals)[0]]
    const rule: CounterRule = {
      width: found.machine.packml?.counterWidth ?? standardConfig.counterWidth,
      most: betweenMs => this.#plausible.most(found.machine, found.line, betweenMs),
    }
    const record = new CounterRecord(store, { signal: index, machine, counter })
    const changed = await changedParts(record, rule, readings, clock.now())
    if (changed === undefined || changed.length === 0) return changed && {}
    const rejects = changed
      .filter(({ cause }) => cause === 'leap')
      .map(({ time, total: reading }) => leapReject(signal, { machine, reading, time }, clock.now()))
    const rows = changed.map(({ time, ...row }): PartsRow => ({ machine, ts: time, counter, ...row }))
    return { rows: { production_events: rows }, rejects }
  }
}

/** What late readings change; undefined: too early to say. */
async function changedParts(
  record: CounterRecord,
  rule: CounterRule,
  { from, to }: Pick<LateReadings, 'from' | 'to'>,
  now: number,
) {
  const before = await record.neighbour(from, 'before')
  const first = before ?? (await record.neighbour(from, 'after'))
  if (first === undefined) return undefined
  const early =
    before === undefined ? await changedBefore(record, rule, from, Math.min(to, first), first, now) : []
  if (early === undefined) return undefined
  if (to < first) return early
  const last = await record.neighbour(to, 'after')
  if (last === undefined) return undefined
  const [readings, recorded] = await Promise.all([record.readings(first, last), record.recorded(first, last)])
  return [...early, ...movedParts(readings, recorded, rule)]
}

/** What late readings from before the first that came in time change; at that one at the latest. Undefined: too early to say. */
async function changedBefore(
  record: CounterRecord,
  rule: CounterRule,
  from: number,
  to: number,
  first: number,
  now: number,
) {
  if (await record.isCountedBefore(first)) return []
  if (!(await goesOn(record, rule, first))) {
    const arrival = await record.arrival(from, first)
    // Of a source whose clock was set back they say again what was counted later.
    const setBack = arrival !== undefined && isSetBack(arrival, now)
    if (setBack !== false) return setBack && []
  }
  const [before, after] = await Promise.all([
    record.neighbour(from, 'before', 'any'),
    record.neighbour(to, 'after', 'any'),
  ])
  const start = before ?? from
  const end = Math.min(after ?? first, first)
  const [readings, recorded] = await Promise.all([record.readings(start, end), record.recorded(start, end)])
  return partsBefore(readings, recorded, rule)
}

/** Whether the first reading that came in time goes on from those before it, and does not fall. */
async function goesOn(record: CounterRecord, { width, most }: CounterRule, first: number): Promise<boolean> {
  const last = await record.neighbour(first, 'before', 'any')
  if (last === undefined) return true
  const [before, told] = await Promise.all([record.readings(last, last), record.readings(first, first)])
  const [from, to] = [before.at(-1)!.value, told[0]!.value]
  return to >= from || increment(from, to, width, false, most(first - last)).cause === 'rollover'
}
