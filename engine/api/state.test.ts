import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import pino from 'pino'
import { Registry } from 'prom-client'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { SampleBatchBuilder } from '../../schema/sample-batch.js'
import { propertyRuns } from '../../twins/proof/runs.js'
import { floorOf, machineOf, sensor, start, stateSignal } from '../floor/floor.fixture.js'
import { openStore, type Store } from '../store/store.js'
import { createApi } from './api.js'
import { manifestDocument } from './manifest.js'
import { emptyHistory } from './test-history.js'

// A database is started here; on a busy machine that takes a while.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const logger = pino({ level: 'silent' })
const folders: string[] = []
const stores: Store[] = []

async function newStore(): Promise<Store> {
  const dataDir = mkdtempSync(join(tmpdir(), 'gemba-state-'))
  folders.push(dataDir)
  const store = await openStore({ dataDir, logger, wall: Date })
  stores.push(store)
  return store
}
let store: Store
beforeAll(async () => {
  store = await newStore()
})
afterAll(async () => {
  for (const each of stores) await each.close()
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

type Step =
  | { readonly kind: 'value'; readonly machine: number; readonly value: number; readonly quality: number }
  | { readonly kind: 'word'; readonly machine: number; readonly word: string }
  | { readonly kind: 'lost' }
  | { readonly kind: 'found' }
  | { readonly kind: 'tick' }

const steps = fc.array(
  fc.tuple(
    fc.oneof(fc.integer({ min: 1, max: 2_000 }), fc.integer({ min: 1, max: 1_500_000 })),
    fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({
          kind: fc.constant('value' as const),
          machine: fc.integer({ min: 1, max: 2 }),
          value: fc.oneof(fc.integer({ min: 60, max: 100 }), fc.constant(500), fc.constant(Number.NaN)),
          quality: fc.constantFrom(0, 0, 1, 2),
        }),
      },
      {
        weight: 3,
        arbitrary: fc.record({
          kind: fc.constant('word' as const),
          machine: fc.integer({ min: 1, max: 2 }),
          word: fc.constantFrom('ACTIVE', 'READY', 'FULL', 'DOWN'),
        }),
      },
      { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('lost', 'found', 'tick') }) },
    ),
  ),
  { minLength: 1, maxLength: 15 },
) as fc.Arbitrary<[number, Step][]>

/** A floor whose every turn is kept in the store, and the API over both. */
function kept(run: number) {
  const machines = [1, 2].map(i => {
    const id = `r${run}-m${i}`
    const limits = { warningHigh: 80, criticalHigh: 90, deadband: 2 }
    return machineOf(id, [sensor(id, 'temp', { limits, maxRate: 1e9 }), stateSignal(id)])
  })
  const { floor, wall, registry } = floorOf(machines, { at: start + run * 10 * 86_400_000 })
  // Indexes of their own, so that all runs can share one database.
  const move = 2 * machines.length * run
  const keep = (entry: ReturnType<typeof floor.tick>): void => {
    if (entry === undefined) return
    const { samples, texts, ...rest } = entry
    const moved = samples && { ...samples, signal: samples.signal.map(index => index + move) }
    store.append({
      ...rest,
      ...(moved && { samples: moved }),
      ...(texts && { texts }),
    })
  }
  const take = (step: Step): void => {
    if (step.kind === 'tick') keep(floor.tick())
    else if (step.kind === 'lost') keep(floor.tellSource('plc', { type: 'ENDED', time: wall.time }))
    else if (step.kind === 'found') {
      keep(floor.tellSource('plc', { type: 'CONNECT', time: wall.time }))
      keep(floor.ingest('plc', { kind: 'connected' }))
    } else if (step.kind === 'value' || step.kind === 'word') {
      const batch = new SampleBatchBuilder()
      const name = step.kind === 'value' ? 'temp' : 'execution'
      const { index } = registry.signalById(`r${run}-m${step.machine}.${name}`)!
      const value = step.kind === 'value' ? step.value : floor.intern(step.word)
      batch.push(index, wall.time, wall.time, value, step.kind === 'value' ? step.quality : 0)
      keep(floor.ingest('plc', { kind: 'samples', batch: batch.take() }))
    }
  }
  const past = {
    ...emptyHistory,
    floorAt: async (at: number, signals: readonly number[]) => {
      const found = await store.floorAt(
        at,
        signals.map(signal => signal + move),
      )
      return { ...found, samples: found.samples.map(row => ({ ...row, signal: row.signal - move })) }
    },
  }
  const parts = { sources: new Map(), metrics: new Registry(), logger, missing: () => [] }
  const api = createApi({ floor, store: past, ...parts }, manifestDocument(floor))
  const get = async (path: string) => (await api.request(path)).json()
  return { floor, wall, machines, take, get }
}

describe('GET /api/v1/state', () => {
  it('shows of any instant what the live floor showed then', async () => {
    let run = 0
    await fc.assert(
      fc.asyncProperty(steps, async taken => {
        const { wall, machines, take, get } = kept(++run)
        const shown: { at: number; live: unknown }[] = []
        take({ kind: 'found' })
        for (const [wait, step] of taken) {
          shown.push({ at: wall.time, live: await live(get, machines) })
          wall.time += wait
          take(step)
        }
        shown.push({ at: wall.time, live: await live(get, machines) })
        await store.flush()
        for (const { at, live } of shown) {
          const state = (await get(`/api/v1/state?at=${new Date(at).toISOString()}`)) as { machines: Shown[] }
          expect(state.machines.map(comparable), new Date(at).toISOString()).toEqual(live)
        }
      }),
      { numRuns: propertyRuns / 50 },
    )
  })

  it('refuses an instant that is none', async () => {
    const { get } = kept(1_000)
    expect(await get('/api/v1/state?at=noon')).toMatchObject({
      status: 422,
      errors: [{ path: 'query.at' }],
    })
  })
})

interface Shown {
  readonly id: string
  readonly state: string
  readonly since: string | null
  readonly signals: readonly Readonly<Record<string, unknown>>[]
}

const comparable = ({ id, state, signals }: Shown): object => ({
  id,
  state,
  signals: signals.map(({ id, value, unit, quality, sourceTime, connection, level }) => ({
    ...{ id, value, unit, quality, sourceTime, connection, level },
  })),
})

const live = (get: (path: string) => Promise<unknown>, machines: readonly { id: string }[]) =>
  Promise.all(
    machines.map(async ({ id }) => comparable((await get(`/api/v1/machines/${id}`)) as unknown as Shown)),
  )
