// XState for a mutation run: `setup().createMachine()` makes the one change that the file GEMBA_MUTANT names.
import { readFileSync } from 'node:fs'
import * as xstate from '../node_modules/xstate/dist/xstate.esm.js'
import { copyChart, listMutants } from '../twins/proof/mutants.ts'

export * from '../node_modules/xstate/dist/xstate.esm.js'

const mutant = JSON.parse(readFileSync(process.env.GEMBA_MUTANT, 'utf8'))

export function setup(parts) {
  const made = xstate.setup(parts)
  return { ...made, createMachine: config => made.createMachine(mutate(config)) }
}

function mutate(config) {
  if (config.id !== mutant.chart || mutant.name === '') return config
  const copy = copyChart(config)
  // A change may send a chart round in circles; that counts as noticed.
  copy.options = { ...copy.options, maxIterations: 1000 }
  const found = listMutants(copy, xstate.not).find(({ name }) => name === mutant.name)
  if (found === undefined) throw new Error(`${mutant.chart} has no mutant "${mutant.name}".`)
  found.apply()
  return copy
}
