import { describe, expect, it } from 'vitest'
import { packmlStates } from '../../schema/packml.js'
import type { Signal } from '../../schema/plant.js'
import { Quality } from '../../schema/quality.js'
import { SampleBatchBuilder } from '../../schema/sample-batch.js'
import { floorOf, machineOf, start, stateSignal } from './floor.fixture.js'

const level = (name: string, stateMap: string): Signal => ({
  ...stateSignal('m'),
  id: `m.${name}`,
  name,
  stateMap,
})

/** A machine whose state three machines within one another tell, and a clock that moves a second with each word. */
function machine() {
  const ground = floorOf([
    machineOf('m', [level('base', 'outer'), level('machine', 'outer'), level('run', 'words')]),
  ])
  const { floor, wall, registry } = ground
  const changes: unknown[] = []
  const tell = (name: string, value: number, quality: Quality, time: number) => {
    const batch = new SampleBatchBuilder()
    batch.push(registry.signalById(`m.${name}`)!.index, time, wall.time, value, quality)
    const entry = floor.ingest('plc', { kind: 'samples', batch: batch.take() })
    for (const change of entry?.stateChanges ?? [])
      if (change.observed) changes.push([change.time - start, change.state, change.sourceState])
  }
  const say = (name: string, word: string, at?: number) => {
    if (at === undefined) wall.time += 1000
    tell(name, floor.intern(word), Quality.good, at === undefined ? wall.time : start + at)
  }
  const silence = (name: string) => {
    wall.time += 1000
    tell(name, Number.NaN, Quality.bad, wall.time)
  }
  const bad = (name: string, word: string) => {
    wall.time += 1000
    tell(name, floor.intern(word), Quality.bad, wall.time)
  }
  const shown = () => packmlStates[floor.machines.state[0]!]
  return { say, bad, silence, shown, changes }
}

describe('state machines within one another', () => {
  it('say the state of the outermost that does not leave it to the one within', () => {
    const { say, silence, shown } = machine()
    say('base', 'DOWN')
    expect(shown()).toBe('Aborted')
    say('base', 'CLEARED')
    silence('run')
    expect(shown(), 'nobody has said anything else yet').toBe('Aborted')
    say('machine', 'RUNNING')
    say('run', 'ACTIVE')
    expect(shown()).toBe('Execute')
    say('base', 'FAILING')
    silence('machine')
    silence('run')
    expect(shown()).toBe('Aborting')
  })

  it('are not moved by what one says that is not active', () => {
    const { say, shown, changes } = machine()
    say('base', 'DOWN')
    say('run', 'ACTIVE')
    say('machine', 'RUNNING')
    expect(shown()).toBe('Aborted')
    expect(changes).toEqual([[1000, 'Aborted', 'DOWN']])
  })

  it('may speak in any order: the state begins when the last of them came to it', () => {
    const { say, changes } = machine()
    say('run', 'ACTIVE')
    say('machine', 'RUNNING')
    say('base', 'CLEARED')
    say('run', 'READY')
    say('run', 'ACTIVE', 3500)
    expect(changes).toEqual([
      [3000, 'Execute', 'ACTIVE'],
      [4000, 'Idle', 'READY'],
      [3500, 'Execute', 'ACTIVE'],
    ])
  })

  it.each([
    ['run', 'ACTIVE'],
    ['machine', 'RUNNING'],
    ['base', 'CLEARED'],
  ])('leave nothing known while %s says its word in bad quality', (name, word) => {
    const { say, bad, shown } = machine()
    say('base', 'CLEARED')
    say('machine', 'RUNNING')
    say('run', 'ACTIVE')
    bad(name, word)
    expect(shown()).toBe('Undefined')
    say('run', 'ACTIVE')
    expect(shown()).toBe(name === 'run' ? 'Execute' : 'Undefined')
    say(name, word)
    expect(shown()).toBe('Execute')
  })

  it('leave nothing known when the outermost says nothing', () => {
    const { say, silence, shown } = machine()
    say('base', 'CLEARED')
    say('machine', 'RUNNING')
    say('run', 'ACTIVE')
    silence('base')
    expect(shown()).toBe('Undefined')
  })
})
