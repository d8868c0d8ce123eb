import type { DamageReport } from '../../schema/damage-report.js'
import type { FaultPatternId } from '../../schema/fault-catalogue.js'
import { makeSignal } from '../../schema/machine-types/make-signal.js'
import { shippedMachineTypes } from '../../schema/machine-types/shipped-machine-types.js'
import { packmlNumber } from '../../schema/packml.js'
import type { Machine, Plant, Signal } from '../../schema/plant.js'
import { shippedStateMaps } from '../../schema/state-maps.js'
import { Behaviour, behaviourMachines } from '../behaviour/behaviour.js'
import { type Duty, healthyDuty } from '../flow/duty.js'
import type { Injection } from './faults.js'

/** When the lines of tests are met at work, Unix ms. */
export const lineStart = Date.UTC(2026, 0, 5, 6)

/** No stops by chance, so that whatever happens is the fault's doing. */
export const calmDuty: Duty = {
  ...healthyDuty,
  minorStopEvery: 1e15,
  breakdownEvery: 1e15,
  changeoverEvery: 1e15,
}

/**
 * Three machines of a shipped type in a row, `one` → `two` → `three`; a fault goes into `two`. For tests and pictures.
 * `cycleTime` in seconds, in place of the type's own.
 */
export function lineOf(type: string, cycleTime?: number): Plant {
  const template = shippedMachineTypes.find(({ id }) => id === type)
  if (template === undefined) throw new RangeError(`There is no shipped machine type "${type}".`)
  const machine = (id: string, feeds: readonly string[]): Machine => {
    const place = { machine: id, source: 'simulator', tagPatterns: new Map<string, string>() }
    const of = (role: Signal['role']) =>
      Object.entries(role === 'sensor' ? template.signals : template.status).map(([name, signal]) =>
        makeSignal(name, role, signal, place),
      )
    const signals = [...of('sensor'), ...of('status')]
    const idealCycleTime = cycleTime ?? template.idealCycleTime
    return { id, name: id, type, source: 'simulator', feeds, idealCycleTime, signals }
  }
  const machines = [machine('one', ['two']), machine('two', ['three']), machine('three', [])]
  const line = { id: 'line', name: 'Line', kind: 'test', machines }
  return {
    name: 'Line',
    enterprise: 'Test',
    sites: [
      { id: 'site', name: 'Site', timeZone: 'UTC', areas: [{ id: 'area', name: 'Area', lines: [line] }] },
    ],
    sources: [{ id: 'simulator', adapter: 'simulator', clock: 'wall', options: {} }],
    machineTypes: [template],
    shifts: [],
    products: [],
    customers: [],
    crews: [],
    stateMaps: shippedStateMaps,
  }
}

/** One sensor of the faulty machine over time. */
export interface Series {
  readonly signal: Signal
  readonly time: number[]
  readonly value: number[]
}

interface StateChangeSeen {
  readonly machine: number
  readonly state: number
  readonly reason: number
  readonly time: number
}

export interface FaultyLine {
  readonly behaviour: Behaviour
  readonly series: ReadonlyMap<string, Series>
  readonly reports: readonly DamageReport[]
  readonly states: readonly StateChangeSeen[]
  /** Lets time pass, ms. */
  pass(ms: number): void
  inject(injection: Omit<Injection, 'pattern'>): void
  readonly now: number
}

/** The place of machine `two`. */
export const faulty = 1

/** Watches a line of a shipped type, sampled at `period` ms; `pattern` is what `inject` puts into its middle machine. */
export function watchLine(
  type: string,
  pattern: FaultPatternId,
  options: {
    readonly seed: number
    readonly period: number
    readonly duty?: Duty
    /** Seconds. */
    readonly cycleTime?: number
  },
): FaultyLine {
  const { seed, period, duty = calmDuty, cycleTime } = options
  const reports: DamageReport[] = []
  const states: StateChangeSeen[] = []
  const isState = (signal: Signal) => signal.quantity === 'state'
  const behaviour = new Behaviour(
    behaviourMachines(
      lineOf(type, cycleTime),
      signal => isState(signal) || (signal.role === 'sensor' && signal.id.startsWith('two.')),
    ),
    { seed, start: lineStart, period, phaseSpread: 0, duty, onDamage: report => reports.push(report) },
  )
  const series = new Map<string, Series>()
  for (const signal of behaviour.signals) {
    if (!isState(signal)) series.set(signal.name, { signal, time: [], value: [] })
  }
  const machineOf = behaviour.signals.map(({ id }) => ['one', 'two', 'three'].indexOf(id.split('.')[0]!))
  const seen = new Int32Array(3).fill(-1)
  const see = (place: number, time: number, value: number): void => {
    const signal = behaviour.signals[place]!
    const found = series.get(signal.name)
    if (found !== undefined) {
      found.time.push(time)
      found.value.push(value)
      return
    }
    const machine = machineOf[place]!
    const state = behaviour.flow.state[machine]!
    if (seen[machine] === state) return
    seen[machine] = state
    states.push({ machine, state, reason: behaviour.flow.reason[machine]!, time })
  }
  let now = lineStart
  return {
    behaviour,
    series,
    reports,
    states,
    get now() {
      return now
    },
    pass(ms) {
      now += Math.round(ms)
      behaviour.advance(now, see)
    },
    inject(injection) {
      behaviour.changeFaults(faulty, (faults, time) => {
        faults.inject(faults.bank.slotOf(faulty, pattern)!, time, { pattern, ...injection })
      })
    },
  }
}

/** Whether the faulty machine stands after a failure. */
export const isAborted = ({ behaviour }: FaultyLine): boolean =>
  behaviour.flow.state[faulty] === packmlNumber.Aborted
