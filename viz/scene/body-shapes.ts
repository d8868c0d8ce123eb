import type { Archetype } from '../../schema/plant.js'

/** A box of a body, metres: width, height, depth, and the middle of its underside. */
export type Box = readonly [width: number, height: number, depth: number, x: number, y: number, z: number]

/** A body is a few boxes: enough to tell a press from a robot from above, few enough to draw thousands. */
export interface BodyShape {
  readonly boxes: readonly Box[]
  /** A point on an upward face that nothing covers; where a test reads the colour. */
  readonly facePoint: readonly [x: number, y: number, z: number]
}

export const bodyShapes: Readonly<Record<Archetype, BodyShape>> = {
  machining: {
    boxes: [
      [3.6, 1.9, 2.2, 0, 0, -0.3],
      [3.6, 1.1, 0.6, 0, 0, 1.1],
      [1.2, 0.3, 1, -0.9, 1.9, -0.6],
    ],
    facePoint: [1.2, 1.9, -0.3],
  },
  robot: {
    boxes: [
      [2.6, 0.2, 2.6, 0, 0, 0],
      [1, 0.7, 1, 0, 0.2, 0],
      [0.5, 1.1, 0.5, 0, 0.9, 0],
      [1.7, 0.4, 0.45, 0.6, 2, 0],
    ],
    facePoint: [-1, 0.2, 1],
  },
  press: {
    boxes: [
      [2.8, 0.7, 2.6, 0, 0, 0],
      [0.55, 1.6, 1.8, -1, 0.7, 0],
      [0.55, 1.6, 1.8, 1, 0.7, 0],
      [2.8, 0.9, 2, 0, 2.3, 0],
    ],
    facePoint: [0.9, 3.2, 0.6],
  },
  welder: {
    boxes: [
      [3, 0.5, 2.6, 0, 0, 0],
      [0.4, 1, 0.4, -1.2, 0.5, -0.9],
      [0.4, 1, 0.4, 1.2, 0.5, -0.9],
      [2.8, 0.4, 0.5, 0, 1.5, -0.9],
    ],
    facePoint: [0.9, 0.5, 0.8],
  },
  conveyor: {
    boxes: [
      [4, 0.5, 1.3, 0, 0.2, 0],
      [4, 0.2, 0.15, 0, 0.6, -0.75],
      [4, 0.2, 0.15, 0, 0.6, 0.75],
    ],
    facePoint: [1.3, 0.7, 0.2],
  },
  station: {
    boxes: [
      [3, 0.8, 1.8, 0, 0, 0.2],
      [3, 1.1, 0.3, 0, 0, -0.9],
    ],
    facePoint: [1, 0.8, 0.6],
  },
  booth: {
    boxes: [
      [4, 2.3, 3, 0, 0, 0],
      [0.9, 0.3, 0.9, -1.2, 2.3, -0.7],
    ],
    facePoint: [1.2, 2.3, 0.8],
  },
  tester: {
    boxes: [
      [2.4, 1.1, 2.4, 0, 0, 0],
      [1, 0.9, 0.8, -0.6, 1.1, -0.7],
    ],
    facePoint: [0.7, 1.1, 0.7],
  },
}
