import { airPressure, motorTemperature, smallDriveVibration, supplyVoltage } from './common-sensors.js'
import type { ShippedMachineType } from './machine-type-template.js'

/** Gantry or delta unit with vacuum gripper. */
export const pickAndPlace: ShippedMachineType = {
  id: 'pick-and-place',
  name: 'Pick-and-place unit',
  archetype: 'robot',
  ratedPower: 3,
  idealCycleTime: 18,
  signals: {
    'air-pressure': airPressure,
    'position-error': {
      quantity: 'displacement',
      unit: 'mm',
      range: [0, 5],
      resolution: 0.001,
      normal: [0.02, 0.003],
      limits: { warningHigh: 0.1, criticalHigh: 0.5, deadband: 0.01 },
    },
    current: {
      quantity: 'current',
      unit: 'A',
      range: [0, 20],
      resolution: 0.1,
      normal: [3.4, 0.18],
      limits: { warningHigh: 6.1, criticalHigh: 6.6, deadband: 0.5 },
    },
    voltage: supplyVoltage,
    'motor-temperature': {
      ...motorTemperature,
      normal: [44, 1.3],
    },
    vibration: smallDriveVibration,
    'vacuum-flow': {
      quantity: 'flow',
      unit: 'L/min',
      range: [0, 300],
      resolution: 0.1,
      normal: [90, 2.2],
      limits: { warningHigh: 130, criticalHigh: 160, deadband: 3 },
    },
    'grip-force': {
      quantity: 'force',
      unit: 'N',
      range: [0, 500],
      resolution: 0.1,
      normal: [85, 3],
      limits: { warningHigh: 160, criticalHigh: 220, deadband: 5 },
    },
    'axis-speed': {
      quantity: 'speed',
      unit: 'm/s',
      range: [0, 5],
      resolution: 0.01,
      normal: [1.8, 0.07],
      limits: { warningHigh: 3, criticalHigh: 4, deadband: 0.1 },
    },
    power: {
      quantity: 'power',
      unit: 'kW',
      range: [0, 8],
      resolution: 0.01,
      normal: [1.5, 0.09],
      limits: { warningHigh: 3.3, criticalHigh: 3.6, deadband: 0.06 },
    },
  },
}
