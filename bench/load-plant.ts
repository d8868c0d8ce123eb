import { mapMachines } from '../schema/map-machines.js'
import type { Plant } from '../schema/plant.js'
import { referencePlant } from '../schema/reference-plant/reference-plant.js'

/**
 * The sensors of the reference plant, `scale` times over, with the numbered source in place of the simulator. What
 * machines say of themselves is left out: a part counter that jumps by the running number of a sample counts no part.
 */
export function loadPlant(scale: number, rate: number, total: number): Plant {
  const plant = referencePlant({ scale })
  const sources = plant.sources.map(source => ({ ...source, adapter: 'load', options: { rate, total } }))
  return mapMachines({ ...plant, sources }, machine => ({
    ...machine,
    signals: machine.signals
      .filter(({ role }) => role === 'sensor')
      // Values are running numbers: any is one that it can show, at any rate.
      .map(signal => ({
        ...signal,
        range: [0, Number.MAX_SAFE_INTEGER] as const,
        maxRate: Number.MAX_SAFE_INTEGER,
      })),
  }))
}
