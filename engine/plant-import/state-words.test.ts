import { describe, expect, it } from 'vitest'
import type { ImportedMachine } from '../../adapters/imported-machine.js'
import { StateWords } from './state-words.js'

const machines = (...words: (string | undefined)[]): ImportedMachine[] =>
  words.map((word, i) => ({
    name: `press-${i}`,
    group: '',
    signals: [
      { name: 'State', tag: `press-${i}.State`, type: 'text', unit: '', ...(word !== undefined && { word }) },
    ],
  }))

/** The map of each machine, and what none knows. */
function chosen(...words: (string | undefined)[]) {
  const imported = machines(...words)
  const states = new StateWords(imported)
  return {
    maps: imported.map(({ signals }) => states.mapOf(signals[0]!)),
    unknown: [...states.unknown].map(([name, said]) => [name, ...said]),
  }
}

describe('the words that states say choose the map', () => {
  it.each([
    [['running'], ['running-idle-fault']],
    [['Execute'], ['packml']],
    [
      ['Aborted', 'Idle', undefined],
      ['packml', 'packml', 'packml'],
    ],
    [['ACTIVE'], ['mtconnect-execution']],
    [['Executing'], ['machinery-item-state']],
    // Those of another vocabulary are taken at their own word.
    [
      ['Execute', 'running', 'Held'],
      ['packml', 'running-idle-fault', 'packml'],
    ],
    [
      [undefined, ''],
      ['running-idle-fault', 'running-idle-fault'],
    ],
  ])('%j: %j', (words, maps) => {
    expect(chosen(...words)).toEqual({ maps, unknown: [] })
  })

  it('and what no map knows is told, each once', () => {
    expect(chosen('Produktion', 'Execute', 'Produktion', 'Rüsten')).toEqual({
      maps: ['packml', 'packml', 'packml', 'packml'],
      unknown: [['State', 'Produktion', 'Rüsten']],
    })
  })
})
