import { describe, expect, it } from 'vitest'
import { type PackmlState, packmlStates, type SuspendReason } from '../../schema/packml.js'
import { type Material, type StackLight, stackLight, stackLightWord } from './stack-light.js'

describe('the stack light', () => {
  it.each<[PackmlState, SuspendReason, Material, StackLight[]]>([
    ['Aborting', 'none', 'ready', ['red flashing']],
    ['Aborted', 'none', 'ready', ['red flashing']],
    ['Clearing', 'none', 'ready', ['red flashing']],
    ['Stopping', 'none', 'ready', ['red solid']],
    ['Stopped', 'none', 'ready', ['red solid']],
    ['Resetting', 'none', 'ready', ['red solid']],
    ['Complete', 'none', 'ready', ['red solid']],
    ['Suspending', 'starved', 'ready', ['amber flashing']],
    ['Suspended', 'starved', 'ready', ['amber flashing']],
    ['Suspending', 'blocked', 'ready', ['amber solid']],
    ['Suspended', 'blocked', 'ready', ['amber solid']],
    ['Suspended', 'none', 'ready', []],
    ['Idle', 'none', 'ready', ['green flashing']],
    ['Starting', 'none', 'ready', ['green solid', 'horn']],
    ['Execute', 'none', 'ready', ['green solid']],
    ['Execute', 'blocked', 'ready', ['green solid']],
    ['Completing', 'none', 'ready', ['green solid']],
    ['Unholding', 'none', 'ready', ['green solid', 'horn']],
    ['Unsuspending', 'starved', 'ready', ['green solid', 'horn']],
    ['Holding', 'none', 'exhausted', ['blue solid']],
    ['Held', 'none', 'exhausted', ['blue solid']],
    ['Held', 'none', 'ready', []],
    ['Held', 'none', 'low', []],
    ['Unholding', 'none', 'low', ['green solid', 'horn']],
    ['Unholding', 'none', 'exhausted', ['green solid', 'horn']],
    ['Execute', 'none', 'low', ['green solid', 'blue flashing']],
    ['Execute', 'none', 'exhausted', ['green solid']],
    ['Undefined', 'none', 'low', []],
  ])('in %s (%s, material %s) shows %j', (state, reason, material, lights) => {
    expect(stackLight(state, reason, material)).toEqual(lights)
  })

  it('never burns a colour both solid and flashing', () => {
    for (const state of packmlStates) {
      const lights = stackLight(state, 'blocked', 'low').filter(light => light !== 'horn')
      expect(new Set(lights.map(light => light.split(' ')[0])).size).toBe(lights.length)
    }
  })

  it('is a word with one bit per light', () => {
    expect(stackLightWord(stackLight('Starting', 'none', 'low'))).toBe((1 << 6) | (1 << 9) | (1 << 5))
    expect(stackLightWord([])).toBe(0)
  })
})
