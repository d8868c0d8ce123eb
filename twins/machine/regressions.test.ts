import { describe } from 'vitest'
import { assign } from 'xstate'
import type { MachineConfig } from '../../schema/machine-config.js'
import { mutated } from '../proof/mutated.js'
import { regression } from '../proof/regression.js'
import { type Counter, increment } from './counter.js'
import { see } from './cumulative-time.js'
import { configs } from './machine.arbitrary.js'
import { configOf, type MachineContext } from './machine.context.js'
import type { MachineEvent } from './machine.events.js'
import { machineMachine } from './machine.machine.js'
import { walkMachine } from './machine.walk.js'

const chart = machineMachine
const [standard, completing, holding] = configs as readonly MachineConfig[] as [
  MachineConfig,
  MachineConfig,
  MachineConfig,
]

/** The chart with another rule for what a reading adds to a counter. */
const countingBy = (parts: (counter: Counter, reading: number, width: number) => number) =>
  chart.provide({
    actions: {
      count: assign(({ context, event }: { context: MachineContext; event: MachineEvent }) => {
        if (event.type !== 'COUNTED') return {}
        const { counter, reading, time } = event
        const before = context[counter]
        const count = before.count + parts(before, reading, configOf(context).counterWidth)
        return { [counter]: { count, reading, time }, ...see(context, time) }
      }) as never,
    },
  })

describe('regressions of the machine twin', () => {
  regression('a counter that somebody corrected by a part had made all its parts once more', {
    chart,
    broken: countingBy((counter, reading, width) => {
      const isAnew = counter.time === 0
      const { by } = increment(counter.reading, reading, width, isAnew)
      const isBack = !isAnew && counter.reading !== null && reading < counter.reading
      return by === 0 && isBack ? reading : by
    }),
    walk: chart =>
      walkMachine(
        completing,
        [
          { type: 'COUNTED', counter: 'processed', reading: 3, time: 1000 },
          { type: 'COUNTED', counter: 'processed', reading: 2, time: 1000 },
        ],
        chart,
      ),
  })

  regression('a counter that began elsewhere with its link had made what it showed', {
    chart,
    broken: countingBy((counter, reading, width) => increment(counter.reading, reading, width).by),
    walk: chart =>
      walkMachine(
        standard,
        [
          { type: 'COUNTED', counter: 'processed', reading: 3, time: 1000 },
          { type: 'SOURCE_FOUND', hasOwnClock: false, time: 1000 },
          { type: 'COUNTED', counter: 'processed', reading: 1, time: 1000 },
        ],
        chart,
      ),
  })

  regression('a command changed the mode where the mode must not change', {
    chart,
    broken: mutated(chart, 'root on SET_MODE 1: guard removed'),
    walk: chart => walkMachine(completing, [{ type: 'SET_MODE', mode: 'Maintenance', time: 1000 }], chart),
  })

  regression('a second reason of one stop was taken like the first', {
    chart,
    broken: mutated(chart, 'root on STOP_REASON 1: guard removed'),
    walk: chart =>
      walkMachine(
        completing,
        [
          { type: 'STOP_REASON', stopReason: 'jam', time: 1000 },
          { type: 'STOP_REASON', stopReason: 'jam', time: 1001 },
        ],
        chart,
      ),
  })

  regression('Unhold led through Unholding in a mode that does without it', {
    chart,
    broken: mutated(chart, 'Cleared.Running.Held on UNHOLD 1: guard removed'),
    walk: chart =>
      walkMachine(
        holding,
        [
          { type: 'OBSERVED', state: 'Holding', reason: 'none', sourceState: '', time: 1000 },
          { type: 'SCAN', commands: [], stateComplete: true, time: 1000 },
          { type: 'MODE_OBSERVED', mode: 'Manual', time: 1000 },
          { type: 'SCAN', commands: ['UNHOLD'], stateComplete: false, time: 1000 },
        ],
        chart,
      ),
  })
})
