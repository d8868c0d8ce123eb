import { fromLinear, type Rgb, toLinear } from './contrast.js'

export type Vision = 'normal' | 'protan' | 'deutan' | 'tritan'

type Matrix = readonly [number, number, number, number, number, number, number, number, number]

/** Machado, Oliveira, Fernandes 2009, severity 1.0; to be used on linear RGB. */
const matrices: Readonly<Record<Vision, Matrix>> = {
  normal: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  protan: [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
  deutan: [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
  tritan: [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039],
}

/** The colour as somebody with this vision sees it. */
export function asSeenWith(vision: Vision, [r, g, b]: Rgb): Rgb {
  const m = matrices[vision]
  const [red, green, blue] = [toLinear(r), toLinear(g), toLinear(b)]
  return [
    shown(m[0] * red + m[1] * green + m[2] * blue),
    shown(m[3] * red + m[4] * green + m[5] * blue),
    shown(m[6] * red + m[7] * green + m[8] * blue),
  ]
}

const shown = (linear: number): number => fromLinear(Math.min(1, Math.max(0, linear)))
