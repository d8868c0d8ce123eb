import type { Snapshot } from 'xstate'
import { checkLineEvent } from '../../twins/line/line.events.js'
import {
  type LineContext,
  type LineInput,
  lineDefinition,
  lineMachine,
} from '../../twins/line/line.machine.js'
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

export const machineKind: TwinDefinition<undefined> = {
  ...machineDefinition,
  logic: machineMachine,
  migrations: machineMigrations,
  check: checkMachineEvent,
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

export const sensorAddress = (signalId: string): string => `sensor:${signalId}`
export const lineAddress = (lineId: string): string => `line:${lineId}`
export const machineAddress = (machineId: string): string => `machine:${machineId}`
