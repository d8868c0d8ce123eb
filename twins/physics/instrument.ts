import type { Signal } from '../../schema/plant.js'

/** What an instrument can show: a grid of whole steps between two ends. */
export interface Scale {
  /** Its smallest step; 0 = any value. */
  readonly resolution: number
  /** Whole steps in a unit; 0 where they are none. */
  readonly perUnit: number
  /** The ends: in steps, or in the unit where there are no steps. */
  readonly low: number
  readonly high: number
}

export function scaleOf({ resolution, range: [low, high] }: Pick<Signal, 'resolution' | 'range'>): Scale {
  if (resolution <= 0) return { resolution: 0, perUnit: 0, low, high }
  // 1 / 0.1 and its like are whole numbers: dividing by them gives 0.3, where multiplying gives 0.30000000000000004.
  const steps = 1 / resolution
  return {
    resolution,
    perUnit: Math.abs(steps - Math.round(steps)) < 1e-6 * steps ? Math.round(steps) : 0,
    low: Math.ceil(low / resolution - 1e-9),
    high: Math.floor(high / resolution + 1e-9),
  }
}

/** The value as the instrument shows it. */
export function quantise({ resolution, perUnit, low, high }: Scale, value: number): number {
  if (resolution === 0) return Math.min(Math.max(value, low), high)
  const steps = Math.round(perUnit > 0 ? value * perUnit : value / resolution)
  const clipped = Math.min(Math.max(steps, low), high)
  // Adding zero turns -0 into 0.
  return (perUnit > 0 ? clipped / perUnit : clipped * resolution) + 0
}
