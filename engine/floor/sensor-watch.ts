import type { Clock } from '../../schema/clock.js'
import { type QualityName, qualityNames } from '../../schema/quality.js'
import type { TwinSnapshot } from '../../schema/records.js'
import {
  type Connection,
  connections,
  type Level,
  levels,
  packSensorStatus,
} from '../../schema/sensor-state.js'
import { SensorClassifier } from '../../twins/sensor/classifier.js'
import { compileLimits } from '../../twins/sensor/level.js'
import { believedQuality } from '../../twins/sensor/level-memory.js'
import type { SensorContext } from '../../twins/sensor/sensor.machine.js'
import type { TwinMessage } from '../twin-system/definition.js'
import type { RestoreOutcome, TwinSystem } from '../twin-system/twin-system.js'
import type { RegisteredSignal, Registry } from './floor.js'
import { LatestSignals } from './latest-table.js'
import { silenceOf } from './signal-silence.js'
import { regionsOf } from './state-value.js'
import { sensorAddress, sensorKind } from './twin-kinds.js'

/** Newest value, quality, source time and receipt, and when it was last heard; times in Unix ms. */
export type SignalMemory = readonly [
  value: number,
  quality: number,
  sourceTime: number,
  receiveTime: number,
  lastHeard: number,
]

/** Keeps the sensor twins of a floor and the latest values: what each hears, when it is silent, when a delay is over. */
export class SensorWatch {
  readonly latest: LatestSignals
  readonly #twins: TwinSystem
  readonly #registry: Registry
  readonly #clock: Clock
  readonly #classifier: SensorClassifier
  readonly #addresses: string[] = []
  readonly #silence: Float64Array
  readonly #lastHeard: Float64Array
  /** Signals whose levels wait for a delay. */
  readonly #delayed: number[] = []

  constructor(twins: TwinSystem, registry: Registry, clock: Clock) {
    const capacity = registry.signalCapacity
    this.#twins = twins
    this.#registry = registry
    this.#clock = clock
    this.latest = new LatestSignals(capacity)
    this.#classifier = new SensorClassifier(capacity)
    this.#silence = new Float64Array(capacity).fill(Number.POSITIVE_INFINITY)
    this.#lastHeard = new Float64Array(capacity)
  }

  add({ index, signal }: RegisteredSignal, saved: ReadonlyMap<string, TwinSnapshot>): RestoreOutcome {
    const address = sensorAddress(signal.id)
    this.#addresses[index] = address
    this.#silence[index] = silenceOf(signal)
    const input = { limits: compileLimits(signal.limits) }
    if (input.limits.isDelayed) this.#delayed.push(index)
    const outcome = this.#twins.add(address, sensorKind, input, saved.get(address))
    this.#classifier.setLimits(index, signal.limits)
    this.adopt(index)
    // Until its source speaks, nobody hears it, whatever the snapshot says.
    this.lost(index, this.#clock.now())
    return outcome
  }

  /** Takes a sample that is not late. Returns whether it moved the twin. */
  take(index: number, value: number, quality: number, sourceTime: number, receiveTime: number): boolean {
    this.latest.set(index, value, quality, sourceTime, receiveTime)
    this.#lastHeard[index] = receiveTime
    if (!this.#classifier.isMovedBySample(index, value, quality, sourceTime)) return false
    const believed = believedQuality(value, quality)
    this.#tell(index, { type: 'SAMPLE', value, quality: believed, time: sourceTime })
    return true
  }

  /** Its source says that it would have told a change. */
  confirm(index: number, time: number): void {
    this.#lastHeard[index] = time
  }

  /** The link to its source is gone. */
  lost(index: number, time: number): void {
    if (this.#classifier.isMovedByLoss(index)) this.#tell(index, { type: 'SOURCE_LOST', time })
  }

  /** The link stands again. A source with a clock of its own may begin with another day. */
  found(index: number, time: number, isOwnTime: boolean): void {
    if (isOwnTime) this.latest.sourceTime[index] = Number.NEGATIVE_INFINITY
    if (this.#classifier.isMovedByFind(index) || isOwnTime) this.#tell(index, { type: 'SOURCE_FOUND', time })
  }

  /** Moves the levels whose delay has passed. A delay runs by the sensor's own clock, whose offset its last sample told. */
  settleDelays(now: number): void {
    const { sourceTime, receiveTime } = this.latest
    for (const index of this.#delayed) {
      const time = Math.max(sourceTime[index]!, now - receiveTime[index]! + sourceTime[index]!)
      if (this.#classifier.isMovedByTick(index, time)) this.#tell(index, { type: 'TICK', time })
    }
  }

  findSilent(now: number): void {
    for (const { index } of this.#registry.signals) {
      // By a clock that was set back since, it was heard by now.
      if (this.#lastHeard[index]! > now) this.#lastHeard[index] = now
      else if (now - this.#lastHeard[index]! > this.#silence[index]!) this.stale(index, now)
    }
  }

  /** Nobody knows whether its newest value still holds. */
  stale(index: number, time: number): void {
    if (this.#classifier.isMovedBySilence(index)) this.#tell(index, { type: 'SILENT', time })
  }

  /** What is remembered of a signal beside its twin. */
  remember(index: number): SignalMemory {
    const { value, quality, sourceTime, receiveTime } = this.latest
    return [value[index]!, quality[index]!, sourceTime[index]!, receiveTime[index]!, this.#lastHeard[index]!]
  }

  /** Takes it up again, after the twin is as it was. */
  recall(index: number, [value, quality, sourceTime, receiveTime, lastHeard]: SignalMemory): void {
    this.latest.set(index, value, quality, sourceTime, receiveTime)
    this.#lastHeard[index] = lastHeard
    this.adopt(index)
  }

  /** Takes over the state that the twin stands in. */
  adopt(index: number): void {
    const snapshot = this.#twins.get(this.#addresses[index]!)?.snapshot
    const value = regionsOf(snapshot)
    const connection = connections.indexOf(value.connection as Connection)
    const level = levels.indexOf(value.level as Level)
    const quality = qualityNames.indexOf(value.quality as QualityName)
    const { context } = snapshot as unknown as { context: SensorContext }
    this.#classifier.adopt(index, connection, quality, level, context.level)
    this.latest.setStatus(index, packSensorStatus(connection, level))
  }

  #tell(index: number, message: TwinMessage): void {
    this.#twins.send(this.#addresses[index]!, message)
    const status = packSensorStatus(this.#classifier.connection(index), this.#classifier.level(index))
    this.latest.setStatus(index, status)
  }
}
