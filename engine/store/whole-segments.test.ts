import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import { SampleBatchBuilder } from '../../schema/sample-batch.js'
import { createPool } from '../../workers/pool.js'
import { backup } from './backup.js'
import { Spool } from './spool/spool.js'
import { readWhole } from './whole-segments.js'
import { Writer } from './writer.js'
import { openTestDatabase, type TestDatabase } from './your-clickhouse.fixture.js'

const logger = pino({ level: 'silent' })
let folder: string
let opened: TestDatabase
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gemba-whole-'))
  opened = await openTestDatabase()
})
afterAll(async () => {
  await opened?.close()
  rmSync(folder, { recursive: true, force: true })
})
afterEach(() => {
  vi.restoreAllMocks()
})

it('what is in as a whole is noted when nothing more waits, and every ten seconds where something always does', async () => {
  const { database } = opened
  expect(await readWhole(database)).toBeUndefined()
  const spool = await Spool.open({ folder, wall: Date, logger, segmentSamples: 10 }, async () => ({
    nextSample: 1,
    nextRecord: 1,
  }))
  for (let segment = 0; segment < 9; segment++) {
    const samples = new SampleBatchBuilder()
    for (let i = 0; i < 10; i++) samples.push(1, 1_000 * i, 0, i, 0)
    const reject = { source: 's', time: 0, rule: 'r', reason: '', raw: '' }
    spool.append({ source: 's', samples: samples.take(), rejects: [reject] })
  }
  await spool.close()
  // A segment takes four seconds.
  let seconds = 0
  vi.spyOn(performance, 'now').mockImplementation(() => seconds * 1_000)
  const insertBlock = database.insertBlock.bind(database)
  vi.spyOn(database, 'insertBlock').mockImplementation((table, ...rest) => {
    if (table === 'telemetry') seconds += 4
    return insertBlock(table, ...rest)
  })
  const noted = vi.spyOn(database, 'insertRows')
  const pool = createPool({ maxThreads: 1 })
  await new Writer(spool, database, pool, logger, Date).run(new AbortController().signal)
  await pool.close()
  expect(noted.mock.calls.map(([, [row]]) => row)).toMatchObject(
    [1, 4, 7, 9].map(segment => ({ segment, samples: segment * 10, records: segment })),
  )
  expect(await readWhole(database)).toEqual({ samples: 90, records: 9 })
})

it('a folder of a version before is backed up as it lies', async () => {
  const { database } = opened
  await database.command('DROP TABLE gemba.segments')
  const saved = await backup(database, folder, join(folder, 'backup'), 0)
  expect(saved.rows).toBeGreaterThanOrEqual(99)
})
