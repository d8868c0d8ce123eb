import type { Hex } from './contrast.js'

export type ThemeName = 'light' | 'dark'

/**
 * What a body or a badge is filled with. Hue means alarm priority or flow loss, grey means normal or planned; the
 * hues were searched so that they stay apart under every dichromacy (tokens.test.ts holds the figures).
 */
export const fillNames = ['running', 'idle', 'planned', 'starved', 'blocked', 'p1', 'p2', 'p3'] as const
export type FillName = (typeof fillNames)[number]

/** Fills that carry hue: they must be told apart from each other and from running. */
export const tellApart = [
  'running',
  'p1',
  'p2',
  'p3',
  'blocked',
  'starved',
] as const satisfies readonly FillName[]

export interface Fill {
  readonly fill: Hex
  /** The glyph on it. */
  readonly ink: Hex
}

export interface Theme {
  readonly background: Hex
  readonly floor: Hex
  readonly panel: Hex
  /** Thin lines that only order the page; nothing depends on seeing them. */
  readonly rule: Hex
  readonly text: Hex
  readonly muted: Hex
  readonly focus: Hex
  /** The line around every body and badge; carries the contrast where a fill does not. */
  readonly edge: Hex
  readonly fills: Readonly<Record<FillName, Fill>>
  /** Text in a hue, on a panel. */
  readonly hueText: Readonly<Record<'p1' | 'p2' | 'p3' | 'blocked' | 'starved', Hex>>
}

const white = '#FFFFFF'
const black = '#101315'

export const themes: Readonly<Record<ThemeName, Theme>> = {
  light: {
    background: '#D5D9DC',
    floor: '#C6CBCF',
    panel: '#E9ECEE',
    rule: '#B3B9BE',
    text: '#1B1F23',
    muted: '#4A525A',
    focus: '#0B3D91',
    edge: '#2B3136',
    fills: {
      running: { fill: '#6A6E72', ink: white },
      idle: { fill: '#A9AFB4', ink: black },
      planned: { fill: '#E4E7E9', ink: black },
      starved: { fill: '#63CAF7', ink: black },
      blocked: { fill: '#144189', ink: white },
      p1: { fill: '#AA2225', ink: white },
      p2: { fill: '#DF7309', ink: black },
      p3: { fill: '#FFD742', ink: black },
    },
    hueText: { p1: '#AA2225', p2: '#8A4300', p3: '#6B5500', blocked: '#144189', starved: '#0B5E86' },
  },
  dark: {
    background: '#23272B',
    floor: '#2D3237',
    panel: '#1B1F22',
    rule: '#454C52',
    text: '#EEF1F3',
    muted: '#AEB6BD',
    focus: '#8AB4FF',
    edge: '#D5DADE',
    fills: {
      running: { fill: '#919496', ink: black },
      idle: { fill: '#5D646A', ink: white },
      planned: { fill: '#3B4147', ink: white },
      starved: { fill: '#6EC0E0', ink: black },
      blocked: { fill: '#4E88D3', ink: black },
      p1: { fill: '#DA503F', ink: black },
      p2: { fill: '#F49532', ink: black },
      p3: { fill: '#FCF054', ink: black },
    },
    hueText: { p1: '#FF8A7A', p2: '#F49532', p3: '#FCF054', blocked: '#8DB8F0', starved: '#6EC0E0' },
  },
}

/** Banners look alike in both themes: what they say is the same. */
export const banners = {
  stale: { fill: '#FFD742', ink: black },
  lost: { fill: '#AA2225', ink: white },
} as const satisfies Record<string, Fill>
