import type { Vector3 } from 'three'
import type { MachinePlace } from '../layout/floor-plan.js'
import { footprints } from '../layout/footprints.js'

/**
 * Which machine a ray hits first. Every body counts as its bounding box: a person who points at the air between the
 * posts of a press means the press. Nothing is allocated.
 */
export class MachinePicker {
  readonly #places: readonly MachinePlace[]
  /** West, east, top, north, south of each box. */
  readonly #boxes: Float32Array

  constructor(places: readonly MachinePlace[]) {
    this.#places = places
    this.#boxes = new Float32Array(places.length * 5)
    for (const [at, { machine, x, z }] of places.entries()) {
      const { width, depth, height } = footprints[machine.archetype]
      this.#boxes.set([x - width / 2, x + width / 2, height, z - depth / 2, z + depth / 2], at * 5)
    }
  }

  pick(origin: Vector3, direction: Vector3): MachinePlace | undefined {
    let nearest = Number.POSITIVE_INFINITY
    let hit = -1
    for (let at = 0; at < this.#places.length; at++) {
      const distance = this.#distance(at * 5, origin, direction)
      if (distance < nearest) {
        nearest = distance
        hit = at
      }
    }
    return this.#places[hit]
  }

  /** Along the ray to the box, infinite if it misses (slab method). */
  #distance(box: number, origin: Vector3, direction: Vector3): number {
    const boxes = this.#boxes
    const [x1, x2] = [(boxes[box]! - origin.x) / direction.x, (boxes[box + 1]! - origin.x) / direction.x]
    const [y1, y2] = [-origin.y / direction.y, (boxes[box + 2]! - origin.y) / direction.y]
    const [z1, z2] = [(boxes[box + 3]! - origin.z) / direction.z, (boxes[box + 4]! - origin.z) / direction.z]
    const enter = Math.max(Math.min(x1, x2), Math.min(y1, y2), Math.min(z1, z2))
    const leave = Math.min(Math.max(x1, x2), Math.max(y1, y2), Math.max(z1, z2))
    return leave >= Math.max(enter, 0) ? enter : Number.POSITIVE_INFINITY
  }
}
