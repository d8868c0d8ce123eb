import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { Database } from '../engine/store/database.js'
import { startEmbedded } from '../engine/store/embedded/embedded.js'
import { migrate } from '../engine/store/migrations/migrate.js'
import { openStore, type Store } from '../engine/store/store.js'
import { SampleBatchBuilder } from '../schema/sample-batch.js'
import { fillStates, fillTelemetry, signals } from './history-data.js'
import { type Benchmark, type Figure, percentile } from './report.js'

const dayMs = 86_400_000
const rate = 20_000
const tickMs = 50
const logger = pino({ level: 'warn' })

export function historyBenchmark(isQuick: boolean): Benchmark {
  const days = isQuick ? 1 : 7
  return {
    name: 'history',
    title: `questions about ${days} days of ${signals.toLocaleString('en')} sensors at 10 s, while ${rate.toLocaleString('en')} samples/s are written`,
    run: say => run(days, isQuick ? 40 : 200, say),
  }
}

async function run(days: number, questions: number, say: (line: string) => void): Promise<readonly Figure[]> {
  const dataDir = mkdtempSync(join(tmpdir(), 'gemba-bench-'))
  try {
    const end = Date.now()
    const rows = await fill(dataDir, days, end, say)
    const startedAt = performance.now()
    const store = await openStore({ dataDir, logger, wall: Date })
    await store.ready
    const start = (performance.now() - startedAt) / 1000
    const writing = write(store)
    try {
      const states = await statesAt(store, end - days * dayMs, end, questions)
      const trend = await trends(store, end - days * dayMs, end, questions)
      return [
        { what: 'samples', measured: rows.toLocaleString('en'), limit: '', isReached: true },
        {
          what: 'start of the store',
          measured: `${start.toFixed(1)} s`,
          limit: '≤ 5 s',
          isReached: start <= 5,
        },
        figure(`trend of a signal over ${days} days in 1,000 points`, trend, 50),
        figure('state of the whole floor at a random instant', states, 500),
      ]
    } finally {
      clearInterval(writing)
      await store.close(1_000)
    }
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
}

async function fill(
  dataDir: string,
  days: number,
  end: number,
  say: (line: string) => void,
): Promise<number> {
  const embedded = await startEmbedded({ path: join(dataDir, 'clickhouse'), logger })
  const database = new Database(embedded.url, embedded.secret)
  try {
    await migrate(database, logger)
    await fillStates(database, days, end)
    return await fillTelemetry(database, days, end, say)
  } finally {
    await database.close()
    await embedded.stop()
  }
}

/** Samples of all signals in turn, for as long as it is not cleared. */
function write(store: Store): NodeJS.Timeout {
  let sent = 0
  return setInterval(() => {
    const builder = new SampleBatchBuilder(2_048)
    const now = Date.now()
    for (let i = 0; i < (rate * tickMs) / 1000; i++) builder.push(sent++ % signals, now, now, 50, 0)
    store.append({ source: 'bench', samples: builder.take() })
  }, tickMs)
}

/** Lengths of questions for one signal after the other, sorted, ms. */
async function trends(store: Store, from: number, to: number, questions: number): Promise<Float64Array> {
  const lengths = new Float64Array(questions)
  for (let i = 0; i < questions; i++) {
    const startedAt = performance.now()
    const [history] = await store.history({
      signals: [(i * 37) % signals],
      from,
      to,
      points: 1_000,
      silences: [30_000],
    })
    lengths[i] = performance.now() - startedAt
    if ((history?.buckets.length ?? 0) < 500) throw new Error(`only ${history?.buckets.length} buckets came`)
  }
  return lengths.sort()
}

/** Lengths of questions for the floor at instants all over the span, sorted, ms. */
async function statesAt(store: Store, from: number, to: number, questions: number): Promise<Float64Array> {
  const lengths = new Float64Array(questions)
  const wanted = Array.from({ length: signals }, (_, signal) => signal)
  for (let i = 0; i < questions; i++) {
    // The golden ratio spreads them evenly, and never over a pattern.
    const at = Math.floor(from + 60_000 + ((i * 0.618_034) % 1) * (to - from - 60_000))
    const startedAt = performance.now()
    const { samples } = await store.floorAt(at, wanted)
    lengths[i] = performance.now() - startedAt
    if (samples.length !== signals) throw new Error(`only ${samples.length} signals were found`)
  }
  return lengths.sort()
}

function figure(what: string, lengths: Float64Array, limit: number): Figure {
  const [median, most] = [percentile(lengths, 0.5), percentile(lengths, 0.95)]
  return {
    what: `${what}, median / p95`,
    measured: `${median.toFixed(0)} / ${most.toFixed(0)} ms`,
    limit: `p95 ≤ ${limit} ms`,
    isReached: most <= limit,
  }
}
