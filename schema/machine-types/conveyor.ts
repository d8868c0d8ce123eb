import { motorTemperature, smallDriveVibration, supplyVoltage } from './common-sensors.js'
import type { ShippedMachineType } from './machine-type-template.js'

/** Belt or roller conveyor with geared motor. */
export const conveyor: ShippedMachineType = {
  id: 'conveyor',
  name: 'Conveyor',
  archetype: 'conveyor',
  ratedPower: 4,
  idealCycleTime: 30,
  signals: {
    'motor-temperature': {
      ...motorTemperature,
      normal: [48, 1.3],
    },
    current: {
      quantity: 'current',
      unit: 'A',
      range: [0, 25],
      resolution: 0.1,
      normal: [4.6, 0.22],
      limits: { warningHigh: 7.7, criticalHigh: 8.4, deadband: 0.5 },
    },
    voltage: supplyVoltage,
    'belt-speed': {
      quantity: 'speed',
      unit: 'm/min',
      range: [0, 60],
      resolution: 0.1,
      normal: [18, 0.3],
      limits: { warningHigh: 26, criticalHigh: 32, deadband: 0.5 },
    },
    vibration: smallDriveVibration,
    torque: {
      quantity: 'torque',
      unit: 'Nm',
      range: [0, 300],
      resolution: 0.1,
      normal: [62, 2.5],
      limits: { warningHigh: 120, criticalHigh: 150, deadband: 4 },
    },
    'belt-displacement': {
      quantity: 'displacement',
      unit: 'mm',
      range: [0, 50],
      resolution: 0.01,
      normal: [3, 0.3],
      limits: { warningHigh: 12, criticalHigh: 20, deadband: 0.5 },
    },
    'gearbox-temperature': {
      quantity: 'temperature',
      unit: '°C',
      range: [-20, 150],
      resolution: 0.1,
      normal: [44, 1.2],
      limits: { warningHigh: 65, criticalHigh: 80, deadband: 2 },
    },
    load: {
      quantity: 'load',
      unit: '%',
      range: [0, 150],
      resolution: 0.1,
      normal: [50, 3],
      limits: { warningHigh: 90, criticalHigh: 110, deadband: 3 },
    },
    power: {
      quantity: 'power',
      unit: 'kW',
      range: [0, 12],
      resolution: 0.01,
      normal: [2.2, 0.12],
      limits: { warningHigh: 4.4, criticalHigh: 4.8, deadband: 0.08 },
    },
  },
}
