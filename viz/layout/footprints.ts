import type { Archetype } from '../../schema/plant.js'

/** Room a body takes, metres: width along the line, depth across it, height of its tallest part. */
export interface Footprint {
  readonly width: number
  readonly depth: number
  readonly height: number
}

export const footprints: Readonly<Record<Archetype, Footprint>> = {
  machining: { width: 3.6, depth: 2.8, height: 2.2 },
  robot: { width: 2.6, depth: 2.6, height: 2.4 },
  press: { width: 2.8, depth: 2.8, height: 3.2 },
  welder: { width: 3, depth: 2.6, height: 1.9 },
  conveyor: { width: 4, depth: 1.7, height: 0.8 },
  station: { width: 3, depth: 2.2, height: 1.1 },
  booth: { width: 4, depth: 3, height: 2.6 },
  tester: { width: 2.4, depth: 2.4, height: 2 },
}
