import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkFlowModel } from './check-model.js'
import { constant } from './distribution.js'
import { flowModel } from './model.arbitrary.js'
import type { FailureMode, FlowModel, MachineModel } from './model.js'
import { testLine, testMachine } from './test-line.js'

const problemsOf = (model: FlowModel): string[] =>
  checkFlowModel(model).map(({ path, message }) => `${path.join('.')}: ${message}`)
const one = (given: Partial<MachineModel>, rest: Partial<FlowModel> = {}): string[] =>
  problemsOf({ machines: [testMachine('a', given)], ...rest })
const failure: FailureMode = {
  state: 'Held',
  clock: 'operating',
  up: constant(1),
  down: constant(1),
  scrapsPart: false,
}

describe('the check of a flow', () => {
  it('finds nothing wrong with what can run', () => {
    fc.assert(
      fc.property(flowModel, model => {
        expect(problemsOf(model)).toEqual([])
      }),
    )
  })

  it.each<[what: string, problems: string[], expected: string]>([
    [
      'a time that is none',
      one({ cycle: { kind: 'exponential', mean: -4 } }),
      'machines.0.cycle: exponential has -4',
    ],
    [
      'a state of no length',
      one({ acting: { Holding: { kind: 'empirical', values: [] } } }),
      'acting.Holding',
    ],
    [
      'a repair that is none',
      one({ failures: [{ ...failure, down: constant(Number.NaN) }] }),
      'failures.0.down',
    ],
    ['a setup that is none', one({ setups: [{ time: constant(-1) }] }), 'setups.0.time'],
    ['half a place', one({ buffer: { capacity: 1.5, initial: 0, transport: 0 } }), '1.5 parts fit'],
    [
      'more parts than places',
      one({ buffer: { capacity: 2, initial: 3, transport: 0 } }),
      '3 parts do not fit',
    ],
    ['a way back in time', one({ buffer: { capacity: 2, initial: 0, transport: -1 } }), 'the way takes -1 s'],
    ['too much scrap', one({ scrap: 1.2 }), 'scrap: a share of 1.2'],
    ['rework without end', one({ rework: { share: 1, to: 0 } }), 'none is ever finished'],
    ['more than all parts', one({ scrap: 0.5, rework: { share: 0.6, to: 0 } }), '1.1 of the parts'],
    ['a machine to feed that is not there', one({ feeds: [4] }), 'feeds.0: there is no machine 4'],
    ['rework at no machine', one({ rework: { share: 0.1, to: 7 } }), 'rework.to: there is no machine 7'],
    ['work for no demand', one({ demand: 0 }), 'there is no demand 0'],
    ['a crew of nobody', one({ failures: [{ ...failure, crew: 1 }] }), 'failures.0.crew: there is no pool 1'],
    ['an operator of no pool', one({ operator: 0 }), 'there is no pool 0'],
    ['hours of no calendar', one({ calendar: 2 }), 'there is no calendar 2'],
    ['a pace of nothing', one({ paces: [1, 0] }), 'paces.1: a pace of 0'],
    ['an empty pool', one({}, { pools: [{ id: 'crew', size: 0 }] }), 'somebody has to be there'],
    [
      'a calendar that never opens',
      one({}, { calendars: [{ kind: 'repeating', origin: 0, period: 60, open: [] }] }),
      'never open',
    ],
    [
      'hours that overlap',
      one(
        {},
        {
          calendars: [
            {
              kind: 'repeating',
              origin: 0,
              period: 60,
              open: [
                [0, 20],
                [10, 30],
              ],
            },
          ],
        },
      ),
      'open.1: from 10 to 30 s',
    ],
    [
      'an order of nothing',
      one({}, { demands: [{ id: 'd', kind: 'orders', orders: [{ product: 0, quantity: 0 }] }] }),
      'orders.0.quantity: an order of 0 parts',
    ],
    [
      'campaigns of nothing',
      one({}, { demands: [{ id: 'd', kind: 'campaigns', products: [], quantity: [5, 2] }] }),
      'there is no product to make',
    ],
    [
      'two machines of one id',
      problemsOf({ machines: [testMachine('a'), testMachine('a')] }),
      'two machines "a"',
    ],
    [
      'a circle',
      problemsOf({ machines: [testMachine('a', { feeds: [1] }), testMachine('b', { feeds: [0] })] }),
      'parts go round in a circle: a → b',
    ],
    ['a machine that feeds itself', one({ feeds: [0] }), 'in a circle'],
    [
      'demand in the middle of a line',
      problemsOf(testLine([{}, { demand: 0 }], 1, { demands: [{ id: 'd', kind: 'orders', orders: [] }] })),
      'demand is for the first of a line',
    ],
  ])('names %s', (_, problems, expected) => {
    expect(problems.join('\n')).toContain(expected)
  })
})
