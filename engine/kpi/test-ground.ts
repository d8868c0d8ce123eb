import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import type { Plant } from '../../schema/plant.js'
import type { Entry, StateChange } from '../../schema/records.js'
import { createPool, type WorkerPool } from '../../workers/pool.js'
import { openStore, type Store } from '../store/store.js'
import { KpiBook } from './kpi-book.js'
import { recordSettled } from './kpi-keeper.js'

export const minute = 60_000
/** Six in the morning of a Monday in Berlin. */
export const six = Date.UTC(2026, 2, 23, 5)

function plantOf(machines: readonly string[], lineId: string): Plant {
  const line = {
    id: lineId,
    name: lineId,
    kind: 'machining',
    machines: machines.map((id, place) => ({
      id,
      name: id,
      type: 'mill',
      source: 's',
      feeds: machines.slice(place + 1, place + 2),
      idealCycleTime: 30,
      signals: [],
    })),
  }
  return {
    name: 'p',
    enterprise: 'e',
    sites: [
      {
        id: 'here',
        name: 'Here',
        timeZone: 'Europe/Berlin',
        areas: [{ id: 'hall', name: 'Hall', lines: [line] }],
      },
    ],
    sources: [],
    machineTypes: [],
    shifts: [
      {
        id: 'early',
        name: 'Early',
        site: 'here',
        start: '06:00',
        end: '14:00',
        days: [1, 2, 3, 4, 5],
        breaks: [{ start: '09:00', end: '09:30' }],
      },
      { id: 'late', name: 'Late', site: 'here', start: '14:00', end: '22:00', days: [1, 2, 3, 4, 5] },
    ],
    products: [],
    customers: [],
    crews: [],
    stateMaps: {},
  }
}

export const change = (machine: string, time: number, state: string, reason = 'none'): StateChange => ({
  machine,
  time,
  state,
  mode: 'Production',
  reason,
  sourceState: state.toLowerCase(),
  observed: true,
})

let total = 0
export const parts = (machine: string, time: number, by: number, counter = 'processed'): Entry => {
  total += by
  return {
    source: 's',
    rows: { production_events: [{ machine, ts: time, counter, parts: by, total, cause: 'count' }] },
  }
}

/** A database that the tests of a file share; each of their floors has machines and a clock of its own. */
export class KpiGround {
  readonly store: Store
  readonly pool: WorkerPool
  readonly #folder: string

  private constructor(store: Store, pool: WorkerPool, folder: string) {
    this.store = store
    this.pool = pool
    this.#folder = folder
  }

  static async open(): Promise<KpiGround> {
    const folder = mkdtempSync(join(tmpdir(), 'gemba-kpis-'))
    const pool = createPool({ maxThreads: 1 })
    const store = await openStore({ dataDir: folder, logger: pino({ level: 'silent' }), wall: Date, pool })
    return new KpiGround(store, pool, folder)
  }

  async close(): Promise<void> {
    await this.store.close()
    await this.pool.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  /** What a book is told goes into the store as well, as in the engine. */
  floor(machines: readonly string[], parts: Partial<Plant> = {}, line = 'line-1') {
    let now = six
    let computed = 0
    const { store } = this
    const plant = { ...plantOf(machines, line), ...parts }
    const clock = { now: () => now }
    const wall = { now: () => ++computed }
    const tell = (book: KpiBook, entry: Entry): void => {
      store.append(entry)
      book.take(entry)
    }
    return {
      plant,
      clock,
      tell,
      open: () => new KpiBook({ plant, store, clock, wall }),
      goTo: (book: KpiBook, time: number) => {
        now = time
        book.advance()
      },
      settle: async (book: KpiBook) => {
        await book.reread()
        recordSettled(book, entry => tell(book, entry))
        await store.flush()
      },
      /** The same up to so many pieces of twenty rows: the engine is killed there. Returns how many rows of hours those have. */
      settlePartly: async (book: KpiBook, pieces: number) => {
        await book.reread()
        let [left, hours] = [pieces, 0]
        const record = (entry: Entry): void => {
          if (left-- <= 0) return
          tell(book, entry)
          hours += entry.rows?.oee_hourly?.length ?? 0
        }
        recordSettled(book, record, 20)
        return hours
      },
    }
  }
}

/** A morning with a breakdown, a minor stop, a wait for parts, scrap, and a break. */
export const morning = (machine: string): Entry[] => [
  { source: 's', stateChanges: [change(machine, six, 'Execute')] },
  parts(machine, six + 50 * minute, 90),
  { source: 's', stateChanges: [change(machine, six + 60 * minute, 'Aborted')] },
  { source: 's', stateChanges: [change(machine, six + 80 * minute, 'Execute')] },
  parts(machine, six + 100 * minute, 30),
  parts(machine, six + 100 * minute, 4, 'defective'),
  { source: 's', stateChanges: [change(machine, six + 110 * minute, 'Held')] },
  { source: 's', stateChanges: [change(machine, six + 113 * minute, 'Execute')] },
  { source: 's', stateChanges: [change(machine, six + 150 * minute, 'Suspended', 'starved')] },
  { source: 's', stateChanges: [change(machine, six + 160 * minute, 'Execute')] },
]
