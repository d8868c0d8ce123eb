import type { Quantity } from './plant.js'

/** Rules between what came in and what is believed, by the code that a reject bears. */
export const qualityRules = {
  'value.out-of-range': 'The value is outside of what the instrument can show (range of the signal).',
  'value.wrong-unit': 'The value makes no sense in its unit, but does in another unit of its quantity.',
  'value.too-fast': 'The value changed faster than what is measured can change (maxRate of the signal).',
  'value.not-whole': 'A counter of parts shows a fraction of a part.',
  'time.in-future':
    'The sample claims a time ahead of the floor’s clock by more than its source may be wrong.',
  'time.too-old': 'The sample is older than anything that is kept.',
} as const satisfies Record<string, string>

export type QualityRule = keyof typeof qualityRules

/** A source's clock may be ahead of the floor's by this much, ms. */
export const furthestAheadMs = 5 * 60_000

/** A sample may be late by as much as raw samples are kept, ms. */
export const oldestMs = 90 * 86_400_000

/**
 * Seconds in which a quantity can cross the whole range of its instrument, at the fastest; a quantity that can jump
 * (a current, a vibration at an impact) has none. A plant file may say it better for a signal, as `maxRate`.
 */
export const fastestCrossing: Readonly<Partial<Record<Quantity, number>>> = {
  // Metal and oil store heat, and so does the sleeve of the thermometer.
  temperature: 10,
  // Stroke of a valve.
  flow: 0.5,
  // Run-up of a spindle or a drive.
  speed: 0.25,
}

/** Share of the range by which two neighbours may differ however close they are: noise, and the steps of a display. */
export const freeStep = 0.05
