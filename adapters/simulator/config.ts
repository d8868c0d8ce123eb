import { z } from 'zod'

/** Options of a `simulator` source in a plant file. */
export const simulatorOptions = z.strictObject({
  /** The same seed and the same start give the same samples, to the byte. */
  seed: z.int().default(1),
  /** Simulated seconds per real second. Other than 1 needs a floor that takes its clock from this source. */
  speed: z.number().positive().max(10_000).default(1),
  /** Share of the period over which the samples of different machines are spread; 0 = all at once. */
  phaseSpread: z.number().min(0).max(1).default(1),
  /** Distance between samples of every periodic sensor, in place of the plant's, ms. */
  overridePeriodMs: z.int().min(1).max(3_600_000).optional(),
  /**
   * Share of machines that carry a fault of their own at any time: some are met with one, others get one as they work,
   * and a crew repairs them. 0 = only faults that somebody injects.
   */
  randomFaults: z.number().min(0).max(0.9).default(0.05),
  /** Time at which the simulated plant is met at work; missing: now, by the floor's clock. */
  start: z.iso.datetime({ offset: true }).optional(),
})
export type SimulatorOptions = z.output<typeof simulatorOptions>

/** Options of the load source. */
export const loadOptions = z.strictObject({
  /** Samples per second. */
  rate: z.number().positive().max(10_000_000),
  /** Ends after so many samples; missing: goes on for ever. */
  total: z.int().min(1).optional(),
  /** The first sample's number, where numbers of an earlier run are already in the store. */
  first: z.int().min(0).default(0),
})
export type LoadOptions = z.output<typeof loadOptions>
