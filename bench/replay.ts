import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { pino } from 'pino'
import { adapterDefinitions } from '../adapters/list.js'
import { Dictionary } from '../engine/floor/dictionary.js'
import { FloorClock } from '../engine/floor/floor-clock.js'
import { LiveFloor } from '../engine/floor/live-floor.js'
import { emptyIndexBook, makeRegistry } from '../engine/floor/registry.js'
import { ReplayRoom } from '../engine/gateway/replay-room.js'
import { pastPlant } from '../engine/past/past-plant.js'
import { SimulatedSource } from '../engine/past/simulated-source.js'
import { Checkpoints } from '../engine/replay/checkpoints.js'
import { Replayer, type ReplayGround } from '../engine/replay/replayer.js'
import { plantVersion } from '../engine/store/plant-versions.js'
import { openStore, type Store } from '../engine/store/store.js'
import type { Entry } from '../schema/records.js'
import { referencePlant } from '../schema/reference-plant/reference-plant.js'
import { Lives } from '../workers/lives.js'
import type { Benchmark, Figure } from './report.js'
import { cpuOfEngine } from './rig.js'

const logger = pino({ level: 'warn' })
const speed = 60
const minute = 60_000
/** A Thursday, ten in the morning UTC. */
const start = Date.UTC(2026, 0, 8, 10)
/** As the simulator tells, the floor ticks and the house is kept, ms. */
const told = 100
const ticked = 300
const kept = 1_000
/** A tick of the stream, and how long replays may work in it, in slices, ms. */
const tick = 100
const budget = 45
const slice = 6

export function replayBenchmark(isQuick: boolean): Benchmark {
  const minutes = isQuick ? 6 : 31
  return {
    name: 'replay',
    title: `${minutes - 1} minutes of the reference plant, every sensor each second, lived again at ${speed} times their speed`,
    run: say => run(minutes, say),
  }
}

async function run(minutes: number, say: (line: string) => void): Promise<readonly Figure[]> {
  const data = mkdtempSync(join(tmpdir(), 'gemba-bench-'))
  const store = await openStore({ dataDir: data, logger, wall: Date })
  try {
    const to = start + minutes * minute
    const window = { from: start + minute, to }
    const { ground, lived, samples } = await live(store, to)
    await store.flush()
    say(`${samples.toLocaleString('en')} samples are on record`)
    const first = made(lived.filter(({ ts }) => ts >= window.from).map(({ entry }) => entry))
    const paced = await replay(ground, window, true)
    const fast = await replay(ground, window, false)
    const events = first.events.length + first.changes.length
    const isSame = [paced, fast].every(again => isDeepStrictEqual(again.made, first))
    return [
      {
        what: 'twin events and changes of state as they were the first time',
        measured: isSame ? `all ${events.toLocaleString('en')}` : 'others',
        limit: 'all',
        isReached: isSame && events > 0,
      },
      figure(`pace at ${speed} times`, `${paced.times.toFixed(1)} times`),
      figure('furthest behind', `${(paced.behind / speed / 1000).toFixed(2)} s`),
      {
        what: `CPU of engine and store at ${speed} times`,
        measured: `${(paced.cpu * 100).toFixed(0)} % of a core`,
        limit: '≤ 50 % of a core',
        isReached: paced.cpu <= 0.5,
      },
      figure('as fast as it can', `${fast.times.toFixed(0)} times real time`),
    ]
  } finally {
    await store.close()
    rmSync(data, { recursive: true, force: true })
  }
}

interface Lived {
  readonly ts: number
  readonly entry: Entry
}

/** A floor whose simulated machines tell ten times a second, as they do live, on a clock that need not wait; and its record. */
async function live(
  store: Store,
  to: number,
): Promise<{ ground: ReplayGround; lived: Lived[]; samples: number }> {
  const past = pastPlant(referencePlant(), adapterDefinitions, { seed: 1, start, period: 1_000 })
  const plant = { ...past, sources: past.sources.map(source => ({ ...source, clock: 'wall' as const })) }
  const version = plantVersion(plant)
  const wall = { time: start, now: () => wall.time }
  const clock = new FloorClock(wall, 'wall')
  const dictionary = new Dictionary([])
  const { registry, book } = makeRegistry(plant, emptyIndexBook)
  const simulated = new Set(plant.sources.map(({ id }) => id))
  const floor = new LiveFloor({ plant, registry, dictionary, clock, wall, simulated })
  const checkpoints = new Checkpoints(floor, version.hash, wall)
  const sources = plant.sources.map(source => new SimulatedSource(source, floor))
  const lives = new Lives(sources, 0)
  const lived: Lived[] = []
  let samples = 0
  const keep = (entry: Entry | undefined): void => {
    if (entry === undefined) return
    store.append(entry)
    const { samples: _, snapshots: __, ...rest } = entry
    lived.push({ ts: clock.now(), entry: rest })
  }
  for (const entry of checkpoints.start()) store.append(entry)
  for (const { id } of sources) keep(floor.ingest(id, { kind: 'connected' }))
  for (let time = start + told; time < to; time += told) {
    wall.time = time
    const stretches = await lives.advance(time)
    for (const [i, source] of sources.entries()) {
      const { reports, runs } = stretches[i]!
      const batch = source.batch(stretches[i]!, lives.words[i]!, time)
      samples += batch.count
      if (batch.count > 0) keep(floor.ingest(source.id, { kind: 'samples', batch }))
      if (runs.length > 0) keep(floor.ingest(source.id, { kind: 'runs', runs }))
      if (reports.length > 0) keep(floor.ingest(source.id, { kind: 'damage', reports }))
    }
    if ((time - start) % ticked === 0) keep(floor.tick())
    if ((time - start) % kept !== 0) continue
    const entry = checkpoints.step()
    if (entry !== undefined) store.append(entry)
    await turn()
    while (store.status().segmentsWaiting > 6) await pause(10)
  }
  keep(floor.snapshot())
  await lives.close()
  const ground = {
    store,
    plantOf: async () => plant,
    indexes: () => book,
    texts: () => textsOf(dictionary),
    simulated: () => simulated,
    wall: { now: () => performance.now() },
  }
  return { ground, lived, samples }
}

function* textsOf(dictionary: Dictionary): Generator<readonly [number, string]> {
  for (let code = 0; dictionary.text(code) !== undefined; code++) yield [code, dictionary.text(code)!]
}

/** Everything that twins and watches made, in order. */
const made = (entries: readonly Entry[]) => ({
  events: entries.flatMap(({ twinEvents = [] }) => twinEvents),
  changes: entries.flatMap(({ stateChanges = [] }) => stateChanges),
  faults: entries.flatMap(({ rows }) => rows?.fault_events ?? []),
  parts: entries.flatMap(({ rows }) => rows?.production_events ?? []),
  health: entries.flatMap(({ rows }) => rows?.sensor_health ?? []),
})

/** In slices of ticks, as the stream lets clients' replays go on; or without a pause. */
async function replay(
  ground: ReplayGround,
  window: { readonly from: number; readonly to: number },
  isPaced: boolean,
): Promise<{ made: ReturnType<typeof made>; times: number; behind: number; cpu: number }> {
  const { wall } = ground
  const entries: Entry[] = []
  const replayer = await Replayer.begin(ground, window, { onEntry: entry => entries.push(entry) })
  const cpu = cpuOfEngine()
  const began = wall.now()
  const room = new ReplayRoom({ replayer, wall, speed, isHeld: false })
  let behind = 0
  while (!replayer.isOver) {
    if (!isPaced) {
      replayer.advance(window.to, slice)
      await (replayer.isOver ? undefined : turn())
      continue
    }
    const ticks = Math.floor((wall.now() - began) / tick) + 1
    await pause(Math.max(0, began + ticks * tick - wall.now()))
    const due = Math.min(window.to, window.from + (wall.now() - began) * speed)
    for (let spent = 0; spent < budget && !replayer.isOver; ) {
      const from = wall.now()
      if (room.advance(slice) !== 'behind') break
      spent += Math.max(1, wall.now() - from)
      await turn()
    }
    behind = Math.max(behind, due - room.at)
  }
  const took = wall.now() - began
  return {
    made: made(entries),
    times: (window.to - window.from) / took,
    behind,
    cpu: (cpuOfEngine() - cpu) / (took / 1000),
  }
}

const figure = (what: string, measured: string): Figure => ({ what, measured, limit: '', isReached: true })
