import type { Clock } from '../../schema/clock.js'
import { faultsOf } from '../../schema/fault-catalogue.js'
import { type PackmlState, packmlStates } from '../../schema/packml.js'
import { connectionOf, levelOf, type SensorHealth } from '../../schema/sensor-state.js'
import { evaluateFaults } from '../../twins/fault/evaluate.js'
import { nextAlertDue, type Reading } from '../../twins/fault/reading.js'
import type { TwinEmitted } from '../twin-system/definition.js'
import type { TwinSystem } from '../twin-system/twin-system.js'
import type { FaultWatch } from './fault-watch.js'
import type { RegisteredMachine, RegisteredSignal, Registry } from './floor.js'
import type { HealthWatch } from './health-watch.js'
import type { LatestMachines, LatestSignals } from './latest-table.js'
import { regionsOf } from './state-value.js'
import { sensorAddress } from './twin-kinds.js'

export type EvidenceMemory = readonly [levelSince: number, dayAgo: number, weekAgo: number]

export interface EvidenceWatchParts {
  readonly twins: TwinSystem
  readonly registry: Registry
  readonly clock: Clock
  readonly signals: LatestSignals
  readonly machines: LatestMachines
  readonly faults: FaultWatch
  readonly health: HealthWatch
  /** Ids of the sources whose machines are simulated: their faults are known and not concluded. */
  readonly simulated: ReadonlySet<string>
}

/** What sensors say that may change what they mean together. */
const telling: ReadonlySet<string> = new Set(['level.changed', 'health.changed', 'connection.changed'])

/** How long ago a value was that the present one is held against. */
export type Past = 'dayAgo' | 'weekAgo'

/** Out of many sensors some are always unusual for a moment, ms. */
const lasting = 10 * 60_000

/** States in which a machine works, or may work for all we know. */
const working: readonly PackmlState[] = ['Execute', 'Undefined']

/**
 * Concludes the faults of real machines from what their sensors say together. It looks at a machine when a level or the
 * health of one of its sensors changes, when one becomes unusual for itself, when the machine begins to work, and when a
 * warning has lasted long enough to be an alert; a sample alone costs nothing.
 */
export class EvidenceWatch {
  readonly #parts: EvidenceWatchParts
  /** Of each signal: since when it is at its level, floor time. */
  readonly #levelSince: Float64Array
  /** The value of each signal a day and a week ago; NaN where it is not known. */
  readonly #past: Readonly<Record<Past, Float64Array>>
  /** Machines to look at when the turn is over. */
  readonly #stirred = new Set<number>()
  /** Machines whose readings will mean more by themselves, and when, floor time. */
  readonly #due = new Map<number, number>()

  constructor(parts: EvidenceWatchParts) {
    this.#parts = parts
    const capacity = parts.registry.signalCapacity
    this.#levelSince = new Float64Array(capacity).fill(parts.clock.now())
    const unknown = (): Float64Array => new Float64Array(capacity).fill(Number.NaN)
    this.#past = { dayAgo: unknown(), weekAgo: unknown() }
  }

  /** A twin spoke. */
  hear(address: string, { type }: TwinEmitted): void {
    if (!telling.has(type)) return
    const registered = this.#parts.registry.signalById(address.slice(sensorAddress('').length))
    if (registered === undefined) return
    if (type === 'level.changed') this.#levelSince[registered.index] = this.#parts.clock.now()
    this.stir(registered.machine)
  }

  /** What the signals showed then, by index; of the others it is not known. */
  learn(past: Past, values: ReadonlyMap<number, number>): void {
    this.#past[past].fill(Number.NaN)
    for (const [index, value] of values) this.#past[past][index] = value
  }

  /** Since when a signal is on its level, Unix ms, and what it showed a day and a week ago; NaN = not known. */
  remember(index: number): EvidenceMemory {
    const { dayAgo, weekAgo } = this.#past
    return [this.#levelSince[index]!, dayAgo[index]!, weekAgo[index]!]
  }

  recall(index: number, [levelSince, dayAgo, weekAgo]: EvidenceMemory): void {
    this.#levelSince[index] = levelSince
    this.#past.dayAgo[index] = dayAgo
    this.#past.weekAgo[index] = weekAgo
  }

  /** When the machine is to be looked at by the passing of time alone, floor time. */
  dueOf(machine: number): number | undefined {
    return this.#due.get(machine)
  }

  setDue(machine: number, due: number | undefined): void {
    this.#stirred.delete(machine)
    if (due === undefined) this.#due.delete(machine)
    else this.#due.set(machine, due)
  }

  /** Something about the machine has changed: look at it when the turn is over. */
  stir(machine: number): void {
    this.#stirred.add(machine)
  }

  /** The turn is over, it is `now` by the floor's clock. */
  settle(now: number): void {
    for (const [machine, due] of this.#due) if (due <= now) this.#stirred.add(machine)
    if (this.#stirred.size === 0) return
    for (const machine of this.#stirred) this.#look(machine, now)
    this.#stirred.clear()
  }

  #look(index: number, now: number): void {
    this.#due.delete(index)
    const registered = this.#parts.registry.machineByIndex(index)
    if (registered === undefined || this.#parts.simulated.has(registered.machine.source)) return
    const sensors = registered.signals.filter(
      ({ signal }) => signal.role === 'sensor' && signal.type === 'number',
    )
    // One that is not heard keeps what it said last; where none is heard, nothing can be concluded.
    if (!sensors.some(sensor => connectionOf(this.#parts.signals.status[sensor.index]!) === 'live')) return
    const isStanding = this.#isStanding(registered)
    const readings = sensors
      .map(sensor => this.#read(sensor, now))
      // Without work there is little pressure, flow and current, and that is as it should be.
      .filter(({ level }) => !(isStanding && level.endsWith('low')))
    const evidence = evaluateFaults(faultsOf(registered.machine), readings, now)
    for (const found of evidence) this.#parts.faults.conclude(registered, found, { time: now, isStanding })
    const due = Math.min(nextAlertDue(readings, now), this.#nextLasting(sensors, now))
    if (Number.isFinite(due)) this.#due.set(index, due)
  }

  /** Since when the sensor is unusual for itself, floor time; infinite where it is not. */
  #unusualSince(index: number, now: number): number {
    const since = this.#parts.health.report(index)?.unusualSince
    return since === undefined ? Number.POSITIVE_INFINITY : Math.min(now, since)
  }

  /** When the next sensor that is unusual now will have been so for long enough to mean something. */
  #nextLasting(sensors: readonly RegisteredSignal[], now: number): number {
    const dues = sensors.map(({ index }) => this.#unusualSince(index, now) + lasting)
    return Math.min(Number.POSITIVE_INFINITY, ...dues.filter(due => due > now))
  }

  /** A machine that does not say what it does is taken to work. */
  #isStanding({ index, signals }: RegisteredMachine): boolean {
    const state = packmlStates[this.#parts.machines.state[index]!] ?? 'Undefined'
    return !working.includes(state) && signals.some(({ signal }) => signal.quantity === 'state')
  }

  #read({ index, signal }: RegisteredSignal, now: number): Reading {
    const { twins, signals } = this.#parts
    const { health } = regionsOf(twins.get(sensorAddress(signal.id))?.snapshot)
    const unusualSince = this.#unusualSince(index, now)
    const dayAgo = this.#past.dayAgo[index]!
    const weekAgo = this.#past.weekAgo[index]!
    return {
      signal: signal.id,
      quantity: signal.quantity,
      value: signals.value[index]!,
      level: levelOf(signals.status[index]!),
      // A recording that begins anew sets the clock back.
      since: Math.min(now, this.#levelSince[index]!),
      limits: signal.limits,
      health: (health ?? 'ok') as SensorHealth,
      ...(now - unusualSince >= lasting && {
        anomaly: { sigma: this.#parts.health.report(index)?.sigma ?? 0, since: unusualSince },
      }),
      ...(!Number.isNaN(dayAgo) && { dayAgo }),
      ...(!Number.isNaN(weekAgo) && { weekAgo }),
    }
  }
}
