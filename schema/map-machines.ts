import type { Machine, Plant } from './plant.js'

/** The plant with every machine changed; `number` counts them in the order of the plant, from 0. */
export function mapMachines(plant: Plant, change: (machine: Machine, number: number) => Machine): Plant {
  let number = 0
  return {
    ...plant,
    sites: plant.sites.map(site => ({
      ...site,
      areas: site.areas.map(area => ({
        ...area,
        lines: area.lines.map(line => ({
          ...line,
          machines: line.machines.map(machine => change(machine, number++)),
        })),
      })),
    })),
  }
}
