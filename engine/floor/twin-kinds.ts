import type { Snapshot } from 'xstate'
import type { FaultPatternId } from '../../schema/fault-catalogue.js'
import type { MachineConfig } from '../../schema/machine-config.js'
import { checkFaultEvent, type FaultContext, type FaultInput } from '../../twins/fault/fault.events.js'
import { faultDefinition, faultMachine, publicView } from '../../twins/fault/fault.machine.js'
import { checkLineEvent } from '../../twins/line/line.events.js'
import {
  type LineContext,
  type LineInput,
  lineDefinition,
  lineMachine,
} from '../../twins/line/line.machine.js'
import type { MachineContext } from '../../twins/machine/machine.context.js'
import { checkMachineEvent } from '../../twins/machine/machine.events.js'
import { machineDefinition, machineMachine } from '../../twins/machine/machine.machine.js'
import { machineMigrations } from '../../twins/machine/migrations.js'
import { migrations as sensorMigrations } from '../../twins/sensor/migrations.js'
import { checkSensorEvent } from '../../twins/sensor/sensor.events.js'
import {
  freshSensor,
  type SensorContext,
  type SensorInput,
  sensorDefinition,
  sensorMachine,
} from '../../twins/sensor/sensor.machine.js'
import { checkSourceEvent } from '../../twins/source/source.events.js'
import { sourceDefinition, sourceMachine } from '../../twins/source/source.machine.js'
import type { TwinDefinition } from '../twin-system/definition.js'

/** Sensor twins take their limits from the plant file of today, whatever they were when the snapshot was taken. */
export const sensorKind: TwinDefinition<SensorInput> = {
  ...sensorDefinition,
  logic: sensorMachine,
  migrations: sensorMigrations,
  check: checkSensorEvent,
  revive: (persisted, input) => {
    const { context } = persisted as { context?: SensorContext }
    const revived: Snapshot<unknown> & { context: SensorContext } = {
      ...persisted,
      context: { ...freshSensor, ...context, limits: input.limits },
    }
    return revived
  },
}

/** A machine twin uses PackML as the plant file of today says. */
export const machineKind: TwinDefinition<MachineConfig | undefined> = {
  ...machineDefinition,
  logic: machineMachine,
  migrations: machineMigrations,
  check: checkMachineEvent,
  revive: (persisted, config) => {
    const { context } = persisted as unknown as { context: MachineContext }
    const { config: _, ...others } = context
    const revived: Snapshot<unknown> & { context: MachineContext } = {
      ...persisted,
      context: { ...others, ...(config && { config }) },
    }
    return revived
  },
}

/** A line twin takes its machines and their order from the plant file of today. */
export const lineKind: TwinDefinition<LineInput> = {
  ...lineDefinition,
  logic: lineMachine,
  check: checkLineEvent,
  revive: (persisted, { machines }) => {
    const { context } = persisted as unknown as { context: LineContext }
    const revived: Snapshot<unknown> & { context: LineContext } = {
      ...persisted,
      context: { ...context, machines },
    }
    return revived
  },
}

/**
 * A fault twin shows what everybody may know of it; its damage is kept in snapshots and shown nowhere. One whose
 * machine became real, or simulated, since its snapshot was taken starts fresh.
 */
export const faultKind: TwinDefinition<FaultInput> = {
  ...faultDefinition,
  logic: faultMachine,
  check: checkFaultEvent,
  revive: (persisted, { estimated }) => {
    const { context } = persisted as unknown as { context: FaultContext }
    if (context.estimated === estimated) return persisted
    throw new Error(`its machine was ${context.estimated ? 'real' : 'simulated'} and no longer is`)
  },
  show: context => publicView({ context }),
}

export const sourceKind: TwinDefinition<undefined> = {
  ...sourceDefinition,
  logic: sourceMachine,
  check: checkSourceEvent,
}

export const sourceAddress = (sourceId: string): string => `source:${sourceId}`
export const sensorAddress = (signalId: string): string => `sensor:${signalId}`
export const lineAddress = (lineId: string): string => `line:${lineId}`
export const machineAddress = (machineId: string): string => `machine:${machineId}`
export const faultAddress = (machineId: string, pattern: FaultPatternId): string =>
  `fault:${machineId}.${pattern}`
