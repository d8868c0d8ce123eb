import type { AdapterDefinition } from '../../adapters/contract.js'
import { simulatorOptions } from '../../adapters/simulator/config.js'
import { mapMachines } from '../../schema/map-machines.js'
import type { Plant, Signal, SourceSpec } from '../../schema/plant.js'
import { EngineError } from '../errors.js'

/**
 * A plant whose past is made: only what is simulated, on the clock of its sources, and with every sensor read as often
 * as the past is to show. Throws EngineError 'bad-plant' where nothing is simulated.
 */
export function pastPlant(
  plant: Plant,
  adapters: readonly AdapterDefinition[],
  options: { readonly seed: number; readonly start: number; readonly period: number },
): Plant {
  const kinds = new Set(adapters.filter(({ isSimulation }) => isSimulation).map(({ kind }) => kind))
  const sources = plant.sources.filter(({ adapter }) => kinds.has(adapter))
  if (sources.length === 0) {
    const message = `No source of ${plant.name} is simulated, so that it has no past but its own. Give a plant with adapter: simulator.`
    throw new EngineError('bad-plant', message)
  }
  const isSimulated = new Set(sources.map(({ id }) => id))
  const reread = (signal: Signal): Signal =>
    signal.role === 'sensor' && signal.period > 0 ? { ...signal, period: options.period } : signal
  return mapMachines(
    { ...plant, sources: sources.map(source => sourceOfPast(source, options)) },
    machine => ({
      ...machine,
      signals: machine.signals.filter(({ source }) => isSimulated.has(source)).map(reread),
    }),
  )
}

function sourceOfPast(
  source: SourceSpec,
  { seed, start, period }: { readonly seed: number; readonly start: number; readonly period: number },
): SourceSpec {
  const told = simulatorOptions.safeParse(source.options)
  const { phaseSpread, randomFaults } = told.data ?? simulatorOptions.parse({})
  const options = {
    seed,
    phaseSpread,
    randomFaults,
    overridePeriodMs: period,
    start: new Date(start).toISOString(),
  }
  return { ...source, clock: 'source', options }
}
