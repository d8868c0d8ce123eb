import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import type { Engine } from '../engine/engine.js'
import { findScope } from '../engine/kpi/scope.js'
import { Database } from '../engine/store/database.js'
import { startEmbedded } from '../engine/store/embedded/embedded.js'
import { migrate } from '../engine/store/migrations/migrate.js'
import type { Plant } from '../schema/plant.js'
import { databaseName } from '../schema/tables/definition.js'
import { fillFigures, fillStates, fillTelemetry, signals } from './history-data.js'
import { loadPlant } from './load-plant.js'
import { type Benchmark, type Figure, percentile } from './report.js'
import { startRig } from './rig.js'
import { merged } from './store.js'

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const rate = 20_000
const logger = pino({ level: 'warn' })

export function historyBenchmark(isQuick: boolean): Benchmark {
  const days = isQuick ? 1 : 7
  return {
    name: 'history',
    title: `questions to the API about ${days} days of ${signals.toLocaleString('en')} sensors at 10 s, while ${rate.toLocaleString('en')} samples/s are written`,
    run: say => run(days, isQuick ? 40 : 200, say),
  }
}

/**
 * A folder with such a past, to be asked again without making it anew: that of an earlier run, or one of `gemba
 * simulate`. Where there is none yet it is made there. What is written meanwhile goes into a copy.
 */
export const keptFolder = process.env.GEMBA_BENCH_PAST

async function run(days: number, questions: number, say: (line: string) => void): Promise<readonly Figure[]> {
  const dataDir = mkdtempSync(join(tmpdir(), 'gemba-bench-'))
  try {
    const plant = loadPlant(1, rate, Number.MAX_SAFE_INTEGER)
    const source = keptFolder ?? dataDir
    if (!existsSync(join(source, 'clickhouse'))) await fill(source, plant, days, Date.now(), say)
    if (source !== dataDir) cpSync(source, dataDir, { recursive: true })
    const startedAt = performance.now()
    const { engine, stop } = await startRig(plant, dataDir)
    const start = (performance.now() - startedAt) / 1000
    say(`started in ${start.toFixed(1)} s`)
    try {
      const { rows, end } = await pastOf(engine)
      const begin = end - days * dayMs
      const ask = (path: string): Promise<number> => timed(`${engine.url}/api/v1/${path}`)
      const range = (from: number, to: number): string => `from=${iso(from)}&to=${iso(to)}`
      const ids = engine.floor.registry.signals.map(({ signal }) => signal.id)
      const askTrend = (i: number): Promise<number> =>
        ask(`signals/${ids[(i * 37) % ids.length]}/history?${range(begin, end)}&points=1000`)
      // Code that was never run and files that were never read, in the seconds after a start.
      const cold = await lengths(questions / 2, askTrend)
      const trend = await lengths(questions, i => askTrend(i + questions / 2))
      say('trends asked')
      const states = await lengths(questions, i => {
        // The golden ratio spreads them evenly, and never over a pattern.
        const at = Math.floor(begin + 60_000 + ((i * 0.618_034) % 1) * (end - begin - 60_000))
        return ask(`state?at=${iso(at)}`)
      })
      say('states asked')
      const oee = await lengths(questions, () => {
        const now = engine.floor.clock.now()
        return ask(`kpis/oee?by=machine&${range(now - days * dayMs, now)}`)
      })
      const { accepted } = engine.intake.health.get('simulator')!
      const seconds = (performance.now() - startedAt) / 1000 - start
      return [
        { what: 'samples', measured: rows.toLocaleString('en'), limit: '', isReached: true },
        {
          what: 'start of the engine',
          measured: `${start.toFixed(1)} s`,
          limit: '≤ 5 s',
          isReached: start <= 5,
        },
        figure(`trend of a signal over ${days} days in 1,000 points`, trend, 50),
        figure(`the first ${cold.length} of them, in the seconds after a start`, cold),
        figure('state of the whole floor at a random instant', states, 500),
        figure(`OEE by machine for ${days} days`, oee, 200),
        {
          what: 'written meanwhile',
          measured: `${Math.round(accepted / seconds).toLocaleString('en')} samples/s`,
          limit: `≥ ${(rate * 0.95).toLocaleString('en')}`,
          isReached: accepted / seconds >= rate * 0.95,
        },
      ]
    } finally {
      await stop()
    }
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
}

/** How many samples the past has, and when it ends, Unix ms; before many have come to it. */
async function pastOf({ store }: Engine): Promise<{ rows: number; end: number }> {
  const [found] = await store.query<{ rows: string; end: string }>(
    `SELECT sum(p.count) AS rows, toString(toUnixTimestamp(max(minute))) AS end
    FROM ${databaseName}.telemetry_1m_parts AS p
    WHERE minute < toDateTime({before:UInt32}, 'UTC')`,
    // The engine was started a moment ago, and rolls up what it takes.
    { before: Math.floor(Date.now() / 1000) - 120 },
  )
  return { rows: Number(found!.rows), end: (Number(found!.end) + 60) * 1000 }
}

export async function fill(
  dataDir: string,
  plant: Plant,
  days: number,
  end: number,
  say: (line: string) => void,
): Promise<void> {
  mkdirSync(dataDir, { recursive: true })
  const embedded = await startEmbedded({ path: join(dataDir, 'clickhouse'), logger })
  const database = new Database(embedded.url, embedded.secret)
  try {
    await migrate(database, logger)
    const { machines } = findScope(plant, 'enterprise')!
    await fillStates(database, machines, days, end)
    await fillFigures(database, machines, days, end)
    await fillTelemetry(database, days, end, say)
    // A past of days was merged while it came.
    await merged(database)
  } finally {
    await database.close()
    await embedded.stop()
  }
}

const iso = (time: number): string => new Date(time).toISOString()

/** How long an answer takes, ms, its last byte included. */
async function timed(url: string): Promise<number> {
  const startedAt = performance.now()
  const answer = await fetch(url)
  const body = await answer.arrayBuffer()
  if (answer.status !== 200) throw new Error(`${url}: ${answer.status} ${Buffer.from(body).toString()}`)
  return performance.now() - startedAt
}

/** Of questions asked one after the other, sorted, ms. */
async function lengths(questions: number, ask: (i: number) => Promise<number>): Promise<Float64Array> {
  const taken = new Float64Array(questions)
  for (let i = 0; i < questions; i++) taken[i] = await ask(i)
  return taken.sort()
}

function figure(what: string, lengths: Float64Array, limit = Number.POSITIVE_INFINITY): Figure {
  const [median, most] = [percentile(lengths, 0.5), percentile(lengths, 0.95)]
  return {
    what: `${what}, median / p95`,
    measured: `${median.toFixed(0)} / ${most.toFixed(0)} ms`,
    limit: limit === Number.POSITIVE_INFINITY ? '' : `p95 ≤ ${limit} ms`,
    isReached: most <= limit,
  }
}
