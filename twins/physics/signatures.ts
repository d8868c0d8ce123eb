import type { FaultPatternId } from '../../schema/fault-catalogue.js'

/** A limit of a signal that a fault drives it through. */
export interface Sign {
  /** Name of the signal. */
  readonly signal: string
  readonly limit: 'warningLow' | 'criticalLow' | 'warningHigh' | 'criticalHigh'
  /** Shares of the way from onset to failure between which it happens. */
  readonly between: readonly [number, number]
  /** How much later it happens than the damage behind it, whatever the fault does, at most, ms: bodies take their time. */
  readonly lag: number
}

/** What is known of a fault from the field, written down apart from the simulation, to hold it against. */
export interface Signature {
  /** A machine type that shows it fully. */
  readonly type: string
  /** In the order in which they appear. */
  readonly signs: readonly Sign[]
  /** Change at failure as a share of the healthy mean, least and greatest, by signal. */
  readonly changes: Readonly<Record<string, readonly [number, number]>>
  /** Cycle time at failure over the healthy one, and share of rejects on top. */
  readonly cycle: readonly [number, number]
  readonly rejects: readonly [number, number]
  readonly trips: boolean
}

/** A winding takes on the heat of its current in four minutes, a fluid in one, and then the thermometer has to follow. */
const lagOfWinding = 300_000
const lagOfFluid = 120_000

const sign = (signal: string, limit: Sign['limit'], from: number, to: number, lag = 0): Sign => ({
  signal,
  limit,
  between: [from, to],
  lag,
})

/**
 * The signatures of the ten faults. Bands of temperature, pressure, flow, position and voltage are the limits of the
 * shipped machine types (warning | critical); vibration is on the scale of ISO 20816-3: zone C, zone D.
 */
export const signatures: Readonly<Record<FaultPatternId, Signature>> = {
  // Vibration for days, heat later; the last stage takes 24 to 48 h of one to three weeks. Power +10 to 20 %.
  'bearing-failure': {
    type: 'cnc-mill',
    signs: [
      sign('vibration', 'warningHigh', 0.25, 0.55),
      sign('spindle-temperature', 'warningHigh', 0.6, 0.85, lagOfWinding),
      sign('vibration', 'criticalHigh', 0.78, 0.96),
      sign('spindle-temperature', 'criticalHigh', 0.88, 1, lagOfWinding),
    ],
    changes: { power: [0.1, 0.2], vibration: [3, 6] },
    cycle: [1.05, 1.15],
    rejects: [0, 0.05],
    trips: true,
  },
  // 70, 85, stop above 100 °C; current beyond the rated one.
  'motor-overheating': {
    type: 'conveyor',
    signs: [
      sign('motor-temperature', 'warningHigh', 0.35, 0.58, lagOfWinding),
      sign('current', 'warningHigh', 0.5, 0.75),
      sign('motor-temperature', 'criticalHigh', 0.74, 0.96, lagOfWinding),
      sign('current', 'criticalHigh', 0.8, 1),
    ],
    changes: { power: [0.8, 2], current: [0.6, 1.2], torque: [1, 1.5], load: [1, 1.5] },
    cycle: [1, 1.15],
    rejects: [0, 0.02],
    trips: true,
  },
  // 120, 100, stop below 80 bar; the flow rises; cycle +10 to 25 %.
  'hydraulic-leak': {
    type: 'press',
    signs: [
      sign('hydraulic-pressure', 'warningLow', 0.15, 0.4),
      sign('oil-flow', 'warningHigh', 0.3, 0.5),
      sign('hydraulic-pressure', 'criticalLow', 0.5, 0.68),
      sign('oil-flow', 'criticalHigh', 0.72, 0.95),
    ],
    changes: {
      'hydraulic-pressure': [-0.45, -0.35],
      'oil-temperature': [0.05, 0.3],
      'ram-force': [-0.3, -0.1],
    },
    cycle: [1.1, 1.25],
    rejects: [0.02, 0.1],
    trips: true,
  },
  // Current and force by 15 to 40 % at 0.3 mm of wear, scrap +5 to 20 %.
  'tool-wear': {
    type: 'cnc-mill',
    signs: [sign('vibration', 'warningHigh', 0.45, 0.75), sign('vibration', 'criticalHigh', 0.88, 1)],
    changes: { current: [0.15, 0.32], 'feed-force': [0.15, 0.45], power: [0.1, 0.35] },
    cycle: [1, 1.08],
    rejects: [0.05, 0.2],
    trips: true,
  },
  // The stepper follows the mushrooming tip above 13 kA; force below 2.5 of 4 kN; rework +10 to 40 %.
  'welding-quality': {
    type: 'welder',
    signs: [
      sign('weld-current', 'warningHigh', 0.35, 0.6),
      sign('weld-voltage', 'warningHigh', 0.45, 0.7),
      sign('weld-current', 'criticalHigh', 0.7, 0.96),
      sign('weld-voltage', 'criticalHigh', 0.8, 1),
    ],
    changes: { 'electrode-force': [-0.45, -0.3], 'tip-displacement': [0.5, 1] },
    cycle: [1, 1.1],
    rejects: [0.1, 0.4],
    trips: true,
  },
  // Below 5, below 4 bar; the flow rises.
  'pneumatic-failure': {
    type: 'assembly-station',
    signs: [
      sign('air-pressure', 'warningLow', 0.33, 0.5),
      sign('air-flow', 'warningHigh', 0.44, 0.65),
      sign('air-pressure', 'criticalLow', 0.68, 0.9),
      sign('air-flow', 'criticalHigh', 0.82, 1),
    ],
    changes: { 'air-pressure': [-0.55, -0.4], 'press-force': [-0.4, -0.2] },
    cycle: [1.05, 1.25],
    rejects: [0, 0.1],
    trips: true,
  },
  // Flow below 40, below 20 L/min, the coolant above 35 °C, the spindle 10 to 20 K warmer.
  'coolant-failure': {
    type: 'cnc-mill',
    signs: [
      sign('coolant-flow', 'warningLow', 0.45, 0.75),
      sign('coolant-temperature', 'warningHigh', 0.58, 0.85, lagOfFluid),
      sign('coolant-flow', 'criticalLow', 0.8, 0.95),
      sign('coolant-temperature', 'criticalHigh', 0.88, 1, lagOfFluid),
    ],
    changes: { 'coolant-flow': [-0.95, -0.7], 'spindle-temperature': [0.1, 0.45] },
    cycle: [0.99, 1.05],
    rejects: [0.01, 0.1],
    trips: true,
  },
  // 0.1, 0.5 mm; joint currents ripple.
  'robot-positioning': {
    type: 'robot-arm',
    signs: [
      sign('position-error', 'warningHigh', 0.35, 0.55),
      sign('position-error', 'criticalHigh', 0.75, 0.95),
    ],
    changes: { current: [0.1, 0.3], vibration: [0.2, 0.7] },
    cycle: [1, 1.1],
    rejects: [0.05, 0.2],
    trips: true,
  },
  // Out of 400 V ± 5 %, out of ± 10 %, by a sag or a swell, almost at once; more than 120 % current. See the test.
  'electrical-fault': {
    type: 'cnc-mill',
    signs: [],
    changes: { current: [0.2, 0.45] },
    cycle: [0.99, 1.05],
    rejects: [0, 0.2],
    trips: true,
  },
  // One instrument leaves the truth by more than 5 % of its span; the machine knows nothing of it. See the test.
  'sensor-drift': {
    type: 'cnc-mill',
    signs: [],
    changes: {},
    cycle: [0.99, 1.01],
    rejects: [0, 0.01],
    trips: false,
  },
}
