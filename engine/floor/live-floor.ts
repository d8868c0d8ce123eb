import type { SourceEvent } from '../../adapters/contract.js'
import type { Clock } from '../../schema/clock.js'
import { displayNumber, displayState } from '../../schema/display-state.js'
import { modeNumber, packmlNumber } from '../../schema/packml.js'
import type { Plant } from '../../schema/plant.js'
import { Quality, type QualityName, qualityNames } from '../../schema/quality.js'
import type { Entry, Reject, StateChange, TwinEvent, TwinSnapshot } from '../../schema/records.js'
import type { SampleBatch } from '../../schema/sample-batch.js'
import {
  type Connection,
  connections,
  type Level,
  levels,
  packSensorStatus,
} from '../../schema/sensor-state.js'
import type { MachineContext } from '../../twins/machine/machine.context.js'
import type { CounterName } from '../../twins/machine/machine.events.js'
import { packmlStateOf } from '../../twins/machine/machine.machine.js'
import { SensorClassifier } from '../../twins/sensor/classifier.js'
import { compileLimits } from '../../twins/sensor/level.js'
import { believedQuality } from '../../twins/sensor/level-memory.js'
import type { SensorContext } from '../../twins/sensor/sensor.machine.js'
import type { TwinMessage } from '../twin-system/definition.js'
import type { RestoreOutcome } from '../twin-system/read-snapshot.js'
import type { TwinInspection } from '../twin-system/twin.js'
import { noOutcomes, TwinSystem } from '../twin-system/twin-system.js'
import type { Dictionary } from './dictionary.js'
import type { Floor, RegisteredSignal, Registry } from './floor.js'
import type { FloorClock } from './floor-clock.js'
import { LatestMachines, LatestSignals } from './latest-table.js'
import { LineWatch } from './line-watch.js'
import { MachineObserver, unknownWord } from './machine-observer.js'
import { partCounterOf } from './part-counters.js'
import { regionsOf, stateValueOf } from './state-value.js'
import { machineAddress, machineKind, sensorAddress, sensorKind } from './twin-kinds.js'

/** A signal is stale when it has missed this many of its periods. */
const missedPeriods = 3
/** Nobody's clock is good enough to call a signal silent sooner, ms. */
const shortestSilence = 1_500

export interface LiveFloorParts {
  readonly plant: Plant
  readonly registry: Registry
  readonly dictionary: Dictionary
  readonly clock: FloorClock
  readonly wall: Clock
  readonly snapshots?: readonly TwinSnapshot[]
}

/**
 * The live floor: takes what sources say, moves the twins, keeps the latest value of everything, and hands back, in
 * one piece, what must become durable. It does no I/O, so that a batch and all that follows from it is either in the
 * spool or not yet accepted.
 */
export class LiveFloor implements Floor {
  readonly plant: Plant
  readonly registry: Registry
  readonly clock: FloorClock
  readonly wall: Clock
  readonly signals: LatestSignals
  readonly machines: LatestMachines
  readonly twins: TwinSystem
  readonly counts = { samples: 0, late: 0, rejected: 0, classified: 0 }
  readonly restored: Record<RestoreOutcome, number> = noOutcomes()
  readonly #dictionary: Dictionary
  readonly #classifier: SensorClassifier
  readonly #observer: MachineObserver
  readonly #lines: LineWatch
  readonly #bySource = new Map<string, RegisteredSignal[]>()
  readonly #registered: (RegisteredSignal | undefined)[] = []
  /** Of each signal: its twin's address, and whether the machine's twin listens to it. */
  readonly #addresses: string[] = []
  readonly #isObserved: Uint8Array
  /** The machine twin's counter that a signal feeds. */
  readonly #partCounters: (CounterName | undefined)[] = []
  readonly #silence: Float64Array
  readonly #lastHeard: Float64Array
  readonly #isOwnTime = new Set<string>()
  /** Signals whose levels wait for a delay. */
  readonly #delayed: number[] = []
  /** Machines whose state nobody has told since their source was lost, and since when. */
  readonly #untold = new Map<number, number>()
  readonly #wordsReported = new Set<string>()
  readonly #machineByAddress = new Map<string, number>()
  readonly #signalByAddress = new Map<string, number>()
  /** Machines whose twin spoke in this turn; shown when the turn is over and the twins have settled. */
  readonly #spoke = new Set<number>()
  #stateChanges: StateChange[] = []
  #twinEvents: TwinEvent[] = []
  #rejects: Reject[] = []

  constructor(parts: LiveFloorParts) {
    this.plant = parts.plant
    this.registry = parts.registry
    this.clock = parts.clock
    this.wall = parts.wall
    this.#dictionary = parts.dictionary
    const capacity = parts.registry.signalCapacity
    this.signals = new LatestSignals(capacity)
    this.machines = new LatestMachines(parts.registry.machineCapacity)
    this.#classifier = new SensorClassifier(capacity)
    this.#isObserved = new Uint8Array(capacity)
    this.#silence = new Float64Array(capacity).fill(Number.POSITIVE_INFINITY)
    this.#lastHeard = new Float64Array(capacity)
    this.#observer = new MachineObserver(parts.plant.stateMaps, code => this.#dictionary.text(code))
    for (const source of parts.plant.sources) if (source.clock === 'source') this.#isOwnTime.add(source.id)
    this.twins = new TwinSystem((address, emitted) => this.#hear(address, emitted))
    this.#lines = new LineWatch(this.twins)
    this.#addTwins(new Map(parts.snapshots?.map(saved => [saved.address, saved])))
  }

  text(code: number): string | undefined {
    return this.#dictionary.text(code)
  }

  inspect(address: string): TwinInspection | undefined {
    return this.twins.inspect(address)
  }

  /** The dictionary code of a text; new texts ride with the next entry. */
  intern(text: string): number {
    return this.#dictionary.intern(text)
  }

  /**
   * After a start from snapshots: what the machines did while nobody watched is not known. `lastAlive`: the floor's
   * time when the engine last ran.
   */
  wake(lastAlive: number): Entry | undefined {
    for (const { index, machine, signals } of this.registry.machines) {
      if (signals.some(({ signal }) => signal.quantity === 'state'))
        this.#stateLost(machine.source, index, lastAlive)
    }
    return this.#entry('floor')
  }

  /** Takes what a source says and returns what must become durable, if anything. */
  ingest(source: string, event: SourceEvent): Entry | undefined {
    switch (event.kind) {
      case 'samples':
        this.#takeSamples(source, event.batch)
        return this.#entry(source, event.batch)
      case 'rejects':
        this.counts.rejected += event.rejects.length
        this.#rejects.push(...event.rejects)
        return this.#entry(source)
      case 'connected':
        this.#sourceFound(source)
        return this.#entry(source)
      case 'alive':
        return undefined
    }
  }

  /** The link to a source is gone: nobody knows what its machines do. */
  sourceLost(source: string): Entry | undefined {
    const time = this.clock.now()
    this.#settleDelays(time)
    for (const { index, machine, signal } of this.#bySource.get(source) ?? []) {
      if (this.#classifier.isMovedByLoss(index)) this.#tell(index, { type: 'SOURCE_LOST', time })
      if (signal.quantity === 'state') this.#stateLost(source, machine, time)
    }
    return this.#entry(source)
  }

  /** A few times a second: finds the silent, restarts the crashed. */
  tick(): Entry | undefined {
    const now = this.clock.now()
    this.#settleDelays(now)
    for (const { index } of this.registry.signals) {
      if (now - this.#lastHeard[index]! > this.#silence[index]! && this.#classifier.isMovedBySilence(index)) {
        this.#tell(index, { type: 'SILENT', time: now })
      }
    }
    this.twins.tick(now)
    return this.#entry('floor')
  }

  /** Snapshots of at most `most` twins that changed since their last. */
  snapshot(most?: number): Entry | undefined {
    const snapshots = this.twins.takeSnapshots(this.clock.now(), most)
    return snapshots.length > 0 ? { source: 'floor', snapshots } : undefined
  }

  #addTwins(saved: ReadonlyMap<string, TwinSnapshot>): void {
    this.#lines.addLines(this.plant, saved, outcome => this.restored[outcome]++)
    for (const { index, machine, signals } of this.registry.machines) {
      const address = machineAddress(machine.id)
      this.#machineByAddress.set(address, index)
      this.restored[this.twins.add(address, machineKind, undefined, saved.get(address))]++
      this.#showMachine(index, address)
      for (const registered of signals) this.#addSensor(registered, saved)
    }
    // What happened while twins came to life is no news.
    this.#twinEvents = []
  }

  #addSensor(registered: RegisteredSignal, saved: ReadonlyMap<string, TwinSnapshot>): void {
    const { index, signal } = registered
    const address = sensorAddress(signal.id)
    this.#registered[index] = registered
    this.#addresses[index] = address
    this.#signalByAddress.set(address, index)
    this.#partCounters[index] = partCounterOf(signal)
    this.#isObserved[index] = signal.quantity === 'state' || signal.quantity === 'mode' ? 1 : 0
    if (signal.period > 0) this.#silence[index] = Math.max(shortestSilence, missedPeriods * signal.period)
    const ofSource = this.#bySource.get(signal.source)
    if (ofSource === undefined) this.#bySource.set(signal.source, [registered])
    else ofSource.push(registered)

    const input = { limits: compileLimits(signal.limits) }
    if (input.limits.isDelayed) this.#delayed.push(index)
    this.restored[this.twins.add(address, sensorKind, input, saved.get(address))]++
    this.#classifier.setLimits(index, signal.limits)
    this.#adoptSensor(index, address)
    // Until its source speaks, nobody hears it, whatever the snapshot says.
    const time = this.clock.now()
    if (this.#classifier.isMovedByLoss(index)) this.#tell(index, { type: 'SOURCE_LOST', time })
  }

  #adoptSensor(index: number, address: string): void {
    const snapshot = this.twins.get(address)?.snapshot
    const value = regionsOf(snapshot)
    const connection = connections.indexOf(value.connection as Connection)
    const level = levels.indexOf(value.level as Level)
    const quality = qualityNames.indexOf(value.quality as QualityName)
    const { context } = snapshot as unknown as { context: SensorContext }
    this.#classifier.adopt(index, connection, quality, level, context.level)
    this.signals.setStatus(index, packSensorStatus(connection, level))
  }

  #takeSamples(source: string, batch: SampleBatch): void {
    const { count, signal, sourceTime, receiveTime, value, quality } = batch
    const isOwnTime = this.#isOwnTime.has(source)
    const latest = this.signals
    this.counts.samples += count
    for (let i = 0; i < count; i++) {
      const index = signal[i]!
      const time = sourceTime[i]!
      if (isOwnTime) this.clock.advance(source, time)
      const isLate = time < latest.sourceTime[index]!
      if (this.#isObserved[index] === 1) this.#observe(source, index, value[i]!, quality[i]!, time, isLate)
      if (isLate) {
        this.counts.late++
        continue
      }
      const counter = this.#partCounters[index]
      if (counter !== undefined) this.#count(index, counter, value[i]!, quality[i]!, time)
      latest.set(index, value[i]!, quality[i]!, time, receiveTime[i]!)
      this.#lastHeard[index] = receiveTime[i]!
      if (this.#classifier.isMovedBySample(index, value[i]!, quality[i]!, time)) {
        this.counts.classified++
        const believed = believedQuality(value[i]!, quality[i]!)
        this.#tell(index, { type: 'SAMPLE', value: value[i]!, quality: believed, time })
      }
    }
  }

  /** A counter that shows what it showed before, or cannot be believed, counts nothing. */
  #count(index: number, counter: CounterName, reading: number, quality: number, time: number): void {
    if (quality === Quality.bad || !(reading >= 0) || reading === this.signals.value[index]) return
    const { machine } = this.registry.machineByIndex(this.#registered[index]!.machine)!
    this.twins.send(machineAddress(machine.id), { type: 'COUNTED', counter, reading, time })
  }

  #observe(
    source: string,
    index: number,
    value: number,
    quality: number,
    time: number,
    isLate: boolean,
  ): void {
    const { signal, machine } = this.#registered[index]!
    const isUntold = this.#untold.has(machine)
    // A polled signal repeats itself; one that reports changes says something new each time, even when late.
    const isRepeat = value === this.signals.value[index] && quality === this.signals.quality[index]
    if (signal.period > 0 && isRepeat && !isLate && !isUntold) return
    const observation = this.#observer.observe(signal, value)
    if (observation.isUnknownWord) this.#rejectOnce(unknownWord(source, signal, observation.word, time))
    const id = this.registry.machineByIndex(machine)!.machine.id
    const address = machineAddress(id)
    const { state, mode, reason, word } = observation
    if (state !== undefined) {
      const change = { machine: id, state, mode: mode ?? '', reason, sourceState: word, observed: true }
      this.#stateChanges.push({ ...change, time })
      const lostAt = this.#untold.get(machine)
      if (lostAt !== undefined) {
        // The source is back and repeats a state older than the loss: it is true now, not of the silence between.
        this.#untold.delete(machine)
        if (time < lostAt) this.#stateChanges.push({ ...change, time: this.clock.now() })
      }
      this.twins.send(address, { type: 'OBSERVED', state, reason, sourceState: word, time })
    }
    if (mode !== undefined) {
      if (state === undefined) {
        this.#stateChanges.push({
          machine: id,
          time,
          state: '',
          mode,
          reason: '',
          sourceState: '',
          observed: true,
        })
      }
      this.twins.send(address, { type: 'MODE_OBSERVED', mode, time })
    }
  }

  /** A word that no map knows is told once for each signal, not with every sample. */
  #rejectOnce(reject: Reject): void {
    if (this.#wordsReported.has(reject.reason)) return
    this.#wordsReported.add(reject.reason)
    this.counts.rejected++
    this.#rejects.push(reject)
  }

  #stateLost(source: string, machine: number, time: number): void {
    // With a clock of its own, the floor's time stands still without the source: nothing passes that could be counted.
    const isCounted = !this.#isOwnTime.has(source)
    if (isCounted && !this.#untold.has(machine)) this.#untold.set(machine, time)
    const id = this.registry.machineByIndex(machine)!.machine.id
    const address = machineAddress(id)
    if (packmlStateOf(stateValueOf(this.twins.get(address)?.snapshot)) === 'Undefined') return
    this.twins.send(address, { type: 'OBSERVED', state: 'Undefined', reason: 'none', sourceState: '', time })
    if (!isCounted) return
    const change = {
      machine: id,
      time,
      state: 'Undefined',
      mode: '',
      reason: 'none',
      sourceState: '',
      observed: false,
    }
    this.#stateChanges.push(change)
  }

  #sourceFound(source: string): void {
    const isOwnTime = this.#isOwnTime.has(source)
    if (isOwnTime) this.clock.restart(source)
    const time = this.clock.now()
    for (const { index, machine, signal } of this.#bySource.get(source) ?? []) {
      if (isOwnTime) this.signals.sourceTime[index] = Number.NEGATIVE_INFINITY
      if (this.#classifier.isMovedByFind(index) || isOwnTime)
        this.#tell(index, { type: 'SOURCE_FOUND', time })
      if (signal.quantity === 'state') {
        const { id } = this.registry.machineByIndex(machine)!.machine
        this.twins.send(machineAddress(id), { type: 'SOURCE_FOUND', time, hasOwnClock: isOwnTime })
        this.#lines.sourceFound(id, time)
      }
    }
  }

  /** Moves the levels whose delay has passed. A delay runs by the sensor's own clock, whose offset its last sample told. */
  #settleDelays(now: number): void {
    const { sourceTime, receiveTime } = this.signals
    for (const index of this.#delayed) {
      const time = Math.max(sourceTime[index]!, now - receiveTime[index]! + sourceTime[index]!)
      if (this.#classifier.isMovedByTick(index, time)) this.#tell(index, { type: 'TICK', time })
    }
  }

  #tell(index: number, message: TwinMessage): void {
    this.twins.send(this.#addresses[index]!, message)
    this.signals.setStatus(
      index,
      packSensorStatus(this.#classifier.connection(index), this.#classifier.level(index)),
    )
  }

  #hear(address: string, emitted: { readonly type: string; readonly time: number }): void {
    const { type, time, ...payload } = emitted
    this.#twinEvents.push({ address, time, type, payload })
    const machine = this.#machineByAddress.get(address)
    if (machine !== undefined) this.#spoke.add(machine)
  }

  #showMachine(index: number, address: string): void {
    const snapshot = this.twins.get(address)?.snapshot as
      | { value?: unknown; context?: MachineContext }
      | undefined
    const context = snapshot?.context
    if (context === undefined) return
    const state = packmlStateOf(snapshot?.value)
    const display = displayNumber[displayState(state, context.mode, context.reason)]
    this.machines.set(index, packmlNumber[state], modeNumber(context.mode), display, context.since)
    const { id } = this.registry.machineByIndex(index)!.machine
    this.#lines.tell(id, display, context.stopReason || context.sourceState, context.since)
  }

  #entry(source: string, samples?: SampleBatch): Entry | undefined {
    for (const index of this.#spoke) {
      this.#showMachine(index, machineAddress(this.registry.machineByIndex(index)!.machine.id))
    }
    this.#spoke.clear()
    const texts = this.#dictionary.takeFresh()
    const isEmpty =
      samples === undefined &&
      this.#stateChanges.length + this.#twinEvents.length + this.#rejects.length + texts.length === 0
    if (isEmpty) return undefined
    const entry: Entry = {
      source,
      ...(samples && { samples }),
      ...(this.#stateChanges.length > 0 && { stateChanges: this.#stateChanges }),
      ...(this.#twinEvents.length > 0 && { twinEvents: this.#twinEvents }),
      ...(this.#rejects.length > 0 && { rejects: this.#rejects }),
      ...(texts.length > 0 && { texts }),
    }
    this.#stateChanges = []
    this.#twinEvents = []
    this.#rejects = []
    return entry
  }
}
