import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { SampleBatchBuilder } from '../../schema/sample-batch.js'
import { buildBlocks } from '../../workers/spool/block-builder.js'
import type { Database } from './database.js'
import { readFloorAt } from './state-at.js'
import { openTestDatabase, type TestDatabase } from './your-clickhouse.fixture.js'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const now = Math.floor(Date.now() / hourMs) * hourMs

let opened: TestDatabase
let database: Database

beforeAll(async () => {
  opened = await openTestDatabase()
  database = opened.database
})
afterAll(async () => {
  await opened?.close()
})

const names = ['press', 'robot', 'mill', 'lathe']

interface Told {
  readonly machine: string
  /** Before now, minutes. */
  readonly ago: number
  /** Empty: only the mode was told. */
  readonly state: string
  readonly mode: string
}

/** Row by row in order of time: what a machine was in, and since when. */
function lived(told: readonly Told[], at: number) {
  const machines = new Map<string, { machine: string; state: string; mode: string; since: number }>()
  for (const { machine, ago, state, mode } of told.toSorted((a, b) => b.ago - a.ago)) {
    const ts = now - ago * minuteMs
    if (ts > at) continue
    const was = machines.get(machine) ?? { machine, state: '', mode: '', since: 0 }
    const next = state === '' || state === was.state ? was : { ...was, state, since: ts }
    machines.set(machine, { ...next, mode: mode || was.mode })
  }
  return [...machines.values()].sort((a, b) => (a.machine < b.machine ? -1 : 1))
}

const told = fc.record({
  machine: fc.constantFrom(...names),
  // Around the steps of the search as well as far from them.
  ago: fc.oneof(
    fc.integer({ min: 0, max: 90 }),
    fc.integer({ min: 1_380, max: 1_500 }),
    fc.integer({ min: 0, max: 6_000 }),
  ),
  state: fc.constantFrom('Execute', 'Execute', 'Held', ''),
  mode: fc.constantFrom('', '', 'Production', 'Maintenance'),
})

it('knows the state of every machine and since when, however long ago it changed last', async () => {
  const floors = fc.uniqueArray(told, { maxLength: 40, selector: ({ machine, ago }) => `${machine} ${ago}` })
  await fc.assert(
    fc.asyncProperty(floors, fc.integer({ min: 0, max: 200 }), async (floor, ago) => {
      await database.command('TRUNCATE TABLE gemba.state_changes')
      const rows = floor.map(({ machine, ago, state, mode }, seq) => ({
        ...{ machine, state, mode, reason: 'none', source_state: '', observed: true, seq: seq + 1 },
        ts: now - ago * minuteMs,
        stored: now / 1000,
      }))
      if (rows.length > 0) await database.insertRows('state_changes', rows)
      const at = now - ago * minuteMs
      const { machines } = await readFloorAt(database, at, [], names)
      const seen = machines.map(({ machine, state, mode, since }) => ({ machine, state, mode, since }))
      // Where nobody had told a state, it is since never.
      expect(seen).toEqual(lived(floor, at))
    }),
    { numRuns: 40 },
  )
})

it('knows what a signal showed that has long been silent, whatever came late', async () => {
  const builder = new SampleBatchBuilder()
  const long = now - 5 * hourMs
  for (const [at, value] of [
    [20_000, 5],
    [10_000, 4],
  ] as const)
    builder.push(9_001, long + at, now, value, 0)
  const stamp = { firstSample: 1, firstRecord: 1, stored: now }
  const entry = { source: 's', samples: builder.take() }
  for (const { table, body } of buildBlocks([{ kind: 'entry', entry, ...stamp }]))
    await database.insertBlock(table, body, 'late')
  const { samples } = await readFloorAt(database, now, [9_001], [])
  expect(samples).toMatchObject([{ signal: 9_001, value: 5, sourceTime: long + 20_000 }])
})

it('knows what a twin said last, though what it said it of is older than what it said before', async () => {
  const event = { address: 'sensor:pump.flow', type: 'connection.changed', stored: now / 1000 }
  await database.insertRows('twin_events', [
    { ...event, seq: 1, ts: now - 60_000, payload: '{"from":"live","to":"stale"}' },
    { ...event, seq: 2, ts: now - 80_000, payload: '{"from":"stale","to":"live"}' },
    { ...event, seq: 3, ts: now - 10_000, payload: '{"from":"live","to":"stale"}' },
  ])
  const twinsAt = async (ago: number) => (await readFloorAt(database, now - ago, [], [])).twins
  expect(await twinsAt(30_000)).toMatchObject([{ to: 'live', time: now - 80_000, seq: 2 }])
  expect(await twinsAt(0)).toMatchObject([{ to: 'stale', time: now - 10_000, seq: 3 }])
})

it('knows the last start by an instant, whatever was written down since', async () => {
  const rows = [
    { start: true, ago: 50, seq: 3 },
    { start: false, ago: 40, seq: 5 },
    { start: true, ago: 30, seq: 7 },
    { start: false, ago: 20, seq: 9 },
  ]
  const common = { part: 0, parts: 1, plant: '', memory: '', stored: now / 1000 }
  await database.insertRows(
    'floor_checkpoints',
    rows.map(({ ago, ...row }) => ({ ...common, ...row, round: ago, ts: now - ago * minuteMs })),
  )
  const startedAt = async (ago: number): Promise<number> =>
    (await readFloorAt(database, now - ago * minuteMs, [], [])).started
  expect(await Promise.all([60, 50, 35, 30, 0].map(startedAt))).toEqual([0, 3, 3, 7, 7])
})

it('finds what happened at all machines around a moment without reading what each of them ever did', async () => {
  for (const table of ['state_changes', 'production_events']) {
    const sql = `EXPLAIN indexes = 1 SELECT machine, ts FROM gemba.${table}
      WHERE machine IN (SELECT toString(number) FROM numbers(200)) AND ts > {at:DateTime64(3, 'UTC')} - 3600`
    await database.command(`TRUNCATE TABLE gemba.${table}`)
    await database.command(`INSERT INTO gemba.${table} (machine, ts, seq, stored)
      SELECT toString(number % 200), fromUnixTimestamp64Milli(${now} - intDiv(number, 200) * ${minuteMs}, 'UTC'), number, ${now / 1000}
      FROM numbers(400000)`)
    const plan = await database.query<{ explain: string }>(sql, { at: now / 1000 })
    const text = plan.map(({ explain }) => explain).join('\n')
    expect(text).toContain('by_time')
    const [, read, all] = /Granules: (\d+)\/(\d+)/g.exec(text.slice(text.lastIndexOf('PrimaryKey'))) ?? []
    expect(Number(read) * 10, text).toBeLessThan(Number(all))
  }
})
