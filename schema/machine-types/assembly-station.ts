import { airPressure, motorTemperature, smallDriveVibration, supplyVoltage } from './common-sensors.js'
import type { ShippedMachineType } from './machine-type-template.js'

/** Screwing and press-fit station. */
export const assemblyStation: ShippedMachineType = {
  id: 'assembly-station',
  name: 'Assembly station',
  archetype: 'station',
  ratedPower: 5,
  idealCycleTime: 50,
  signals: {
    'air-pressure': airPressure,
    torque: {
      quantity: 'torque',
      unit: 'Nm',
      range: [0, 200],
      resolution: 0.1,
      normal: [48, 1.5],
      limits: { warningHigh: 75, criticalHigh: 95, deadband: 2 },
    },
    'press-force': {
      quantity: 'force',
      unit: 'kN',
      range: [0, 100],
      resolution: 0.01,
      normal: [22, 0.6],
      limits: { warningHigh: 40, criticalHigh: 55, deadband: 1 },
    },
    voltage: supplyVoltage,
    current: {
      quantity: 'current',
      unit: 'A',
      range: [0, 30],
      resolution: 0.1,
      normal: [5.4, 0.28],
      limits: { warningHigh: 9.9, criticalHigh: 10.8, deadband: 0.5 },
    },
    'air-flow': {
      quantity: 'flow',
      unit: 'L/min',
      range: [0, 600],
      resolution: 0.1,
      normal: [220, 5],
      limits: { warningHigh: 320, criticalHigh: 400, deadband: 6 },
    },
    'press-displacement': {
      quantity: 'displacement',
      unit: 'mm',
      range: [0, 100],
      resolution: 0.01,
      normal: [18, 0.3],
      limits: { warningHigh: 26, criticalHigh: 32, deadband: 0.5 },
    },
    'motor-temperature': {
      ...motorTemperature,
      normal: [42, 1.2],
    },
    vibration: smallDriveVibration,
    power: {
      quantity: 'power',
      unit: 'kW',
      range: [0, 12],
      resolution: 0.01,
      normal: [2.6, 0.15],
      limits: { warningHigh: 5.5, criticalHigh: 6, deadband: 0.1 },
    },
  },
}
