import type { Quantity } from './plant.js'

/**
 * Units by quantity, spelled as they are shown. SI and the customary units of the shop floor; the first is the one
 * we would choose. An empty unit is listed where a quantity may go without one.
 */
const unitsByQuantity: Readonly<Record<Exclude<Quantity, 'number'>, readonly string[]>> = {
  temperature: ['°C', 'K', '°F'],
  vibration: ['mm/s', 'in/s', 'm/s²', 'g', 'µm'],
  pressure: ['bar', 'mbar', 'Pa', 'kPa', 'MPa', 'psi'],
  current: ['A', 'mA', 'kA'],
  voltage: ['V', 'mV', 'kV'],
  flow: ['L/min', 'L/s', 'L/h', 'm³/h', 'mL/min', 'gal/min'],
  speed: ['rpm', 'm/s', 'm/min', 'mm/s', '°/s', 'Hz'],
  torque: ['Nm', 'mNm', 'kNm', 'lbf·ft'],
  force: ['kN', 'N', 'MN', 'lbf'],
  displacement: ['mm', 'µm', 'm', 'in'],
  position: ['mm', 'µm', 'm', 'in'],
  angle: ['°', 'rad'],
  load: ['%'],
  power: ['kW', 'W', 'MW', 'kVA', 'hp'],
  'feed-rate': ['mm/s', 'mm/min', 'm/min', 'mm/rev', 'in/min'],
  override: ['%'],
  duration: ['s', 'ms', 'min', 'h'],
  condition: [''],
  state: [''],
  mode: [''],
  blocked: [''],
  starved: [''],
  counter: ['', 'parts', 's', 'min', 'h', 'kWh', 'm'],
  text: [''],
}

/** What people type, in any case, for a unit that we spell otherwise. */
export const otherSpellings: ReadonlyMap<string, string> = new Map([
  ['c', '°C'],
  ['degc', '°C'],
  ['celsius', '°C'],
  ['f', '°F'],
  ['degf', '°F'],
  ['deg', '°'],
  ['degree', '°'],
  ['percent', '%'],
  ['lpm', 'L/min'],
  ['m3/h', 'm³/h'],
  ['r/min', 'rpm'],
  ['1/min', 'rpm'],
  ['rev/min', 'rpm'],
  ['m/s2', 'm/s²'],
  ['um', 'µm'],
  // With the Greek letter instead of the micro sign: they look the same.
  ['μm', 'µm'],
  ['n·m', 'Nm'],
  ['n.m', 'Nm'],
  ['sec', 's'],
])

/** Units that measure the quantity; undefined where any unit does (a plain number). */
export function unitsOf(quantity: Quantity): readonly string[] | undefined {
  return quantity === 'number' ? undefined : unitsByQuantity[quantity]
}

export function unitFits(quantity: Quantity, unit: string): boolean {
  return unitsOf(quantity)?.includes(unit) ?? true
}

/** The spelling of ours that was probably meant, if it measures the quantity. */
export function usualSpelling(quantity: Quantity, unit: string): string | undefined {
  const usual = otherSpellings.get(unit.toLowerCase())
  if (usual !== undefined && unitFits(quantity, usual)) return usual
  return unitsOf(quantity)?.find(each => each.toLowerCase() === unit.toLowerCase() && unit !== '')
}

/** Quantities whose signals carry text rather than numbers, unless the plant file says otherwise. */
export function isTextQuantity(quantity: Quantity): boolean {
  return quantity === 'state' || quantity === 'mode' || quantity === 'condition' || quantity === 'text'
}
