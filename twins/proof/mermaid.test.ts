import { describe, expect, it } from 'vitest'
import { and, createMachine, not } from 'xstate'
import { drawStatechart } from './mermaid.js'

const lamp = createMachine({
  id: 'lamp',
  initial: 'off',
  states: {
    off: { on: { PRESS: { guard: and(['isWired', not('isBroken')]), target: 'on' } } },
    on: {
      initial: 'dim',
      states: {
        dim: { on: { TURN: 'full', BREAK: '#off', TICK: { guard: 'isLate', target: '#off' } } },
        full: { on: { TURN: { guard: { type: 'isFar', params: { by: 10 } }, actions: 'click' } } },
      },
      on: { PRESS: 'off' },
    },
    dead: { id: 'off' },
  },
  on: { RESET: { target: '.off', actions: 'click' }, CLEAN: { actions: 'wipe' } },
})

describe('the picture of a statechart', () => {
  it('nests states, names events and guards, and lists what holds in every state', () => {
    expect(drawStatechart(lamp)).toBe(
      [
        '```mermaid',
        'stateDiagram-v2',
        '  state "off" as off',
        '  state "on" as on {',
        '    state "dim" as on_dim',
        '    state "full" as on_full',
        '    on_full : TURN [isFar 10]',
        '    [*] --> on_dim',
        '    on_dim --> on_full : TURN',
        '  }',
        '  state "dead" as dead',
        '  [*] --> off',
        '  off --> on : PRESS [isWired and not isBroken]',
        '  on --> off : PRESS',
        '  on --> dead : (in dim) BREAK<br/>(in dim) TICK [isLate]',
        '```',
        '',
        'In every state:',
        '',
        '- `RESET` does click, to off',
        '- `CLEAN` does wipe',
      ].join('\n'),
    )
  })

  it('draws parallel regions side by side, with ids that Mermaid takes and none twice', () => {
    const machine = createMachine({
      id: 'axis',
      type: 'parallel',
      states: {
        axis: {
          initial: 'in-place',
          states: { 'in-place': { on: { A: 'end', B: 'end' } }, end: {} },
        },
        end: {},
      },
    })
    expect(drawStatechart(machine).split('\n').slice(2, -1)).toEqual([
      '  state "axis" as whole {',
      '    state "axis" as axis {',
      '      state "in-place" as axis_in_place',
      '      state "end" as axis_end',
      '      [*] --> axis_in_place',
      '      axis_in_place --> axis_end : A, B',
      '    }',
      '    --',
      '    state "end" as end_',
      '  }',
    ])
  })
})
