import type { FloorEvent } from '../../adapters/contract.js'
import type { Clock } from '../../schema/clock.js'
import type { FaultPatternId } from '../../schema/fault-catalogue.js'
import type { Calibration, Maintenance } from '../../schema/maintenance.js'
import { packmlNumber } from '../../schema/packml.js'
import type { Plant } from '../../schema/plant.js'
import type { Entry, TwinSnapshot } from '../../schema/records.js'
import type { SampleBatch } from '../../schema/sample-batch.js'
import { calibrationRow, maintenanceRow } from '../../schema/tables/maintenance.js'
import type { CheckpointRow } from '../../schema/tables/turns.js'
import type { FaultView } from '../../twins/fault/fault.events.js'
import type { HealthReport } from '../../twins/sensor/health.js'
import type { SourceTwinEvent } from '../../twins/source/source.events.js'
import type { TwinEmitted } from '../twin-system/definition.js'
import type { RestoreOutcome } from '../twin-system/read-snapshot.js'
import type { TwinInspection } from '../twin-system/twin.js'
import { noOutcomes, type TwinFork, TwinSystem } from '../twin-system/twin-system.js'
import type { Dictionary } from './dictionary.js'
import { EvidenceWatch, type Past } from './evidence-watch.js'
import { FaultWatch } from './fault-watch.js'
import type { Floor, FloorLinks, RegisteredSignal, Registry } from './floor.js'
import type { FloorClock } from './floor-clock.js'
import { HealthWatch, memory as healthMemory } from './health-watch.js'
import type { LatestMachines, LatestSignals } from './latest-table.js'
import { LineWatch } from './line-watch.js'
import { MachineObserver } from './machine-observer.js'
import { MachineWatch } from './machine-watch.js'
import { MaintenanceWatch, type Moved } from './maintenance-watch.js'
import type { Memory } from './memory.js'
import { MemoryKeeper } from './memory-keeper.js'
import { ModeHolds } from './mode-holds.js'
import { NestedStates } from './nested-states.js'
import { PlausibleParts } from './plausible-parts.js'
import { QualityGate } from './quality-gate.js'
import { SensorWatch } from './sensor-watch.js'
import { type SourceLink, SourceWatch } from './source-watch.js'
import { rawQualities, type Told } from './told.js'
import { Turn } from './turn.js'
import { faultAddress, machineAddress } from './twin-kinds.js'

const endsLink: ReadonlySet<SourceTwinEvent['type']> = new Set(['INTERRUPTED', 'LOST', 'ENDED', 'STOP'])

export interface LiveFloorParts {
  readonly plant: Plant
  readonly registry: Registry
  readonly dictionary: Dictionary
  readonly clock: FloorClock
  readonly wall: Clock
  readonly snapshots?: readonly TwinSnapshot[]
  /** Ids of the sources whose machines are simulated. */
  readonly simulated?: ReadonlySet<string>
  /**
   * An entry that says what a machine or a fault did brings its twin as it is then, so that a start after a crash
   * counts no part twice and none too few, and knows of every fault what is on record of it. Costs a snapshot for each
   * part and change.
   */
  readonly savesTwinsWithEntries?: boolean
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
  readonly counts = { samples: 0, late: 0, duplicate: 0, classified: 0 }
  /** Rejects by the rule that was broken. */
  readonly rejected = new Map<string, number>()
  readonly restored: Record<RestoreOutcome, number> = noOutcomes()
  readonly #dictionary: Dictionary
  readonly #lineWatch: LineWatch
  readonly #sensorWatch: SensorWatch
  readonly #machineWatch: MachineWatch
  readonly #sourceWatch: SourceWatch
  readonly #faultWatch: FaultWatch
  readonly #evidenceWatch: EvidenceWatch
  readonly #maintenanceWatch: MaintenanceWatch
  readonly #gate: QualityGate
  readonly #healthWatch: HealthWatch
  readonly #keeper: MemoryKeeper
  readonly #turn = new Turn()
  readonly #bySource = new Map<string, RegisteredSignal[]>()
  readonly #isOwnTime = new Set<string>()
  readonly #savesTwins: boolean

  constructor(parts: LiveFloorParts)
  /** @internal Without its machines: for `inPieces`. */
  constructor(parts: LiveFloorParts, isBare: boolean)
  constructor(parts: LiveFloorParts, isBare = false) {
    const { plant, registry, dictionary, clock, wall, simulated = new Set() } = parts
    this.plant = plant
    this.registry = registry
    this.clock = clock
    this.wall = wall
    this.#dictionary = dictionary
    this.#savesTwins = parts.savesTwinsWithEntries ?? false
    for (const source of plant.sources) if (source.clock === 'source') this.#isOwnTime.add(source.id)
    const twins = new TwinSystem((address, emitted) => this.#hear(address, emitted))
    const lines = new LineWatch(twins)
    this.#lineWatch = lines
    this.#gate = new QualityGate(registry)
    const text = (code: number): string | undefined => dictionary.text(code)
    const observer = new MachineObserver(plant.stateMaps, text)
    this.twins = twins
    this.#sourceWatch = new SourceWatch(twins, plant.sources)
    this.#sensorWatch = new SensorWatch(twins, registry, clock)
    this.signals = this.#sensorWatch.latest
    const { signals } = this
    const turn = this.#turn
    const holds = new ModeHolds({ twins, turn })
    const nested = new NestedStates(plant.stateMaps, observer, signals)
    const plausible = new PlausibleParts(plant)
    const told = { twins, registry, clock, turn, lines, observer, nested, holds, signals, text }
    this.#machineWatch = new MachineWatch({ ...told, plausible })
    this.machines = this.#machineWatch.latest
    const { machines } = this
    this.#faultWatch = new FaultWatch({ twins, registry, clock, turn, machines, simulated })
    const faults = this.#faultWatch
    this.#maintenanceWatch = new MaintenanceWatch({ twins, registry, faults, holds, simulated })
    const onUnusual = (machine: number): void => this.#evidenceWatch.stir(machine)
    this.#healthWatch = new HealthWatch({ twins, registry, clock, turn, signals, onUnusual })
    const health = this.#healthWatch
    const seen = { twins, registry, clock, signals, machines, faults, health, simulated }
    this.#evidenceWatch = new EvidenceWatch(seen)
    this.#keeper = new MemoryKeeper({
      ...{ plant, registry, clock, twins, lines, holds, faults, health },
      gate: this.#gate,
      sensors: this.#sensorWatch,
      machines: this.#machineWatch,
      sources: this.#sourceWatch,
      maintenance: this.#maintenanceWatch,
      evidence: this.#evidenceWatch,
    })

    if (!isBare) for (const _ of this.#populate(parts));
  }

  /**
   * The same floor, machine by machine: some thousand twins take half a second, in which nobody else would have a turn.
   * It is whole when the generator returns it.
   */
  static *inPieces(parts: LiveFloorParts): Generator<undefined, LiveFloor> {
    const floor = new LiveFloor(parts, true)
    yield* floor.#populate(parts)
    return floor
  }

  *#populate({ plant, registry, snapshots = [] }: LiveFloorParts): Generator<undefined> {
    const saved = new Map(snapshots.map(snapshot => [snapshot.address, snapshot]))
    this.#lineWatch.addLines(plant, saved, outcome => this.restored[outcome]++)
    for (const machine of registry.machines) {
      this.#addMachine(machine, saved)
      yield
    }
    for (const snapshot of snapshots) this.#bringBack(snapshot)
    // What happened while twins came to life is no news.
    this.#turn.forget('twinEvents')
  }

  text(code: number): string | undefined {
    return this.#dictionary.text(code)
  }

  inspect(address: string): TwinInspection | undefined {
    return this.twins.inspect(address)
  }

  twinsOf(definition: string): string[] {
    return this.twins.addressesOf(definition)
  }

  faults(machine: number): readonly FaultView[] {
    return this.#faultWatch.active(machine)
  }

  health(signal: number): HealthReport | undefined {
    return this.#healthWatch.report(signal)
  }

  /** What signals showed a day or a week ago, by index: faults that grow are told by it. */
  learnPast(past: Past, values: ReadonlyMap<number, number>): Entry | undefined {
    return this.#takeTurn('past', 'floor', { past, values: [...values] }, () => {
      this.#evidenceWatch.learn(past, values)
    })
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
    return this.#takeTurn('wake', 'floor', lastAlive, () => {
      for (const { index, machine, signals } of this.registry.machines) {
        if (signals.some(({ signal }) => signal.quantity === 'state'))
          this.#machineWatch.wake(index, lastAlive, this.#isOwnTime.has(machine.source))
      }
    })
  }

  /** Takes what a source says and returns what must become durable, if anything. */
  ingest(source: string, event: FloorEvent): Entry | undefined {
    const { kind } = event
    switch (kind) {
      case 'samples':
        return this.#ingestSamples(source, event.batch, event.isHistory)
      case 'rejects':
        return this.#takeTurn(kind, source, undefined, () => {
          this.#turn.add('rejects', ...event.rejects)
          this.#sourceWatch.heard(source, this.clock.now())
        })
      case 'stale': {
        const { signals, since } = event
        const told = { signals, ...(since !== undefined && { since }) }
        return this.#takeTurn(kind, source, told, () => this.#signalsStale(source, signals, since))
      }
      case 'damage': {
        const { reports } = event
        return this.#takeTurn(kind, source, reports, () => this.#faultWatch.report(source, reports))
      }
      case 'runs': {
        const { runs } = event
        return this.#takeTurn(kind, source, runs, () => {
          for (const run of runs) this.#turn.addRow('production_runs', { ...run, who: source })
        })
      }
      case 'connected':
        return this.#takeTurn(kind, source, undefined, () => this.#sourceFound(source))
      case 'alive':
        return this.#takeTurn(kind, source, undefined, () => this.#sourceAlive(source))
      case 'interrupted': {
        const { reason } = event
        return this.#takeTurn(kind, source, { reason }, () =>
          this.#link(source, { type: 'INTERRUPTED', reason, time: this.clock.now() }),
        )
      }
    }
  }

  /** Takes work on a machine, told now; it begins and ends by the floor's clock. */
  maintain(work: Maintenance): Entry | undefined {
    return this.#takeTurn('maintain', 'floor', work, () => {
      const now = this.clock.now()
      this.#turn.addRow('maintenance_events', maintenanceRow(work, now))
      this.#maintenanceWatch.plan(work, now)
    })
  }

  /** Work that was told by mistake is undone as far as it has not been done. */
  withdraw(work: Maintenance): Entry | undefined {
    return this.#takeTurn('withdraw', 'floor', work, () => {
      const now = this.clock.now()
      this.#turn.addRow('maintenance_events', maintenanceRow(work, now, true))
      this.#maintenanceWatch.withdraw(work.id, now)
    })
  }

  /** What told work has moved until now. */
  moved(work: Maintenance): Moved {
    return this.#maintenanceWatch.moved(work, this.clock.now())
  }

  /** Somebody is sent who stops a simulated machine for this work. */
  awaitRest({ id }: Pick<Maintenance, 'id'>): void {
    // Nothing comes of it at once that would have to become durable.
    const ts = this.clock.now()
    this.#turn.tell({ ts, source: 'floor', kind: 'rest', samples: 0, payload: JSON.stringify(id) })
    this.#maintenanceWatch.awaitRest(id)
  }

  /** Takes up work that had been told before the start and that was not over at `lastAlive`, floor time. */
  resumeMaintenance(works: readonly Maintenance[], lastAlive: number): Entry | undefined {
    const open = works.filter(({ end }) => end > lastAlive)
    return this.#takeTurn('resume', 'floor', { works: open, lastAlive }, () => {
      const now = this.clock.now()
      for (const work of open) this.#maintenanceWatch.resume(work, lastAlive, now)
    })
  }

  /** Takes the calibration of a sensor. One that is older than the newest goes into the record only. */
  calibrate(calibration: Calibration): Entry | undefined {
    return this.#takeTurn('calibrate', 'floor', calibration, () => {
      const { signal, time, due } = calibration
      this.#turn.addRow('calibrations', calibrationRow(calibration, this.clock.now()))
      const registered = this.registry.signalById(signal)
      if (registered !== undefined) this.#healthWatch.calibrated(registered.index, time, due ?? undefined)
    })
  }

  /** Tells a source's twin how the link does. Where it no longer stands nobody knows what the machines do. */
  tellSource(source: string, event: SourceTwinEvent): Entry | undefined {
    return this.#takeTurn('link', source, event, () => this.#link(source, event))
  }

  get links(): FloorLinks {
    return this.#sourceWatch
  }

  link(source: string): SourceLink | undefined {
    return this.#sourceWatch.link(source)
  }

  /** The link to a source is gone: nobody knows what its machines do. */
  sourceLost(source: string): Entry | undefined {
    return this.#takeTurn('lost', source, undefined, () => this.#loseSource(source))
  }

  /** A few times a second: finds the silent, restarts the crashed. */
  tick(): Entry | undefined {
    return this.#takeTurn('tick', 'floor', undefined, () => {
      const now = this.clock.now()
      this.#sensorWatch.settleDelays(now)
      this.#sensorWatch.findSilent(now)
      this.#machineWatch.tick(now)
      this.#faultWatch.tick(now)
      this.#healthWatch.tick(now)
      this.#maintenanceWatch.tick(now)
      this.twins.tick(now)
    })
  }

  /** Snapshots of at most `most` twins that changed since their last. */
  snapshot(most?: number): Entry | undefined {
    const now = this.clock.now()
    const snapshots = [...this.twins.takeSnapshots(now, most), ...this.#healthWatch.takeSnapshots(now, most)]
    if (snapshots.length === 0) return undefined
    const turns = this.#turn.takeTold()
    return { source: 'floor', snapshots, ...(turns.length > 0 && { rows: { turns } }) }
  }

  /** Takes up what a floor of the same plant remembered, as if everything until then had happened here. */
  recall(memory: Memory): void {
    this.clock.hold()
    try {
      this.#keeper.recall(memory)
    } finally {
      this.clock.release()
    }
  }

  /** All that is remembered now, between turns; see MemoryKeeper. */
  get memory(): Pick<MemoryKeeper, 'count' | 'take'> {
    return this.#keeper
  }

  /** Rows that are written down between turns, after all turns until now. */
  writeDown(rows: readonly CheckpointRow[]): Entry {
    for (const row of rows) this.#turn.addRow('floor_checkpoints', row)
    return this.#turn.take('floor', [])!
  }

  /** All twins at this moment. */
  fork(): TwinFork {
    return this.twins.fork(this.clock.now())
  }

  /**
   * Puts the twins into the states of a fork of this plant, and what is shown of them; those whose snapshots cannot be
   * used are counted, and named in `twins.unused`. Values and what was learnt of the instruments are no part of it.
   */
  restore(fork: TwinFork): Record<RestoreOutcome, number> {
    const outcomes = this.twins.restore(fork)
    this.#lineWatch.adopt()
    for (const machine of this.registry.machines) {
      for (const { index } of machine.signals) this.#sensorWatch.adopt(index)
      this.#healthWatch.add(machine, new Map())
      this.#machineWatch.adopt(machine.index)
      this.#healthWatch.works(machine, this.machines.state[machine.index] === packmlNumber.Execute)
    }
    return outcomes
  }

  /** Snapshots of twins that are not there by the plant alone. */
  #bringBack(saved: TwinSnapshot): void {
    if (this.twins.get(saved.address) !== undefined || saved.definition === healthMemory.id) return
    this.restored[this.twins.bringBack(saved)]++
  }

  #addMachine(machine: Registry['machines'][number], saved: ReadonlyMap<string, TwinSnapshot>): void {
    this.restored[this.#machineWatch.add(machine, saved)]++
    for (const registered of machine.signals) {
      this.restored[this.#sensorWatch.add(registered, saved)]++
      const { source } = registered.signal
      const ofSource = this.#bySource.get(source)
      if (ofSource === undefined) this.#bySource.set(source, [registered])
      else ofSource.push(registered)
    }
    this.#healthWatch.add(machine, saved)
  }

  /**
   * One turn: all of it happens at one moment, is on record as it was told (`told`), and becomes durable in one piece
   * with all that came of it.
   */
  #takeTurn<Kind extends keyof Told>(
    kind: Kind,
    source: string,
    told: Told[Kind],
    happen: () => void,
  ): Entry | undefined {
    this.clock.hold()
    try {
      const payload = told === undefined ? '' : JSON.stringify(told)
      const turn = { ts: this.clock.now(), source, kind, samples: 0, payload }
      happen()
      this.#turn.tell(turn)
      return this.#entry(source)
    } finally {
      this.clock.release()
    }
  }

  #ingestSamples(source: string, batch: SampleBatch, isHistory = false): Entry | undefined {
    this.clock.hold()
    try {
      const ts = this.clock.now()
      const believed = this.#takeSamples(source, batch, isHistory)
      this.#sourceWatch.heard(source, this.clock.now())
      const raw = rawQualities(batch, believed)
      const payload = raw === undefined ? '' : JSON.stringify(raw)
      const kind = isHistory ? 'history' : 'samples'
      this.#turn.tell({ ts, source, kind, samples: batch.count, payload })
      return this.#entry(source, believed)
    } finally {
      this.clock.release()
    }
  }

  #link(source: string, event: SourceTwinEvent): void {
    this.#sourceWatch.tell(source, event)
    if (endsLink.has(event.type)) this.#loseSource(source)
  }

  #loseSource(source: string): void {
    const time = this.clock.now()
    const isOwnTime = this.#isOwnTime.has(source)
    this.#sensorWatch.settleDelays(time)
    for (const { index, machine, signal } of this.#bySource.get(source) ?? []) {
      this.#sensorWatch.lost(index, time)
      this.#healthWatch.lost(index)
      if (signal.quantity === 'state') this.#machineWatch.lost(machine, time, isOwnTime)
    }
  }

  /** Returns the batch as it is believed. */
  #takeSamples(source: string, arrived: SampleBatch, isHistory: boolean): SampleBatch {
    const { batch, rejects } = this.#gate.judge(source, arrived, this.clock.now())
    this.#turn.add('rejects', ...rejects)
    const { count, signal, sourceTime, receiveTime, value, quality } = batch
    const isOwnTime = this.#isOwnTime.has(source)
    const machines = this.#machineWatch
    const sensors = this.#sensorWatch
    const latest = this.signals
    this.counts.samples += count
    for (let i = 0; i < count; i++) {
      const index = signal[i]!
      const time = sourceTime[i]!
      if (isOwnTime) this.clock.advance(source, time)
      const newest = latest.sourceTime[index]!
      const isLate = isHistory || time < newest
      // Kept all the same: a source that comes back says again what is still true.
      if (time === newest && quality[i] === latest.quality[index] && Object.is(value[i], latest.value[index]))
        this.counts.duplicate++
      if (machines.isObserved(index)) {
        const sample = { source, index, value: value[i]!, quality: quality[i]!, time, isLate, isHistory }
        machines.observe(sample)
      }
      if (isLate) {
        this.counts.late++
        machines.listenLate(index, value[i]!, quality[i]!, time)
        continue
      }
      machines.listen(index, value[i]!, quality[i]!, time)
      if (machines.isHolding) machines.heard(index)
      // As it came: a value out of range tells of the instrument, though nobody believes it.
      this.#healthWatch.take(index, value[i]!, arrived.quality[i]!, time)
      if (sensors.take(index, value[i]!, quality[i]!, time, receiveTime[i]!)) this.counts.classified++
    }
    return batch
  }

  #sourceFound(source: string): void {
    const isOwnTime = this.#isOwnTime.has(source)
    if (isOwnTime) this.clock.restart(source)
    const time = this.clock.now()
    this.#sourceWatch.tell(source, { type: 'CONNECTED', time })
    for (const { index, machine } of this.#bySource.get(source) ?? []) {
      this.#gate.forget(index)
      this.#sensorWatch.found(index, time, isOwnTime)
      if (this.#machineWatch.isLink(index)) this.#machineWatch.found(machine, time, isOwnTime)
    }
  }

  #sourceAlive(source: string): void {
    const time = this.clock.now()
    this.#sourceWatch.heard(source, time)
    for (const { index } of this.#bySource.get(source) ?? []) this.#sensorWatch.confirm(index, time)
  }

  #signalsStale(source: string, signals: readonly number[], since = Number.POSITIVE_INFINITY): void {
    // A source whose clock is ahead cannot know what will be.
    const time = Math.min(since, this.clock.now())
    const isOwnTime = this.#isOwnTime.has(source)
    for (const index of signals) {
      const registered = this.registry.signalByIndex(index)
      if (registered === undefined) continue
      this.#sensorWatch.stale(index, time)
      if (registered.signal.quantity === 'state') this.#machineWatch.lost(registered.machine, time, isOwnTime)
    }
  }

  #machineChanged(machine: number, state: number): void {
    const isWorking = state === packmlNumber.Execute
    this.#healthWatch.works(this.registry.machineByIndex(machine)!, isWorking)
    if (!isWorking) return
    this.#faultWatch.running(machine, this.machines.since[machine]!)
    this.#evidenceWatch.stir(machine)
  }

  #hear(address: string, emitted: TwinEmitted): void {
    const { type, time, ...payload } = emitted
    this.#turn.add('twinEvents', { address, time, type, payload })
    this.#machineWatch.hear(address, emitted)
    this.#faultWatch.hear(address, emitted)
    this.#evidenceWatch.hear(address, emitted)
  }

  #entry(source: string, samples?: SampleBatch): Entry | undefined {
    this.#machineWatch.settle((machine, state) => this.#machineChanged(machine, state))
    this.#evidenceWatch.settle(this.clock.now())
    const entry = this.#turn.take(source, this.#dictionary.takeFresh(), samples)
    for (const { rule } of entry?.rejects ?? []) this.rejected.set(rule, (this.rejected.get(rule) ?? 0) + 1)
    return entry !== undefined && this.#savesTwins ? this.#withTwins(entry) : entry
  }

  #withTwins(entry: Entry): Entry {
    const { stateChanges = [], rows } = entry
    const machines = [...stateChanges, ...(rows?.production_events ?? [])]
    const faults = rows?.fault_events ?? []
    const addresses = new Set([
      ...machines.map(({ machine }) => machineAddress(machine)),
      ...faults.map(({ machine, pattern }) => faultAddress(machine, pattern as FaultPatternId)),
    ])
    if (addresses.size === 0) return entry
    return { ...entry, snapshots: this.twins.takeSnapshotsOf(addresses, this.clock.now()) }
  }
}
