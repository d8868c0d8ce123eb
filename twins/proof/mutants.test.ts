import { describe, expect, it } from 'vitest'
import { copyChart, listMutants } from './mutants.js'

const door = () => ({
  id: 'door',
  initial: 'closed',
  states: {
    closed: { on: { OPEN: { guard: 'isUnlocked', target: 'open', actions: ['creak', 'count'] } } },
    open: { on: { CLOSE: 'closed', SLAM: { target: '#broken' } }, entry: 'light' },
    broken: { id: 'broken' },
  },
})
const negate = (guard: unknown) => `not ${guard}`

describe('the mutants of a statechart', () => {
  it('are each guard negated and removed, each target and initial moved, each action dropped', () => {
    expect(listMutants(door(), negate).map(({ name }) => name)).toEqual([
      'root initial: open instead of closed',
      'closed on OPEN 1: guard negated',
      'closed on OPEN 1: guard removed',
      'closed on OPEN 1: target broken instead of open',
      'closed on OPEN 1: without creak',
      'closed on OPEN 1: without count',
      'open entry: without light',
      'open on CLOSE 1: target open instead of closed',
      'open on SLAM 1: target closed instead of broken',
    ])
  })

  it('change one thing each', () => {
    const changed = (name: string) => {
      const copy = copyChart(door())
      listMutants(copy, negate)
        .find(mutant => mutant.name === name)
        ?.apply()
      return copy
    }
    expect(changed('closed on OPEN 1: guard negated').states.closed.on.OPEN).toEqual([
      { guard: 'not isUnlocked', target: 'open', actions: ['creak', 'count'] },
    ])
    expect(changed('closed on OPEN 1: without creak').states.closed.on.OPEN).toEqual([
      { guard: 'isUnlocked', target: 'open', actions: ['count'] },
    ])
    const moved = changed('open on CLOSE 1: target open instead of closed')
    expect(moved.states.open).toMatchObject({
      id: 'mutant-open',
      on: { CLOSE: [{ target: '#mutant-open' }] },
    })
  })

  it('leave the definition itself alone', () => {
    const config = door()
    for (const { apply } of listMutants(copyChart(config), negate)) apply()
    expect(config).toEqual(door())
  })
})
