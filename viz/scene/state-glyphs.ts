import {
  BufferAttribute,
  DynamicDrawUsage,
  InstancedBufferAttribute,
  InstancedBufferGeometry,
  Mesh,
  ShaderMaterial,
} from 'three'
import { glyphNames } from '../glyphs/glyphs.js'
import type { MachinePlace } from '../layout/floor-plan.js'
import { footprints } from '../layout/footprints.js'
import { looks } from '../looks/looks.js'
import { type CommonUniforms, desaturate } from './common-uniforms.js'
import { atlasSide, makeGlyphAtlas } from './glyph-atlas.js'
import type { Palette } from './palette.js'

const vertex = /* glsl */ `
attribute vec3 aAnchor;
attribute float aCell;
attribute vec3 aFill;
attribute vec3 aInk;
attribute vec2 aGrade; // 1 = abnormal, 1 = dim
uniform vec2 uViewport;
uniform float uFocal;
uniform float uIsLost;
uniform float uUnknownCell;
uniform vec3 uPlanned;
uniform vec3 uPlannedInk;
varying vec2 vUv;
varying vec3 vFill;
varying vec3 vInk;
varying float vDim;
void main() {
  float cell = mix(aCell, uUnknownCell, uIsLost);
  vFill = mix(aFill, uPlanned, uIsLost);
  vInk = mix(aInk, uPlannedInk, uIsLost);
  vDim = aGrade.y;
  vec4 clip = projectionMatrix * modelViewMatrix * vec4(aAnchor, 1.0);
  // Grows with the machine between bounds: never too small to tell, never a poster.
  float scale = uFocal / clip.w;
  float size = clamp(scale * mix(1.9, 2.6, aGrade.x), mix(11.0, 17.0, aGrade.x), mix(22.0, 30.0, aGrade.x)) / 0.8;
  clip.xy += position.xy * size * 2.0 / uViewport * clip.w;
  gl_Position = cell < -0.5 ? vec4(2.0, 2.0, 2.0, 1.0) : clip;
  float column = mod(cell, ${atlasSide.toFixed(1)});
  float row = floor(cell / ${atlasSide.toFixed(1)});
  vUv = (vec2(column, row) + vec2(position.x + 0.5, 0.5 - position.y)) / ${atlasSide.toFixed(1)};
}
`
const fragment = /* glsl */ `
${desaturate}
uniform sampler2D uAtlas;
uniform vec3 uEdge;
varying vec2 vUv;
varying vec3 vFill;
varying vec3 vInk;
varying float vDim;
void main() {
  vec3 mask = texture2D(uAtlas, vUv).rgb;
  float cover = min(mask.r + mask.g + mask.b, 1.0);
  if (cover < 0.02) discard;
  vec3 colour = (trusted(vFill) * mask.r + uEdge * mask.g + vInk * mask.b) / max(mask.r + mask.g + mask.b, 0.001);
  gl_FragColor = vec4(colour, cover * (1.0 - vDim * 0.82));
  #include <colorspace_fragment>
}
`

/** The glyph above every machine, all in one draw call, of constant size on the screen and never hidden by a body. */
export class StateGlyphs {
  readonly mesh: Mesh
  readonly #slotOf: Int32Array
  readonly #cell: InstancedBufferAttribute
  readonly #fill: InstancedBufferAttribute
  readonly #ink: InstancedBufferAttribute
  readonly #grade: InstancedBufferAttribute
  readonly #material: ShaderMaterial

  constructor(places: readonly MachinePlace[], capacity: number, uniforms: CommonUniforms) {
    this.#slotOf = new Int32Array(capacity).fill(-1)
    const anchors = new Float32Array(places.length * 3)
    for (const [slot, { machine, x, z }] of places.entries()) {
      this.#slotOf[machine.index] = slot
      anchors.set([x, footprints[machine.archetype].height, z], slot * 3)
    }
    const dynamic = (size: number): InstancedBufferAttribute =>
      new InstancedBufferAttribute(new Float32Array(places.length * size), size).setUsage(DynamicDrawUsage)
    this.#cell = dynamic(1)
    this.#cell.array.fill(-1)
    this.#fill = dynamic(3)
    this.#ink = dynamic(3)
    this.#grade = dynamic(2)
    const geometry = quadGeometry(places.length)
    geometry.setAttribute('aAnchor', new InstancedBufferAttribute(anchors, 3))
    geometry.setAttribute('aCell', this.#cell)
    geometry.setAttribute('aFill', this.#fill)
    geometry.setAttribute('aInk', this.#ink)
    geometry.setAttribute('aGrade', this.#grade)
    this.#material = new ShaderMaterial({
      uniforms: {
        ...uniforms,
        uAtlas: { value: makeGlyphAtlas() },
        uUnknownCell: { value: glyphNames.indexOf('unknown') },
        uPlanned: { value: undefined },
        uPlannedInk: { value: undefined },
      },
      vertexShader: vertex,
      fragmentShader: fragment,
      transparent: true,
      depthTest: false,
      depthWrite: false,
    })
    this.mesh = new Mesh(geometry, this.#material)
    this.mesh.frustumCulled = false
    this.mesh.renderOrder = 3
  }

  setPalette(palette: Palette): void {
    this.#material.uniforms.uPlanned!.value = palette.planned
    this.#material.uniforms.uPlannedInk!.value = palette.plannedInk
  }

  setLook(machine: number, look: number, palette: Palette): void {
    const slot = this.#slotOf[machine]!
    if (slot < 0) return
    const { cell, isAbnormal } = looks[look]!
    this.#cell.setX(slot, cell)
    this.#grade.setX(slot, isAbnormal ? 1 : 0)
    setColour(this.#fill, slot, palette.lookFill, look)
    setColour(this.#ink, slot, palette.lookInk, look)
    this.#cell.needsUpdate = true
    this.#grade.needsUpdate = true
    this.#fill.needsUpdate = true
    this.#ink.needsUpdate = true
  }

  setDim(machine: number, isDim: boolean): void {
    const slot = this.#slotOf[machine]!
    if (slot < 0) return
    this.#grade.setY(slot, isDim ? 1 : 0)
    this.#grade.needsUpdate = true
  }

  /** The atlas cell that is drawn for a machine now; -1 = none. */
  cellOf(machine: number): number {
    const slot = this.#slotOf[machine] ?? -1
    return slot < 0 ? -1 : this.#cell.getX(slot)
  }
}

/** A unit square around the origin, once per instance. */
export function quadGeometry(instances: number): InstancedBufferGeometry {
  const geometry = new InstancedBufferGeometry()
  const corners = new Float32Array([-0.5, -0.5, 0, 0.5, -0.5, 0, 0.5, 0.5, 0, -0.5, 0.5, 0])
  geometry.setAttribute('position', new BufferAttribute(corners, 3))
  geometry.setIndex([0, 1, 2, 0, 2, 3])
  geometry.instanceCount = instances
  return geometry
}

function setColour(
  attribute: InstancedBufferAttribute,
  slot: number,
  table: Float32Array,
  look: number,
): void {
  attribute.setXYZ(slot, table[look * 3]!, table[look * 3 + 1]!, table[look * 3 + 2]!)
}
