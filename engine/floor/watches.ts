import { packmlNumber } from '../../schema/packml.js'
import type { Plant } from '../../schema/plant.js'
import type { TwinEmitted } from '../twin-system/definition.js'
import { TwinSystem } from '../twin-system/twin-system.js'
import { EvidenceWatch } from './evidence-watch.js'
import { FaultWatch } from './fault-watch.js'
import type { Registry } from './floor.js'
import type { FloorClock } from './floor-clock.js'
import { HealthWatch } from './health-watch.js'
import { LineWatch } from './line-watch.js'
import { MachineObserver } from './machine-observer.js'
import { MachineWatch } from './machine-watch.js'
import { MaintenanceWatch } from './maintenance-watch.js'
import { MemoryKeeper } from './memory-keeper.js'
import { ModeHolds } from './mode-holds.js'
import { NestedStates } from './nested-states.js'
import { PlausibleParts } from './plausible-parts.js'
import { QualityGate } from './quality-gate.js'
import { SensorWatch } from './sensor-watch.js'
import { SourceWatch } from './source-watch.js'
import type { Turn } from './turn.js'

export interface WatchesParts {
  readonly plant: Plant
  readonly registry: Registry
  readonly clock: FloorClock
  /** Where they put what must become durable. */
  readonly turn: Turn
  /** Ids of the sources whose machines are simulated. */
  readonly simulated: ReadonlySet<string>
  text(code: number): string | undefined
}

/** The twins of a floor with all who watch over them, and who of these hears what of whom. */
export class Watches {
  readonly registry: Registry
  readonly clock: FloorClock
  readonly twins: TwinSystem
  readonly lines: LineWatch
  readonly gate: QualityGate
  readonly sources: SourceWatch
  readonly sensors: SensorWatch
  readonly machines: MachineWatch
  readonly faults: FaultWatch
  readonly maintenance: MaintenanceWatch
  readonly health: HealthWatch
  readonly evidence: EvidenceWatch
  readonly keeper: MemoryKeeper
  /** Ids of sources that bring their own time: recordings. */
  readonly ownTime: ReadonlySet<string>
  readonly #turn: Turn

  constructor({ plant, registry, clock, turn, simulated, text }: WatchesParts) {
    this.registry = registry
    this.clock = clock
    this.#turn = turn
    const twins = new TwinSystem((address, emitted) => this.#hear(address, emitted))
    this.twins = twins
    this.lines = new LineWatch(twins)
    this.gate = new QualityGate(registry)
    this.sources = new SourceWatch(twins, plant.sources)
    this.sensors = new SensorWatch(twins, registry, clock)
    const ownTime = new Set(plant.sources.filter(each => each.clock === 'source').map(({ id }) => id))
    this.ownTime = ownTime
    const shared = { twins, registry, clock, turn, simulated, ownTime, signals: this.sensors.latest }
    const observer = new MachineObserver(plant.stateMaps, text)
    const nested = new NestedStates(plant.stateMaps, observer, shared.signals)
    const holds = new ModeHolds({ twins, turn })
    const plausible = new PlausibleParts(plant)
    this.machines = new MachineWatch({
      ...shared,
      lines: this.lines,
      observer,
      nested,
      holds,
      text,
      plausible,
    })
    const machines = this.machines.latest
    const faults = new FaultWatch({ ...shared, machines })
    this.faults = faults
    this.maintenance = new MaintenanceWatch({ ...shared, faults, holds })
    const health = new HealthWatch({ ...shared, onUnusual: machine => this.evidence.stir(machine) })
    this.health = health
    this.evidence = new EvidenceWatch({ ...shared, machines, faults, health })
    this.keeper = new MemoryKeeper({ ...this, plant, holds })
  }

  /** A few times a second: finds the silent, restarts the crashed. */
  tick(now: number): void {
    this.sensors.settleDelays(now)
    this.sensors.findSilent(now)
    this.machines.tick(now)
    this.faults.tick(now)
    this.health.tick(now)
    this.maintenance.tick(now)
    this.twins.tick(now)
  }

  /** At the end of a turn: what machines did in it is told on. */
  settle(): void {
    this.machines.settle((machine, state) => this.#machineChanged(machine, state))
    this.evidence.settle(this.clock.now())
  }

  /** Shows the twins as they are after all of them were put into other states. */
  adopt(): void {
    this.lines.adopt()
    for (const machine of this.registry.machines) {
      for (const { index } of machine.signals) this.sensors.adopt(index)
      this.health.add(machine, new Map())
      this.machines.adopt(machine.index)
      this.health.works(machine, this.machines.latest.state[machine.index] === packmlNumber.Execute)
    }
  }

  #machineChanged(machine: number, state: number): void {
    const isWorking = state === packmlNumber.Execute
    this.health.works(this.registry.machineByIndex(machine)!, isWorking)
    if (!isWorking) return
    this.faults.running(machine, this.machines.latest.since[machine]!)
    this.evidence.stir(machine)
  }

  #hear(address: string, emitted: TwinEmitted): void {
    const { type, time, ...payload } = emitted
    this.#turn.add('twinEvents', { address, time, type, payload })
    this.machines.hear(address, emitted)
    this.faults.hear(address, emitted)
    this.evidence.hear(address, emitted)
  }
}
