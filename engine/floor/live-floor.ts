import type { FloorEvent } from '../../adapters/contract.js'
import type { Clock } from '../../schema/clock.js'
import type { FaultPatternId } from '../../schema/fault-catalogue.js'
import type { Calibration, Maintenance } from '../../schema/maintenance.js'
import type { Plant } from '../../schema/plant.js'
import type { Entry, TwinSnapshot } from '../../schema/records.js'
import type { SampleBatch } from '../../schema/sample-batch.js'
import { calibrationRow, maintenanceRow } from '../../schema/tables/maintenance.js'
import type { CheckpointRow } from '../../schema/tables/turns.js'
import type { FaultView } from '../../twins/fault/fault.events.js'
import type { HealthReport } from '../../twins/sensor/health.js'
import type { SourceTwinEvent } from '../../twins/source/source.events.js'
import type { RestoreOutcome } from '../twin-system/read-snapshot.js'
import type { TwinInspection } from '../twin-system/twin.js'
import { noOutcomes, type TwinFork, type TwinSystem } from '../twin-system/twin-system.js'
import type { Dictionary } from './dictionary.js'
import type { Past } from './evidence-watch.js'
import type { Floor, FloorLinks, Registry } from './floor.js'
import type { FloorClock } from './floor-clock.js'
import { memory as healthMemory } from './health-watch.js'
import type { LatestMachines, LatestSignals } from './latest-table.js'
import type { Moved } from './maintenance-watch.js'
import type { Memory } from './memory.js'
import type { MemoryKeeper } from './memory-keeper.js'
import { SourceEar } from './source-ear.js'
import type { SourceLink } from './source-watch.js'
import { rawQualities, type Told } from './told.js'
import { Turn } from './turn.js'
import { faultAddress, machineAddress } from './twin-kinds.js'
import { Watches } from './watches.js'

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
  /** Rejects by the rule that was broken. */
  readonly rejected = new Map<string, number>()
  readonly restored: Record<RestoreOutcome, number> = noOutcomes()
  readonly #dictionary: Dictionary
  readonly #turn = new Turn()
  readonly #watches: Watches
  readonly #ear: SourceEar
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
    this.#watches = new Watches({
      plant,
      registry,
      clock,
      simulated,
      turn: this.#turn,
      text: code => dictionary.text(code),
    })
    this.#ear = new SourceEar(this.#watches, this.#turn)
    this.twins = this.#watches.twins
    this.signals = this.#watches.sensors.latest
    this.machines = this.#watches.machines.latest
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
    this.#watches.lines.addLines(plant, saved, outcome => this.restored[outcome]++)
    for (const machine of registry.machines) {
      this.#addMachine(machine, saved)
      yield
    }
    for (const snapshot of snapshots) this.#bringBack(snapshot)
    // What happened while twins came to life is no news.
    this.#turn.forget('twinEvents')
  }

  get counts(): SourceEar['counts'] {
    return this.#ear.counts
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
    return this.#watches.faults.active(machine)
  }

  health(signal: number): HealthReport | undefined {
    return this.#watches.health.report(signal)
  }

  /** What signals showed a day or a week ago, by index: faults that grow are told by it. */
  learnPast(past: Past, values: ReadonlyMap<number, number>): Entry | undefined {
    return this.#takeTurn('past', 'floor', { past, values: [...values] }, () => {
      this.#watches.evidence.learn(past, values)
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
          this.#watches.machines.wake(index, lastAlive, this.#ear.isOwnTime(machine.source))
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
          this.#watches.sources.heard(source, this.clock.now())
        })
      case 'stale': {
        const { signals, since } = event
        const told = { signals, ...(since !== undefined && { since }) }
        return this.#takeTurn(kind, source, told, () => this.#ear.stale(source, signals, since))
      }
      case 'damage': {
        const { reports } = event
        return this.#takeTurn(kind, source, reports, () => this.#watches.faults.report(source, reports))
      }
      case 'runs': {
        const { runs } = event
        return this.#takeTurn(kind, source, runs, () => {
          for (const run of runs) this.#turn.addRow('production_runs', { ...run, who: source })
        })
      }
      case 'connected':
        return this.#takeTurn(kind, source, undefined, () => this.#ear.found(source))
      case 'alive':
        return this.#takeTurn(kind, source, undefined, () => this.#ear.alive(source))
      case 'interrupted': {
        const { reason } = event
        return this.#takeTurn(kind, source, { reason }, () =>
          this.#ear.link(source, { type: 'INTERRUPTED', reason, time: this.clock.now() }),
        )
      }
    }
  }

  /** Takes work on a machine, told now; it begins and ends by the floor's clock. */
  maintain(work: Maintenance): Entry | undefined {
    return this.#takeTurn('maintain', 'floor', work, () => {
      const now = this.clock.now()
      this.#turn.addRow('maintenance_events', maintenanceRow(work, now))
      this.#watches.maintenance.plan(work, now)
    })
  }

  /** Work that was told by mistake is undone as far as it has not been done. */
  withdraw(work: Maintenance): Entry | undefined {
    return this.#takeTurn('withdraw', 'floor', work, () => {
      const now = this.clock.now()
      this.#turn.addRow('maintenance_events', maintenanceRow(work, now, true))
      this.#watches.maintenance.withdraw(work.id, now)
    })
  }

  /** What told work has moved until now. */
  moved(work: Maintenance): Moved {
    return this.#watches.maintenance.moved(work, this.clock.now())
  }

  /** Somebody is sent who stops a simulated machine for this work. */
  awaitRest({ id }: Pick<Maintenance, 'id'>): void {
    // Nothing comes of it at once that would have to become durable.
    const ts = this.clock.now()
    this.#turn.tell({ ts, source: 'floor', kind: 'rest', samples: 0, payload: JSON.stringify(id) })
    this.#watches.maintenance.awaitRest(id)
  }

  /** Takes up work that had been told before the start and that was not over at `lastAlive`, floor time. */
  resumeMaintenance(works: readonly Maintenance[], lastAlive: number): Entry | undefined {
    const open = works.filter(({ end }) => end > lastAlive)
    return this.#takeTurn('resume', 'floor', { works: open, lastAlive }, () => {
      const now = this.clock.now()
      for (const work of open) this.#watches.maintenance.resume(work, lastAlive, now)
    })
  }

  /** Takes the calibration of a sensor. One that is older than the newest goes into the record only. */
  calibrate(calibration: Calibration): Entry | undefined {
    return this.#takeTurn('calibrate', 'floor', calibration, () => {
      const { signal, time, due } = calibration
      this.#turn.addRow('calibrations', calibrationRow(calibration, this.clock.now()))
      const registered = this.registry.signalById(signal)
      if (registered !== undefined) this.#watches.health.calibrated(registered.index, time, due ?? undefined)
    })
  }

  /** Tells a source's twin how the link does. Where it no longer stands nobody knows what the machines do. */
  tellSource(source: string, event: SourceTwinEvent): Entry | undefined {
    return this.#takeTurn('link', source, event, () => this.#ear.link(source, event))
  }

  get links(): FloorLinks {
    return this.#watches.sources
  }

  link(source: string): SourceLink | undefined {
    return this.#watches.sources.link(source)
  }

  /** The link to a source is gone: nobody knows what its machines do. */
  sourceLost(source: string): Entry | undefined {
    return this.#takeTurn('lost', source, undefined, () => this.#ear.lose(source))
  }

  /** A few times a second: finds the silent, restarts the crashed. */
  tick(): Entry | undefined {
    return this.#takeTurn('tick', 'floor', undefined, () => this.#watches.tick(this.clock.now()))
  }

  /** Snapshots of at most `most` twins that changed since their last. */
  snapshot(most?: number): Entry | undefined {
    const now = this.clock.now()
    const snapshots = [
      ...this.twins.takeSnapshots(now, most),
      ...this.#watches.health.takeSnapshots(now, most),
    ]
    if (snapshots.length === 0) return undefined
    const turns = this.#turn.takeTold()
    return { source: 'floor', snapshots, ...(turns.length > 0 && { rows: { turns } }) }
  }

  /** Takes up what a floor of the same plant remembered, as if everything until then had happened here. */
  recall(memory: Memory): void {
    this.clock.hold()
    try {
      this.#watches.keeper.recall(memory)
    } finally {
      this.clock.release()
    }
  }

  /** All that is remembered now, between turns; see MemoryKeeper. */
  get memory(): Pick<MemoryKeeper, 'count' | 'take'> {
    return this.#watches.keeper
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
    this.#watches.adopt()
    return outcomes
  }

  /** Snapshots of twins that are not there by the plant alone. */
  #bringBack(saved: TwinSnapshot): void {
    if (this.twins.get(saved.address) !== undefined || saved.definition === healthMemory.id) return
    this.restored[this.twins.bringBack(saved)]++
  }

  #addMachine(machine: Registry['machines'][number], saved: ReadonlyMap<string, TwinSnapshot>): void {
    this.restored[this.#watches.machines.add(machine, saved)]++
    for (const registered of machine.signals) {
      this.restored[this.#watches.sensors.add(registered, saved)]++
    }
    this.#watches.health.add(machine, saved)
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
      const believed = this.#ear.take(source, batch, isHistory)
      this.#watches.sources.heard(source, this.clock.now())
      const raw = rawQualities(batch, believed)
      const payload = raw === undefined ? '' : JSON.stringify(raw)
      const kind = isHistory ? 'history' : 'samples'
      this.#turn.tell({ ts, source, kind, samples: batch.count, payload })
      return this.#entry(source, believed)
    } finally {
      this.clock.release()
    }
  }

  #entry(source: string, samples?: SampleBatch): Entry | undefined {
    this.#watches.settle()
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
