import type { Plant } from '../../schema/plant.js'
import type { Floor, RegisteredSignal, Registry } from '../floor/floor.js'
import { type IndexBook, type Meaning, makeRegistry } from '../floor/registry.js'
import { type OtherUnit, otherUnit } from './other-units.js'
import { plantVersion } from './plant-versions.js'
import type { Store } from './store.js'

/** A plant as it was, with the indexes that its record goes by. */
export interface PlantThen {
  readonly plant: Plant
  readonly registry: Registry
}

/** So many past plants are kept at hand; a plant is some megabytes. */
const atHand = 4

/** The plants that the engine was started with before, so that the past is shown with the plant of then. */
export class PastPlants {
  readonly #store: Pick<Store, 'plantVersions' | 'plantOf'>
  readonly #present: PlantThen
  readonly #presentHash: string
  readonly #indexes: () => IndexBook
  readonly #atHand = new Map<string, PlantThen>()

  /** `indexes`: every index that was ever given. */
  constructor(
    store: Pick<Store, 'plantVersions' | 'plantOf'>,
    { plant, registry }: Pick<Floor, 'plant' | 'registry'>,
    indexes: () => IndexBook,
  ) {
    this.#store = store
    this.#present = { plant, registry }
    this.#presentHash = plantVersion(plant).hash
    this.#indexes = indexes
  }

  /** The plant that was in force at `time`, floor time in Unix ms; before the first the first one. */
  async at(time: number): Promise<PlantThen> {
    const versions = await this.#store.plantVersions()
    const then = versions.findLast(({ since }) => since <= time) ?? versions[0]
    return (then && (await this.of(then.hash))) ?? this.#present
  }

  /** The plant of a version; undefined where there is none. */
  async of(hash: string): Promise<PlantThen | undefined> {
    if (hash === this.#presentHash) return this.#present
    const known = this.#atHand.get(hash)
    if (known !== undefined) return known
    const plant = await this.#store.plantOf(hash)
    if (plant === undefined) return undefined
    const then = { plant, registry: makeRegistry(plant, this.#indexes()).registry }
    const oldest = this.#atHand.keys().next().value
    if (this.#atHand.size >= atHand && oldest !== undefined) this.#atHand.delete(oldest)
    this.#atHand.set(hash, then)
    return then
  }

  /** What a signal meant under other indexes, before or since. */
  others({ index, signal }: RegisteredSignal): readonly Meaning[] {
    return (this.#indexes().meanings?.[signal.id] ?? []).filter(meaning => meaning.index !== index)
  }

  /** Those of them that can be turned into what it means now. */
  otherUnits(of: RegisteredSignal): readonly OtherUnit[] {
    return this.others(of).flatMap(meaning => otherUnit(meaning, of.index, of.signal) ?? [])
  }

  /** A signal that is in the plant no more, as it was last; undefined where there never was one. */
  async signal(id: string): Promise<RegisteredSignal | undefined> {
    if (this.#indexes().signals[id] === undefined) return undefined
    const versions = await this.#store.plantVersions()
    for (const hash of new Set(versions.map(version => version.hash).reverse())) {
      const found = (await this.of(hash))?.registry.signalById(id)
      if (found !== undefined) return found
    }
    return undefined
  }
}
