import { BufferAttribute, BufferGeometry, Group, LineSegments, Mesh, ShaderMaterial } from 'three'
import type { Area, FloorPlan, Flow } from '../layout/floor-plan.js'
import type { Palette } from './palette.js'

/** Which colour of the palette a vertex wears; the number is its place in `uTones`. */
const tone = { floor: 0, lane: 1, flow: 2, rule: 3 } as const

const vertex = /* glsl */ `
attribute float aTone;
uniform vec3 uTones[4];
varying vec3 vColour;
void main() {
  vColour = uTones[int(aTone + 0.5)];
  gl_Position = projectionMatrix * modelViewMatrix * vec4(position, 1.0);
}
`
const fragment = /* glsl */ `
varying vec3 vColour;
void main() {
  gl_FragColor = vec4(vColour, 1.0);
  #include <colorspace_fragment>
}
`

/** Heights that keep the layers of the ground apart, metres. */
const siteY = 0
const laneY = 0.03
const flowY = 0.06

/** Sites, lanes and the way of the parts: one merged mesh and one set of lines. */
export class FloorGround {
  readonly group = new Group()
  readonly #material: ShaderMaterial

  constructor(plan: FloorPlan) {
    const surface = new Surface()
    const lines = new Surface()
    for (const site of plan.sites) {
      surface.rectangle(site, siteY, tone.floor)
      lines.outline(site, siteY + 0.02, tone.rule)
    }
    for (const lane of plan.lanes) surface.rectangle(lane, laneY, tone.lane)
    for (const area of plan.areas)
      lines.segment(area.west, area.north + 0.3, area.east, area.north + 0.3, flowY, tone.rule)
    for (const flow of plan.flows) {
      lines.segment(flow.fromX, flow.fromZ, flow.toX, flow.toZ, flowY, tone.flow)
      surface.arrowhead(flow, flowY, tone.flow)
    }
    this.#material = new ShaderMaterial({
      uniforms: { uTones: { value: [] } },
      vertexShader: vertex,
      fragmentShader: fragment,
    })
    this.group.add(
      new Mesh(surface.geometry(), this.#material),
      new LineSegments(lines.geometry(), this.#material),
    )
  }

  setPalette(palette: Palette): void {
    this.#material.uniforms.uTones = { value: [palette.floor, palette.lane, palette.muted, palette.rule] }
    this.#material.uniformsNeedUpdate = true
  }
}

/** Collects triangles or lines with a tone each. */
class Surface {
  readonly #positions: number[] = []
  readonly #tones: number[] = []

  rectangle({ west, north, east, south }: Area, y: number, which: number): void {
    this.#triangle(west, north, west, south, east, south, y, which)
    this.#triangle(west, north, east, south, east, north, y, which)
  }

  outline({ west, north, east, south }: Area, y: number, which: number): void {
    this.segment(west, north, east, north, y, which)
    this.segment(east, north, east, south, y, which)
    this.segment(east, south, west, south, y, which)
    this.segment(west, south, west, north, y, which)
  }

  segment(x1: number, z1: number, x2: number, z2: number, y: number, which: number): void {
    this.#positions.push(x1, y, z1, x2, y, z2)
    this.#tones.push(which, which)
  }

  arrowhead({ fromX, fromZ, toX, toZ }: Flow, y: number, which: number): void {
    const length = Math.hypot(toX - fromX, toZ - fromZ)
    const size = Math.min(0.75, length)
    const [alongX, alongZ] = [((toX - fromX) / length) * size, ((toZ - fromZ) / length) * size]
    const [baseX, baseZ] = [toX - alongX, toZ - alongZ]
    const [sideX, sideZ] = [-alongZ * 0.55, alongX * 0.55]
    this.#triangle(toX, toZ, baseX - sideX, baseZ - sideZ, baseX + sideX, baseZ + sideZ, y, which)
  }

  geometry(): BufferGeometry {
    const geometry = new BufferGeometry()
    geometry.setAttribute('position', new BufferAttribute(new Float32Array(this.#positions), 3))
    geometry.setAttribute('aTone', new BufferAttribute(new Float32Array(this.#tones), 1))
    return geometry
  }

  /** Faces up whichever way round its corners come. */
  #triangle(
    x1: number,
    z1: number,
    x2: number,
    z2: number,
    x3: number,
    z3: number,
    y: number,
    which: number,
  ): void {
    const isUp = (x2 - x1) * (z3 - z1) - (z2 - z1) * (x3 - x1) < 0
    if (isUp) this.#positions.push(x1, y, z1, x2, y, z2, x3, y, z3)
    else this.#positions.push(x1, y, z1, x3, y, z3, x2, y, z2)
    this.#tones.push(which, which, which)
  }
}
