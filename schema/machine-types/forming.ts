import { flexibleVibration, supplyVoltage } from './common-sensors.js'
import type { ShippedMachineType } from './machine-type-template.js'

/** Roll, bend or deep-draw forming machine with hydraulic drive. */
export const forming: ShippedMachineType = {
  id: 'forming',
  name: 'Forming machine',
  archetype: 'press',
  ratedPower: 55,
  idealCycleTime: 20,
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
      range: [0, 300],
      resolution: 0.1,
      normal: [120, 2.5],
      limits: { warningHigh: 160, criticalHigh: 200, deadband: 3 },
    },
    'oil-temperature': {
      quantity: 'temperature',
      unit: '°C',
      range: [-20, 120],
      resolution: 0.1,
      normal: [44, 1],
      limits: { warningHigh: 60, criticalHigh: 70, deadband: 1.5 },
    },
    voltage: supplyVoltage,
    current: {
      quantity: 'current',
      unit: 'A',
      range: [0, 250],
      resolution: 0.1,
      normal: [64, 2.6],
      limits: { warningHigh: 101, criticalHigh: 110, deadband: 1.8 },
    },
    vibration: flexibleVibration,
    'forming-force': {
      quantity: 'force',
      unit: 'kN',
      range: [0, 2500],
      resolution: 1,
      normal: [900, 28],
      limits: { warningHigh: 1500, criticalHigh: 1800, deadband: 30 },
    },
    'roll-speed': {
      quantity: 'speed',
      unit: 'm/min',
      range: [0, 60],
      resolution: 0.1,
      normal: [22, 0.5],
      limits: { warningHigh: 35, criticalHigh: 45, deadband: 0.8 },
    },
    'die-temperature': {
      quantity: 'temperature',
      unit: '°C',
      range: [-20, 300],
      resolution: 0.1,
      normal: [68, 1.8],
      limits: { warningHigh: 95, criticalHigh: 120, deadband: 2 },
    },
    power: {
      quantity: 'power',
      unit: 'kW',
      range: [0, 120],
      resolution: 0.1,
      normal: [32, 1.6],
      limits: { warningHigh: 60.5, criticalHigh: 66, deadband: 1.1 },
    },
  },
}
