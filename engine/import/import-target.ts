import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Plant } from '../../schema/plant.js'
import type { Entry } from '../../schema/records.js'
import { createPool } from '../../workers/pool.js'
import { DataDirectory } from '../data-directory.js'
import { EngineError } from '../errors.js'
import { Dictionary } from '../floor/dictionary.js'
import { FloorClock } from '../floor/floor-clock.js'
import { makeRegistry } from '../floor/registry.js'
import { openIndexes } from '../known-indexes.js'
import { KpiBook } from '../kpi/kpi-book.js'
import { recordSettled } from '../kpi/kpi-keeper.js'
import { listPlantVersions, plantVersion, readPlantVersion } from '../store/plant-versions.js'
import { openReader } from '../store/reader.js'
import { openStore } from '../store/store.js'
import type { ImportBlock } from './block.js'
import type { ImportContext } from './block-maker.js'
import { handOver, isReceiving } from './handover.js'
import { type BlockOutcome, ImportDesk } from './import-desk.js'

export interface TargetOptions {
  readonly data: string
  readonly clickhouseUrl?: string
  /** The plant; that of the history unless given. */
  readonly plant?: Plant
  readonly logger: Logger
  readonly signal: AbortSignal
}

/** Where blocks go: an engine that runs, or the data folder itself. */
export interface ImportTarget {
  readonly context: ImportContext
  take(block: ImportBlock): Promise<BlockOutcome>
  /** Has the figures worked out, and lets go of everything. */
  close(): Promise<void>
}

/** How long the store may take to carry over what is left, ms. */
const drainMs = 120_000

/** Throws EngineError. */
export async function openTarget(options: TargetOptions): Promise<ImportTarget> {
  const plant = options.plant ?? (await plantOfHistory(options))
  let data: DataDirectory
  try {
    data = await DataDirectory.open(options.data)
  } catch (error) {
    const isLocked = error instanceof EngineError && error.code === 'data-dir-locked'
    if (isLocked && isReceiving(join(options.data, 'import'))) return runningTarget(options, plant)
    throw error
  }
  try {
    return await ownTarget(options, plant, data)
  } catch (error) {
    await data.close()
    throw error
  }
}

/** What would be asked of the target, without touching it: for a dry run. Throws EngineError. */
export async function lookAtTarget(options: TargetOptions): Promise<ImportTarget> {
  const plant = options.plant ?? (await plantOfHistory(options))
  const { indexBook, lastAlive } = DataDirectory.look(options.data)
  const { registry } = makeRegistry(plant, indexBook)
  return {
    context: { plant, registry, now: nowOf(plant, lastAlive?.floorTime) },
    take: async () => 'taken',
    close: async () => undefined,
  }
}

async function plantOfHistory(options: TargetOptions): Promise<Plant> {
  const missing = new EngineError(
    'bad-input',
    `Nobody has started a plant on ${options.data} yet: name its file with --plant.`,
  )
  if (!existsSync(join(options.data, 'clickhouse')) && options.clickhouseUrl === undefined) throw missing
  const { clickhouseUrl } = options
  const reader = await openReader({
    dataDir: options.data,
    ...(clickhouseUrl !== undefined && { clickhouseUrl }),
    logger: options.logger,
  })
  try {
    const newest = (await listPlantVersions(reader.database)).at(-1)
    const plant = newest && (await readPlantVersion(reader.database, newest.hash))
    if (plant === undefined) throw missing
    return plant
  } finally {
    await reader.close()
  }
}

const isSourceDriven = (plant: Plant): boolean => plant.sources.some(({ clock }) => clock === 'source')

/** The floor's time as far as it is known from outside. */
const nowOf = (plant: Plant, lastAlive: number | undefined): number =>
  isSourceDriven(plant) ? (lastAlive ?? Date.now()) : Date.now()

/** The engine knows the numbers of the signals; they are in the folder before anything uses them. */
function runningTarget({ data, signal }: TargetOptions, plant: Plant): ImportTarget {
  const known = DataDirectory.look(data)
  const { registry } = makeRegistry(plant, known.indexBook)
  // Also where it would have another unit: that has an index of its own.
  const unknown = registry.signals.find(({ index, signal: { id } }) => known.indexBook.signals[id] !== index)
  if (unknown !== undefined) {
    const { id, unit } = unknown.signal
    const message = `The running engine has no signal ${id}${unit && ` in ${unit}`}: it runs another plant. Leave out --plant, or start it with this one.`
    throw new EngineError('bad-input', message)
  }
  const now = nowOf(plant, known.lastAlive?.floorTime)
  const folder = join(data, 'import')
  return {
    context: { plant, registry, now },
    take: block => handOver(data, folder, block, signal),
    close: async () => undefined,
  }
}

async function ownTarget(
  { clickhouseUrl, logger }: TargetOptions,
  plant: Plant,
  data: DataDirectory,
): Promise<ImportTarget> {
  const alive = data.readLastAlive()
  const clock = new FloorClock(
    Date,
    isSourceDriven(plant) ? 'source' : 'wall',
    alive?.floorTime ?? Date.now(),
  )
  const store = await openStore({
    dataDir: data.path,
    ...(clickhouseUrl !== undefined && { clickhouseUrl }),
    logger,
    wall: Date,
  }).catch(cause => {
    throw new EngineError('store-unavailable', String(cause), { cause })
  })
  const pool = createPool({ maxThreads: 1 })
  try {
    await store.ready
    const { registry } = await openIndexes(data, store, plant)
    await store.keepPlant(plantVersion(plant), clock.now())
    const kpis = new KpiBook({ plant, store, wall: Date, clock })
    await kpis.start()
    const record = (entry: Entry): void => {
      if (entry.texts !== undefined) data.appendTexts(entry.texts)
      store.append(entry)
      kpis.take(entry)
    }
    const desk = new ImportDesk({ store, dictionary: new Dictionary(data.readTexts()), clock, record })
    return {
      context: { plant, registry, now: clock.now() },
      take: block => desk.take(block),
      async close() {
        await store.flush()
        await kpis.reread()
        kpis.advance()
        recordSettled(kpis, record)
        await store.close(drainMs)
        await pool.close()
        await data.close()
      },
    }
  } catch (error) {
    await store.close(0)
    await pool.close()
    throw error
  }
}
