import { describe, expect, it } from 'vitest'
import { packmlNumber, packmlStates, suspendReasons } from '../../schema/packml.js'
import { lookupState, shippedStateMaps } from '../../schema/state-maps.js'
import type { Flow } from '../flow/flow.js'
import { statusKindOf, statusValue, vocabularyOf } from './status.js'
import { testPlant } from './test-plant.js'

describe('the words of status signals', () => {
  it('are words of the shipped PackML map, with the reason of a suspended machine', () => {
    const map = shippedStateMaps.packml!
    const { words } = vocabularyOf([])
    for (const state of packmlStates)
      expect(lookupState(map, words[packmlStates.indexOf(state)]!)?.state).toBe(state)
    expect(words).toContain('Suspended blocked')
    expect(lookupState(map, 'Suspended blocked')).toMatchObject({ state: 'Suspended', reason: 'blocked' })
    expect(lookupState(map, 'Suspended starved')).toMatchObject({ state: 'Suspended', reason: 'starved' })
  })

  it('call programs as the products, and by number where these have no names', () => {
    const { words, programs } = vocabularyOf([{ products: ['bolt', 'nut'] }, {}, { products: ['nut'] }])
    const said = programs.map(places => places.map(place => words[place]))
    expect(said[0]).toEqual(['bolt', 'nut'])
    expect(said[1]).toEqual(['program-1', 'program-2', 'program-3', 'program-4'])
    expect(said[2]).toEqual(['nut'])
  })

  it('belong to status signals only: what is measured has no kind', () => {
    const [machine] = testPlant().sites[0]!.areas[0]!.lines[0]!.machines
    const kinds = machine!.signals.map(signal => statusKindOf(signal))
    expect(kinds.filter(kind => kind !== undefined)).toEqual(['state', 'produced', 'rejected'])
  })

  it('tell by their interlocks why a machine waits, as long as it does', () => {
    const place = 0
    const suspended = packmlNumber.Suspended
    const flow = (state: number, reason: number) => ({ state: [state], reason: [reason] }) as unknown as Flow
    const told = (state: number, reason: number) =>
      (['blocked', 'starved'] as const).map(kind => statusValue(kind, false, flow(state, reason), place, []))
    expect(told(suspended, suspendReasons.indexOf('blocked'))).toEqual([1, 0])
    expect(told(packmlNumber.Suspending, suspendReasons.indexOf('starved'))).toEqual([0, 1])
    expect(told(suspended, suspendReasons.indexOf('none'))).toEqual([0, 0])
    expect(told(packmlNumber.Execute, suspendReasons.indexOf('blocked'))).toEqual([0, 0])
  })

  it('tell good, rejected and produced parts apart by the name of the counter', () => {
    const counter = testPlant().sites[0]!.areas[0]!.lines[0]!.machines[0]!.signals.at(-1)!
    const kindOf = (name: string) => statusKindOf({ ...counter, name })
    expect(['parts_rejected_shift', 'scrap', 'good-parts', 'part-count'].map(kindOf)).toEqual([
      'rejected',
      'rejected',
      'good',
      'produced',
    ])
  })

  it('tell meters of energy and of time from counters of parts by the unit', () => {
    const counter = testPlant().sites[0]!.areas[0]!.lines[0]!.machines[0]!.signals.at(-1)!
    const kindOf = (unit: string) => statusKindOf({ ...counter, name: 'total', unit })
    expect(['kWh', 'h', 'min', 's', 'parts', ''].map(kindOf)).toEqual([
      'energy',
      'working-time',
      'working-time',
      'working-time',
      'produced',
      'produced',
    ])
  })
})
