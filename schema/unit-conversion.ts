import type { Quantity } from './plant.js'
import { unitsOf } from './units.js'

/** What one of the unit is in the quantity's base, and what 0 of it is there. Units of SI and NIST SP 811, appendix B. */
type Scale = readonly [factor: number, zero: number]

const times = (factor: number): Scale => [factor, 0]

/** Only units that can be turned into each other without knowing the process: g and mm/s cannot. */
const scales: Readonly<Partial<Record<Quantity, Readonly<Record<string, Scale>>>>> = {
  temperature: { '°C': [1, 0], K: [1, -273.15], '°F': [5 / 9, -160 / 9] },
  vibration: { 'mm/s': times(1), 'in/s': times(25.4) },
  pressure: {
    bar: times(1),
    mbar: times(1e-3),
    Pa: times(1e-5),
    kPa: times(1e-2),
    MPa: times(10),
    psi: times(0.068_947_572_93),
  },
  current: { A: times(1), mA: times(1e-3), kA: times(1e3) },
  voltage: { V: times(1), mV: times(1e-3), kV: times(1e3) },
  flow: {
    'L/min': times(1),
    'L/s': times(60),
    'L/h': times(1 / 60),
    'm³/h': times(1000 / 60),
    'mL/min': times(1e-3),
    'gal/min': times(3.785_411_784),
  },
  torque: { Nm: times(1), mNm: times(1e-3), kNm: times(1e3), lbf·ft: times(1.355_817_948) },
  force: { kN: times(1), N: times(1e-3), MN: times(1e3), lbf: times(4.448_221_615e-3) },
  displacement: { mm: times(1), µm: times(1e-3), m: times(1e3), in: times(25.4) },
  position: { mm: times(1), µm: times(1e-3), m: times(1e3), in: times(25.4) },
  angle: { '°': times(1), rad: times(180 / Math.PI) },
  power: { kW: times(1), W: times(1e-3), MW: times(1e3), hp: times(0.745_699_871_6) },
  duration: { s: times(1), ms: times(1e-3), min: times(60), h: times(3600) },
}

/** `value` in `from` as a number of `to`; undefined where the two cannot be turned into each other. */
export function convertUnit(quantity: Quantity, value: number, from: string, to: string): number | undefined {
  if (from === to) return value
  const [a, b] = [scales[quantity]?.[from], scales[quantity]?.[to]]
  return a === undefined || b === undefined ? undefined : (value * a[0] + a[1] - b[1]) / b[0]
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
