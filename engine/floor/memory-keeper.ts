import type { Plant } from '../../schema/plant.js'
import type { TwinSystem } from '../twin-system/twin-system.js'
import type { EvidenceWatch } from './evidence-watch.js'
import type { FaultWatch } from './fault-watch.js'
import type { RegisteredMachine, Registry } from './floor.js'
import type { FloorClock } from './floor-clock.js'
import type { HealthWatch } from './health-watch.js'
import type { LineWatch } from './line-watch.js'
import type { MachineWatch } from './machine-watch.js'
import type { MaintenanceWatch } from './maintenance-watch.js'
import type { Memory, MemoryOfFloor, MemoryOfMachine } from './memory.js'
import type { ModeHolds } from './mode-holds.js'
import type { QualityGate } from './quality-gate.js'
import type { SensorWatch } from './sensor-watch.js'
import type { SourceWatch } from './source-watch.js'
import { faultAddress, lineAddress, machineAddress, sensorAddress, sourceAddress } from './twin-kinds.js'

export interface MemoryKeeperParts {
  readonly plant: Plant
  readonly registry: Registry
  readonly clock: FloorClock
  readonly twins: TwinSystem
  readonly lines: LineWatch
  readonly holds: ModeHolds
  readonly gate: QualityGate
  readonly sensors: SensorWatch
  readonly machines: MachineWatch
  readonly sources: SourceWatch
  readonly faults: FaultWatch
  readonly maintenance: MaintenanceWatch
  readonly health: HealthWatch
  readonly evidence: EvidenceWatch
}

/**
 * All that a floor remembers, machine by machine and at the end the floor itself, so that another one of the same plant
 * can go on from there. Nothing passes from machine to machine but through their lines, which come last: so a large floor
 * can be written down piece by piece while it lives.
 */
export class MemoryKeeper {
  readonly #parts: MemoryKeeperParts

  constructor(parts: MemoryKeeperParts) {
    this.#parts = parts
  }

  get count(): number {
    return this.#parts.registry.machines.length + 1
  }

  /** The memory at a place from 0 to `count`, to be taken up in the same order. */
  take(place: number): Memory {
    const { registry, clock } = this.#parts
    const machine = registry.machines[place]
    return machine === undefined ? this.#ofFloor(clock) : this.#ofMachine(machine, clock)
  }

  recall(memory: Memory): void {
    this.#parts.clock.recall(memory.clock)
    if (memory.kind === 'floor') this.#recallFloor(memory)
    else this.#recallMachine(memory)
  }

  #ofMachine(registered: RegisteredMachine, clock: FloorClock): Memory {
    const parts = this.#parts
    const now = clock.now()
    const { index, machine, signals } = registered
    const faults = parts.faults.remember(index)
    const addresses = [
      machineAddress(machine.id),
      ...signals.map(({ signal }) => sensorAddress(signal.id)),
      ...faults.map(({ pattern }) => faultAddress(machine.id, pattern)),
    ]
    return {
      kind: 'machine',
      machine: machine.id,
      clock: clock.remember(),
      twins: parts.twins.snapshotsOf(addresses, now),
      own: parts.machines.remember(registered),
      line: parts.lines.remember(machine.id),
      hold: parts.holds.remember(machine.id),
      pending: parts.maintenance.remember(machine.id),
      faults,
      due: parts.evidence.dueOf(index),
      signals: signals.map(({ index, signal }) => ({
        id: signal.id,
        latest: parts.sensors.remember(index),
        believed: parts.gate.remember(index),
        evidence: parts.evidence.remember(index),
        health: parts.health.remember(index),
      })),
    }
  }

  #ofFloor(clock: FloorClock): Memory {
    const { plant, twins, health, faults } = this.#parts
    const now = clock.now()
    const lines = plant.sites.flatMap(({ areas }) => areas.flatMap(area => area.lines))
    const addresses = [
      ...lines.map(({ id }) => lineAddress(id)),
      ...plant.sources.map(({ id }) => sourceAddress(id)),
    ]
    return {
      kind: 'floor',
      twins: twins.snapshotsOf(addresses, now),
      clock: clock.remember(),
      healthRound: health.round,
      faultsTickedAt: faults.tickedAt,
    }
  }

  #recallMachine(memory: MemoryOfMachine): void {
    const parts = this.#parts
    const registered = parts.registry.machineById(memory.machine)
    if (registered === undefined) return
    parts.faults.recall(registered, memory.faults)
    for (const saved of memory.twins) parts.twins.bringBack(saved)
    for (const { id, latest, believed, evidence, health } of memory.signals) {
      const signal = parts.registry.signalById(id)
      if (signal === undefined) continue
      parts.sensors.recall(signal.index, latest)
      parts.gate.recall(signal.index, believed)
      parts.evidence.recall(signal.index, evidence)
      if (health !== undefined) parts.health.recall(signal, health)
    }
    parts.lines.recall(memory.machine, memory.line)
    parts.holds.recall(memory.machine, memory.hold)
    parts.maintenance.recall(registered, memory.pending)
    parts.evidence.setDue(registered.index, memory.due)
    parts.machines.recall(registered, memory.own)
  }

  #recallFloor({ twins, healthRound, faultsTickedAt }: MemoryOfFloor): void {
    const parts = this.#parts
    for (const saved of twins) parts.twins.bringBack(saved)
    parts.health.round = healthRound
    parts.faults.tickedAt = faultsTickedAt
    parts.sources.recalled()
  }
}
