import { Color, Vector2 } from 'three'

/** Uniforms that every material of the floor shares by reference: set once, seen by all. */
export interface CommonUniforms {
  /** Canvas size in CSS pixels. */
  readonly uViewport: { value: Vector2 }
  /** CSS pixels per metre at distance 1: divided by clip w it is the scale at a point. */
  readonly uFocal: { value: number }
  /** 1 = the tokens' own colours, 0 = grey: how much the picture can be trusted. */
  readonly uSaturation: { value: number }
  /** 1 while the connection is lost: every machine wears a question mark. */
  readonly uIsLost: { value: number }
  readonly uEdge: { value: Color }
  readonly uFloor: { value: Color }
}

export function makeCommonUniforms(): CommonUniforms {
  return {
    uViewport: { value: new Vector2(1, 1) },
    uFocal: { value: 1 },
    uSaturation: { value: 1 },
    uIsLost: { value: 0 },
    uEdge: { value: new Color() },
    uFloor: { value: new Color() },
  }
}

/** GLSL: takes the hue out of a colour as far as the picture cannot be trusted (BT.709 luma). */
export const desaturate = /* glsl */ `
uniform float uSaturation;
vec3 trusted(vec3 colour) {
  return mix(vec3(dot(colour, vec3(0.2126, 0.7152, 0.0722))), colour, uSaturation);
}
`
