import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import pino from 'pino'
import { Registry } from 'prom-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SampleBatchBuilder } from '../../schema/sample-batch.js'
import { propertyRuns } from '../../twins/proof/runs.js'
import { floorOf, machineOf, sensor, start, stateSignal } from '../floor/floor.fixture.js'
import type { LiveFloor } from '../floor/live-floor.js'
import { openStore, type Store } from '../store/store.js'
import { createApi } from './api.js'
import { manifestDocument } from './manifest.js'
import { emptyHistory } from './test-history.js'

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
  | { readonly kind: 'late'; readonly machine: number; readonly value: number; readonly age: number }
  | { readonly kind: 'damage'; readonly machine: number; readonly damage: number }
  | { readonly kind: 'lost' }
  | { readonly kind: 'found' }
  | { readonly kind: 'alive' }
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
          word: fc.constantFrom('ACTIVE', 'READY', 'FULL', 'DOWN', 'PRODUCE', 'BY HAND'),
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          kind: fc.constant('late' as const),
          machine: fc.integer({ min: 1, max: 2 }),
          value: fc.integer({ min: 60, max: 100 }),
          age: fc.integer({ min: 1, max: 5_000 }),
        }),
      },
      {
        weight: 2,
        arbitrary: fc.record({
          kind: fc.constant('damage' as const),
          machine: fc.integer({ min: 1, max: 2 }),
          damage: fc.constantFrom(0.1, 0.3, 0.5, 0.8, 1),
        }),
      },
      { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('lost', 'found', 'tick', 'alive') }) },
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
  const { floor, wall, registry } = floorOf(machines, {
    at: start + run * 10 * 86_400_000,
    isSimulated: true,
  })
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
    else if (step.kind === 'alive') keep(floor.ingest('plc', step))
    else if (step.kind === 'lost') keep(floor.tellSource('plc', { type: 'ENDED', time: wall.time }))
    else if (step.kind === 'found') {
      keep(floor.tellSource('plc', { type: 'CONNECT', time: wall.time }))
      keep(floor.ingest('plc', { kind: 'connected' }))
    } else if (step.kind === 'damage') {
      const { machine, damage } = step
      const fault = { machine: `r${run}-m${machine}`, pattern: 'bearing-failure', time: wall.time } as const
      const report = { ...fault, kind: 'damage', damage, severity: 1, cause: 'random' } as const
      keep(floor.ingest('plc', { kind: 'damage', reports: [report] }))
    } else {
      const batch = new SampleBatchBuilder()
      const name = step.kind === 'word' ? 'execution' : 'temp'
      const { index } = registry.signalById(`r${run}-m${step.machine}.${name}`)!
      const value = step.kind === 'word' ? floor.intern(step.word) : step.value
      const time = wall.time - (step.kind === 'late' ? step.age : 0)
      // What a source says first is not late, however old it is.
      if (step.kind === 'late' && !(floor.signals.sourceTime[index]! > time)) return
      batch.push(index, time, wall.time, value, step.kind === 'value' ? step.quality : 0)
      keep(floor.ingest('plc', { kind: 'samples', batch: batch.take() }))
    }
  }
  const past = {
    ...emptyHistory,
    floorAt: async (at: number, signals: readonly number[], machines: readonly string[]) => {
      const found = await store.floorAt(
        at,
        signals.map(signal => signal + move),
        machines,
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
        const { floor, wall, machines, take, get } = kept(++run)
        let shown: { at: number; live: unknown }[] = []
        take({ kind: 'found' })
        for (const [wait, step] of taken) {
          // As it does by itself, four times a second.
          take({ kind: 'tick' })
          shown.push({ at: wall.time, live: await live(get, machines, floor) })
          wall.time += wait
          // What came late is known today, and was not at the moments that it is about.
          if (step.kind === 'late') shown = shown.filter(({ at }) => at < wall.time - step.age)
          take(step)
        }
        take({ kind: 'tick' })
        shown.push({ at: wall.time, live: await live(get, machines, floor) })
        await store.flush()
        for (const { at, live } of shown) {
          const state = (await get(`/api/v1/state?at=${new Date(at).toISOString()}`)) as Floor
          const then = { machines: state.machines.map(comparable), links: linksOf(state.sources) }
          expect(then, new Date(at).toISOString()).toEqual(live)
          const beyond = state.machines.flatMap(({ signals }) =>
            signals.filter(({ level }) => level !== 'normal'),
          )
          expect(new Set(state.alarms.map(({ signal }) => signal))).toEqual(
            new Set(beyond.map(({ id }) => id)),
          )
        }
      }),
      { numRuns: propertyRuns / 50 },
    )
  })

  it('shows nothing as live that was silent, or came late from a source that had no link then', async () => {
    const { wall, take, get } = kept(0)
    // Before all other runs: no link of theirs stands.
    const begin = wall.time
    const connectionAt = async (seconds: number) => {
      await store.flush()
      const at = new Date(begin + seconds * 1_000).toISOString()
      const { machines } = (await get(`/api/v1/state?at=${at}`)) as Floor
      const { value, connection } = machines[0]!.signals[0]!
      return [value, connection]
    }
    wall.time += 3_600_000
    take({ kind: 'found' })
    take({ kind: 'value', machine: 1, value: 70, quality: 0 })
    take({ kind: 'late', machine: 1, value: 60, age: 1_800_000 })
    expect(await connectionAt(1_801)).toEqual([60, 'lost'])
    expect(await connectionAt(3_600)).toEqual([70, 'live'])
    // The engine died then: nobody told that nothing came.
    wall.time += 60_000
    expect(await connectionAt(3_602)).toEqual([70, 'live'])
    expect(await connectionAt(3_630)).toEqual([70, 'stale'])
    // What is told late of that time does not make it live again.
    take({ kind: 'value', machine: 1, value: 75, quality: 0 })
    take({ kind: 'late', machine: 1, value: 65, age: 40_000 })
    expect(await connectionAt(3_621)).toEqual([65, 'live'])
    expect(await connectionAt(3_650)).toEqual([65, 'stale'])
  })

  it('shows as live what stands, as long as its source says that it is alive', async () => {
    const { wall, machines, take, get, floor } = kept(1_001)
    take({ kind: 'found' })
    take({ kind: 'value', machine: 1, value: 70, quality: 0 })
    for (let seconds = 0; seconds < 20; seconds++) {
      wall.time += 1_000
      take({ kind: 'alive' })
      take({ kind: 'tick' })
    }
    const shown = await live(get, machines, floor)
    await store.flush()
    const at = new Date(wall.time).toISOString()
    const machinesOf = async (path: string) => ((await get(path)) as Floor).machines.map(comparable)
    expect(shown.machines[0]).toMatchObject({ signals: [{ value: 70, connection: 'live' }, {}] })
    expect(await machinesOf('/api/v1/state')).toEqual(shown.machines)
    // What came of nothing goes on record with what comes next.
    take({ kind: 'value', machine: 2, value: 70, quality: 0 })
    await store.flush()
    wall.time += 60_000
    expect((await machinesOf(`/api/v1/state?at=${at}`))[0]).toEqual(shown.machines[0])
  })

  it('refuses an instant in the future of the floor', async () => {
    const { wall, get } = kept(1_002)
    const at = new Date(wall.time + 1).toISOString()
    const message = expect.stringContaining('lies in the future: on this floor it is')
    expect(await get(`/api/v1/state?at=${at}`)).toMatchObject({
      status: 422,
      detail: message,
      errors: [{ path: 'query.at', message }],
    })
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
  readonly mode: string
  readonly since: string | null
  readonly faults: readonly Readonly<Record<string, unknown>>[]
  readonly signals: readonly Readonly<Record<string, unknown>>[]
}

interface Floor {
  readonly machines: readonly Shown[]
  readonly alarms: readonly { readonly signal: string }[]
  readonly stops: readonly unknown[]
  readonly sources: readonly {
    readonly source: string
    readonly state: string
    readonly since: string | null
  }[]
  readonly plant: string
}

const comparable = ({ id, state, mode, faults, signals }: Shown): object => ({
  id,
  state,
  // A machine that never told its mode is taken to be in Production.
  mode: mode || 'Production',
  faults: faults.map(({ pattern, stage, severity }) => ({ pattern, stage, severity })),
  signals: signals.map(({ id, value, unit, quality, sourceTime, connection, level }) => ({
    ...{ id, value, unit, quality, sourceTime, connection, level },
  })),
})

const linksOf = (links: Floor['sources']) =>
  links.map(({ source, state, since }) => ({ source, state, ...(state !== 'stopped' && { since }) }))

const live = async (
  get: (path: string) => Promise<unknown>,
  machines: readonly { id: string }[],
  { links }: Pick<LiveFloor, 'links'>,
) => ({
  machines: await Promise.all(
    machines.map(async ({ id }) => comparable((await get(`/api/v1/machines/${id}`)) as unknown as Shown)),
  ),
  links: linksOf(links.list().map(link => ({ ...link, since: new Date(link.since).toISOString() }))),
})
