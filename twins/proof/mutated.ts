import { type AnyStateMachine, createMachine, not } from 'xstate'
import { copyChart, listMutants } from './mutants.js'

/** The statechart with one change, named as `listMutants` names it. Throws where it has no such mutant. */
export function mutated<Chart extends AnyStateMachine>(chart: Chart, name: string): Chart {
  const copy = copyChart(chart.config)
  // A change may send a chart round in circles; that is an error and no endless loop.
  copy.options = { ...copy.options, maxIterations: 1000 }
  const mutant = listMutants(copy, guard => not(guard as never)).find(one => one.name === name)
  if (mutant === undefined) throw new Error(`${chart.id} has no mutant "${name}".`)
  mutant.apply()
  return createMachine(copy as never).provide(chart.implementations as never) as unknown as Chart
}
