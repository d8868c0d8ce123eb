import type { Plant, PlantCounts } from './plant.js'

/** How many of each there are; signals are sensors only. */
export function countPlant(plant: Plant): PlantCounts {
  const areas = plant.sites.flatMap(site => site.areas)
  const lines = areas.flatMap(area => area.lines)
  const machines = lines.flatMap(line => line.machines)
  return {
    sites: plant.sites.length,
    areas: areas.length,
    lines: lines.length,
    machines: machines.length,
    signals: machines.reduce(
      (sum, machine) => sum + machine.signals.filter(signal => signal.role === 'sensor').length,
      0,
    ),
  }
}
