import type { Archetype, Signal } from '../../schema/plant.js'

/**
 * What a temperature is measured at: a motor's winding or a spindle, the frame and gears around it, the oil or water
 * that carries heat away, or a space that is kept at its temperature whatever the machine does.
 */
export type HeatBody = 'winding' | 'frame' | 'fluid' | 'space'

/** The body that a temperature sensor sits on, by its name; a winding where the name does not say. */
export function heatBodyOf(signal: Pick<Signal, 'name'>, archetype: Archetype): HeatBody {
  if (/coolant|oil|water|fluid|cooling/i.test(signal.name)) return 'fluid'
  if (archetype === 'booth' || /booth|oven|room|chamber|ambient/i.test(signal.name)) return 'space'
  return /gear|frame|bed|die|housing|transformer/i.test(signal.name) ? 'frame' : 'winding'
}
