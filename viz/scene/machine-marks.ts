import { BufferAttribute, BufferGeometry, type Color, Mesh, MeshBasicMaterial } from 'three'
import type { MachinePlace } from '../layout/floor-plan.js'
import { footprints } from '../layout/footprints.js'

/** Metres between the body and the frame, and the frame's own width. */
const clearance = 0.3
const strength = 0.28
const height = 0.08

/** A frame on the floor around one machine: the selected one, or the one under the pointer. */
export class MachineMark {
  readonly mesh: Mesh
  readonly #material = new MeshBasicMaterial()
  readonly #position = new BufferAttribute(new Float32Array(8 * 3), 3)

  constructor() {
    const geometry = new BufferGeometry()
    geometry.setAttribute('position', this.#position)
    // Outer corners 0–3, inner corners 4–7, both from the north-west against the clock seen from above.
    const sides = [0, 1, 2, 3].flatMap(at => {
      const next = (at + 1) % 4
      return [at, next, at + 4, next, next + 4, at + 4]
    })
    geometry.setIndex(sides)
    this.mesh = new Mesh(geometry, this.#material)
    this.mesh.visible = false
    this.mesh.frustumCulled = false
    this.mesh.renderOrder = 1
  }

  setColour(colour: Color): void {
    this.#material.color.copy(colour)
  }

  show(place: MachinePlace | undefined): void {
    this.mesh.visible = place !== undefined
    if (place === undefined) return
    const { width, depth } = footprints[place.machine.archetype]
    for (const [ring, margin] of [clearance + strength, clearance].entries()) {
      const [x, z] = [width / 2 + margin, depth / 2 + margin]
      const corners = [
        [-x, -z],
        [-x, z],
        [x, z],
        [x, -z],
      ] as const
      for (const [at, [dx, dz]] of corners.entries()) {
        this.#position.setXYZ(ring * 4 + at, place.x + dx, height, place.z + dz)
      }
    }
    this.#position.needsUpdate = true
  }
}
