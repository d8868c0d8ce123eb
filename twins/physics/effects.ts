import type { FaultPatternId } from '../../schema/fault-catalogue.js'
import type { Archetype, Quantity } from '../../schema/plant.js'
import type { HeatBody } from './heat-body.js'

/**
 * How the damage of a fault shows in one quantity of its machine.
 *
 * `limits`: the value goes through the warning limit at damage `warning`, through the critical one at `critical`, and
 * as far again beyond it at failure (a motor of 70 and 85 °C trips at 100 °C, a press of 120 and 100 bar at 80 bar).
 * `share`: at failure the value is off by this share of its normal centre.
 */
export interface Effect {
  readonly quantity: Quantity
  /** Only signals with such a name, where the machine has one; */
  readonly named?: RegExp
  /** where it has none, then in none. Else in every signal of the quantity. */
  readonly isOptional?: true
  /** Of temperatures: only those of such a body. */
  readonly body?: readonly HeatBody[]
  /** Not on machines of such a body. */
  readonly except?: Archetype
  readonly reach:
    | {
        readonly kind: 'limits'
        /** `drawn`: by chance, each time the fault comes up; a supply sags or swells. */
        readonly side: 'high' | 'low' | 'drawn'
        readonly warning: number
        readonly critical: number
      }
    | { readonly kind: 'share'; readonly share: number }
  /** Damage from which it shows at all; 0 unless said. */
  readonly from?: number
  /** Grows by a factor for each step of damage instead of by a difference: vibration, position. */
  readonly isGeometric?: boolean
  /** The signal's noise at failure, times its usual one. */
  readonly noise?: number
}

/** What a fault does to its machine beside what its sensors show. */
export interface FaultNature {
  readonly effects: readonly Effect[]
  /** Cycle time at failure, times the healthy one. */
  readonly cycleFactor: number
  /** Share of parts rejected at failure, on top of the healthy one. */
  readonly rejects: number
  /** At failure the machine stops until it is repaired. */
  readonly trips: boolean
  /** Weibull shape of the operating time to onset: 1 by chance, more by age. */
  readonly shape: number
  /** Damage grows with this power of the load: 3 for bearings (ISO 281), 1/n for tools (Taylor, n = 0.25). */
  readonly loadExponent: number
  /** How fast it grows while the machine does not produce: 0 what wears by work, 1 what ages or leaks anyway. */
  readonly idleRate: number
  /** At failure the other fault grows faster by this factor, if the machine has it: dry tools wear, Taylor's life halves. */
  readonly hastens?: { readonly pattern: FaultPatternId; readonly by: number }
  /** From failure to the end of the repair, least and greatest, ms. */
  readonly repair: readonly [number, number]
}

const limits = (
  side: 'high' | 'low' | 'drawn',
  warning: number,
  critical: number,
): Extract<Effect['reach'], { kind: 'limits' }> => ({ kind: 'limits', side, warning, critical })
const share = (of: number): Extract<Effect['reach'], { kind: 'share' }> => ({ kind: 'share', share: of })

const minute = 60_000
const hour = 60 * minute
/** What the mains deliver, not what a weld controller makes of it. */
const motorCurrent = /^current$|motor|drive|axis|joint|supply|line/i
const solid: readonly HeatBody[] = ['winding', 'frame']

/**
 * The ten faults, from their signatures: which signals, which way, in which order. The damage at which limits are
 * passed lies within the stages of the fault catalogue, the warning in `developing`, the critical limit in or before
 * `severe`, except where a sign comes late.
 */
export const faultNatures: Readonly<Record<FaultPatternId, FaultNature>> = {
  // Vibration for weeks, heat in the last third, both steeply in the last day or two; power by 10 to 20 %.
  'bearing-failure': {
    effects: [
      { quantity: 'vibration', reach: limits('high', 0.45, 0.9), isGeometric: true, noise: 2 },
      { quantity: 'temperature', body: solid, reach: limits('high', 0.75, 0.95), from: 0.4 },
      { quantity: 'power', reach: share(0.15) },
      { quantity: 'current', reach: share(0.12) },
    ],
    cycleFactor: 1.1,
    rejects: 0.03,
    trips: true,
    shape: 1.5,
    loadExponent: 3,
    idleRate: 0,
    repair: [2 * hour, 8 * hour],
  },
  // Overload: more torque, and current and power with it; the winding's heat grows with the square of the current.
  // What of the power is not lost as heat is torque times speed, and the load is torque over the rated one.
  'motor-overheating': {
    effects: [
      { quantity: 'temperature', body: ['winding'], reach: limits('high', 0.42, 0.8) },
      { quantity: 'current', reach: limits('high', 0.6, 0.92) },
      { quantity: 'power', reach: limits('high', 0.65, 0.95) },
      { quantity: 'torque', reach: share(1.3) },
      { quantity: 'load', reach: share(1.3) },
      { quantity: 'speed', reach: share(-0.06) },
    ],
    cycleFactor: 1.08,
    rejects: 0,
    trips: true,
    shape: 1.2,
    loadExponent: 2,
    idleRate: 0,
    repair: [30 * minute, 4 * hour],
  },
  // Through an orifice of growing area: the pressure falls, the pump delivers what is lost, the oil warms, force is short.
  'hydraulic-leak': {
    effects: [
      { quantity: 'pressure', named: /hydraul|oil/i, reach: limits('low', 0.3, 0.6), noise: 5 },
      { quantity: 'flow', named: /hydraul|oil/i, reach: limits('high', 0.4, 0.85) },
      { quantity: 'temperature', body: ['fluid'], reach: share(0.22) },
      { quantity: 'force', reach: share(-0.2) },
      { quantity: 'power', reach: share(0.1) },
      { quantity: 'current', named: motorCurrent, isOptional: true, reach: share(0.08) },
    ],
    cycleFactor: 1.2,
    rejects: 0.05,
    trips: true,
    shape: 2,
    loadExponent: 1,
    idleRate: 1,
    repair: [hour, 6 * hour],
  },
  // Force and current by 15 to 40 % at 0.3 mm of flank wear; surface and size suffer. A motor that works harder has no
  // lower power factor.
  'tool-wear': {
    effects: [
      { quantity: 'vibration', reach: limits('high', 0.55, 0.95), isGeometric: true, noise: 1.5 },
      { quantity: 'current', reach: share(0.3) },
      { quantity: 'power', reach: share(0.31) },
      { quantity: 'load', reach: share(0.35) },
      { quantity: 'force', reach: share(0.4) },
      { quantity: 'torque', reach: share(0.3) },
      { quantity: 'temperature', body: ['winding'], reach: share(0.15) },
    ],
    cycleFactor: 1.03,
    rejects: 0.2,
    trips: true,
    shape: 3,
    loadExponent: 4,
    idleRate: 0,
    repair: [5 * minute, 20 * minute],
  },
  // The tip mushrooms: the stepper raises the current, the contact's voltage follows, force is lost, nuggets shrink. Power
  // is what both make at the tips, three times as much in the end, and the heat of the current in transformer and cables.
  'welding-quality': {
    effects: [
      { quantity: 'current', named: /weld/i, reach: limits('high', 0.5, 0.9), noise: 2 },
      { quantity: 'voltage', named: /weld|arc/i, reach: limits('high', 0.6, 0.95), noise: 3 },
      { quantity: 'power', reach: share(0.85) },
      { quantity: 'force', reach: share(-0.4) },
      { quantity: 'displacement', named: /tip/i, isOptional: true, reach: share(0.8) },
      { quantity: 'temperature', named: /transformer/i, isOptional: true, reach: share(0.15) },
    ],
    cycleFactor: 1.04,
    rejects: 0.35,
    trips: true,
    shape: 2,
    loadExponent: 1.5,
    idleRate: 0,
    repair: [10 * minute, 40 * minute],
  },
  // Choked flow out of a growing hole: the pressure goes, the flow rises until the supply gives no more.
  'pneumatic-failure': {
    effects: [
      { quantity: 'pressure', named: /air|pneu/i, reach: limits('low', 0.42, 0.8), noise: 2 },
      { quantity: 'flow', named: /^(air|vacuum)/i, isOptional: true, reach: limits('high', 0.55, 0.95) },
      { quantity: 'force', reach: share(-0.3) },
      { quantity: 'speed', named: /axis/i, isOptional: true, reach: share(-0.15) },
    ],
    cycleFactor: 1.15,
    rejects: 0.05,
    trips: true,
    shape: 2,
    loadExponent: 1,
    idleRate: 1,
    repair: [30 * minute, 3 * hour],
  },
  // The filter clogs: less flow, and what there is of it warms; spindle and workpiece follow.
  'coolant-failure': {
    effects: [
      { quantity: 'flow', named: /coolant|water/i, reach: limits('low', 0.4, 0.8) },
      { quantity: 'temperature', body: ['fluid'], reach: limits('high', 0.5, 0.88) },
      { quantity: 'temperature', body: solid, reach: share(0.35) },
    ],
    cycleFactor: 1,
    rejects: 0.06,
    trips: true,
    shape: 2,
    loadExponent: 1,
    idleRate: 0.3,
    hastens: { pattern: 'tool-wear', by: 2 },
    repair: [30 * minute, 2 * hour],
  },
  // Backlash: the error grows by a factor with the gears' wear, joint currents ripple. What a welder draws goes into its
  // welds, and little into the robot that carries its gun.
  'robot-positioning': {
    effects: [
      {
        quantity: 'displacement',
        named: /error|deviation/i,
        reach: limits('high', 0.45, 0.85),
        isGeometric: true,
        noise: 2,
      },
      { quantity: 'current', named: motorCurrent, isOptional: true, reach: share(0.15), noise: 3 },
      { quantity: 'power', except: 'welder', reach: share(0.18) },
      { quantity: 'vibration', reach: share(0.5) },
      { quantity: 'torque', reach: share(0.12), noise: 2 },
    ],
    cycleFactor: 1.05,
    rejects: 0.12,
    trips: true,
    shape: 2.5,
    loadExponent: 1,
    idleRate: 0,
    repair: [hour, 4 * hour],
  },
  // A sag or a swell of the supply; at constant power the current goes the other way, and unbalance adds to it.
  'electrical-fault': {
    effects: [
      { quantity: 'voltage', named: /^voltage$|supply|mains|line/i, reach: limits('drawn', 0.25, 0.6) },
      { quantity: 'current', named: motorCurrent, isOptional: true, reach: share(0.35), noise: 3 },
      { quantity: 'speed', reach: share(-0.05) },
    ],
    cycleFactor: 1,
    rejects: 0.1,
    trips: true,
    shape: 1,
    loadExponent: 0,
    idleRate: 1,
    repair: [20 * minute, 3 * hour],
  },
  // The instrument's own: see `drift.ts`. The machine knows nothing of it.
  'sensor-drift': {
    effects: [],
    cycleFactor: 1,
    rejects: 0,
    trips: false,
    shape: 1.3,
    loadExponent: 0,
    idleRate: 1,
    repair: [hour, 24 * hour],
  },
}
