import { coolantFlow, coolantTemperature, rigidVibration, supplyVoltage } from './common-sensors.js'
import type { ShippedMachineType } from './machine-type-template.js'

/** Turning centre. */
export const cncLathe: ShippedMachineType = {
  id: 'cnc-lathe',
  name: 'CNC lathe',
  archetype: 'machining',
  ratedPower: 18.5,
  idealCycleTime: 52,
  signals: {
    vibration: rigidVibration,
    'spindle-temperature': {
      quantity: 'temperature',
      unit: '°C',
      range: [-20, 150],
      resolution: 0.1,
      normal: [40, 1.2],
      limits: { warningHigh: 60, criticalHigh: 75, deadband: 2 },
    },
    current: {
      quantity: 'current',
      unit: 'A',
      range: [0, 100],
      resolution: 0.1,
      normal: [22, 1],
      limits: { warningHigh: 34, criticalHigh: 37, deadband: 0.6 },
    },
    voltage: supplyVoltage,
    'coolant-temperature': coolantTemperature,
    'coolant-flow': coolantFlow,
    'spindle-speed': {
      quantity: 'speed',
      unit: 'rpm',
      range: [0, 6000],
      resolution: 1,
      normal: [2400, 25],
      limits: { warningHigh: 4500, criticalHigh: 5000, deadband: 50 },
    },
    // At 2400 rpm 8 kW, which is what the spindle has of the 11 kW that the whole machine draws.
    torque: {
      quantity: 'torque',
      unit: 'Nm',
      range: [0, 140],
      resolution: 0.1,
      normal: [32, 1.4],
      limits: { warningHigh: 69, criticalHigh: 82, deadband: 1.8 },
    },
    'chuck-pressure': {
      quantity: 'pressure',
      unit: 'bar',
      range: [0, 60],
      resolution: 0.1,
      normal: [28, 0.4],
      limits: { warningLow: 22, criticalLow: 18, warningHigh: 35, criticalHigh: 40, deadband: 0.5 },
    },
    power: {
      quantity: 'power',
      unit: 'kW',
      range: [0, 50],
      resolution: 0.01,
      normal: [11, 0.6],
      limits: { warningHigh: 20.4, criticalHigh: 22.2, deadband: 0.37 },
    },
  },
}
