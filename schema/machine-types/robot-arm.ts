import { motorTemperature, smallDriveVibration, supplyVoltage } from './common-sensors.js'
import type { ShippedMachineType } from './machine-type-template.js'

/** Six-axis handling robot. */
export const robotArm: ShippedMachineType = {
  id: 'robot-arm',
  name: 'Robot arm',
  archetype: 'robot',
  ratedPower: 8,
  idealCycleTime: 45,
  signals: {
    'position-error': {
      quantity: 'displacement',
      unit: 'mm',
      range: [0, 5],
      resolution: 0.001,
      normal: [0.03, 0.004],
      limits: { warningHigh: 0.1, criticalHigh: 0.5, deadband: 0.01 },
    },
    'motor-temperature': motorTemperature,
    current: {
      quantity: 'current',
      unit: 'A',
      range: [0, 50],
      resolution: 0.1,
      normal: [9, 0.5],
      limits: { warningHigh: 15.4, criticalHigh: 16.8, deadband: 0.5 },
    },
    voltage: supplyVoltage,
    vibration: smallDriveVibration,
    torque: {
      quantity: 'torque',
      unit: 'Nm',
      range: [0, 800],
      resolution: 0.1,
      normal: [210, 9],
      limits: { warningHigh: 420, criticalHigh: 500, deadband: 10 },
    },
    'gearbox-temperature': {
      quantity: 'temperature',
      unit: '°C',
      range: [-20, 150],
      resolution: 0.1,
      normal: [45, 1.2],
      limits: { warningHigh: 65, criticalHigh: 80, deadband: 2 },
    },
    'grip-force': {
      quantity: 'force',
      unit: 'kN',
      range: [0, 10],
      resolution: 0.01,
      normal: [1.8, 0.06],
      limits: { warningHigh: 4, criticalHigh: 6, deadband: 0.1 },
    },
    'tool-speed': {
      quantity: 'speed',
      unit: 'm/s',
      range: [0, 5],
      resolution: 0.01,
      normal: [1.4, 0.06],
      limits: { warningHigh: 3, criticalHigh: 4, deadband: 0.1 },
    },
    power: {
      quantity: 'power',
      unit: 'kW',
      range: [0, 20],
      resolution: 0.01,
      normal: [4, 0.25],
      limits: { warningHigh: 8.8, criticalHigh: 9.6, deadband: 0.16 },
    },
  },
}
