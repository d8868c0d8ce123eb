import type { Archetype, Signal } from '../../schema/plant.js'
import { normalOf } from './normal.js'

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

/** The first of a machine's temperatures that is measured on such a body. */
export const temperatureOf = (
  body: HeatBody,
  sensors: readonly Signal[],
  archetype: Archetype,
): Signal | undefined =>
  sensors.find(signal => signal.quantity === 'temperature' && heatBodyOf(signal, archetype) === body)

/** The share of the winding's rise over the surroundings that the frame has, where both are measured. */
export function frameRiseOf(
  sensors: readonly Signal[],
  archetype: Archetype,
  ambient: number,
): number | undefined {
  const [winding, frame] = (['winding', 'frame'] as const).map(body => {
    const signal = temperatureOf(body, sensors, archetype)
    return signal === undefined ? Number.NaN : normalOf(signal)[0] - ambient
  })
  const rise = frame! / winding!
  // A frame that is warmer than its winding is warmed by something else than that.
  return rise > leastRise && rise < 1 ? rise : undefined
}
const leastRise = 0.1
