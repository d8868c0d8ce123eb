import type { Plant, Quantity, Signal } from '../schema/plant.js'
import { databaseName as db } from '../schema/tables/definition.js'
import type { DataDirectory } from './data-directory.js'
import { EngineError } from './errors.js'
import { type IndexBook, type Meaning, makeRegistry } from './floor/registry.js'
import type { Store } from './store/store.js'

/**
 * The indexes of a plant, written down, and the codes of texts: what the folder has forgotten is learnt from the store, so
 * that nothing kept ever changes its name. Throws EngineError `bad-input` where the two contradict each other.
 */
export async function openIndexes(
  data: DataDirectory,
  store: Pick<Store, 'query' | 'flush' | 'upsertDimensions'>,
  plant: Plant,
): Promise<ReturnType<typeof makeRegistry>> {
  // Texts of an earlier run may still be in the spool.
  await store.flush()
  const codes = new Set(data.readTexts().map(([code]) => code))
  const texts = await store.query<{ code: number; text: string }>(
    `SELECT code, text FROM ${db}.dictionary FINAL ORDER BY code`,
  )
  const missing = texts.filter(({ code }) => !codes.has(code))
  if (missing.length > 0) data.appendTexts(missing.map(({ code, text }) => [code, text]))
  const made = makeRegistry(plant, await knownIndexes(data, store))
  data.writeIndexBook(made.book)
  await store.upsertDimensions(made.registry)
  return made
}

interface KnownSignal {
  readonly index: number
  readonly id: string
  readonly type: Signal['type']
  readonly quantity: Quantity
  readonly unit: string
}

async function knownIndexes(data: DataDirectory, store: Pick<Store, 'query'>): Promise<IndexBook> {
  const book = data.readIndexBook()
  const machines = await store.query<{ index: number; id: string }>(
    `SELECT machine_index AS index, id FROM ${db}.machines FINAL ORDER BY updated`,
  )
  const signals = await store.query<KnownSignal>(
    `SELECT signal AS index, id, type, quantity, unit FROM ${db}.signals FINAL ORDER BY updated`,
  )
  const meanings: Record<string, readonly Meaning[]> = { ...book.meanings }
  for (const { id, ...meaning } of signals) {
    const known = meanings[id] ?? []
    if (!known.some(({ index }) => index === meaning.index)) meanings[id] = [...known, meaning]
  }
  const given = new Map<number, string>(Object.entries(book.signals).map(([id, index]) => [index, id]))
  for (const [id, known] of Object.entries(book.meanings ?? {}))
    for (const { index } of known) given.set(index, id)
  for (const { index, id } of signals) {
    const other = given.get(index)
    if (other === undefined || other === id) continue
    const message = `The samples of ${id} in the store would be taken for those of ${other}: registry.json in ${data.path} belongs to another history. Put back the registry.json of this history, or take it away: it is made anew from the store.`
    throw new EngineError('bad-input', message)
  }
  return {
    machines: { ...Object.fromEntries(machines.map(({ id, index }) => [id, index])), ...book.machines },
    signals: { ...Object.fromEntries(signals.map(({ id, index }) => [id, index])), ...book.signals },
    meanings,
  }
}
