import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises'
import type { Plant } from '../../schema/plant.js'
import type { Entry } from '../../schema/records.js'
import { Lives } from '../../workers/lives.js'
import type { Stretch } from '../../workers/stretch.js'
import type { LiveFloor } from '../floor/live-floor.js'
import type { KpiBook } from '../kpi/kpi-book.js'
import { recordSettled } from '../kpi/kpi-keeper.js'
import type { Store } from '../store/store.js'
import { joined } from './joined-entry.js'
import { SimulatedSource } from './simulated-source.js'

/** The floor takes so much of its time at once, ms: the longest in which no more than `batchLimit` samples fall due. */
const strides = [60_000, 10_000, 1_000, 100, 10, 1]
/** All twins are saved, and complete hours written down, this often, ms of the floor's time. */
const savePeriod = 3_600_000
/** The store may be so many segments behind; then the past waits for it. */
const segmentsBehind = 6
/** Samples in one batch, about. */
const batchLimit = 1_000_000

export interface PastParts {
  readonly floor: LiveFloor
  readonly kpis: KpiBook
  readonly store: Pick<Store, 'status' | 'commit'>
  /** As `pastPlant` makes it. */
  readonly plant: Plant
  /** Begin and end, Unix ms. */
  readonly from: number
  readonly to: number
  /** Samples of this past that are accepted already. */
  readonly accepted: number
  /** Threads that the machines are simulated on, a stride ahead of the floor; 0 = none but this. */
  readonly workers: number
  append(entry: Entry): void
  /** All that the floor remembers, for replays, without what an earlier run has stored of it. */
  checkpoint(): Iterable<Entry>
  /** Everything up to `time` is durable. */
  onSaved(time: number): void
  onProgress(progress: PastProgress): void
}

export interface PastProgress {
  /** The floor's time, Unix ms, and the samples up to it, those of earlier runs included. */
  readonly time: number
  readonly samples: number
  /** What an earlier run has stored is lived once more. */
  readonly isAgain: boolean
}

/**
 * Lets a simulated plant live from `from` to `to`, as fast as the store takes what happens: through the same twins as
 * a floor that is watched, whose clock its sources drive. An interrupted past is lived again from its begin, so that
 * every twin and every ledger is what it would be without the interruption; what an earlier run brought into the store
 * is not stored again. Each entry holds samples, and all that followed from them: so their number tells what is there.
 * Returns the number of samples of the whole past so far, and when it got to.
 */
export async function livePast(
  parts: PastParts,
  signal: AbortSignal,
): Promise<{ readonly samples: number; readonly time: number }> {
  const sources = parts.plant.sources.map(source => new SimulatedSource(source, parts.floor))
  const lives = new Lives(sources, parts.workers)
  try {
    return await live(parts, sources, lives, signal)
  } finally {
    await lives.close()
  }
}

async function live(
  parts: PastParts,
  sources: readonly SimulatedSource[],
  lives: Lives,
  signal: AbortSignal,
): Promise<{ readonly samples: number; readonly time: number }> {
  const { floor, kpis, from, to, accepted, store } = parts
  const last = sources.at(-1)!
  const stride = strideOf(parts.plant)
  let samples = 0
  // What came without samples goes with the next that has some.
  let waiting: Entry[] = []
  for (const { id } of sources) waiting.push(...entriesOf(floor.ingest(id, { kind: 'connected' })))
  const liveUpTo = (end: number): Promise<readonly Stretch[]> => {
    const stretches = lives.advance(end)
    // Nobody waits for it after an interruption.
    stretches.catch(() => undefined)
    return stretches
  }
  let coming = liveUpTo(Math.min(from + stride, to))
  for (let time = from; time < to; ) {
    if (signal.aborted) return { samples, time }
    time = Math.min(time + stride, to)
    const stretches = await coming
    if (time < to) coming = liveUpTo(Math.min(time + stride, to))
    const isSaved = time === to || (time - from) % savePeriod === 0
    for (const [i, source] of sources.entries()) {
      const { reports, runs } = stretches[i]!
      // Samples are received at the end of their stride, when the floor hears of them.
      const batch = source.batch(stretches[i]!, lives.words[i]!, time)
      samples += batch.count
      const told = [
        floor.ingest(source.id, { kind: 'samples', batch }),
        // What is told before a machine is heard of has to be read back from the store.
        runs.length > 0 ? floor.ingest(source.id, { kind: 'runs', runs }) : undefined,
        reports.length > 0 ? floor.ingest(source.id, { kind: 'damage', reports }) : undefined,
        source === last ? floor.tick() : undefined,
      ]
      for (const entry of told.flatMap(entriesOf)) {
        kpis.take(entry)
        waiting.push(entry)
      }
      if (source === last && isSaved) waiting.push(...settled(kpis), ...entriesOf(floor.snapshot()))
      if (batch.count === 0 && time < to) continue
      const entry = joined(source.id, waiting)
      waiting = []
      if (samples > accepted && entry !== undefined) parts.append(entry)
    }
    const isAgain = samples <= accepted
    // The run before may have been cut between its last samples and what the floor remembered after them.
    if (isSaved && samples >= accepted) {
      for (const piece of parts.checkpoint()) parts.append(piece)
      await store.commit()
      parts.onSaved(time)
    }
    parts.onProgress({ time, samples, isAgain })
    // Lets the spool commit, the worker threads answer, and Ctrl-C be heard.
    await turn()
    while (store.status().segmentsWaiting > segmentsBehind && !signal.aborted) await pause(10)
  }
  return { samples, time: to }
}

function strideOf({ sites }: Plant): number {
  const signals = sites
    .flatMap(({ areas }) => areas)
    .flatMap(({ lines }) => lines)
    .flatMap(({ machines }) => machines)
    .flatMap(machine => machine.signals)
  const perMs = signals.reduce((sum, { period }) => sum + (period > 0 ? 1 / period : 1 / 1_000), 0)
  return strides.find(stride => stride * perMs <= batchLimit) ?? strides.at(-1)!
}

const entriesOf = (entry: Entry | undefined): Entry[] => (entry === undefined ? [] : [entry])

/** The hours and stops that are complete by now. */
function settled(kpis: KpiBook): Entry[] {
  const entries: Entry[] = []
  kpis.advance()
  recordSettled(kpis, entry => entries.push(entry))
  return entries
}
