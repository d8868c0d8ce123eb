import type { Quantity } from './plant.js'
import { unitFits, unitsOf } from './units.js'

/** How a number of one unit becomes one of another: `value * scale + offset`. */
export interface Conversion {
  readonly scale: number
  readonly offset: number
}

/**
 * Units by what they measure, each as its size in the first of its group. Exact by definition (SI brochure, 9th
 * edition; NIST SP 811, appendix B) or to the digits of a double. Revolutions and cycles count alike: 1 Hz is 60 rpm.
 */
const groups: readonly Readonly<Record<string, number>>[] = [
  { 'm/s': 1, 'mm/s': 1e-3, 'in/s': 0.0254, 'm/min': 1 / 60, 'mm/min': 1e-3 / 60, 'in/min': 0.0254 / 60 },
  { 'm/s²': 1, g: 9.80665 },
  { m: 1, mm: 1e-3, µm: 1e-6, in: 0.0254 },
  { Pa: 1, kPa: 1e3, MPa: 1e6, bar: 1e5, mbar: 100, psi: 4.4482216152605 / 0.0254 ** 2 },
  { A: 1, mA: 1e-3, kA: 1e3 },
  { V: 1, mV: 1e-3, kV: 1e3 },
  {
    'L/s': 1,
    'L/min': 1 / 60,
    'L/h': 1 / 3600,
    'm³/h': 1 / 3.6,
    'mL/min': 1e-3 / 60,
    'gal/min': 3.785411784 / 60,
  },
  { Hz: 1, rpm: 1 / 60, '°/s': 1 / 360 },
  { Nm: 1, mNm: 1e-3, kNm: 1e3, lbf·ft: 4.4482216152605 * 0.3048 },
  { N: 1, kN: 1e3, MN: 1e6, lbf: 4.4482216152605 },
  { '°': 1, rad: 180 / Math.PI },
  { W: 1, kW: 1e3, MW: 1e6, hp: 550 * 0.3048 * 4.4482216152605 },
  { s: 1, ms: 1e-3, min: 60, h: 3600 },
]

const groupOf: ReadonlyMap<string, Readonly<Record<string, number>>> = new Map(
  groups.flatMap(group => Object.keys(group).map(unit => [unit, group] as const)),
)

/** Degrees Celsius = value * scale + offset. */
const temperatures: ReadonlyMap<string, Conversion> = new Map([
  ['°C', { scale: 1, offset: 0 }],
  ['K', { scale: 1, offset: -273.15 }],
  ['°F', { scale: 5 / 9, offset: -160 / 9 }],
])

/** Units that can become another. */
export const convertibleUnits: readonly string[] = [...groupOf.keys(), ...temperatures.keys()]

/** From one unit of units.ts to another; undefined where they do not measure the same. */
export function conversion(from: string, to: string): Conversion | undefined {
  if (from === to) return { scale: 1, offset: 0 }
  const [warm, wanted] = [temperatures.get(from), temperatures.get(to)]
  if (warm !== undefined && wanted !== undefined) {
    return { scale: warm.scale / wanted.scale, offset: (warm.offset - wanted.offset) / wanted.scale }
  }
  const group = groupOf.get(from)
  if (group === undefined || !Object.hasOwn(group, to)) return undefined
  return { scale: group[from]! / group[to]!, offset: 0 }
}

/** `value` in `from` as a number of `to`; undefined where the two cannot be turned into each other. */
export function convertUnit(quantity: Quantity, value: number, from: string, to: string): number | undefined {
  if (from === to) return value
  const found = unitFits(quantity, from) && unitFits(quantity, to) ? conversion(from, to) : undefined
  return found && value * found.scale + found.offset
}

/** How a value is told in another unit of its quantity; undefined where there is none. */
export function toAnotherUnit({
  quantity,
  unit,
}: {
  readonly quantity: Quantity
  readonly unit: string
}): Conversion | undefined {
  for (const other of unitsOf(quantity) ?? []) {
    const found = other === unit ? undefined : conversion(unit, other)
    if (found !== undefined) return found
  }
  return undefined
}

/** A unit in which a value makes sense that makes none in its own, and the value turned into its own. */
export interface LikelyUnit {
  readonly unit: string
  readonly value: number
}

/** The unit of `quantity` in which `value` lies where the signal usually is; undefined where none is. */
export function likelyUnit(
  quantity: Quantity,
  unit: string,
  value: number,
  isUsual: (value: number) => boolean,
): LikelyUnit | undefined {
  for (const other of unitsOf(quantity) ?? []) {
    const turned = other === unit ? undefined : convertUnit(quantity, value, other, unit)
    if (turned !== undefined && isUsual(turned)) return { unit: other, value: turned }
  }
  return undefined
}
