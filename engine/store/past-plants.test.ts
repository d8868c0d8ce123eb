import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { Registry } from 'prom-client'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createApi } from '../api/api.js'
import { manifestDocument } from '../api/manifest.js'
import { floorOf, machineOf, plantOf, sensor, start } from '../floor/floor.fixture.js'
import { emptyIndexBook, makeRegistry } from '../floor/registry.js'
import { PastPlants } from './past-plants.js'
import { plantVersion } from './plant-versions.js'
import type { Store } from './store.js'
import { openTestStore } from './your-clickhouse.fixture.js'

const logger = pino({ level: 'silent' })
const hour = 3_600_000
let folder: string
let store: Store

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gemba-plants-'))
  store = await openTestStore({ dataDir: folder, logger, wall: Date })
})
afterAll(async () => {
  await store?.close()
  rmSync(folder, { recursive: true, force: true })
})

it('The past is shown with the plant of then, and what left the plant keeps its history', async () => {
  const old = machineOf('old', [sensor('old', 'temp')])
  const stays = machineOf('stays', [sensor('stays', 'temp')])
  const before = floorOf([old, stays], { at: start })
  await store.keepPlant(plantVersion(before.floor.plant), start)
  for (const id of ['old.temp', 'stays.temp']) store.append(before.say(id, 70)!)
  await store.flush()

  // The engine starts again, without the one machine and with another; a start with the same plant is no news.
  const { book } = makeRegistry(before.floor.plant, emptyIndexBook)
  const plant = plantOf([stays, machineOf('new', [sensor('new', 'temp')])])
  const now = makeRegistry(plant, book)
  for (const at of [start + hour, start + 2 * hour]) await store.keepPlant(plantVersion(plant), at)
  expect((await store.plantVersions()).map(({ since }) => since - start)).toEqual([0, hour])

  const clock = { now: () => start + 3 * hour }
  const floor = Object.assign(Object.create(before.floor), { plant, registry: now.registry, clock })
  const plants = new PastPlants(store, floor, () => now.book)
  const parts = { sources: new Map(), metrics: new Registry(), logger, missing: () => [] }
  const api = createApi({ floor, store, plants, ...parts }, manifestDocument(floor))
  const get = async (path: string) => {
    const response = await api.request(path)
    return { status: response.status, body: (await response.json()) as never }
  }
  const machinesAt = async (time: number) => {
    const { body } = await get(`/api/v1/state?at=${new Date(time).toISOString()}`)
    const { machines } = body as { machines: { id: string; signals: { value: number | null }[] }[] }
    return machines.map(({ id, signals }) => [id, ...signals.map(({ value }) => value)])
  }
  expect(await machinesAt(start + 1)).toEqual([
    ['old', 70],
    ['stays', 70],
  ])
  expect(await machinesAt(start + 2 * hour)).toEqual([
    ['stays', 70],
    ['new', null],
  ])

  const span = `from=${new Date(start - hour).toISOString()}&to=${new Date(start + hour).toISOString()}`
  const gone = await get(`/api/v1/signals/old.temp/history?${span}`)
  expect(gone.status).toBe(200)
  const { points } = gone.body as { points: { value: number }[] }
  expect(points.map(({ value }) => value)).toEqual([70])
  expect((await get(`/api/v1/signals/never.temp/history?${span}`)).status).toBe(404)
})
