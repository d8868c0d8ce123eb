import { createHash } from 'node:crypto'
import type { Plant } from '../../schema/plant.js'
import { databaseName as db } from '../../schema/tables/definition.js'
import type { Database } from './database.js'

/** A plant model under the name of its content. */
export interface PlantVersion {
  readonly hash: string
  readonly plant: Plant
}

/** A version as the store lists it: in force from `since` until that of the next, floor time, Unix ms. */
export interface KnownVersion {
  readonly hash: string
  readonly since: number
}

export function plantVersion(plant: Plant): PlantVersion {
  const hash = createHash('sha256').update(JSON.stringify(plant)).digest('hex').slice(0, 32)
  return { hash, plant }
}

/** Adds the version where it is another than the newest; `since` floor time, `now` wall time, Unix ms. */
export async function writePlantVersion(
  database: Database,
  { hash, plant }: PlantVersion,
  since: number,
  now: number,
): Promise<void> {
  const known = await listPlantVersions(database)
  if (known.at(-1)?.hash === hash) return
  const [ts, started] = [since, now].map(time => new Date(time).toISOString().slice(0, -1).replace('T', ' '))
  const row = { ts, hash, name: plant.name, plant: JSON.stringify(plant), started }
  await database.insertRows('plant_versions', [row])
}

type Reader = Pick<Database, 'query'>

/** All versions, in the order in which they came into force. */
export async function listPlantVersions(database: Reader): Promise<readonly KnownVersion[]> {
  const rows = await database.query<{ hash: string; since: string }>(
    `SELECT hash, toString(toUnixTimestamp64Milli(ts)) AS since FROM ${db}.plant_versions ORDER BY started`,
  )
  return rows.map(({ hash, since }) => ({ hash, since: Number(since) }))
}

/** The plant model of a version; undefined where there is none. */
export async function readPlantVersion(database: Reader, hash: string): Promise<Plant | undefined> {
  const [row] = await database.query<{ plant: string }>(
    `SELECT plant FROM ${db}.plant_versions WHERE hash = {hash:String} LIMIT 1`,
    { hash },
  )
  return row && (JSON.parse(row.plant) as Plant)
}
