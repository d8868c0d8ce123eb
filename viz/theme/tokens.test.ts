import { describe, expect, it } from 'vitest'
import { deltaE, labOf } from './ciede2000.js'
import { contrast, parseHex } from './contrast.js'
import { asSeenWith, type Vision } from './dichromacy.js'
import { banners, fillNames, type ThemeName, tellApart, themes } from './tokens.js'

const names: readonly ThemeName[] = ['light', 'dark']
const visions: readonly Vision[] = ['normal', 'protan', 'deutan', 'tritan']

function smallestDifference(name: ThemeName, vision: Vision): number {
  const labs = tellApart.map(fill => labOf(asSeenWith(vision, parseHex(themes[name].fills[fill].fill))))
  let smallest = Number.POSITIVE_INFINITY
  for (let i = 0; i < labs.length; i++) {
    for (let j = i + 1; j < labs.length; j++) smallest = Math.min(smallest, deltaE(labs[i]!, labs[j]!))
  }
  return smallest
}

describe('colour difference', () => {
  it('agrees with pairs of the reference set of Sharma, Wu and Dalal 2005', () => {
    expect(deltaE([50, 2.6772, -79.7751], [50, 0, -82.7485])).toBeCloseTo(2.0425, 4)
    expect(deltaE([50, -1.3802, -84.2814], [50, 0, -82.7485])).toBeCloseTo(1.0, 4)
    expect(deltaE([50, 2.49, -0.001], [50, -2.49, 0.0011])).toBeCloseTo(7.2195, 4)
    expect(deltaE([50, 2.5, 0], [73, 25, -18])).toBeCloseTo(27.1492, 4)
    expect(deltaE([60.2574, -34.0099, 36.2677], [60.4626, -34.1751, 39.4387])).toBeCloseTo(1.2644, 4)
    expect(deltaE([2.0776, 0.0795, -1.135], [0.9033, -0.0636, -0.5514])).toBeCloseTo(0.9082, 4)
  })

  it('is 21 to 1 between black and white', () => {
    expect(contrast('#000000', '#FFFFFF')).toBeCloseTo(21, 5)
  })
})

describe.each(names)('the %s theme', name => {
  const theme = themes[name]

  it('gives text and muted text 4.5:1 on every surface', () => {
    for (const surface of [theme.background, theme.floor, theme.panel]) {
      expect(contrast(theme.text, surface)).toBeGreaterThanOrEqual(4.5)
      expect(contrast(theme.muted, surface)).toBeGreaterThanOrEqual(4.5)
    }
  })

  it('gives edges and the focus ring 3:1 on every surface', () => {
    for (const surface of [theme.background, theme.floor, theme.panel]) {
      expect(contrast(theme.edge, surface)).toBeGreaterThanOrEqual(3)
      expect(contrast(theme.focus, surface)).toBeGreaterThanOrEqual(3)
    }
  })

  it.each(fillNames)('shows the glyph on %s with 4.5:1', fill => {
    expect(contrast(theme.fills[fill].ink, theme.fills[fill].fill)).toBeGreaterThanOrEqual(4.5)
  })

  it('gives text in a hue 4.5:1 on a panel', () => {
    for (const hue of Object.values(theme.hueText)) {
      expect(contrast(hue, theme.panel)).toBeGreaterThanOrEqual(4.5)
    }
  })

  it.each(visions)('keeps the six fills at least ΔE00 13 apart with %s vision', vision => {
    expect(smallestDifference(name, vision)).toBeGreaterThanOrEqual(13)
  })
})

describe('the figures the palette was chosen by', () => {
  it.each([
    ['light', 'normal', 23.3],
    ['light', 'protan', 22.8],
    ['light', 'deutan', 18.4],
    ['light', 'tritan', 19.0],
    ['dark', 'normal', 19.6],
    ['dark', 'protan', 16.4],
    ['dark', 'deutan', 13.8],
    ['dark', 'tritan', 14.3],
  ] as const)('%s theme, %s vision: smallest difference %f', (name, vision, figure) => {
    expect(smallestDifference(name, vision)).toBeCloseTo(figure, 0)
  })

  it('makes banners readable', () => {
    expect(contrast(banners.stale.fill, banners.stale.ink)).toBeGreaterThanOrEqual(11.9)
    expect(contrast(banners.lost.fill, banners.lost.ink)).toBeGreaterThanOrEqual(7.05)
  })
})
