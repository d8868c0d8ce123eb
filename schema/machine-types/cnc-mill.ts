import { coolantFlow, coolantTemperature, rigidVibration, supplyVoltage } from './common-sensors.js'
import type { ShippedMachineType } from './machine-type-template.js'

/** Three- to five-axis milling machine. */
export const cncMill: ShippedMachineType = {
  id: 'cnc-mill',
  name: 'CNC mill',
  archetype: 'machining',
  ratedPower: 22,
  idealCycleTime: 58,
  signals: {
    vibration: rigidVibration,
    'spindle-temperature': {
      quantity: 'temperature',
      unit: '°C',
      range: [-20, 150],
      resolution: 0.1,
      normal: [42, 1.2],
      limits: { warningHigh: 60, criticalHigh: 75, deadband: 2 },
    },
    current: {
      quantity: 'current',
      unit: 'A',
      range: [0, 100],
      resolution: 0.1,
      normal: [26, 1.2],
      limits: { warningHigh: 41, criticalHigh: 44, deadband: 0.7 },
    },
    voltage: supplyVoltage,
    'coolant-temperature': coolantTemperature,
    'coolant-flow': coolantFlow,
    'spindle-speed': {
      quantity: 'speed',
      unit: 'rpm',
      range: [0, 15000],
      resolution: 1,
      normal: [8000, 60],
      limits: { warningHigh: 11500, criticalHigh: 12000, deadband: 100 },
    },
    'spindle-load': {
      quantity: 'load',
      unit: '%',
      range: [0, 200],
      resolution: 0.1,
      normal: [55, 3],
      limits: { warningHigh: 100, criticalHigh: 120, deadband: 3 },
    },
    'feed-force': {
      quantity: 'force',
      unit: 'kN',
      range: [0, 25],
      resolution: 0.01,
      normal: [3.2, 0.2],
      limits: { warningHigh: 8, criticalHigh: 12, deadband: 0.3 },
    },
    power: {
      quantity: 'power',
      unit: 'kW',
      range: [0, 60],
      resolution: 0.01,
      normal: [13, 0.7],
      limits: { warningHigh: 24.2, criticalHigh: 26.4, deadband: 0.44 },
    },
  },
}
