import type { Clock } from '../../schema/clock.js'
import type { TwinSnapshot } from '../../schema/records.js'
import { levelOf, type SensorHealth } from '../../schema/sensor-state.js'
import { type HealthReport, SensorHealthEstimator } from '../../twins/sensor/health.js'
import type { SensorContext } from '../../twins/sensor/sensor.machine.js'
import type { TwinSystem } from '../twin-system/twin-system.js'
import type { RegisteredMachine, RegisteredSignal, Registry } from './floor.js'
import type { LatestSignals } from './latest-table.js'
import { regionsOf } from './state-value.js'
import type { Turn } from './turn.js'
import { sensorAddress } from './twin-kinds.js'

export interface HealthWatchParts {
  readonly twins: TwinSystem
  readonly registry: Registry
  readonly clock: Clock
  readonly turn: Turn
  readonly signals: LatestSignals
  /** A sensor of the machine has become unusual for itself, or usual again. */
  onUnusual(machine: number): void
}

/** What the estimator remembers of a sensor is kept among the snapshots of twins. */
export const memory = { id: 'sensor-health', version: 1 } as const
const memoryAddress = (signal: string): string => `health:${signal}`

/** The sensor it looked at last, how many are to be looked at next, and since when, floor time. */
export type HealthRound = readonly [cursor: number, toLook: number, tickedAt: number]

export interface HealthMemory {
  readonly flags: readonly [isExpected: number, isUnusual: number, rowAt: number]
  /** As the estimator saves them. */
  readonly kept: readonly number[]
  readonly window: readonly number[]
}

/** A steady process may stand for a while within the resolution of its sensor; another product may be noisier. */
const patience = 30 * 60_000
/** A shift: the warming-up of the morning and the change of a product are no drift. */
const driftSpan = 8 * 3_600_000
/** A score that moves by less is no news. */
const scoreStep = 5
/** The longest time between two rows of a sensor, and how long a round over all of them takes, ms. */
const rowPeriod = 3_600_000
const roundPeriod = 60_000

/**
 * Judges the instruments of a floor while their machines work, when what they show can be compared, and tells their
 * twins. What moves together with other sensors of the machine, or is beyond a limit, is the process and no drift.
 */
export class HealthWatch {
  readonly #parts: HealthWatchParts
  readonly #estimator: SensorHealthEstimator
  /** Signals that are sensors, and of these the ones whose machine works. */
  readonly #isWatched: Uint8Array
  readonly #isExpected: Uint8Array
  /** The newest verdict told to the twin, and the time of the newest row, floor time. */
  readonly #condition: SensorHealth[] = []
  readonly #score: Float64Array
  readonly #rowAt: Float64Array
  readonly #isUnusual: Uint8Array
  readonly #unsaved = new Set<number>()
  /** Where the round stands, how many sensors are to be looked at next, and since when. */
  #cursor = -1
  #toLook = 0
  #tickedAt = 0
  /** No calibration is due before, floor time. */
  #nextDue = Number.POSITIVE_INFINITY

  constructor(parts: HealthWatchParts) {
    const capacity = parts.registry.signalCapacity
    this.#parts = parts
    this.#estimator = new SensorHealthEstimator(capacity)
    this.#isWatched = new Uint8Array(capacity)
    this.#isExpected = new Uint8Array(capacity)
    this.#score = new Float64Array(capacity).fill(100)
    this.#rowAt = new Float64Array(capacity)
    this.#isUnusual = new Uint8Array(capacity)
  }

  /** Takes over a machine's sensors, after their twins are there. */
  add({ signals }: RegisteredMachine, saved: ReadonlyMap<string, TwinSnapshot>): void {
    const saysState = signals.some(({ signal }) => signal.quantity === 'state')
    for (const { index, signal } of signals) {
      if (signal.role !== 'sensor' || signal.type !== 'number') continue
      const { range, resolution, period } = signal
      this.#estimator.watch(index, { range, resolution, period, patience, driftSpan })
      this.#isWatched[index] = 1
      this.#isExpected[index] = saysState ? 0 : 1
      const snapshot = this.#parts.twins.get(sensorAddress(signal.id))?.snapshot
      this.#condition[index] = (regionsOf(snapshot).health ?? 'ok') as SensorHealth
      this.#score[index] = this.#contextOf(signal.id).score
      this.#recall(index, saved.get(memoryAddress(signal.id)))
      this.#awaitDue(index)
    }
  }

  /** A sample that is not late; `time` is its source time, Unix ms. */
  take(index: number, value: number, quality: number, time: number): void {
    if (this.#isExpected[index] === 1 && this.#estimator.add(index, value, quality, time)) this.#judge(index)
  }

  /** The machine begins to work, or ends: without work nothing is expected of its sensors. */
  works(machine: RegisteredMachine, isWorking: boolean): void {
    for (const { index } of machine.signals) {
      if (this.#isWatched[index] === 0) continue
      this.#isExpected[index] = isWorking ? 1 : 0
      this.#estimator.pause(index)
    }
  }

  /** The link to the sensor's source is gone. */
  lost(index: number): void {
    this.#estimator.pause(index)
  }

  /** The instrument was calibrated at `time`; `due`: when the next is, where that was said. Unix ms. An older one is void. */
  calibrated(index: number, time: number, due?: number): void {
    const { signal } = this.#parts.registry.signalByIndex(index)!
    if (this.#isWatched[index] !== 1 || time < this.#contextOf(signal.id).calibratedAt) return
    this.#parts.twins.send(sensorAddress(signal.id), { type: 'CALIBRATED', time })
    // The twin takes itself for well now.
    this.#condition[index] = regionsOf(this.#parts.twins.get(sensorAddress(signal.id))?.snapshot)
      .health as SensorHealth
    this.#score[index] = this.#contextOf(signal.id).score
    this.#estimator.calibrated(index, time, due)
    this.#awaitDue(index)
    this.#judge(index, true)
  }

  /** What is known of a sensor; undefined for what is none. */
  report(index: number): HealthReport | undefined {
    if (this.#isWatched[index] !== 1) return undefined
    return this.#estimator.report(index, this.#parts.clock.now(), this.#isProcess(index))
  }

  /** What becomes due by time alone is judged at once; a round over all sensors, for their rows, takes a minute. */
  tick(now: number): void {
    const { signals } = this.#parts.registry
    if (now > this.#nextDue) this.#judgeDue(this.#tickedAt, now)
    const elapsed = Math.min(roundPeriod, Math.abs(now - this.#tickedAt))
    this.#tickedAt = now
    this.#toLook = Math.min(signals.length, this.#toLook + (signals.length * elapsed) / roundPeriod)
    for (; this.#toLook >= 1; this.#toLook--) {
      this.#cursor = (this.#cursor + 1) % signals.length
      const { index } = signals[this.#cursor]!
      if (this.#isWatched[index] === 1) this.#judge(index)
    }
  }

  /** The memory of at most `most` sensors that has not been kept yet. */
  takeSnapshots(time: number, most = Number.POSITIVE_INFINITY): TwinSnapshot[] {
    const taken: TwinSnapshot[] = []
    for (const index of this.#unsaved) {
      if (taken.length >= most) break
      this.#unsaved.delete(index)
      const address = memoryAddress(this.#parts.registry.signalByIndex(index)!.signal.id)
      const snapshot = JSON.stringify(this.#estimator.save(index))
      taken.push({ address, time, definition: memory.id, version: memory.version, snapshot })
    }
    return taken
  }

  /** Where the round over all sensors stands. */
  get round(): HealthRound {
    return [this.#cursor, this.#toLook, this.#tickedAt]
  }

  set round([cursor, toLook, tickedAt]: HealthRound) {
    this.#cursor = cursor
    this.#toLook = toLook
    this.#tickedAt = tickedAt
  }

  /** What is remembered of a sensor beside its twin; undefined for what is none. */
  remember(index: number): HealthMemory | undefined {
    if (this.#isWatched[index] !== 1) return undefined
    return {
      flags: [this.#isExpected[index]!, this.#isUnusual[index]!, this.#rowAt[index]!],
      kept: this.#estimator.save(index),
      window: this.#estimator.saveWindow(index),
    }
  }

  /** Takes it up again, after the twin is as it was. */
  recall({ index, signal }: RegisteredSignal, { flags, kept, window }: HealthMemory): void {
    const [isExpected, isUnusual, rowAt] = flags
    this.#isExpected[index] = isExpected
    this.#isUnusual[index] = isUnusual
    this.#rowAt[index] = rowAt
    this.#estimator.restore(index, kept)
    this.#estimator.restoreWindow(index, window)
    this.#awaitDue(index)
    const { snapshot } = this.#parts.twins.get(sensorAddress(signal.id))!
    this.#condition[index] = (regionsOf(snapshot).health ?? 'ok') as SensorHealth
    this.#score[index] = this.#contextOf(signal.id).score
  }

  #awaitDue(index: number): void {
    this.#nextDue = Math.min(this.#nextDue, this.#estimator.dueAt(index))
  }

  /** Judges those whose calibration became due from `before` to `now`, floor time. */
  #judgeDue(before: number, now: number): void {
    this.#nextDue = Number.POSITIVE_INFINITY
    for (const { index } of this.#parts.registry.signals) {
      const due = this.#estimator.dueAt(index)
      if (due >= now) this.#nextDue = Math.min(this.#nextDue, due)
      else if (due >= before) this.#judge(index)
    }
  }

  #recall(index: number, saved: TwinSnapshot | undefined): void {
    if (saved === undefined || saved.definition !== memory.id || saved.version !== memory.version) return
    try {
      this.#estimator.restore(index, JSON.parse(saved.snapshot))
    } catch {
      // It is a memory and no state: without it the sensor is learnt anew.
    }
  }

  /** Tells the twin what is news, and makes a row of it, or because one is due or `wanted`. */
  #judge(index: number, wanted = false): void {
    const { twins, registry, clock } = this.#parts
    const report = this.report(index)
    if (report === undefined || (report.windows === 0 && report.calibratedAt === undefined)) return
    const { condition, score } = report
    const isUnusual = report.unusualSince === undefined ? 0 : 1
    if (isUnusual !== this.#isUnusual[index]) {
      this.#isUnusual[index] = isUnusual
      this.#parts.onUnusual(registry.signalByIndex(index)!.machine)
    }
    const now = clock.now()
    const isNews = condition !== this.#condition[index] || Math.abs(score - this.#score[index]!) >= scoreStep
    if (!isNews && !wanted && Math.abs(now - this.#rowAt[index]!) < rowPeriod) return
    const { signal } = registry.signalByIndex(index)!
    if (isNews) {
      this.#condition[index] = condition
      this.#score[index] = score
      // Verdicts come in order, though the clock may have been set back.
      const time = Math.max(now, this.#contextOf(signal.id).judgedAt)
      twins.send(sensorAddress(signal.id), { type: 'HEALTH', condition, score, time })
    }
    this.#record(index, report, now)
  }

  #record(index: number, report: HealthReport, now: number): void {
    const { registry, turn } = this.#parts
    const { signal, machine } = registry.signalByIndex(index)!
    this.#rowAt[index] = now
    this.#unsaved.add(index)
    turn.addRow('sensor_health', {
      signal: signal.id,
      machine: registry.machineByIndex(machine)!.machine.id,
      ts: now,
      condition: report.condition,
      score: report.score,
      drift: report.drift,
      noise_ratio: report.noiseRatio,
      packet_loss: report.packetLoss,
      out_of_range: report.outOfRange,
      calibrated_at: report.calibratedAt ?? null,
      calibration_due: report.calibrationDue ?? null,
    })
  }

  #isProcess(index: number): boolean {
    const { registry, signals } = this.#parts
    if (levelOf(signals.status[index]!) !== 'normal') return true
    const machine = registry.machineByIndex(registry.signalByIndex(index)!.machine)!
    return machine.signals.some(
      other =>
        other.index !== index && this.#isWatched[other.index] === 1 && this.#estimator.isShifted(other.index),
    )
  }

  #contextOf(signal: string): SensorContext {
    const { snapshot } = this.#parts.twins.get(sensorAddress(signal))!
    return (snapshot as unknown as { context: SensorContext }).context
  }
}
