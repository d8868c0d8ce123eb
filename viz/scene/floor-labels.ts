import { InstancedBufferAttribute, Mesh, ShaderMaterial } from 'three'
import { type FloorPlan, laneNameWidth, pitch } from '../layout/floor-plan.js'
import { footprints } from '../layout/footprints.js'
import type { CommonUniforms } from './common-uniforms.js'
import type { Palette } from './palette.js'
import { quadGeometry } from './state-glyphs.js'
import { TextAtlas, type TextPatch, type TextStyle } from './text-atlas.js'

const styles = {
  site: { size: 19, weight: 600, wrap: 260, align: 'left' },
  area: { size: 12, weight: 500, wrap: 260, align: 'left' },
  line: { size: 11, weight: 600, wrap: 84, align: 'right' },
  machine: { size: 11, weight: 400, wrap: 62, align: 'center' },
} as const satisfies Record<string, TextStyle>

const vertex = /* glsl */ `
attribute vec3 aAnchor;
attribute vec4 aPatch; // u, v, width, height on the atlas
attribute vec2 aSize;  // CSS pixels
attribute vec2 aPivot; // which point of the text stands on the anchor: 0..1 from the left, from the top
attribute vec2 aRule;  // smallest scale at which it is shown (px per metre), ground: 0 = floor, 1 = lane, 2 = floor, muted
uniform vec2 uViewport;
uniform float uFocal;
uniform float uShow;
varying vec2 vUv;
varying float vGround;
void main() {
  vec4 clip = projectionMatrix * modelViewMatrix * vec4(aAnchor, 1.0);
  bool isShown = uFocal / clip.w >= aRule.x && uShow > 0.5;
  // Whole pixels: letters that stand still stay sharp.
  vec2 anchor = floor((clip.xy / clip.w * 0.5 + 0.5) * uViewport + 0.5);
  vec2 corner = vec2(position.x + 0.5, 0.5 - position.y);
  vec2 pixel = anchor + vec2(corner.x - aPivot.x, aPivot.y - corner.y) * aSize;
  pixel = anchor + floor(vec2(-aPivot.x, aPivot.y) * aSize + 0.5) + vec2(corner.x, -corner.y) * aSize;
  gl_Position = isShown ? vec4(pixel / uViewport * 2.0 - 1.0, clip.z / clip.w, 1.0) : vec4(2.0, 2.0, 2.0, 1.0);
  vUv = aPatch.xy + corner * aPatch.zw;
  vGround = aRule.y;
}
`
const fragment = /* glsl */ `
uniform sampler2D uAtlas;
uniform vec3 uText;
uniform vec3 uMuted;
uniform vec3 uFloor;
uniform vec3 uLane;
varying vec2 vUv;
varying float vGround;
void main() {
  vec2 mask = texture2D(uAtlas, vUv).rg;
  float cover = max(mask.r, mask.g * 0.85);
  if (cover < 0.02) discard;
  vec3 ground = abs(vGround - 1.0) < 0.5 ? uLane : uFloor;
  gl_FragColor = vec4(mix(ground, vGround > 1.5 ? uMuted : uText, mask.r), cover);
  #include <colorspace_fragment>
}
`

interface Label {
  readonly patch: TextPatch
  readonly x: number
  readonly z: number
  readonly pivotX: number
  readonly pivotY: number
  readonly minScale: number
  /** What it stands on, for its halo; 2 = the floor, and muted. */
  readonly ground: 0 | 1 | 2
}

/**
 * Names of sites, areas, lines and machines, all in one draw call. Each is shown from the scale on at which it has
 * room, so that names never pile up: sites from afar, machines from near.
 */
export class FloorLabels {
  readonly mesh: Mesh
  readonly #material: ShaderMaterial

  constructor(plan: FloorPlan, pixelRatio: number, uniforms: CommonUniforms) {
    const atlas = new TextAtlas(pixelRatio)
    const labels = collectLabels(plan, atlas)
    const geometry = quadGeometry(labels.length)
    const attribute = (size: number, of: (label: Label) => readonly number[]): InstancedBufferAttribute =>
      new InstancedBufferAttribute(new Float32Array(labels.flatMap(of)), size)
    geometry.setAttribute(
      'aAnchor',
      attribute(3, ({ x, z }) => [x, 0, z]),
    )
    geometry.setAttribute(
      'aPatch',
      attribute(4, ({ patch }) => [patch.u, patch.v, patch.uSize, patch.vSize]),
    )
    geometry.setAttribute(
      'aSize',
      attribute(2, ({ patch }) => [patch.width, patch.height]),
    )
    geometry.setAttribute(
      'aPivot',
      attribute(2, ({ pivotX, pivotY }) => [pivotX, pivotY]),
    )
    geometry.setAttribute(
      'aRule',
      attribute(2, ({ minScale, ground }) => [minScale, ground]),
    )
    this.#material = new ShaderMaterial({
      uniforms: {
        ...uniforms,
        uAtlas: { value: atlas.texture() },
        uText: { value: undefined },
        uMuted: { value: undefined },
        uLane: { value: undefined },
        uShow: { value: 1 },
      },
      vertexShader: vertex,
      fragmentShader: fragment,
      transparent: true,
      depthTest: false,
      depthWrite: false,
    })
    this.mesh = new Mesh(geometry, this.#material)
    this.mesh.frustumCulled = false
    this.mesh.renderOrder = 2
  }

  setPalette(palette: Palette): void {
    this.#material.uniforms.uText!.value = palette.text
    this.#material.uniforms.uMuted!.value = palette.muted
    this.#material.uniforms.uLane!.value = palette.lane
  }

  setShown(isShown: boolean): void {
    this.#material.uniforms.uShow!.value = isShown ? 1 : 0
  }
}

function collectLabels(plan: FloorPlan, atlas: TextAtlas): readonly Label[] {
  // Names of a line stand on one line, whatever the depth of the machines.
  const deepest = Math.max(...Object.values(footprints).map(footprint => footprint.depth))
  const labels: Label[] = []
  const add = (
    text: string,
    style: TextStyle,
    place: Omit<Label, 'patch' | 'minScale'>,
    room: number,
  ): void => {
    const patch = text === '' ? undefined : atlas.add(text, style)
    if (patch !== undefined) labels.push({ ...place, patch, minScale: patch.width / room })
  }
  for (const site of plan.sites) {
    const room = site.east - site.west
    add(
      site.name,
      styles.site,
      { x: site.west + 2, z: site.north + 3.2, pivotX: 0, pivotY: 0.5, ground: 0 },
      room,
    )
  }
  for (const area of plan.areas) {
    const room = (area.east - area.west) / 2
    add(area.name, styles.area, { x: area.west, z: area.north + 2, pivotX: 0, pivotY: 0.5, ground: 2 }, room)
  }
  for (const lane of plan.lanes) {
    const z = (lane.north + lane.south) / 2 - 0.5
    add(lane.name, styles.line, { x: lane.west - 1, z, pivotX: 1, pivotY: 0.5, ground: 0 }, laneNameWidth + 1)
  }
  for (const { machine, x, z } of plan.machines) {
    const front = z + deepest / 2 + 0.7
    add(machine.name, styles.machine, { x, z: front, pivotX: 0.5, pivotY: 0, ground: 1 }, pitch * 0.97)
  }
  return labels
}
