import { flexibleVibration, motorTemperature, supplyVoltage } from './common-sensors.js'
import type { ShippedMachineType } from './machine-type-template.js'

/** Hydraulic press. */
export const press: ShippedMachineType = {
  id: 'press',
  name: 'Press',
  archetype: 'press',
  ratedPower: 75,
  idealCycleTime: 12,
  signals: {
    'hydraulic-pressure': {
      quantity: 'pressure',
      unit: 'bar',
      range: [0, 250],
      resolution: 0.1,
      normal: [135, 1.5],
      limits: { warningLow: 120, criticalLow: 100, warningHigh: 160, criticalHigh: 180, deadband: 2 },
    },
    'oil-flow': {
      quantity: 'flow',
      unit: 'L/min',
      range: [0, 400],
      resolution: 0.1,
      normal: [180, 3],
      limits: { warningHigh: 230, criticalHigh: 280, deadband: 4 },
    },
    'oil-temperature': {
      quantity: 'temperature',
      unit: '°C',
      range: [-20, 120],
      resolution: 0.1,
      normal: [46, 1],
      limits: { warningHigh: 60, criticalHigh: 70, deadband: 1.5 },
    },
    voltage: supplyVoltage,
    current: {
      quantity: 'current',
      unit: 'A',
      range: [0, 300],
      resolution: 0.1,
      normal: [88, 3.5],
      limits: { warningHigh: 139, criticalHigh: 151, deadband: 2.5 },
    },
    vibration: flexibleVibration,
    'ram-force': {
      quantity: 'force',
      unit: 'kN',
      range: [0, 4000],
      resolution: 1,
      normal: [1600, 45],
      limits: { warningHigh: 2500, criticalHigh: 3000, deadband: 50 },
    },
    'ram-position': {
      quantity: 'position',
      unit: 'mm',
      range: [0, 1200],
      resolution: 0.1,
      normal: [450, 12],
      limits: { warningHigh: 1100, criticalHigh: 1150, deadband: 5 },
    },
    'motor-temperature': motorTemperature,
    power: {
      quantity: 'power',
      unit: 'kW',
      range: [0, 160],
      resolution: 0.1,
      normal: [44, 2.2],
      limits: { warningHigh: 82.5, criticalHigh: 90, deadband: 1.5 },
    },
  },
}
