import { type Rgb, toLinear } from './contrast.js'

/** CIE L*a*b*, D65 white. */
export type Lab = readonly [lightness: number, a: number, b: number]

/** From gamma-encoded sRGB to L*a*b* (IEC 61966-2-1 primaries, CIE 15 for L*a*b*). */
export function labOf([r, g, b]: Rgb): Lab {
  const [red, green, blue] = [toLinear(r), toLinear(g), toLinear(b)]
  const x = f((0.4124564 * red + 0.3575761 * green + 0.1804375 * blue) / 0.95047)
  const y = f(0.2126729 * red + 0.7151522 * green + 0.072175 * blue)
  const z = f((0.0193339 * red + 0.119192 * green + 0.9503041 * blue) / 1.08883)
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)]
}

function f(ratio: number): number {
  return ratio > 216 / 24389 ? Math.cbrt(ratio) : ((24389 / 27) * ratio + 16) / 116
}

/** Colour difference ΔE00 (ISO/CIE 11664-6), all weights 1. */
export function deltaE([l1, a1, b1]: Lab, [l2, a2, b2]: Lab): number {
  const meanC7 = ((Math.hypot(a1, b1) + Math.hypot(a2, b2)) / 2) ** 7
  const g = 0.5 * (1 - Math.sqrt(meanC7 / (meanC7 + 25 ** 7)))
  const c1 = Math.hypot(a1 * (1 + g), b1)
  const c2 = Math.hypot(a2 * (1 + g), b2)
  const h1 = hue(a1 * (1 + g), b1)
  const h2 = hue(a2 * (1 + g), b2)

  const turn = h2 - h1
  const shortTurn = Math.abs(turn) <= 180 ? turn : turn - Math.sign(turn) * 360
  const isGrey = c1 * c2 === 0
  const dL = l2 - l1
  const dC = c2 - c1
  const dH = isGrey ? 0 : 2 * Math.sqrt(c1 * c2) * sin(shortTurn / 2)

  const meanL = (l1 + l2) / 2
  const meanC = (c1 + c2) / 2
  const meanH = isGrey ? h1 + h2 : meanHue(h1, h2)
  const t =
    1 - 0.17 * cos(meanH - 30) + 0.24 * cos(2 * meanH) + 0.32 * cos(3 * meanH + 6) - 0.2 * cos(4 * meanH - 63)
  const sL = 1 + (0.015 * (meanL - 50) ** 2) / Math.sqrt(20 + (meanL - 50) ** 2)
  const sC = 1 + 0.045 * meanC
  const sH = 1 + 0.015 * meanC * t
  const rC = 2 * Math.sqrt(meanC ** 7 / (meanC ** 7 + 25 ** 7))
  const rT = -sin(60 * Math.exp(-(((meanH - 275) / 25) ** 2))) * rC
  return Math.sqrt((dL / sL) ** 2 + (dC / sC) ** 2 + (dH / sH) ** 2 + rT * (dC / sC) * (dH / sH))
}

const sin = (degrees: number): number => Math.sin((degrees * Math.PI) / 180)
const cos = (degrees: number): number => Math.cos((degrees * Math.PI) / 180)
const hue = (a: number, b: number): number => ((Math.atan2(b, a) * 180) / Math.PI + 360) % 360

function meanHue(h1: number, h2: number): number {
  const sum = h1 + h2
  if (Math.abs(h1 - h2) <= 180) return sum / 2
  return sum < 360 ? (sum + 360) / 2 : (sum - 360) / 2
}
