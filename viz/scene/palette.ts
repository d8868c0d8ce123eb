import { Color } from 'three'
import { looks } from '../looks/looks.js'
import type { Theme } from '../theme/tokens.js'

/**
 * The tokens of a theme as the shaders want them: linear light, by look number, three floats each. Made once per
 * change of theme.
 */
export interface Palette {
  readonly lookFill: Float32Array
  readonly lookInk: Float32Array
  readonly background: Color
  readonly floor: Color
  /** Ground of a line, between floor and background. */
  readonly lane: Color
  readonly rule: Color
  readonly text: Color
  readonly muted: Color
  readonly edge: Color
  readonly focus: Color
  readonly planned: Color
  readonly plannedInk: Color
  readonly levelFill: readonly Color[]
}

export function makePalette(theme: Theme): Palette {
  const lookFill = new Float32Array(looks.length * 3)
  const lookInk = new Float32Array(looks.length * 3)
  for (const [number, { fill }] of looks.entries()) {
    new Color(theme.fills[fill].fill).toArray(lookFill, number * 3)
    new Color(theme.fills[fill].ink).toArray(lookInk, number * 3)
  }
  return {
    lookFill,
    lookInk,
    background: new Color(theme.background),
    floor: new Color(theme.floor),
    lane: new Color(theme.floor).lerp(new Color(theme.background), 0.55),
    rule: new Color(theme.rule),
    text: new Color(theme.text),
    muted: new Color(theme.muted),
    edge: new Color(theme.edge),
    focus: new Color(theme.focus),
    planned: new Color(theme.fills.planned.fill),
    plannedInk: new Color(theme.fills.planned.ink),
    levelFill: [
      new Color(theme.fills.running.fill),
      new Color(theme.fills.p3.fill),
      new Color(theme.fills.p2.fill),
      new Color(theme.fills.planned.fill),
    ],
  }
}
