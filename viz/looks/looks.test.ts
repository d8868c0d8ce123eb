import { describe, expect, it } from 'vitest'
import { displayNumber, displayStates } from '../../schema/display-state.js'
import { glyphNames, glyphs } from '../glyphs/glyphs.js'
import { lookNames, lookNumber, lookOf, looks, stateLook } from './looks.js'

describe('looks', () => {
  it('stand in the order of their names', () => {
    expect(looks.map(look => look.name)).toEqual(lookNames)
  })

  it('give every display state a look of its own', () => {
    expect(new Set(displayStates.map(state => stateLook(state).name)).size).toBe(displayStates.length)
  })

  it('each have a word and a glyph that no other has; only running goes without a glyph', () => {
    expect(new Set(looks.map(look => look.word)).size).toBe(looks.length)
    expect(new Set(looks.map(look => look.cell)).size).toBe(looks.length)
    expect(looks.filter(look => look.glyph === undefined).map(look => look.name)).toEqual(['running'])
  })

  it('draw glyphs that differ in shape', () => {
    const shapes = glyphNames.map(name => glyphs[name].silhouette + glyphs[name].ink)
    expect(new Set(shapes).size).toBe(glyphNames.length)
  })

  it('let the worst sensor outweigh the state', () => {
    expect(lookOf(displayNumber.running, 0, 1)).toBe(lookNumber.medium)
    expect(lookOf(displayNumber.running, 1, 1)).toBe(lookNumber.high)
    expect(lookOf(displayNumber.blocked, 1, 0)).toBe(lookNumber.high)
  })

  it('let a machine that is down outweigh its sensors', () => {
    expect(lookOf(displayNumber.down, 3, 3)).toBe(lookNumber.down)
  })

  it('show a state of a newer engine as unknown', () => {
    expect(lookOf(200, 0, 0)).toBe(lookNumber.unknown)
  })
})
