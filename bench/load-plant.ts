import type { Plant } from '../schema/plant.js'
import { referencePlant } from '../schema/reference-plant/reference-plant.js'

/** The reference plant `scale` times over, with the numbered source in place of the simulator. */
export function loadPlant(scale: number, rate: number, total: number): Plant {
  const plant = referencePlant({ scale })
  return {
    ...plant,
    sources: plant.sources.map(source => ({ ...source, adapter: 'load', options: { rate, total } })),
  }
}
