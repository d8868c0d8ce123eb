import { findAdapter } from '../../adapters/list.js'
import { standardConfig } from '../../schema/machine-config.js'
import type { Machine, Plant, Signal, SourceSpec } from '../../schema/plant.js'

/** What an unsigned integer of 16 bits can show: nobody gives a counter that range for another reason. */
const uint16Range = [0, 65_535] as const

/**
 * The plant with the widths of part counters (`packml.counterWidth`) that the plant file does not say and that follow from
 * how its sources keep them: from the tag, where that names a type, or from a range that is all of 16 bits.
 */
export function withCounterWidths(plant: Plant): Plant {
  const sources = new Map(plant.sources.map(source => [source.id, source]))
  const complete = (machine: Machine): Machine => {
    const packml = machine.packml ?? standardConfig
    if (packml.counterWidth > 0) return machine
    const counters = machine.signals.filter(({ quantity }) => quantity === 'counter')
    const widths = new Set(counters.map(signal => widthOf(signal, sources.get(signal.source))))
    const [width] = widths
    // The counters of a machine share one width.
    if (widths.size !== 1 || width === undefined) return machine
    return { ...machine, packml: { ...packml, counterWidth: width } }
  }
  const sites = plant.sites.map(site => ({
    ...site,
    areas: site.areas.map(area => ({
      ...area,
      lines: area.lines.map(line => ({ ...line, machines: line.machines.map(complete) })),
    })),
  }))
  return { ...plant, sites }
}

function widthOf(signal: Signal, source: SourceSpec | undefined): number | undefined {
  const adapter = source && findAdapter(source.adapter)
  if (adapter === undefined || adapter.isSimulation) return undefined
  const options = adapter.options.safeParse(source!.options)
  const told = options.success ? adapter.counterWidth?.(options.data, signal) : undefined
  if (told !== undefined) return told
  const isWhole16 = uint16Range.every((bound, i) => signal.range[i] === bound)
  return isWhole16 ? uint16Range[1] + 1 : undefined
}
