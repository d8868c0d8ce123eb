import { type DisplayState, displayStates } from '../../schema/display-state.js'
import { type GlyphName, glyphCell } from '../glyphs/glyphs.js'
import type { FillName, Theme } from '../theme/tokens.js'

/**
 * How a machine looks at a glance: the worst of its sensors' limits if that is worse than its state, else its state.
 * Looks are numbered by severity, worst first, so that comparing two machines is comparing two numbers.
 */
export const lookNames = [
  'down',
  'high',
  'medium',
  'unknown',
  'blocked',
  'starved',
  'maintenance',
  'setup',
  'idle',
  'off-shift',
  'running',
] as const
export type LookName = (typeof lookNames)[number]

export interface Look {
  readonly name: LookName
  /** The word beside the glyph. */
  readonly word: string
  readonly fill: FillName
  readonly glyph: GlyphName | undefined
  /** Cell in the glyph atlas, -1 without glyph. */
  readonly cell: number
  /** Hatched: not to be trusted. */
  readonly isDoubtful: boolean
  readonly isAbnormal: boolean
}

function look(
  name: LookName,
  word: string,
  fill: FillName,
  glyph: GlyphName | undefined,
  isAbnormal: boolean,
): Look {
  return { name, word, fill, glyph, cell: glyphCell(glyph), isDoubtful: name === 'unknown', isAbnormal }
}

/** In the order of `lookNames`. */
export const looks: readonly Look[] = [
  look('down', 'Down', 'p1', 'p1', true),
  look('high', 'Critical', 'p2', 'p2', true),
  look('medium', 'Warning', 'p3', 'p3', true),
  look('unknown', 'Unknown', 'planned', 'unknown', true),
  look('blocked', 'Blocked', 'blocked', 'blocked', true),
  look('starved', 'Starved', 'starved', 'starved', true),
  look('maintenance', 'Maintenance', 'planned', 'maintenance', false),
  look('setup', 'Set-up', 'planned', 'setup', false),
  look('idle', 'Idle', 'idle', 'idle', false),
  look('off-shift', 'Off shift', 'planned', 'off-shift', false),
  look('running', 'Running', 'running', undefined, false),
]

export const lookNumber = Object.fromEntries(lookNames.map((name, number) => [name, number])) as Readonly<
  Record<LookName, number>
>

/** Display states by their number in the stream, as looks. A state this viewer does not know is unknown. */
export const lookOfState: readonly number[] = displayStates.map(state => lookNumber[state])

export function lookOf(display: number, criticalSensors: number, warningSensors: number): number {
  const byState = lookOfState[display] ?? lookNumber.unknown
  if (criticalSensors > 0) return Math.min(byState, lookNumber.high)
  if (warningSensors > 0) return Math.min(byState, lookNumber.medium)
  return byState
}

export function stateWord(display: number): string {
  return looks[lookOfState[display] ?? lookNumber.unknown]!.word
}

/** The colour for a look's word on a panel: hue only where it means something. */
export function textColour(theme: Theme, { fill }: Look): string {
  return fill === 'running' || fill === 'idle' || fill === 'planned' ? theme.text : theme.hueText[fill]
}

/** Every display state has a look of the same name. */
export const stateLook = (state: DisplayState): Look => looks[lookNumber[state]]!
