import { describe, expect, it } from 'vitest'
import { isMode, packmlNumber, packmlStates, suspendReasons } from './packml.js'
import type { StateMap } from './plant.js'
import { lookupState, shippedStateMaps } from './state-maps.js'

const map = (name: string): StateMap => shippedStateMaps[name] ?? { words: {} }

describe('the shipped state maps', () => {
  it.each(Object.entries(shippedStateMaps))(
    '%s means states, modes and reasons that there are',
    (_, { words }) => {
      for (const { state, mode, reason } of Object.values(words)) {
        expect([...packmlStates, undefined]).toContain(state)
        expect(mode === undefined || isMode(mode)).toBe(true)
        expect([...suspendReasons, undefined]).toContain(reason)
      }
    },
  )

  it('give every PackML state its own meaning', () => {
    for (const state of packmlStates) expect(lookupState(map('packml'), state)?.state).toBe(state)
    for (const state of packmlStates)
      expect(lookupState(map('packml'), String(packmlNumber[state]))).toEqual({ state })
    expect(lookupState(map('packml'), 'Suspended blocked')).toEqual({
      state: 'Suspended',
      mode: 'Production',
      reason: 'blocked',
    })
  })

  it.each([
    ['packml-outer', 'stopped', { state: 'Stopped' }],
    ['packml-outer', 'Cleared', { isInner: true }],
    ['packml-mode', '1', { mode: 'Production' }],
    ['packml-mode', 'Manual', { mode: 'Manual' }],
    ['packml-mode', '4', { mode: 'Mode 4' }],
    ['mtconnect-execution', 'ACTIVE', { state: 'Execute' }],
    ['mtconnect-execution', 'INTERRUPTED', { state: 'Held' }],
    ['mtconnect-execution', 'PROGRAM_COMPLETED', { state: 'Complete' }],
    ['mtconnect-execution', 'UNAVAILABLE', { state: 'Undefined' }],
    ['mtconnect-controller-mode', 'MANUAL_DATA_INPUT', { mode: 'Manual' }],
    ['running-idle-fault', 'Starved', { state: 'Suspended', mode: 'Production', reason: 'starved' }],
    ['kepware-machine-state', '1', { state: 'Execute', mode: 'Production' }],
    ['machinery-item-state', 'NotExecuting', { state: 'Idle' }],
    ['machinery-operation-mode', 'Setup', { mode: 'Manual' }],
    ['kepware-machine-state', '4', { state: 'Stopped', mode: 'Maintenance' }],
  ])('%s takes %s', (name, word, meaning) => {
    expect(lookupState(map(name), word)).toEqual(meaning)
  })
})

describe('lookupState', () => {
  it('minds neither case nor the blanks around a word', () => {
    expect(lookupState(map('mtconnect-execution'), ' feed_Hold ')).toEqual({ state: 'Held' })
  })

  it('knows no word that the map does not have, not even those every object has', () => {
    expect(lookupState(map('packml'), 'Dancing')).toBeUndefined()
    expect(lookupState(map('packml'), 'constructor')).toBeUndefined()
  })
})
