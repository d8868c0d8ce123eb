import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises'
import { simulate } from '../../adapters/simulator/adapter.js'
import { simulatorOptions } from '../../adapters/simulator/config.js'
import type { DueSamples } from '../../adapters/simulator/paced.js'
import type { Clock } from '../../schema/clock.js'
import type { Plant } from '../../schema/plant.js'
import type { Entry } from '../../schema/records.js'
import type { LiveFloor } from '../floor/live-floor.js'
import type { Store } from '../store/store.js'
import { joined } from './joined-entry.js'

/** The floor takes so much of its time at once, ms. */
const stride = 60_000
/** All twins are saved this often, ms of the floor's time: from there an interrupted past goes on. */
const savePeriod = 3_600_000
/** The store may be so many segments behind; then the past waits for it. */
const segmentsBehind = 6
/** Samples in one batch. */
const batchLimit = 1_000_000

export interface PastParts {
  readonly floor: LiveFloor
  readonly store: Pick<Store, 'status' | 'commit'>
  /** As `pastPlant` makes it. */
  readonly plant: Plant
  /** Begin and end, Unix ms. */
  readonly from: number
  readonly to: number
  /** Up to here the twins have been saved in an earlier run, Unix ms; `from` at the first. */
  readonly done: number
  /** Samples of this past that are accepted already. */
  readonly accepted: number
  append(entry: Entry): void
  /** All that the floor remembers, for replays. */
  checkpoint(): Iterable<Entry>
  /** All twins are about to be saved as of `time`, or have been. */
  onSaving(time: number): void
  onSaved(time: number): void
  onProgress(time: number, samples: number): void
}

/**
 * Lets a simulated plant live from `from` to `to`, as fast as the store takes what happens: through the same twins as
 * a floor that is watched, whose clock its sources drive. Samples are the same for the same plan, however often it was
 * interrupted: what an earlier run brought into the store is lived again without being stored again. Returns the
 * number of samples of the whole past so far, and when it got to.
 */
export async function livePast(
  parts: PastParts,
  signal: AbortSignal,
): Promise<{ readonly samples: number; readonly time: number }> {
  const { floor, from, to, done, accepted, store } = parts
  // Samples are received at the end of their stride, when the floor hears of them.
  let received = from
  const clock = { now: () => received }
  const sources = parts.plant.sources.map(({ id, options }) => ({
    id,
    due: simulation(id, options, clock, parts.floor),
  }))
  let samples = 0
  for (const { id } of sources) {
    const entry = floor.ingest(id, { kind: 'connected' })
    if (entry !== undefined && accepted === 0) parts.append(entry)
  }
  for (let time = from; time < to; ) {
    if (signal.aborted) return { samples, time }
    time = Math.min(time + stride, to)
    received = time
    const entries: Entry[] = []
    for (const { id, due } of sources) {
      const { batch, reports } = takeAll(due, time - from)
      samples += batch.count
      // The twins of this time are restored from their snapshots, and what they made of it is in the store.
      if (time <= done) continue
      const isStored = samples <= accepted
      const told = floor.ingest(id, { kind: 'samples', batch })
      const damage = reports.length > 0 ? floor.ingest(id, { kind: 'damage', reports }) : undefined
      const isLast = id === sources.at(-1)!.id
      const entry = joined(id, [told, damage, isLast ? floor.tick() : undefined])
      if (!isStored && entry !== undefined) entries.push(entry)
    }
    for (const entry of entries) parts.append(entry)
    if (time > done && (time === to || (time - from) % savePeriod === 0)) await save(parts, time)
    await breathe(parts, time, samples)
    while (store.status().segmentsWaiting > segmentsBehind && !signal.aborted) await pause(10)
  }
  return { samples, time: to }
}

async function breathe({ onProgress }: PastParts, time: number, samples: number): Promise<void> {
  onProgress(time, samples)
  // Lets the spool commit, the worker threads answer, and Ctrl-C be heard.
  await turn()
}

async function save(parts: PastParts, time: number): Promise<void> {
  parts.onSaving(time)
  const entry = parts.floor.snapshot()
  if (entry !== undefined) parts.append(entry)
  for (const piece of parts.checkpoint()) parts.append(piece)
  await parts.store.commit()
  parts.onSaved(time)
}

function simulation(
  source: string,
  options: Readonly<Record<string, unknown>>,
  clock: Clock,
  floor: LiveFloor,
): DueSamples {
  const signals = floor.registry.signals.filter(({ signal }) => signal.source === source)
  const intern = (text: string): number => floor.intern(text)
  const { plant } = floor
  return simulate(simulatorOptions.parse(options), { source, plant, signals, clock, wall: clock, intern })
}

function takeAll(due: DueSamples, elapsed: number) {
  const batch = due.take(elapsed, batchLimit)
  const reports = due.takeEvents?.().flatMap(event => (event.kind === 'damage' ? event.reports : []))
  return { batch, reports: reports ?? [] }
}
