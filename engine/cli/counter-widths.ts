import { findAdapter } from '../../adapters/list.js'
import { standardConfig } from '../../schema/machine-config.js'
import type { Machine, Plant, Signal, SourceSpec } from '../../schema/plant.js'

/** What unsigned integers of 16 and 32 bits can show at most. */
const [most16, most32] = [2 ** 16 - 1, 2 ** 32 - 1]

/**
 * The plant with the widths of part counters (`packml.counterWidth`) that the plant file does not say and that follow from
 * how its sources keep them: from the tag, where that names a type, or from a range that is all of 16 or 32 bits.
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
  const [low, high] = signal.range
  if (low !== 0) return undefined
  // All of 32 bits is also what is taken where nobody says a range; a source that knows types has said no above.
  const isWhole = high === most16 || (high === most32 && adapter.counterWidth === undefined)
  return isWhole ? high + 1 : undefined
}
