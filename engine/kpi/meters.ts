import type { Machine, Plant, Signal } from '../../schema/plant.js'
import { databaseName } from '../../schema/tables/definition.js'
import type { Meter } from '../../workers/kpi/energy.js'
import type { MachinePlan } from '../../workers/kpi/machine-plan.js'
import type { OtherUnit } from '../store/other-units.js'
import type { Store } from '../store/store.js'

/** What makes kW of a unit of power, and kWh of one of energy. */
const powerUnits: Readonly<Record<string, number>> = { kW: 1, W: 0.001, MW: 1_000 }
const energyUnits: Readonly<Record<string, number>> = { kWh: 1, Wh: 0.001, MWh: 1_000 }

/** A value counts for three of its periods, as for whether the sensor is stale. */
const periodsHeld = 3
/** Nothing draws this many times its rated power for as long as between two readings. */
const mostOfRated = 5

export interface FoundMeter extends Meter {
  readonly signal: Signal
}

export interface MeteredMachine {
  readonly plan: MachinePlan
  readonly meter: FoundMeter
  /** Index of its signal. */
  readonly signal: number
  /** Where it was kept in other units. */
  readonly others: readonly OtherUnit[]
}

/** What may be the meter of a machine, the best first: counters of energy, then signals of power; those called so first. */
export function metersOf(plant: Pick<Plant, 'machineTypes'>, machine: Machine): FoundMeter[] {
  const ratedKw =
    plant.machineTypes.find(({ id }) => id === machine.type)?.ratedPower ?? Number.POSITIVE_INFINITY
  const find = (
    kind: Meter['kind'],
    units: Readonly<Record<string, number>>,
    named: RegExp,
  ): FoundMeter[] => {
    const found = machine.signals.filter(({ type, unit }) => type === 'number' && Object.hasOwn(units, unit))
    const [called, others] = [true, false].map(is => found.filter(({ name }) => named.test(name) === is))
    return [...called!, ...others!].map(signal => ({
      signal,
      kind,
      factor: units[signal.unit]!,
      holdMs: signal.period > 0 ? periodsHeld * signal.period : Number.POSITIVE_INFINITY,
      mostKw: mostOfRated * ratedKw,
    }))
  }
  return [
    ...find('counter', energyUnits, /^(active[-_]?)?energy/i),
    ...find('power', powerUnits, /^(active[-_]?)?power/i),
  ]
}

const indexesOf = ({ signal, others }: MeteredMachine): number[] => [
  signal,
  ...others.map(other => other.signal),
]

/** Says which of a machine's meters is the one to go by: the best that has ever told a value, else the best. */
export class MeterChoice {
  readonly #store: Pick<Store, 'query' | 'flush'>
  /** What has told a value has told one for good. */
  readonly #speaking = new Set<number>()

  constructor(store: Pick<Store, 'query' | 'flush'>) {
    this.#store = store
  }

  /** One of each list, of those that are not empty. */
  async of(machines: readonly (readonly MeteredMachine[])[]): Promise<MeteredMachine[]> {
    const speaks = ({ signal }: MeteredMachine): boolean => this.#speaking.has(signal)
    const unsure = machines.filter(meters => meters.length > 1 && !speaks(meters[0]!))
    await this.#ask(unsure.flat().filter(meter => !speaks(meter)))
    return machines.flatMap(meters => meters.find(speaks) ?? meters[0] ?? [])
  }

  async #ask(meters: readonly MeteredMachine[]): Promise<void> {
    if (meters.length === 0) return
    await this.#store.flush()
    const rows = await this.#store.query<{ signal: number }>(
      `SELECT DISTINCT signal FROM ${databaseName}.telemetry_1m AS m
      WHERE signal IN {signals:Array(UInt32)} AND m.valued > 0`,
      { signals: meters.flatMap(indexesOf) },
    )
    const told = new Set(rows.map(({ signal }) => signal))
    for (const meter of meters)
      if (indexesOf(meter).some(index => told.has(index))) this.#speaking.add(meter.signal)
  }
}
