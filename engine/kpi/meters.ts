import type { Machine, Plant, Signal } from '../../schema/plant.js'
import type { Meter } from '../../workers/kpi/energy.js'

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

/** The meter of a machine: a counter of energy, else a signal of power; the first of them, or one called so. */
export function meterOf(plant: Pick<Plant, 'machineTypes'>, machine: Machine): FoundMeter | undefined {
  const ratedKw =
    plant.machineTypes.find(({ id }) => id === machine.type)?.ratedPower ?? Number.POSITIVE_INFINITY
  const find = (units: Readonly<Record<string, number>>, named: RegExp): Signal | undefined => {
    const found = machine.signals.filter(({ type, unit }) => type === 'number' && Object.hasOwn(units, unit))
    return found.find(({ name }) => named.test(name)) ?? found[0]
  }
  const make = (signal: Signal, kind: Meter['kind'], factor: number): FoundMeter => ({
    signal,
    kind,
    factor,
    holdMs: signal.period > 0 ? periodsHeld * signal.period : Number.POSITIVE_INFINITY,
    mostKw: mostOfRated * ratedKw,
  })
  const counter = find(energyUnits, /^(active[-_]?)?energy/i)
  if (counter !== undefined) return make(counter, 'counter', energyUnits[counter.unit]!)
  const power = find(powerUnits, /^(active[-_]?)?power/i)
  return power === undefined ? undefined : make(power, 'power', powerUnits[power.unit]!)
}
