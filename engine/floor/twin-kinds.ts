import type { Snapshot } from 'xstate'
import { type FaultPatternId, faultPatternIds } from '../../schema/fault-catalogue.js'
import type { MachineConfig } from '../../schema/machine-config.js'
import { acceptedBy as acceptedByAlarm } from '../../twins/alarm/accepted.js'
import {
  type AlarmContext,
  type AlarmInput,
  checkAlarmEvent,
  nextAlarmDue,
} from '../../twins/alarm/alarm.events.js'
import { alarmDefinition, alarmMachine } from '../../twins/alarm/alarm.machine.js'
import { acceptedBy as acceptedByFault } from '../../twins/fault/accepted.js'
import { checkFaultEvent, type FaultContext, type FaultInput } from '../../twins/fault/fault.events.js'
import { faultDefinition, faultMachine, publicView } from '../../twins/fault/fault.machine.js'
import { acceptedBy as acceptedByLine } from '../../twins/line/accepted.js'
import { checkLineEvent } from '../../twins/line/line.events.js'
import {
  type LineContext,
  type LineInput,
  lineDefinition,
  lineMachine,
} from '../../twins/line/line.machine.js'
import { acceptedBy as acceptedByMachine } from '../../twins/machine/accepted.js'
import type { MachineContext } from '../../twins/machine/machine.context.js'
import { checkMachineEvent } from '../../twins/machine/machine.events.js'
import { machineDefinition, machineMachine } from '../../twins/machine/machine.machine.js'
import { machineMigrations } from '../../twins/machine/migrations.js'
import { acceptedBy as acceptedBySensor } from '../../twins/sensor/accepted.js'
import { migrations as sensorMigrations } from '../../twins/sensor/migrations.js'
import { checkSensorEvent } from '../../twins/sensor/sensor.events.js'
import {
  freshSensor,
  type SensorContext,
  type SensorInput,
  sensorDefinition,
  sensorMachine,
} from '../../twins/sensor/sensor.machine.js'
import { acceptedBy as acceptedBySource } from '../../twins/source/accepted.js'
import { checkSourceEvent } from '../../twins/source/source.events.js'
import { sourceDefinition, sourceMachine } from '../../twins/source/source.machine.js'
import type { TwinDefinition } from '../twin-system/definition.js'

/** Sensor twins take their limits from the plant file of today, whatever they were when the snapshot was taken. */
export const sensorKind: TwinDefinition<SensorInput> = {
  ...sensorDefinition,
  logic: sensorMachine,
  accepts: acceptedBySensor,
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
  accepts: acceptedByMachine,
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
  accepts: acceptedByLine,
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
  accepts: acceptedByFault,
  check: checkFaultEvent,
  revive: (persisted, { estimated }) => {
    const { context } = persisted as unknown as { context: FaultContext }
    if (context.estimated === estimated) return persisted
    throw new Error(`its machine was ${context.estimated ? 'real' : 'simulated'} and no longer is`)
  },
  show: context => publicView({ context }),
}

/** An alarm twin behaves as it is configured today; it is told of time when something of it is due. */
export const alarmKind: TwinDefinition<AlarmInput> = {
  ...alarmDefinition,
  logic: alarmMachine,
  accepts: acceptedByAlarm,
  check: checkAlarmEvent,
  nextDue: nextAlarmDue,
  revive: (persisted, { settings }) => {
    const { context } = persisted as unknown as { context: AlarmContext }
    const revived: Snapshot<unknown> & { context: AlarmContext } = {
      ...persisted,
      context: { ...context, settings },
    }
    return revived
  },
}

export const sourceKind: TwinDefinition<undefined> = {
  ...sourceDefinition,
  logic: sourceMachine,
  accepts: acceptedBySource,
  check: checkSourceEvent,
}

export const sourceAddress = (sourceId: string): string => `source:${sourceId}`
export const sensorAddress = (signalId: string): string => `sensor:${signalId}`
export const lineAddress = (lineId: string): string => `line:${lineId}`
export const machineAddress = (machineId: string): string => `machine:${machineId}`
export const faultAddress = (machineId: string, pattern: FaultPatternId): string =>
  `fault:${machineId}.${pattern}`
/** The machine and the pattern of a fault's address; undefined for any other. */
export function faultOfAddress(address: string): { id: string; pattern: FaultPatternId } | undefined {
  const id = address.slice('fault:'.length, address.lastIndexOf('.'))
  const pattern = faultPatternIds.find(pattern => faultAddress(id, pattern) === address)
  return pattern && { id, pattern }
}
export const alarmAddress = (alarmId: string): string => `alarm:${alarmId}`
