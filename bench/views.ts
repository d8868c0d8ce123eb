import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { emptyIndexBook, makeRegistry } from '../engine/floor/registry.js'
import { Database } from '../engine/store/database.js'
import { writeDimensions } from '../engine/store/dimensions.js'
import { startEmbedded } from '../engine/store/embedded/embedded.js'
import { migrate } from '../engine/store/migrations/migrate.js'
import { databaseName } from '../schema/tables/definition.js'
import { limitViews } from '../schema/tables/detection.js'
import { trendViews } from '../schema/tables/detection-trends.js'
import { machineHealthDashboard } from '../schema/tables/machine-health.js'
import { fill, keptFolder } from './history.js'
import { loadPlant } from './load-plant.js'
import type { Benchmark, Figure } from './report.js'
import { cpuOfProcess } from './rig.js'

const logger = pino({ level: 'warn' })
const rounds = 3

export function viewsBenchmark(isQuick: boolean): Benchmark {
  const days = isQuick ? 1 : 7
  return {
    name: 'views',
    title: `Everything the detection views find in ${days} days of the reference plant: CPU of the database`,
    run: say => run(days, say),
  }
}

async function run(days: number, say: (line: string) => void): Promise<readonly Figure[]> {
  const data = mkdtempSync(join(tmpdir(), 'gemba-bench-'))
  try {
    const plant = loadPlant(1, 1, 1)
    const source = keptFolder ?? data
    if (!existsSync(join(source, 'clickhouse'))) await fill(source, plant, days, Date.now(), say)
    if (source !== data) cpSync(source, data, { recursive: true })
    const embedded = await startEmbedded({ path: join(data, 'clickhouse'), logger })
    const database = new Database(embedded.url, embedded.secret)
    try {
      await migrate(database, logger)
      await limit(database, plant)
      const figures: Figure[] = []
      for (const { name } of [...limitViews, ...trendViews, machineHealthDashboard]) {
        const taken: number[] = []
        let found = 0
        for (let i = 0; i < rounds; i++) {
          const before = cpuOfProcess(embedded.pid!)
          found = (await database.query(`SELECT * FROM ${databaseName}.${name}`)).length
          taken.push(cpuOfProcess(embedded.pid!) - before)
        }
        const least = Math.min(...taken)
        say(`${name}: ${found} rows`)
        const isBound = name !== machineHealthDashboard.name
        figures.push({
          what: `${name}, the least of ${rounds}`,
          measured: `${least.toFixed(2)} s`,
          limit: isBound ? '≤ 1 s' : '',
          isReached: !isBound || least <= 1,
        })
      }
      return figures
    } finally {
      await database.close()
      await embedded.stop()
    }
  } finally {
    rmSync(data, { recursive: true, force: true })
  }
}

/** Machines and signals, where nobody has told them yet; their limits then lie where the days' course comes near them. */
async function limit(database: Database, plant: Parameters<typeof makeRegistry>[0]): Promise<void> {
  const [known] = await database.query<{ rows: string }>(
    `SELECT toString(count()) AS rows FROM ${databaseName}.signals`,
  )
  if (known!.rows !== '0') return
  await writeDimensions(database, makeRegistry(plant, emptyIndexBook).registry, 0)
  const moved = (side: string, by: number): string =>
    `if(${side} IS NULL, NULL, 50 + signal % 7 + ${by}) AS ${side}`
  await database.command(
    `INSERT INTO ${databaseName}.signals SELECT * REPLACE (
      ${moved('warning_low', -9.5)}, ${moved('critical_low', -10.3)},
      ${moved('warning_high', 9)}, ${moved('critical_high', 10.3)}, now64(3) AS updated)
    FROM ${databaseName}.signals FINAL`,
  )
  await database.command(`OPTIMIZE TABLE ${databaseName}.signals FINAL`)
}
