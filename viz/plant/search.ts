import type { ManifestMachine, ManifestSignal } from '../../schema/manifest.js'
import type { PlantIndex } from './plant-index.js'

export type SearchHit =
  | { readonly kind: 'machine'; readonly machine: ManifestMachine }
  | { readonly kind: 'sensor'; readonly machine: ManifestMachine; readonly signal: ManifestSignal }

interface Entry {
  readonly hit: SearchHit
  readonly name: string
  readonly text: string
}

/** Finds machines and sensors by words of their names, ids, types and places, in any order. */
export class PlantSearch {
  readonly #entries: readonly Entry[]

  constructor(plant: PlantIndex) {
    const machines = plant.manifest.machines.map((machine): Entry => {
      const text = fold(`${machine.name} ${machine.id} ${machine.typeName} ${plant.placeOf(machine)}`)
      return { hit: { kind: 'machine', machine }, name: fold(machine.name), text }
    })
    const sensors = plant.manifest.signals.flatMap((signal): Entry[] => {
      const machine = plant.machine(signal.machine)
      if (machine === undefined || signal.role !== 'sensor') return []
      const text = fold(
        `${signal.name} ${signal.id} ${signal.quantity} ${machine.name} ${plant.placeOf(machine)}`,
      )
      return [{ hit: { kind: 'sensor', machine, signal }, name: fold(signal.name), text }]
    })
    this.#entries = [...machines, ...sensors]
  }

  /** Best first: a name that is the query, begins with it, contains it; then any other match; machines before sensors. */
  find(query: string, limit: number): readonly SearchHit[] {
    const wanted = fold(query).trim()
    const words = wanted.split(/\s+/).filter(word => word !== '')
    if (words.length === 0) return []
    const ranked: { readonly hit: SearchHit; readonly rank: number; readonly at: number }[] = []
    for (const [at, { hit, name, text }] of this.#entries.entries()) {
      if (words.every(word => text.includes(word))) ranked.push({ hit, rank: rankOf(name, wanted), at })
    }
    ranked.sort((a, b) => a.rank - b.rank || a.at - b.at)
    return ranked.slice(0, limit).map(({ hit }) => hit)
  }
}

function rankOf(name: string, wanted: string): number {
  if (name === wanted) return 0
  if (name.startsWith(wanted)) return 1
  return name.includes(wanted) ? 2 : 3
}

/** Case, accents and the kind of dash don't matter. */
function fold(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{Diacritic}/gu, '')
    .replace(/[-_.·]+/g, ' ')
    .toLowerCase()
}
