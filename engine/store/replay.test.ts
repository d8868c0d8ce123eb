import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import pino from 'pino'
import { asyncScheduler, lastValueFrom, type SchedulerAction, type Subscription, tap } from 'rxjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { describeAdapterContract } from '../../adapters/contract-suite.js'
import { replay } from '../../adapters/replay/adapter.js'
import type { ReplayOptions } from '../../adapters/replay/config.js'
import { testContext } from '../../adapters/test-context.js'
import { Quality } from '../../schema/quality.js'
import type { Entry } from '../../schema/records.js'
import { SampleBatchBuilder } from '../../schema/sample-batch.js'
import { propertyRuns } from '../../twins/proof/runs.js'
import { floorOf, machineOf, sensor, start, stateSignal } from '../floor/floor.fixture.js'
import type { Store } from './store.js'
import { openTestStore } from './your-clickhouse.fixture.js'

let folder: string
let store: Store
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gemba-replay-'))
  store = await openTestStore({ dataDir: folder, logger: pino({ level: 'silent' }), wall: Date })
})
afterAll(async () => {
  await store?.close()
  rmSync(folder, { recursive: true, force: true })
})

/** A sample of one of the two machines, received so many ms after the one before, of so many ms before that. */
interface Told {
  readonly machine: number
  readonly what: number | string
  readonly quality: number
  readonly wait: number
  readonly age: number
}

const tellings = fc.array(
  fc.record({
    machine: fc.integer({ min: 1, max: 2 }),
    what: fc.oneof(
      fc.integer({ min: 60, max: 100 }),
      fc.constantFrom(Number.NaN, 900),
      fc.constantFrom('ACTIVE', 'READY', 'FULL', 'DOWN', 'what?'),
    ),
    quality: fc.constantFrom(0, 0, 0, 1, 2),
    wait: fc.integer({ min: 0, max: 3_000 }),
    age: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 9_000 })),
  }),
  { minLength: 1, maxLength: 60 },
)

let runs = 0
let compared = 0

function machinesOf(run: number) {
  return [1, 2].map(i => {
    const id = `p${run}-m${i}`
    const limits = { warningHigh: 80, criticalHigh: 90, deadband: 2 }
    return machineOf(id, [sensor(id, 'temp', { limits }), stateSignal(id)])
  })
}

/** What samples alone bring about; links and silence are not in them. */
function made(entries: readonly (Entry | undefined)[]) {
  const events = entries.flatMap(entry => entry?.twinEvents ?? [])
  return {
    events: events.filter(
      ({ address, type }) => !address.startsWith('source:') && type !== 'connection.changed',
    ),
    changes: entries.flatMap(entry => entry?.stateChanges ?? []).filter(({ observed }) => observed),
  }
}

/** Tells a floor and keeps all of it, under signal numbers that no other run has. */
async function record(run: number, told: readonly Told[]): Promise<readonly (Entry | undefined)[]> {
  const { floor, wall, registry } = floorOf(machinesOf(run), { at: start + run * 86_400_000 })
  const move = registry.signalCapacity * run
  const moved = {
    ...registry,
    machines: registry.machines.map(machine => ({
      ...machine,
      index: machine.index + move,
      signals: machine.signals.map(each => ({ ...each, index: each.index + move })),
    })),
  }
  await store.upsertDimensions(moved)
  const entries = [floor.ingest('plc', { kind: 'connected' })]
  for (const { machine, what, quality, wait, age } of told) {
    wall.time += wait
    const batch = new SampleBatchBuilder()
    const name = typeof what === 'string' ? 'execution' : 'temp'
    const { index } = registry.signalById(`p${run}-m${machine}.${name}`)!
    batch.push(
      index,
      wall.time - age,
      wall.time,
      typeof what === 'string' ? floor.intern(what) : what,
      quality,
    )
    entries.push(floor.ingest('plc', { kind: 'samples', batch: batch.take() }))
  }
  for (const entry of entries) {
    if (entry === undefined) continue
    const { samples, ...rest } = entry
    store.append({
      ...rest,
      ...(samples && { samples: { ...samples, signal: samples.signal.map(index => index + move) } }),
    })
  }
  await store.flush()
  return entries
}

/** Replays the record into a floor of its own. */
async function replayed(
  run: number,
  given: Record<string, unknown>,
): Promise<readonly (Entry | undefined)[]> {
  const { floor, registry } = floorOf(machinesOf(run), { clock: 'source', at: start + run * 86_400_000 })
  const from = start + run * 86_400_000
  const options = replay.options.parse({
    ...given,
    clickhouse: store.url,
    from: new Date(from).toISOString(),
    to: new Date(from + 86_400_000).toISOString(),
    speed: 1_000_000,
  })
  const context = {
    ...testContext({ signals: registry.signals, clock: floor.clock }),
    wall: Date,
    intern: (text: string) => floor.intern(text),
  }
  const entries: (Entry | undefined)[] = []
  await lastValueFrom(
    replay.create(options, context).pipe(
      tap(event => {
        if (event.kind === 'samples' || event.kind === 'connected') entries.push(floor.ingest('plc', event))
      }),
    ),
  )
  return entries
}

/** Real timers, counted while they are open. */
function countedScheduler() {
  const counted = {
    open: 0,
    now: () => asyncScheduler.now(),
    schedule<T>(
      work: (this: SchedulerAction<T>, state?: T) => void,
      delay?: number,
      state?: T,
    ): Subscription {
      counted.open++
      const action = asyncScheduler.schedule(work, delay, state)
      action.add(() => counted.open--)
      return action
    },
  }
  return counted
}

/** Enough for every test of the contract; the window's last page is never full, so that the record ends. */
const contractSamples = 45_000
const contractRun = 5_000
let isContractRecorded = false

describeAdapterContract<ReplayOptions>({
  definition: replay,
  // Each page is a request of its own: there is no link to lose between two of them.
  hasLink: false,
  start: async () => {
    const { floor, registry } = floorOf(machinesOf(contractRun))
    const at = start + contractRun * 86_400_000
    const { index } = registry.signalById(`p${contractRun}-m1.temp`)!
    const move = registry.signalCapacity * contractRun
    const moved = registry.machines.map(machine => ({
      ...machine,
      signals: machine.signals.map(each => ({ ...each, index: each.index + move })),
    }))
    if (!isContractRecorded) {
      await store.upsertDimensions({ ...registry, machines: moved })
      const batch = new SampleBatchBuilder(contractSamples)
      for (let i = 0; i < contractSamples; i++) batch.push(index + move, at + i, at + i, i, 0)
      store.append({ source: 'plc', samples: batch.take() })
      await store.flush()
      isContractRecorded = true
    }
    const asked: string[] = []
    const proxy = createServer(async (request, response) => {
      const body = Buffer.concat(await request.toArray()).toString()
      asked.push(body)
      const answer = await fetch(new URL(request.url ?? '/', store.url), { method: 'POST', body })
      response.writeHead(answer.status).end(Buffer.from(await answer.arrayBuffer()))
    })
    await once(proxy.listen(0, '127.0.0.1'), 'listening')
    const { port } = proxy.address() as AddressInfo
    const scheduler = countedScheduler()
    return {
      options: replay.options.parse({
        clickhouse: `http://127.0.0.1:${port}`,
        from: new Date(at).toISOString(),
        to: new Date(at + 86_400_000).toISOString(),
        speed: 1_000_000,
        page: 7_000,
      }),
      context: {
        ...testContext({ signals: registry.signals, clock: floor.clock, scheduler }),
        wall: Date,
        intern: (text: string) => floor.intern(text),
      },
      // All of it has been said: it is the past.
      push: () => undefined,
      said: () => undefined,
      open: () => scheduler.open,
      writes: () => asked.filter(sql => !sql.trimStart().startsWith('SELECT')),
      stop: () => {
        proxy.closeAllConnections()
        proxy.close()
      },
    }
  },
})

describe('a replay', () => {
  it('makes of every window the twin events and state changes that were made of it the first time', async () => {
    await fc.assert(
      fc.asyncProperty(tellings, fc.integer({ min: 1, max: 40 }), async (told, page) => {
        const run = ++runs
        const first = made(await record(run, told))
        expect(made(await replayed(run, { page }))).toEqual(first)
        compared += first.events.length
      }),
      { numRuns: propertyRuns / 40 },
    )
    expect(compared).toBeGreaterThan(0)
  })

  it('loses its link where it was lost then, between the same samples, and finds it again', async () => {
    const run = ++runs + 6_000
    const { floor, wall, registry } = floorOf(machinesOf(run), { at: start + run * 86_400_000 })
    await store.upsertDimensions(registry)
    const { index } = registry.signalById(`p${run}-m1.temp`)!
    const keep = (entry: Entry | undefined): void => void (entry && store.append(entry))
    const say = (value: number): void => {
      wall.time += 1_000
      const batch = new SampleBatchBuilder()
      batch.push(index, wall.time, wall.time, value, 0)
      keep(floor.ingest('plc', { kind: 'samples', batch: batch.take() }))
    }
    keep(floor.ingest('plc', { kind: 'connected' }))
    say(70)
    say(71)
    keep(floor.tellSource('plc', { type: 'LOST', reason: 'cut', retryAt: wall.time + 500, time: wall.time }))
    wall.time += 5_000
    keep(floor.ingest('plc', { kind: 'connected' }))
    say(72)
    keep(floor.ingest('plc', { kind: 'stale', signals: [index], since: wall.time }))
    keep(floor.tellSource('plc', { type: 'ENDED', time: wall.time }))
    await store.flush()

    const options = replay.options.parse({
      clickhouse: store.url,
      from: new Date(start + run * 86_400_000).toISOString(),
      to: new Date(start + (run + 1) * 86_400_000).toISOString(),
      speed: 1_000_000,
    })
    const context = { ...testContext({ signals: registry.signals, clock: floor.clock }), wall: Date }
    const told: unknown[] = []
    await lastValueFrom(
      replay.create(options, context).pipe(
        tap(event => {
          if (event.kind === 'samples') told.push(...event.batch.value)
          else if (event.kind === 'interrupted') told.push(event)
          else if (event.kind === 'stale') told.push({ ...event, since: event.since === wall.time })
          else told.push(event.kind)
        }),
      ),
    )
    expect(told).toEqual([
      ...['connected', 70, 71, { kind: 'interrupted', reason: 'cut' }, 'connected', 72],
      ...[{ kind: 'stale', signals: [index], since: true }],
      { kind: 'interrupted', reason: 'It was lost then.' },
    ])
  })

  it('turns what was recorded in another unit into that of here, and leaves out what was something else, and says so', async () => {
    const run = ++runs
    const at = start + run * 86_400_000
    const machine = machinesOf(run)[0]!
    const [temp] = machine.signals
    const { registry, floor } = floorOf([machine])
    const meanings = [{ unit: '°C' }, { unit: 'K' }, { quantity: 'pressure', unit: 'bar' }] as const
    for (const [place, meaning] of meanings.entries()) {
      const index = 40_000_000 + place
      const [registered] = registry.machines
      const signals = [{ ...registered!.signals[0]!, index, signal: { ...temp!, ...meaning } }]
      await store.upsertDimensions({ ...registry, machines: [{ ...registered!, signals }] })
      const batch = new SampleBatchBuilder()
      for (const value of [300, 301]) batch.push(index, at + place * 10, at + place * 10, value, Quality.good)
      store.append({ source: 'plc', samples: batch.take() })
    }
    await store.flush()
    const options = replay.options.parse({
      clickhouse: store.url,
      from: new Date(at).toISOString(),
      to: new Date(at + 86_400_000).toISOString(),
      speed: 1_000_000,
    })
    const context = { ...testContext({ signals: registry.signals, clock: floor.clock }), wall: Date }
    const told: unknown[] = []
    await lastValueFrom(
      replay.create(options, context).pipe(
        tap(event => {
          if (event.kind === 'samples') told.push(...[...event.batch.value].map(value => value.toFixed(2)))
          else told.push(event)
        }),
      ),
    )
    const isReject = (event: unknown): boolean => (event as { kind: string }).kind === 'rejects'
    expect(told.filter(event => typeof event === 'string')).toEqual(['300.00', '301.00', '26.85', '27.85'])
    expect(told.filter(isReject)).toMatchObject([
      {
        rejects: [
          {
            rule: 'replay.other-meaning',
            signal: temp!.id,
            raw: 'pressure in bar',
            reason: expect.stringContaining('was recorded as pressure in bar and is temperature in °C here'),
          },
        ],
      },
    ])
    expect(told).toContainEqual({ kind: 'repeated', rule: 'replay.other-meaning', count: 1 })
  })

  it('says what is wrong where the record has nothing of its plant', async () => {
    const context = testContext({ signals: floorOf(machinesOf(9_999)).registry.signals })
    const options = replay.options.parse({
      clickhouse: store.url,
      from: '2026-01-01T00:00:00Z',
      to: '2026-01-02T00:00:00Z',
    })
    await expect(lastValueFrom(replay.create(options, context))).rejects.toMatchObject({
      name: 'AdapterError',
      code: 'protocol',
      message: expect.stringContaining('knows none of the 4 signals'),
    })
  })

  it('says that nobody answers', async () => {
    const context = testContext({ signals: floorOf(machinesOf(9_999)).registry.signals })
    const options = replay.options.parse({
      clickhouse: 'http://127.0.0.1:1',
      from: '2026-01-01T00:00:00Z',
      to: '2026-01-02T00:00:00Z',
    })
    await expect(lastValueFrom(replay.create(options, context))).rejects.toMatchObject({
      code: 'not-connected',
    })
  })
})

describe('docs/connect/replay.md', () => {
  it('shows a source that replays what is on record as it is written, but for where and when', async () => {
    const page = readFileSync(new URL('../../docs/connect/replay.md', import.meta.url), 'utf8')
    const [, block = ''] = /```yaml\n(.*?)```/s.exec(page)!
    const { past } = (parse(block) as { sources: Record<string, Record<string, unknown>> }).sources
    const { adapter, clock, tags, ...options } = past!
    expect([adapter, clock, tags]).toEqual([replay.kind, 'source', '{machine}.{signal}'])
    expect(replay.options.parse(options)).toMatchObject({ speed: 48 })
    const told = [70, 80, 90].map(what => ({ machine: 1, what, quality: 0, wait: 100, age: 0 }))
    const run = ++runs
    const first = made(await record(run, told))
    expect(made(await replayed(run, options))).toEqual(first)
    expect(first.events.length).toBeGreaterThan(0)
  })
})
