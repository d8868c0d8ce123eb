import { InstancedBufferAttribute, Mesh, ShaderMaterial } from 'three'
import type { FloorPlan } from '../layout/floor-plan.js'
import type { PlantIndex } from '../plant/plant-index.js'
import type { CommonUniforms } from './common-uniforms.js'
import { type Label, planLabels } from './label-plan.js'
import type { Palette } from './palette.js'
import { quadGeometry } from './state-glyphs.js'
import { TextAtlas } from './text-atlas.js'

const vertex = /* glsl */ `
attribute vec3 aAnchor;
attribute vec4 aPatch; // u, v, width, height on the atlas
attribute vec2 aSize;  // CSS pixels
attribute vec2 aPivot; // which point of the text stands on the anchor: 0..1 from the left, from the top
attribute vec2 aScales; // shown from the first to below the second, px per metre
attribute vec2 aRule;  // ground: 0 = floor, 1 = lane, 2 = floor, muted; 1 = may be hidden
uniform vec2 uViewport;
uniform float uFocal;
uniform float uShow;
varying vec2 vUv;
varying float vGround;
void main() {
  vec4 clip = projectionMatrix * modelViewMatrix * vec4(aAnchor, 1.0);
  float scale = uFocal / clip.w;
  bool isShown = scale >= aScales.x && scale < aScales.y && (uShow > 0.5 || aRule.y < 0.5);
  // Whole pixels: letters that stand still stay sharp.
  vec2 anchor = floor((clip.xy / clip.w * 0.5 + 0.5) * uViewport + 0.5);
  vec2 corner = vec2(position.x + 0.5, 0.5 - position.y);
  vec2 pixel = anchor + vec2(corner.x - aPivot.x, aPivot.y - corner.y) * aSize;
  pixel = anchor + floor(vec2(-aPivot.x, aPivot.y) * aSize + 0.5) + vec2(corner.x, -corner.y) * aSize;
  gl_Position = isShown ? vec4(pixel / uViewport * 2.0 - 1.0, clip.z / clip.w, 1.0) : vec4(2.0, 2.0, 2.0, 1.0);
  vUv = aPatch.xy + corner * aPatch.zw;
  vGround = aRule.x;
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

/**
 * Names of sites, areas, lines and machines, all in one draw call. Each is shown from the scale on at which it has
 * room, so that names never pile up: sites from afar, machines from near. Those of sites and lines have a smaller
 * form for the scales at which the full one has no room yet.
 */
export class FloorLabels {
  readonly mesh: Mesh
  readonly #material: ShaderMaterial

  constructor(plan: FloorPlan, plant: PlantIndex, pixelRatio: number, uniforms: CommonUniforms) {
    const atlas = new TextAtlas(pixelRatio)
    const labels = planLabels(plan, plant, (text, style) => atlas.add(text, style))
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
      attribute(2, ({ ground, isOptional }) => [ground, isOptional ? 1 : 0]),
    )
    geometry.setAttribute(
      'aScales',
      attribute(2, ({ minScale, maxScale }) => [minScale, maxScale]),
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

  /** Shows or hides the names of machines and lines. */
  setShown(isShown: boolean): void {
    this.#material.uniforms.uShow!.value = isShown ? 1 : 0
  }
}
