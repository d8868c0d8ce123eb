import type { SignalTemplate } from './machine-type-template.js'

/** What a PLC of 32 bits can count to (UDINT, IEC 61131-3). */
const counterRange = [0, 2 ** 32 - 1] as const

/** A cumulative counter of parts. */
export const partCounter: SignalTemplate = {
  quantity: 'counter',
  unit: 'parts',
  type: 'number',
  period: 0,
  range: counterRange,
  resolution: 1,
  limits: {},
}

/** The machine's meter of active energy at its mains (IEC 62053-21): it only grows. */
export const energyMeter: SignalTemplate = { ...partCounter, unit: 'kWh', resolution: 0.01 }
