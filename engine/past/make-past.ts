import { createHash } from 'node:crypto'
import type { Logger } from 'pino'
import { adapterDefinitions } from '../../adapters/list.js'
import type { Plant } from '../../schema/plant.js'
import type { Entry } from '../../schema/records.js'
import { databaseName } from '../../schema/tables/definition.js'
import { DataDirectory } from '../data-directory.js'
import { EngineError } from '../errors.js'
import { Dictionary } from '../floor/dictionary.js'
import { FloorClock } from '../floor/floor-clock.js'
import { LiveFloor } from '../floor/live-floor.js'
import { makeRegistry } from '../floor/registry.js'
import { KpiBook } from '../kpi/kpi-book.js'
import { Checkpoints } from '../replay/checkpoints.js'
import { plantVersion } from '../store/plant-versions.js'
import { openStore, type Store } from '../store/store.js'
import { livePast, type PastProgress } from './past.js'
import { pastPlant } from './past-plant.js'
import { type Progress, readProgress, writeProgress } from './progress.js'

export interface PastPlan {
  readonly plant: Plant
  /** The data folder; it holds nothing yet, or an interrupted past of the same plan. */
  readonly data: string
  readonly clickhouseUrl?: string
  readonly seed: number
  /** Begin and end, Unix ms. */
  readonly from: number
  readonly to: number
  /** Distance between two samples of a sensor, ms. */
  readonly period: number
  /** Threads that the machines are simulated on; the past is the same whatever their number. Default 0: none but this. */
  readonly workers?: number
  readonly logger: Logger
  readonly signal: AbortSignal
  onProgress(progress: PastProgress): void
}

export interface MadePast {
  /** When it got to by the floor's time, Unix ms, and the samples up to then, those of earlier runs included. */
  readonly time: number
  readonly samples: number
  readonly isComplete: boolean
  readonly rowsWritten: number
}

/** How long the store may take to carry over what is left, ms. */
const drainMs = 120_000

/**
 * Makes the past of a simulated plant in a data folder, so that intervals, twin events, faults and snapshots of it
 * exist as if it had been lived. `onStored` sees the store once all of it is there. Throws EngineError.
 */
export async function makePast(
  plan: PastPlan,
  onStored?: (store: Store) => Promise<void>,
): Promise<MadePast> {
  const { logger, from, to, signal } = plan
  const plant = pastPlant(plan.plant, adapterDefinitions, {
    seed: plan.seed,
    start: from,
    period: plan.period,
  })
  const data = await DataDirectory.open(plan.data)
  try {
    const progress = readProgress(data.path) ?? beginning(plan)
    if (progress.plan !== digest(plan)) {
      const message = `The folder ${plan.data} holds another past: of another plant, seed, time or period. Choose another with --data.`
      throw new EngineError('bad-input', message)
    }
    const { registry, book } = makeRegistry(plant, data.readIndexBook())
    data.writeIndexBook(book)
    const clickhouse = plan.clickhouseUrl === undefined ? {} : { clickhouseUrl: plan.clickhouseUrl }
    const store = await openStore({ dataDir: data.path, ...clickhouse, logger, wall: Date }).catch(cause => {
      throw new EngineError('store-unavailable', String(cause), { cause })
    })
    try {
      await store.ready
      const { accepted } = store.status()
      const wasBegun = readProgress(data.path) !== undefined
      if (accepted > 0 && !wasBegun) {
        const message = `The folder ${plan.data} has a history of its own. A past comes first: choose another with --data.`
        throw new EngineError('bad-input', message)
      }
      writeProgress(data.path, progress)
      await store.upsertDimensions(registry)
      const version = plantVersion(plant)
      await store.keepPlant(version, from)
      const floorClock = new FloorClock(Date, 'source', from)
      const floor = new LiveFloor({
        plant,
        registry,
        // Its texts come up again in the order of before, and so get the codes that they have.
        dictionary: new Dictionary([]),
        clock: floorClock,
        wall: Date,
        simulated: new Set(plant.sources.map(({ id }) => id)),
      })
      const known = new Map(data.readTexts())
      const append = (entry: Entry): void => {
        const texts = (entry.texts ?? []).filter(([code]) => !known.has(code))
        if (texts.length > 0) data.appendTexts(texts)
        store.append(entry)
      }
      const checkpoints = new Checkpoints(floor, version.hash, floorClock)
      const isThere = wasBegun ? await writtenDown(store) : () => false
      if (accepted === 0) for (const piece of without(isThere, checkpoints.start())) append(piece)
      const lived = await livePast(
        {
          floor,
          kpis: new KpiBook({ plant, store, wall: Date, clock: floorClock }),
          store,
          plant,
          from,
          to,
          accepted,
          workers: plan.workers ?? 0,
          append,
          checkpoint: () => without(isThere, checkpoints.round()),
          onSaved: saved => data.writeLastAlive({ floorTime: saved, wallTime: Date.now() }),
          onProgress: plan.onProgress,
        },
        signal,
      )
      const isComplete = lived.time >= to
      if (isComplete) {
        await store.flush()
        await onStored?.(store)
      }
      const { rowsWritten } = await store.close(drainMs)
      return { ...lived, isComplete, rowsWritten }
    } catch (error) {
      await store.close(0)
      throw error
    }
  } finally {
    await data.close()
  }
}

function* without(isThere: (piece: Entry) => boolean, pieces: Iterable<Entry>): Generator<Entry> {
  for (const piece of pieces) if (!isThere(piece)) yield piece
}

/** Says of a piece of a checkpoint whether an earlier run has brought it into the store. */
async function writtenDown(store: Store): Promise<(piece: Entry) => boolean> {
  await store.flush()
  const rows = await store.query<{ round: number; part: number }>(
    `SELECT round, part FROM ${databaseName}.floor_checkpoints`,
  )
  const key = ({ round, part }: { readonly round: number; readonly part: number }): string =>
    `${round}.${part}`
  const there = new Set(rows.map(key))
  return ({ rows }) => (rows?.floor_checkpoints ?? []).every(row => there.has(key(row)))
}

function beginning(plan: PastPlan): Progress {
  const { from, to } = plan
  return { plan: digest(plan), from, to }
}

/** The same for the same past. */
function digest({ plant, seed, from, to, period }: PastPlan): string {
  return createHash('sha256')
    .update(JSON.stringify({ plant, seed, from, to, period }))
    .digest('hex')
    .slice(0, 16)
}
