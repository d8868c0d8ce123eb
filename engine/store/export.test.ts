import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { telemetry } from '../../schema/tables/telemetry.js'
import { twinSnapshots } from '../../schema/tables/twins.js'
import type { Database } from './database.js'
import { type ExportOptions, exportTable } from './export.js'
import { openTestDatabase, type TestDatabase } from './your-clickhouse.fixture.js'

const begin = Date.UTC(2026, 10, 20, 22, 30)
const hour = 3_600_000
let root: string
let opened: TestDatabase
let database: Database

/** A press that was written down three times and a saw that was once, in parts that the database may not merge. */
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'gemba-export-'))
  opened = await openTestDatabase()
  database = opened.database
  await database.command('SYSTEM STOP MERGES gemba.twin_snapshots')
  const told = [
    ['press', begin, 1],
    ['saw', begin, 2],
    ['press', begin + hour, 3],
    ['press', begin + 2 * hour, 4],
  ]
  for (const [name, time, seq] of told) {
    await database.command(
      `INSERT INTO gemba.twin_snapshots (address, ts, definition, version, snapshot, seq, stored)
      VALUES ('machine:${name}', fromUnixTimestamp64Milli(${time}), 'machine', 1, '{"at":${seq}}', ${seq}, now())`,
    )
  }
})
afterAll(async () => {
  await opened?.close()
  rmSync(root, { recursive: true, force: true })
})

/** What was written of the snapshots: each file's count, and whose each row is. */
async function written(name: string, options: Partial<ExportOptions> = {}) {
  const folder = join(root, name)
  const found: { rows: number; told: string[] }[] = []
  for await (const { path, rows } of exportTable(database, {
    table: twinSnapshots,
    format: 'jsonl',
    folder,
    ...options,
  })) {
    const lines = readFileSync(join(folder, path), 'utf8').trim().split('\n')
    const told = lines.map(line => {
      const { address, snapshot } = JSON.parse(line)
      return `${address} ${snapshot}`
    })
    found.push({ rows, told })
  }
  return found
}

const saw = 'machine:saw {"at":2}'

it('writes and counts only the newest version of a row, also before the database has merged them', async () => {
  const [parts] = await database.query<{ rows: number }>(
    "SELECT toFloat64(sum(rows)) AS rows FROM system.parts WHERE database = 'gemba' AND table = 'twin_snapshots' AND active",
  )
  expect(parts!.rows).toBe(4)
  expect(await written('all')).toEqual([
    { rows: 1, told: [saw] },
    { rows: 1, told: ['machine:press {"at":4}'] },
  ])
})

it('writes nothing of a span in which only older versions lie', async () => {
  expect(await written('span', { from: begin, to: begin + 1 })).toEqual([{ rows: 1, told: [saw] }])
  expect(await written('gone', { from: begin + hour, to: begin + 2 * hour })).toEqual([])
})

it('writes the newest version of what had arrived, although a newer one is there by now', async () => {
  expect(await written('then', { upTo: 3 })).toEqual([
    { rows: 1, told: [saw] },
    { rows: 1, told: ['machine:press {"at":3}'] },
  ])
})

it('writes a newer version where the one of then was merged into it', async () => {
  await database.command('SYSTEM START MERGES gemba.twin_snapshots')
  await database.command('OPTIMIZE TABLE gemba.twin_snapshots FINAL')
  expect(await written('merged', { upTo: 3 })).toEqual([
    { rows: 1, told: [saw] },
    { rows: 1, told: ['machine:press {"at":4}'] },
  ])
})

it('writes rows in the order of the key, however they came and lie in the database', async () => {
  await database.command('SYSTEM STOP MERGES gemba.telemetry')
  const rows = [3, 1, 2].flatMap(signal => [2, 0, 1].map(second => ({ signal, second })))
  for (const [seq, { signal, second }] of rows.entries()) {
    await database.command(
      `INSERT INTO gemba.telemetry (signal, ts, received, value, quality, seq, stored)
      VALUES (${signal}, fromUnixTimestamp64Milli(${begin + 1_000 * second}), now(), 0, 0, ${seq}, now())`,
    )
  }
  const folder = join(root, 'order')
  const told: number[][] = []
  for await (const { path } of exportTable(database, { table: telemetry, format: 'jsonl', folder })) {
    for (const line of readFileSync(join(folder, path), 'utf8').trim().split('\n')) {
      const { signal, ts } = JSON.parse(line)
      told.push([signal, (Date.parse(`${ts.replace(' ', 'T')}Z`) - begin) / 1_000])
    }
  }
  expect(told).toEqual([1, 2, 3].flatMap(signal => [0, 1, 2].map(second => [signal, second])))
})
