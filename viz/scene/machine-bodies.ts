import {
  BufferAttribute,
  DynamicDrawUsage,
  Group,
  InstancedBufferAttribute,
  InstancedBufferGeometry,
  InstancedMesh,
  LineSegments,
  Matrix4,
  ShaderMaterial,
} from 'three'
import { type Archetype, archetypes } from '../../schema/plant.js'
import type { MachinePlace } from '../layout/floor-plan.js'
import { looks } from '../looks/looks.js'
import { makeBodyGeometry, makeEdgePositions } from './body-geometry.js'
import { bodyShapes } from './body-shapes.js'
import { type CommonUniforms, desaturate } from './common-uniforms.js'
import type { Palette } from './palette.js'

const bodyVertex = /* glsl */ `
attribute float aShade;
attribute vec2 aMark; // doubt, dimness
varying vec3 vColour;
varying float vShade;
varying vec2 vMark;
void main() {
  vColour = instanceColor;
  vShade = aShade;
  vMark = aMark;
  gl_Position = projectionMatrix * modelViewMatrix * (instanceMatrix * vec4(position, 1.0));
}
`
const bodyFragment = /* glsl */ `
${desaturate}
uniform float uIsLost;
uniform vec3 uEdge;
uniform vec3 uFloor;
varying vec3 vColour;
varying float vShade;
varying vec2 vMark;
void main() {
  vec3 colour = trusted(vColour);
  float doubt = max(vMark.x, uIsLost);
  // 45 degree hatch in screen space, 6 px apart: the mark of what is not to be trusted.
  float stripe = step(fract((gl_FragCoord.x + gl_FragCoord.y) / 6.0), 0.34);
  colour = mix(colour, uEdge, doubt * stripe * 0.4);
  gl_FragColor = vec4(mix(colour * vShade, uFloor, vMark.y * 0.72), 1.0);
  #include <colorspace_fragment>
}
`
const edgeVertex = /* glsl */ `
attribute vec3 aOffset;
attribute vec2 aMark;
uniform float uFocal;
varying float vDim;
varying float vFaint;
void main() {
  vDim = aMark.y;
  gl_Position = projectionMatrix * modelViewMatrix * vec4(position + aOffset, 1.0);
  // From afar edges would be all there is to see: they step back until there is room for them.
  vFaint = 0.5 * (1.0 - smoothstep(5.0, 14.0, uFocal / gl_Position.w));
  // A hair towards the eye, so that a line is not swallowed by its own face.
  gl_Position.z -= 0.0004 * gl_Position.w;
}
`
const edgeFragment = /* glsl */ `
uniform vec3 uEdge;
uniform vec3 uFloor;
varying float vDim;
varying float vFaint;
void main() {
  gl_FragColor = vec4(mix(uEdge, uFloor, max(vFaint, vDim * 0.72)), 1.0);
  #include <colorspace_fragment>
}
`

/** One archetype: its bodies and their edges, one draw call each. */
interface Batch {
  readonly bodies: InstancedMesh
  readonly marks: InstancedBufferAttribute
}

/**
 * The bodies of all machines, an instanced mesh per archetype, with dark edges. A change of look writes a few floats;
 * nothing is made anew.
 */
export class MachineBodies {
  readonly group = new Group()
  readonly #batches: readonly Batch[]
  readonly #batchOf: Int16Array
  readonly #slotOf: Int32Array

  constructor(places: readonly MachinePlace[], capacity: number, uniforms: CommonUniforms) {
    this.#batchOf = new Int16Array(capacity).fill(-1)
    this.#slotOf = new Int32Array(capacity)
    const bodyMaterial = new ShaderMaterial({
      uniforms: { ...uniforms },
      vertexShader: bodyVertex,
      fragmentShader: bodyFragment,
      // Floors push back a little, so that edges stay whole.
      polygonOffset: true,
      polygonOffsetFactor: 1,
      polygonOffsetUnits: 1,
    })
    const edgeMaterial = new ShaderMaterial({
      uniforms: { ...uniforms },
      vertexShader: edgeVertex,
      fragmentShader: edgeFragment,
    })
    const batches: Batch[] = []
    for (const archetype of archetypes) {
      const own = places.filter(place => place.machine.archetype === archetype)
      if (own.length === 0) continue
      for (const [slot, { machine }] of own.entries()) {
        this.#batchOf[machine.index] = batches.length
        this.#slotOf[machine.index] = slot
      }
      batches.push(this.#addBatch(archetype, own, bodyMaterial, edgeMaterial))
    }
    this.#batches = batches
  }

  setLook(machine: number, look: number, palette: Palette): void {
    const batch = this.#batches[this.#batchOf[machine]!]
    if (batch === undefined) return
    const slot = this.#slotOf[machine]!
    const colours = batch.bodies.instanceColor!
    colours.setXYZ(
      slot,
      palette.lookFill[look * 3]!,
      palette.lookFill[look * 3 + 1]!,
      palette.lookFill[look * 3 + 2]!,
    )
    batch.marks.setX(slot, looks[look]!.isDoubtful ? 1 : 0)
    colours.needsUpdate = true
    batch.marks.needsUpdate = true
  }

  setDim(machine: number, isDim: boolean): void {
    const batch = this.#batches[this.#batchOf[machine]!]
    if (batch === undefined) return
    batch.marks.setY(this.#slotOf[machine]!, isDim ? 1 : 0)
    batch.marks.needsUpdate = true
  }

  #addBatch(
    archetype: Archetype,
    places: readonly MachinePlace[],
    bodyMaterial: ShaderMaterial,
    edgeMaterial: ShaderMaterial,
  ): Batch {
    const { boxes } = bodyShapes[archetype]
    const geometry = makeBodyGeometry(boxes)
    const marks = new InstancedBufferAttribute(new Float32Array(places.length * 2), 2).setUsage(
      DynamicDrawUsage,
    )
    geometry.setAttribute('aMark', marks)
    const bodies = new InstancedMesh(geometry, bodyMaterial, places.length)
    bodies.instanceColor = new InstancedBufferAttribute(new Float32Array(places.length * 3), 3)
    bodies.instanceColor.setUsage(DynamicDrawUsage)
    const offsets = new Float32Array(places.length * 3)
    const matrix = new Matrix4()
    for (const [slot, { x, z }] of places.entries()) {
      bodies.setMatrixAt(slot, matrix.makeTranslation(x, 0, z))
      offsets.set([x, 0, z], slot * 3)
    }
    const lines = new InstancedBufferGeometry()
    lines.setAttribute('position', new BufferAttribute(makeEdgePositions(boxes), 3))
    lines.setAttribute('aOffset', new InstancedBufferAttribute(offsets, 3))
    lines.setAttribute('aMark', marks)
    lines.instanceCount = places.length
    const edges = new LineSegments(lines, edgeMaterial)
    // Bounds of instances are unknown to the culler, and the whole floor is in view most of the time.
    bodies.frustumCulled = false
    edges.frustumCulled = false
    this.group.add(bodies, edges)
    return { bodies, marks }
  }
}
