import type { Snapshot } from 'xstate'
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

export const sensorAddress = (signalId: string): string => `sensor:${signalId}`
export const machineAddress = (machineId: string): string => `machine:${machineId}`
