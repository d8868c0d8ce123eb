import { describe, it } from 'vitest'
import { assign } from 'xstate'
import type { DisplayState } from '../../schema/display-state.js'
import { mutated } from '../proof/mutated.js'
import { regression } from '../proof/regression.js'
import type { LineMachine } from './constraint.js'
import type { LineEvent } from './line.events.js'
import { lineMachine as chart } from './line.machine.js'
import { walkLine } from './line.walk.js'

const machines = (count: number): LineMachine[] =>
  Array.from({ length: count }, (_, i) => ({ id: `m${i}`, feeds: [], idealCycleTime: 0 }))
const shows = (machine: string, display: DisplayState, time: number): LineEvent => ({
  type: 'MACHINE_STATE',
  machine,
  display,
  reason: '',
  cycleTime: null,
  time,
})

describe('regressions of the line twin', () => {
  it('of two slow machines the one that began first held the line back, though the other was slower', () => {
    const slow = (machine: string, cycleTime: number, time: number): LineEvent => ({
      type: 'MACHINE_STATE',
      machine,
      display: 'running',
      reason: '',
      cycleTime,
      time,
    })
    const planned = machines(2).map(machine => ({ ...machine, idealCycleTime: 10 }))
    walkLine(planned, [slow('m0', 12, 1), slow('m1', 30, 2)])
  })

  regression('a link that began anew made its machine the one that had stood longest', {
    chart,
    broken: chart.provide({
      actions: {
        forgetTime: assign(({ context, event }) => {
          const seen = context.seen[event.machine]
          if (seen === undefined) return {}
          return { seen: { ...context.seen, [event.machine]: { ...seen, since: 0, toldAt: 0 } } }
        }) as never,
      },
    }),
    walk: chart =>
      walkLine(
        machines(3),
        [shows('m2', 'setup', 1), { type: 'SOURCE_FOUND', machine: 'm2', time: 0 }, shows('m0', 'down', 1)],
        chart,
      ),
  })

  regression('a line ran though nobody knew any more what its machine did', {
    chart,
    broken: mutated(chart, 'down on MACHINE_STATE 1: target running instead of unknown'),
    walk: chart => walkLine(machines(3), [shows('m2', 'down', 1), shows('m2', 'unknown', 1)], chart),
  })

  regression('a line was down when its last machine only waited for parts', {
    chart,
    broken: mutated(chart, 'blocked on MACHINE_STATE 4: target down instead of starved'),
    walk: chart => walkLine(machines(2), [shows('m0', 'blocked', 2), shows('m1', 'starved', 1)], chart),
  })
})
