import { airPressure, supplyVoltage } from './common-sensors.js'
import type { ShippedMachineType } from './machine-type-template.js'

/** End-of-line leak and function tester. */
export const tester: ShippedMachineType = {
  id: 'tester',
  name: 'Tester',
  archetype: 'tester',
  ratedPower: 3,
  idealCycleTime: 40,
  signals: {
    'air-pressure': airPressure,
    'leak-flow': {
      quantity: 'flow',
      unit: 'mL/min',
      range: [0, 100],
      resolution: 0.01,
      normal: [2.2, 0.12],
      limits: { warningHigh: 5, criticalHigh: 10, deadband: 0.3 },
    },
    voltage: supplyVoltage,
    current: {
      quantity: 'current',
      unit: 'A',
      range: [0, 20],
      resolution: 0.1,
      normal: [3.2, 0.16],
      limits: { warningHigh: 6.1, criticalHigh: 6.6, deadband: 0.5 },
    },
    temperature: {
      quantity: 'temperature',
      unit: '°C',
      range: [-20, 100],
      resolution: 0.1,
      normal: [26, 0.6],
      limits: { warningHigh: 40, criticalHigh: 50, deadband: 1 },
    },
    'test-pressure': {
      quantity: 'pressure',
      unit: 'bar',
      range: [0, 10],
      resolution: 0.001,
      normal: [2.5, 0.02],
      limits: { warningHigh: 3.2, criticalHigh: 4, deadband: 0.03 },
    },
    'clamp-force': {
      quantity: 'force',
      unit: 'kN',
      range: [0, 20],
      resolution: 0.01,
      normal: [5, 0.12],
      limits: { warningHigh: 8, criticalHigh: 10, deadband: 0.2 },
    },
    'probe-displacement': {
      quantity: 'displacement',
      unit: 'mm',
      range: [0, 50],
      resolution: 0.001,
      normal: [12, 0.15],
      limits: { warningHigh: 18, criticalHigh: 24, deadband: 0.2 },
    },
    'test-torque': {
      quantity: 'torque',
      unit: 'Nm',
      range: [0, 100],
      resolution: 0.1,
      normal: [24, 0.8],
      limits: { warningHigh: 45, criticalHigh: 60, deadband: 1 },
    },
    power: {
      quantity: 'power',
      unit: 'kW',
      range: [0, 8],
      resolution: 0.01,
      normal: [1.4, 0.08],
      limits: { warningHigh: 3.3, criticalHigh: 3.6, deadband: 0.06 },
    },
  },
}
