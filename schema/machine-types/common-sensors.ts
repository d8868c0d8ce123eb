import type { SensorTemplate } from './machine-type-template.js'

/** Low-voltage supply, 400 V (IEC 60038); sag and swell at 5 %, trip at 10 %. */
export const supplyVoltage: SensorTemplate = {
  quantity: 'voltage',
  unit: 'V',
  range: [0, 500],
  resolution: 0.1,
  normal: [400, 1.5],
  limits: { warningLow: 380, criticalLow: 360, warningHigh: 420, criticalHigh: 440, deadband: 2 },
}

/** Compressed air at the machine's service unit. */
export const airPressure: SensorTemplate = {
  quantity: 'pressure',
  unit: 'bar',
  range: [0, 16],
  resolution: 0.01,
  normal: [6, 0.08],
  limits: { warningLow: 5, criticalLow: 4, warningHigh: 7.5, criticalHigh: 9, deadband: 0.1 },
}

/**
 * Casing vibration, velocity RMS, of a machine of 15–300 kW on a rigid support: zone boundaries B/C and C/D
 * (ISO 20816-3, group 2). Part 3 does not cover machine-tool spindles; the shipped types use it as a usual default.
 */
export const rigidVibration: SensorTemplate = {
  quantity: 'vibration',
  unit: 'mm/s',
  range: [0, 25],
  resolution: 0.01,
  normal: [1.1, 0.12],
  limits: { warningHigh: 2.8, criticalHigh: 4.5, deadband: 0.2 },
}

/** The same on a flexible support (ISO 20816-3, group 2). */
export const flexibleVibration: SensorTemplate = {
  ...rigidVibration,
  normal: [1.4, 0.18],
  limits: { warningHigh: 4.5, criticalHigh: 7.1, deadband: 0.3 },
}

/** Casing vibration of a drive of up to 15 kW (ISO 10816-1, class I). */
export const smallDriveVibration: SensorTemplate = {
  ...rigidVibration,
  normal: [0.6, 0.07],
  limits: { warningHigh: 1.8, criticalHigh: 4.5, deadband: 0.15 },
}

/** Winding temperature of a motor of insulation class F, well below its 155 °C. */
export const motorTemperature: SensorTemplate = {
  quantity: 'temperature',
  unit: '°C',
  range: [-20, 150],
  resolution: 0.1,
  normal: [52, 1.5],
  limits: { warningHigh: 70, criticalHigh: 85, deadband: 2 },
}

export const coolantTemperature: SensorTemplate = {
  quantity: 'temperature',
  unit: '°C',
  range: [-20, 100],
  resolution: 0.1,
  normal: [22, 0.4],
  limits: { warningHigh: 26, criticalHigh: 35, deadband: 0.5 },
}

export const coolantFlow: SensorTemplate = {
  quantity: 'flow',
  unit: 'L/min',
  range: [0, 150],
  resolution: 0.1,
  normal: [60, 1.5],
  limits: { warningLow: 40, criticalLow: 20, deadband: 2 },
}
