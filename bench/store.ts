import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { pino } from 'pino'
import { Database } from '../engine/store/database.js'
import { type Embedded, startEmbedded } from '../engine/store/embedded/embedded.js'
import { migrate } from '../engine/store/migrations/migrate.js'
import { RollUp } from '../engine/store/roll-up.js'
import { Spool } from '../engine/store/spool/spool.js'
import { referencePlant } from '../schema/reference-plant/reference-plant.js'
import { type SampleBatch, SampleBatchBuilder } from '../schema/sample-batch.js'
import { databaseName } from '../schema/tables/definition.js'
import { telemetry } from '../schema/tables/telemetry.js'
import { Behaviour, behaviourMachines } from '../twins/behaviour/behaviour.js'
import { buildBlocks } from '../workers/spool/block-builder.js'
import type { Benchmark, Figure } from './report.js'
import { cpuOfProcess } from './rig.js'

/** About what a segment holds at 50,000 samples a second. */
const blockSamples = 75_000
const leastRate = 300_000
const mostBytes = 3
const mostSpoolMicroseconds = 1
const start = Date.UTC(2026, 10, 20, 6)
const logger = pino({ level: 'warn' })

export function storeBenchmark(isQuick: boolean): Benchmark {
  const blocks = isQuick ? 40 : 200
  return {
    name: 'store',
    title: `${(blocks * blockSamples).toLocaleString('en')} samples of the simulator's sensors into the spool and into telemetry`,
    run: say => run(blocks, say),
  }
}

async function run(blocks: number, say: (line: string) => void): Promise<readonly Figure[]> {
  const batches = simulated(blocks)
  say('simulated')
  const spool = await spoolCost(batches)
  const bare = await insertCost(batches, async database => {
    const columns = telemetry.columns.map(({ name, type }) => `${name} ${type}`).join(', ')
    await database.command(
      `CREATE TABLE ${databaseName}.telemetry (${columns}) ENGINE = MergeTree ORDER BY (signal, ts)`,
    )
  })
  say(`bare: ${perSecond(bare.rate)}`)
  const full = await insertCost(batches, database => migrate(database, logger), true)
  return [
    {
      what: 'insert into telemetry, minutes rolled up, merges included',
      measured: `${perSecond(full.rate)} rows/s on one core`,
      limit: `≥ ${leastRate.toLocaleString('en')}`,
      isReached: full.rate >= leastRate,
    },
    {
      what: 'the same rows into a bare table',
      measured: `${perSecond(bare.rate)} rows/s on one core`,
      limit: '',
      isReached: true,
    },
    { what: 'ratio', measured: (bare.rate / full.rate).toFixed(2), limit: '', isReached: true },
    {
      what: 'on disk, telemetry',
      measured: `${full.bytes.toFixed(2)} bytes per sample`,
      limit: `≤ ${mostBytes}`,
      isReached: full.bytes <= mostBytes,
    },
    {
      what: 'on disk, bare table',
      measured: `${bare.bytes.toFixed(2)} bytes per sample`,
      limit: '',
      isReached: true,
    },
    {
      what: 'spool, commits to the disk included',
      measured: `${spool.toFixed(3)} µs CPU per sample`,
      limit: `≤ ${mostSpoolMicroseconds}`,
      isReached: spool <= mostSpoolMicroseconds,
    },
  ]
}

/** What the reference plant's sensors say, in batches of one block. */
function simulated(blocks: number): SampleBatch[] {
  const machines = behaviourMachines(referencePlant(), signal => signal.role === 'sensor')
  const behaviour = new Behaviour(machines, { seed: 1, start })
  return Array.from({ length: blocks }, () => {
    const builder = new SampleBatchBuilder(blockSamples + 1_000)
    behaviour.advance(
      Number.POSITIVE_INFINITY,
      (signal, time, value) => builder.push(signal, time, time + 20, value, 0),
      blockSamples,
    )
    return builder.take()
  })
}

/** CPU microseconds per sample for accepting batches as a source of 50,000 samples a second brings them. */
async function spoolCost(batches: readonly SampleBatch[]): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'gemba-bench-'))
  try {
    const spool = await Spool.open({ folder, wall: Date, logger, limitBytes: 100 * 1024 ** 3 }, async () => ({
      nextSample: 1,
      nextRecord: 1,
    }))
    const pieces = batches.slice(0, 20).flatMap(batch => split(batch, 2_500))
    const before = process.cpuUsage()
    for (const [i, samples] of pieces.entries()) {
      spool.append({ source: 's', samples })
      if (i % 4 === 3) await spool.commit()
    }
    await spool.close()
    const { user, system } = process.cpuUsage(before)
    return (user + system) / pieces.reduce((sum, { count }) => sum + count, 0)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function split(batch: SampleBatch, size: number): SampleBatch[] {
  return Array.from({ length: Math.ceil(batch.count / size) }, (_, i) => {
    const [from, to] = [i * size, Math.min(batch.count, (i + 1) * size)]
    return {
      count: to - from,
      signal: batch.signal.slice(from, to),
      sourceTime: batch.sourceTime.slice(from, to),
      receiveTime: batch.receiveTime.slice(from, to),
      value: batch.value.slice(from, to),
      quality: batch.quality.slice(from, to),
    }
  })
}

/** Rows that one core inserts in a second, merges included, and what they take on the disk. */
async function insertCost(
  batches: readonly SampleBatch[],
  prepare: (database: Database) => Promise<void>,
  isRolledUp = false,
): Promise<{ readonly rate: number; readonly bytes: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'gemba-bench-'))
  let embedded: Embedded | undefined
  let database: Database | undefined
  try {
    embedded = await startEmbedded({ path: folder, logger })
    database = new Database(embedded.url, embedded.secret)
    await prepare(database)
    const rollUp = new RollUp(database)
    const before = cpuOfProcess(embedded.pid!)
    let rows = 0
    for (const [i, samples] of batches.entries()) {
      const entry = { kind: 'entry', firstSample: rows + 1, firstRecord: 1, stored: Date.now() } as const
      const [block] = buildBlocks([{ ...entry, entry: { source: 's', samples } }])
      await database.insertBlock('telemetry', block!.body, `block-${i}`)
      rows += samples.count
      if (isRolledUp) await rollUp.after(samples.count, performance.now())
    }
    await merged(database)
    const rate = rows / (cpuOfProcess(embedded.pid!) - before)
    const [size] = await database.query<{ bytes: string }>(
      `SELECT sum(bytes_on_disk) AS bytes FROM system.parts WHERE database = '${databaseName}' AND table = 'telemetry' AND active`,
    )
    return { rate, bytes: Number(size!.bytes) / rows }
  } finally {
    await database?.close()
    await embedded?.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Until no merge has run for a second. */
export async function merged(database: Database): Promise<void> {
  for (let idle = 0; idle < 10; idle++) {
    const [row] = await database.query<{ n: string }>('SELECT count() AS n FROM system.merges')
    if (Number(row!.n) > 0) idle = 0
    await wait(100)
  }
}

const perSecond = (rate: number): string => Math.round(rate).toLocaleString('en')
