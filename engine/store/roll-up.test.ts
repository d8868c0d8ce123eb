import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import pino from 'pino'
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { databaseName } from '../../schema/tables/definition.js'
import { propertyRuns } from '../../twins/proof/runs.js'
import { Database } from './database.js'
import { startEmbedded } from './embedded/embedded.js'
import { firstTables } from './migrations/0001-first-tables.js'
import { minutesByRollUp } from './migrations/0003-minutes-by-roll-up.js'
import { migrate } from './migrations/migrate.js'
import { RollUp } from './roll-up.js'

import { openTestDatabase, type TestDatabase } from './your-clickhouse.fixture.js'

const logger = pino({ level: 'silent' })
let opened: TestDatabase
let database: Database

beforeAll(async () => {
  opened = await openTestDatabase()
  database = opened.database
})
afterAll(async () => {
  await opened?.close()
})
beforeEach(async () => {
  for (const table of ['telemetry', 'telemetry_1m_parts'])
    await database.command(`TRUNCATE TABLE ${databaseName}.${table}`)
})

interface Sample {
  readonly signal: number
  /** ms after the beginning. */
  readonly ts: number
  readonly value: number | null
  readonly quality: number
}

const beginning = Date.UTC(2026, 10, 20, 6)
let seq = 0

async function insert(samples: readonly Sample[]): Promise<void> {
  const at = (ms: number): string => new Date(beginning + ms).toISOString().replace('T', ' ').replace('Z', '')
  await database.insertRows(
    'telemetry',
    samples.map(({ signal, ts, value, quality }) => ({
      signal,
      ts: at(ts),
      received: at(ts),
      value: value ?? 'nan',
      quality,
      seq: ++seq,
      stored: Math.floor(Date.now() / 1000),
    })),
  )
}

/** Every minute by telemetry_1m, and how many of its rows are added up already. */
async function minutes(): Promise<object[]> {
  return database.query(
    `SELECT signal, toUInt32(toUnixTimestamp(minute) - ${beginning / 1000}) AS minute, toUInt32(count) AS count, toUInt32(valued) AS valued,
      sum, min, max, last, round(bad_share * count) AS bad
    FROM ${databaseName}.telemetry_1m ORDER BY signal, minute`,
  )
}

/** What the minutes must say, in plain code. */
function expected(samples: readonly Sample[]): object[] {
  const groups = new Map<string, Sample[]>()
  for (const sample of samples) {
    const key = `${sample.signal} ${Math.floor(sample.ts / 60_000) * 60}`
    groups.set(key, [...(groups.get(key) ?? []), sample])
  }
  return [...groups]
    .map(([key, group]) => {
      const [signal, minute] = key.split(' ').map(Number)
      const good = group.filter(({ quality, value }) => quality !== 2 && value !== null)
      const values = good.map(({ value }) => value!)
      // Sorting keeps the order of arrival among samples of one time.
      const newest = [...good].sort((a, b) => a.ts - b.ts).at(-1)
      return {
        signal: signal!,
        minute: minute!,
        count: group.length,
        valued: good.length,
        sum: values.reduce((sum, value) => sum + value, 0),
        min: good.length === 0 ? null : Math.min(...values),
        max: good.length === 0 ? null : Math.max(...values),
        last: newest?.value ?? null,
        bad: group.filter(({ quality }) => quality === 2).length,
      }
    })
    .sort((a, b) => a.signal - b.signal || a.minute - b.minute)
}

const sampleArbitrary: fc.Arbitrary<Sample> = fc.record({
  signal: fc.integer({ min: 0, max: 2 }),
  ts: fc.integer({ min: 0, max: 239 }).map(tick => tick * 500),
  value: fc.option(fc.integer({ min: -8, max: 8 })),
  quality: fc.integer({ min: 0, max: 2 }),
})

it('minutes are the same whenever and however often they are rolled up, late samples included', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.array(sampleArbitrary, { minLength: 1, maxLength: 20 }), fc.boolean()), {
        minLength: 1,
        maxLength: 5,
      }),
      async steps => {
        for (const table of ['telemetry', 'telemetry_1m_parts'])
          await database.command(`TRUNCATE TABLE ${databaseName}.${table}`)
        const rollUp = new RollUp(database)
        const all: Sample[] = []
        for (const [samples, isRolledUp] of steps) {
          await insert(samples)
          all.push(...samples)
          if (isRolledUp) await rollUp.run()
          expect(await minutes()).toEqual(expected(all))
        }
      },
    ),
    { numRuns: propertyRuns / 20 },
  )
})

it('a roll-up is one part of the table, and one that is repeated after a failure counts once', async () => {
  await insert(
    Array.from({ length: 300 }, (_, i) => ({ signal: i % 7, ts: i * 40_000, value: i, quality: 0 })),
  )
  const before = await minutes()
  const rollUp = new RollUp(database)
  // Its answer is lost on the way: the caller does not know that it worked.
  const insertSelect = vi.spyOn(database, 'insertSelect')
  await rollUp.run()
  const [query, parameters, token] = insertSelect.mock.calls[0]!
  insertSelect.mockRestore()
  await database.insertSelect(query, parameters, token)
  await rollUp.run()
  expect(await minutes()).toEqual(before)
  expect(
    await database.query(
      `SELECT toUInt32(count()) AS parts FROM system.parts WHERE database = '${databaseName}' AND table = 'telemetry_1m_parts' AND active`,
    ),
  ).toEqual([{ parts: 1 }])
})

it('never tells of more than is there, though the roll-up of an answer that was lost is there in its place', async () => {
  const sample = { signal: 1, ts: 0, value: 1, quality: 0 }
  await insert([sample, sample])
  const newest = seq
  const rollUp = new RollUp(database)
  const { insertSelect, query } = database
  vi.spyOn(database, 'insertSelect').mockImplementationOnce(async (sql, parameters, token) => {
    await insertSelect.call(database, sql, { ...parameters, upTo: newest - 1 }, token)
    await insertSelect.call(database, sql, parameters, token)
  })
  const told: (number | undefined)[] = []
  vi.spyOn(database, 'query').mockImplementation((...question) => {
    told.push(rollUp.upTo)
    return query.apply(database, question) as Promise<never[]>
  })
  await rollUp.run()
  vi.restoreAllMocks()
  expect(told).toEqual([undefined, 0, newest - 1])
  expect(rollUp.upTo).toBe(newest)
})

it('rolls up when enough has come or enough time has passed, and not before', async () => {
  const rolledUp = async (): Promise<number> =>
    (
      await database.query<{ n: number }>(
        `SELECT toUInt32(sum(count)) AS n FROM ${databaseName}.telemetry_1m_parts`,
      )
    )[0]!.n
  const one = [{ signal: 1, ts: 0, value: 1, quality: 0 }]
  const rollUp = new RollUp(database)
  await insert(one)
  await rollUp.after(1, 0)
  expect(await rolledUp(), 'at the first segment after a start').toBe(1)
  await insert(one)
  await rollUp.after(1, 299_999)
  expect(await rolledUp()).toBe(1)
  await rollUp.after(0, 300_000)
  expect(await rolledUp()).toBe(2)
  await insert(one)
  await rollUp.after(2_000_000, 300_001)
  expect(await rolledUp()).toBe(3)
})

it('questions about the newest minutes look at the newest parts of telemetry only', async () => {
  const sample = { signal: 1, ts: 0, value: 1, quality: 0 }
  await insert([sample, sample])
  await new RollUp(database).run()
  await insert([sample])
  const plan = await database.query<{ explain: string }>(
    `EXPLAIN indexes = 1 SELECT sum(count) FROM ${databaseName}.telemetry_1m`,
  )
  const text = plan.map(({ explain }) => explain).join('\n')
  expect(text.slice(text.indexOf(`${databaseName}.telemetry)`))).toMatch(/Parts: 1\/2/)
})

it('a database with a view on each block is brought to the same shape, and its minutes stay', async () => {
  const other = mkdtempSync(join(tmpdir(), 'gemba-roll-up-old-'))
  const server = await startEmbedded({ path: other, logger })
  const old = new Database(server.url, server.secret)
  try {
    await migrate(old, logger, [
      {
        number: 1,
        name: firstTables.name,
        statements: [
          `CREATE TABLE ${databaseName}.telemetry (signal UInt32, ts DateTime64(3, 'UTC'), received DateTime64(3, 'UTC'), value Float64, quality UInt8, seq UInt64, stored DateTime('UTC')) ENGINE = MergeTree PARTITION BY toYYYYMMDD(stored) ORDER BY (signal, ts)`,
          `CREATE TABLE ${databaseName}.telemetry_1m_parts (signal UInt32, count UInt64) ENGINE = MergeTree ORDER BY signal`,
          `CREATE MATERIALIZED VIEW ${databaseName}.telemetry_1m_feed TO ${databaseName}.telemetry_1m_parts AS SELECT signal, count() AS count FROM ${databaseName}.telemetry GROUP BY signal`,
          `INSERT INTO ${databaseName}.telemetry SELECT number % 3, 0, 0, number, 0, number + 1, now() FROM numbers(10)`,
        ],
      },
    ])
    await migrate(old, logger, [minutesByRollUp])
    expect(
      await old.query(
        `SELECT toUInt32(sum(count)) AS minutes, toUInt32((SELECT count() FROM ${databaseName}.telemetry)) AS samples FROM ${databaseName}.telemetry_1m`,
      ),
    ).toEqual([{ minutes: 10, samples: 10 }])
    await new RollUp(old).run()
    expect(
      await old.query(`SELECT toUInt32(sum(count)) AS minutes FROM ${databaseName}.telemetry_1m_parts`),
    ).toEqual([{ minutes: 10 }])
  } finally {
    await old.close()
    await server.stop()
    rmSync(other, { recursive: true, force: true })
  }
})
