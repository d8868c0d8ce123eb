import { airPressure, rigidVibration, supplyVoltage } from './common-sensors.js'
import type { ShippedMachineType } from './machine-type-template.js'

/** Spray booth with conditioned supply air. */
export const paintBooth: ShippedMachineType = {
  id: 'paint-booth',
  name: 'Paint booth',
  archetype: 'booth',
  ratedPower: 45,
  idealCycleTime: 90,
  signals: {
    'air-pressure': airPressure,
    'booth-temperature': {
      quantity: 'temperature',
      unit: '°C',
      range: [-20, 100],
      resolution: 0.1,
      normal: [23, 0.3],
      limits: { warningHigh: 28, criticalHigh: 32, deadband: 0.5 },
    },
    'supply-air-flow': {
      quantity: 'flow',
      unit: 'm³/h',
      range: [0, 60000],
      resolution: 1,
      normal: [24000, 250],
      limits: { warningHigh: 32000, criticalHigh: 38000, deadband: 300 },
    },
    voltage: supplyVoltage,
    current: {
      quantity: 'current',
      unit: 'A',
      range: [0, 200],
      resolution: 0.1,
      normal: [52, 2],
      limits: { warningHigh: 82, criticalHigh: 90, deadband: 1.5 },
    },
    'atomiser-voltage': {
      quantity: 'voltage',
      unit: 'kV',
      range: [0, 120],
      resolution: 0.1,
      normal: [65, 0.8],
      limits: { warningHigh: 80, criticalHigh: 95, deadband: 1 },
    },
    'paint-flow': {
      quantity: 'flow',
      unit: 'mL/min',
      range: [0, 1500],
      resolution: 1,
      normal: [420, 8],
      limits: { warningHigh: 600, criticalHigh: 800, deadband: 10 },
    },
    'atomiser-speed': {
      quantity: 'speed',
      unit: 'rpm',
      range: [0, 70000],
      resolution: 10,
      normal: [40000, 300],
      limits: { warningHigh: 55000, criticalHigh: 62000, deadband: 500 },
    },
    'fan-vibration': rigidVibration,
    power: {
      quantity: 'power',
      unit: 'kW',
      range: [0, 100],
      resolution: 0.1,
      normal: [27, 1.2],
      limits: { warningHigh: 49.5, criticalHigh: 54, deadband: 0.9 },
    },
  },
}
