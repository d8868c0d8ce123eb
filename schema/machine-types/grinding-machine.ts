import { coolantFlow, coolantTemperature, rigidVibration, supplyVoltage } from './common-sensors.js'
import type { ShippedMachineType } from './machine-type-template.js'

/** Cylindrical or surface grinding machine. */
export const grindingMachine: ShippedMachineType = {
  id: 'grinding-machine',
  name: 'Grinding machine',
  archetype: 'machining',
  ratedPower: 15,
  idealCycleTime: 70,
  signals: {
    vibration: {
      ...rigidVibration,
      normal: [0.8, 0.08],
    },
    'spindle-temperature': {
      quantity: 'temperature',
      unit: '°C',
      range: [-20, 150],
      resolution: 0.1,
      normal: [38, 1],
      limits: { warningHigh: 55, criticalHigh: 70, deadband: 2 },
    },
    'coolant-temperature': coolantTemperature,
    'coolant-flow': {
      ...coolantFlow,
      normal: [80, 1.8],
    },
    current: {
      quantity: 'current',
      unit: 'A',
      range: [0, 80],
      resolution: 0.1,
      normal: [18, 0.8],
      limits: { warningHigh: 28, criticalHigh: 30, deadband: 0.5 },
    },
    voltage: supplyVoltage,
    'wheel-speed': {
      quantity: 'speed',
      unit: 'rpm',
      range: [0, 6000],
      resolution: 1,
      normal: [3200, 15],
      limits: { warningHigh: 4000, criticalHigh: 4300, deadband: 40 },
    },
    'wheel-load': {
      quantity: 'load',
      unit: '%',
      range: [0, 200],
      resolution: 0.1,
      normal: [45, 2.5],
      limits: { warningHigh: 90, criticalHigh: 110, deadband: 3 },
    },
    'infeed-position': {
      quantity: 'displacement',
      unit: 'mm',
      range: [0, 100],
      resolution: 0.001,
      normal: [42, 0.5],
      limits: { warningHigh: 90, criticalHigh: 98, deadband: 0.5 },
    },
    power: {
      quantity: 'power',
      unit: 'kW',
      range: [0, 40],
      resolution: 0.01,
      normal: [9, 0.5],
      limits: { warningHigh: 16.5, criticalHigh: 18, deadband: 0.3 },
    },
  },
}
