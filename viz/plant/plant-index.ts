import type { Manifest, ManifestMachine, ManifestSignal } from '../../schema/manifest.js'

/** The manifest with its ways in: by index and by id. Indexes may have holes. */
export interface PlantIndex {
  readonly manifest: Manifest
  /** One more than the largest index. */
  readonly machineCapacity: number
  readonly signalCapacity: number
  /** Signals that are sensors; what a person counts. */
  readonly sensorCount: number
  machine(index: number): ManifestMachine | undefined
  signal(index: number): ManifestSignal | undefined
  machineById(id: string): ManifestMachine | undefined
  signalById(id: string): ManifestSignal | undefined
  /** Its sensors first, then what it says of itself. */
  signalsOf(machine: number): readonly ManifestSignal[]
  /** e.g. `Line 3 · Machining · Stuttgart`. */
  placeOf(machine: ManifestMachine): string
  /** e.g. `Line 3 · Stuttgart`. */
  shortPlaceOf(machine: ManifestMachine): string
}

export function indexPlant(manifest: Manifest): PlantIndex {
  const machines = byIndex(manifest.machines)
  const signals = byIndex(manifest.signals)
  const machinesById = new Map(manifest.machines.map(machine => [machine.id, machine]))
  const signalsById = new Map(manifest.signals.map(signal => [signal.id, signal]))
  const lines = new Map(manifest.lines.map(line => [line.id, line]))
  const areas = new Map(manifest.areas.map(area => [area.id, area]))
  const sites = new Map(manifest.sites.map(site => [site.id, site]))
  const own = new Map<number, ManifestSignal[]>()
  for (const role of ['sensor', 'status'] as const) {
    for (const signal of manifest.signals) {
      if (signal.role !== role) continue
      const list = own.get(signal.machine)
      if (list === undefined) own.set(signal.machine, [signal])
      else list.push(signal)
    }
  }
  const namesAbove = (machine: ManifestMachine): readonly (string | undefined)[] => {
    const line = lines.get(machine.line)
    const area = areas.get(line?.area ?? '')
    return [line?.name, area?.name, sites.get(area?.site ?? '')?.name]
  }
  return {
    manifest,
    machineCapacity: machines.length,
    signalCapacity: signals.length,
    sensorCount: manifest.signals.filter(signal => signal.role === 'sensor').length,
    machine: index => machines[index],
    signal: index => signals[index],
    machineById: id => machinesById.get(id),
    signalById: id => signalsById.get(id),
    signalsOf: machine => own.get(machine) ?? [],
    placeOf(machine) {
      const [line, area, site] = namesAbove(machine)
      return [line, area, site].filter(name => name !== undefined).join(' · ')
    },
    shortPlaceOf(machine) {
      const [line, , site] = namesAbove(machine)
      return [line, site].filter(name => name !== undefined).join(' · ')
    },
  }
}

function byIndex<T extends { readonly index: number }>(items: readonly T[]): (T | undefined)[] {
  const table: (T | undefined)[] = []
  for (const item of items) table[item.index] = item
  return table
}
