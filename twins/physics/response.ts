import type { Archetype, Quantity } from '../../schema/plant.js'

/**
 * How the value of a quantity follows its machine. Gains are in spreads of the signal (`normal[1]`), so that they
 * hold for any unit.
 */
export interface Response {
  /**
   * What moves the value: the process, what turns (with the square of its speed), the heat the work leaves behind, the
   * axis, the last cycle's duration; the mains: `power` is what `Supply` says, and `mains` follows its stages.
   */
  readonly kind: 'process' | 'rotation' | 'heat' | 'axis' | 'duration' | 'power' | 'mains'
  /** Share of the normal centre that is left while the machine rests. */
  readonly rest: number
  /** Time constant of a first-order lag toward the target, seconds; of heat, the thermometer's. */
  readonly lag: number
  /** Swing within the cycle, and effect of the machine's load. */
  readonly swing: number
  readonly load: number
  /** Standard deviation of the noise and the time over which it remembers itself, seconds. */
  readonly noise: number
  readonly memory: number
}

const process = (
  rest: number,
  lag: number,
  swing: number,
  load: number,
  noise: number,
  memory: number,
): Response => ({ kind: 'process', rest, lag, swing, load, noise, memory })

/** A steady reading that no work changes. */
const steady = process(1, 0, 0, 0, 0, 1)

const responses: Readonly<Record<Quantity, Response>> = {
  // How warm the machine is comes from `thermal.ts`.
  temperature: { kind: 'heat', rest: 0, lag: 20, swing: 0, load: 0.9, noise: 0.12, memory: 30 },
  vibration: { ...process(0.15, 1, 0.6, 0.4, 0.3, 4), kind: 'rotation' },
  // Regulated: dips a little where the work draws, ripples, and stays on while the machine rests.
  pressure: process(0.99, 0.8, -0.4, -0.2, 0.25, 3),
  // What is left of it at rest, as of the power, is the stage that the machine's supply is in.
  current: { ...process(0.2, 0.5, 0.7, 0.5, 0.12, 2), kind: 'mains' },
  // The mains wander slowly and sag a little under load.
  voltage: process(1, 0, -0.15, -0.2, 0.4, 180),
  flow: process(0.98, 2, 0.2, 0.2, 0.3, 8),
  speed: process(0, 1.5, 0.4, -0.2, 0.2, 2),
  torque: process(0.05, 0.4, 0.7, 0.5, 0.15, 2),
  force: process(0.05, 0.3, 0.7, 0.4, 0.2, 2),
  displacement: process(1, 0.5, 0.4, 0.2, 0.4, 20),
  position: { kind: 'axis', rest: 1, lag: 0.2, swing: 1.2, load: 0, noise: 0.03, memory: 1 },
  angle: { kind: 'axis', rest: 1, lag: 0.2, swing: 1.2, load: 0, noise: 0.03, memory: 1 },
  load: process(0.05, 0.5, 0.7, 0.6, 0.1, 2),
  // Follows the current: the same gains, a little slower because a meter averages.
  power: { ...process(0.15, 0.8, 0.7, 0.5, 0.08, 2), kind: 'power' },
  'feed-rate': process(0, 0.8, 0.5, -0.1, 0.15, 2),
  override: steady,
  duration: { kind: 'duration', rest: 1, lag: 0, swing: 0, load: 0, noise: 0, memory: 1 },
  number: process(1, 0, 0, 0, 0.4, 30),
  condition: steady,
  state: steady,
  mode: steady,
  blocked: steady,
  starved: steady,
  counter: steady,
  text: steady,
}

/** How a sensor of this quantity behaves on a machine of this kind. */
export function responseOf(quantity: Quantity, archetype: Archetype): Response {
  const response = responses[quantity]
  // Booths and ovens are kept at their temperature, working or not.
  if (quantity === 'temperature' && archetype === 'booth') {
    return process(0.99, 120, 0.1, 0.4, 0.15, 40)
  }
  // A weld controller shows the last weld until the next one.
  if (archetype === 'welder' && (quantity === 'current' || quantity === 'force')) {
    return process(1, 0.5, 0.2, 0.5, 0.4, 5)
  }
  return response
}

/** Depth of the swing within a cycle: some machines work by strokes, others all the time. */
export const cycleDepth: Readonly<Record<Archetype, number>> = {
  machining: 1,
  robot: 1,
  press: 1,
  welder: 1,
  station: 0.8,
  tester: 0.7,
  conveyor: 0.15,
  booth: 0.1,
}

/**
 * Shape of the work over a cycle, `phase` in [0, 1): loading, approach, work that grows a little heavier, return.
 * From -1 (handling the part) to about +0.6 (the heaviest work), 0 on average.
 */
export function workShape(phase: number): number {
  if (phase < 0.1) return -1
  if (phase < 0.2) return -1 + (phase - 0.1) * 12
  if (phase < 0.85) return 0.2 + (phase - 0.2) * 0.6
  if (phase < 0.95) return 0.59 - (phase - 0.85) * 15.9
  return -1
}

/** Its integral from 0 to `phase`, piece by piece. */
export function workShapeIntegral(phase: number): number {
  if (phase < 0.1) return -phase
  if (phase < 0.2) return -0.1 + (phase - 0.1) * (6 * (phase - 0.1) - 1)
  if (phase < 0.85) return -0.14 + (phase - 0.2) * (0.2 + 0.3 * (phase - 0.2))
  if (phase < 0.95) return 0.11675 + (phase - 0.85) * (0.59 - 7.95 * (phase - 0.85))
  return 0.09625 - (phase - 0.95)
}

/** Position of an axis over a cycle, from -1 to 1 and back. */
export function axisShape(phase: number): number {
  return phase < 0.5 ? 4 * phase - 1 : 3 - 4 * phase
}
