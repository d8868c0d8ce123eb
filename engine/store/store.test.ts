import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { StateChange } from '../../schema/records.js'
import { type SampleBatch, SampleBatchBuilder } from '../../schema/sample-batch.js'
import type { Store } from './store.js'
import { openTestStore } from './your-clickhouse.fixture.js'

const logger = pino({ level: 'silent' })
const wall = { now: () => Date.now() }
const noon = Date.UTC(2017, 3, 5, 12)

let folder: string
let store: Store

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gemba-store-'))
  store = await openTestStore({ dataDir: folder, logger, wall })
})
afterAll(async () => {
  await store?.close()
  rmSync(folder, { recursive: true, force: true })
})

function samples(
  rows: readonly (readonly [signal: number, time: number, value: number, quality?: number])[],
): SampleBatch {
  const builder = new SampleBatchBuilder()
  for (const [signal, time, value, quality = 0] of rows) builder.push(signal, time, time + 5, value, quality)
  return builder.take()
}

it('keeps every column of every record as it was accepted', async () => {
  const before = store.status().accepted
  const last = store.append({
    source: 's1',
    samples: samples([
      [1, noon, 1.5],
      [2, noon + 0.9, Number.NaN, 2],
      [1, -1, -0.25, 1],
    ]),
    twinEvents: [
      { address: 'machine:m1', time: noon, type: 'state.changed', payload: { to: 'Execute\n\nDROP' } },
    ],
    rejects: [{ source: 's1', time: noon, rule: 'shdr.malformed-line', reason: 'no time', raw: '|\n\n;ä' }],
    snapshots: [
      { address: 'machine:m1', time: noon, definition: 'machine', version: 3, snapshot: '{"a":1}' },
    ],
    texts: [[7, 'ACTIVE']],
  })
  expect(last).toBe(before + 3)
  await store.flush()
  expect(
    await store.query(
      'SELECT signal, toString(ts) AS ts, toString(received) AS received, value, quality, toUInt32(seq) AS seq FROM gemba.telemetry ORDER BY seq',
    ),
  ).toEqual([
    {
      signal: 1,
      ts: '2017-04-05 12:00:00.000',
      received: '2017-04-05 12:00:00.005',
      value: 1.5,
      quality: 0,
      seq: last - 2,
    },
    {
      signal: 2,
      ts: '2017-04-05 12:00:00.000',
      received: '2017-04-05 12:00:00.005',
      value: null,
      quality: 2,
      seq: last - 1,
    },
    {
      signal: 1,
      ts: '1969-12-31 23:59:59.999',
      received: '1970-01-01 00:00:00.004',
      value: -0.25,
      quality: 1,
      seq: last,
    },
  ])
  expect(await store.query('SELECT address, type, payload FROM gemba.twin_events')).toEqual([
    { address: 'machine:m1', type: 'state.changed', payload: '{"to":"Execute\\n\\nDROP"}' },
  ])
  const asked = { from: noon, to: noon + 1, source: 's1', limit: 1 }
  const [rejected] = await store.rejects(asked)
  expect(rejected).toMatchObject({ time: noon, rule: 'shdr.malformed-line', value: null, sourceTime: null })
  expect(await store.rejects({ ...asked, before: rejected!.seq })).toEqual([])
  expect(await store.query('SELECT source, rule, reason, raw FROM gemba.rejects')).toEqual([
    { source: 's1', rule: 'shdr.malformed-line', reason: 'no time', raw: '|\n\n;ä' },
  ])
  expect(await store.query('SELECT code, text FROM gemba.dictionary')).toEqual([{ code: 7, text: 'ACTIVE' }])
  expect(store.status()).toMatchObject({
    isReady: true,
    retries: 0,
    segmentsWaiting: 0,
    lastError: undefined,
  })
})

it('makes what was accepted readable without being asked to', async () => {
  const last = store.append({ source: 's1', samples: samples([[900, Date.now(), 42]]) })
  const count = async (): Promise<number> =>
    (
      await store.query<{ n: number }>(
        'SELECT toUInt32(count()) AS n FROM gemba.telemetry WHERE seq = {last:UInt64}',
        { last },
      )
    )[0]!.n
  await expect.poll(count, { timeout: 5_000, interval: 20 }).toBe(1)
})

it('keeps a recording of years ago: retention counts from when a row was stored', async () => {
  store.append({ source: 's1', samples: samples([[901, noon, 1]]) })
  await store.flush()
  const [row] = await store.query<{ ttl: number }>(
    "SELECT toUInt32(min(delete_ttl_info_min) > now() + INTERVAL 80 DAY) AS ttl FROM system.parts WHERE database = 'gemba' AND table = 'telemetry' AND active",
  )
  expect(row).toEqual({ ttl: 1 })
})

it('gives the newest snapshot of each twin by arrival, however its time stands', async () => {
  const snapshot = (address: string, time: number, text: string) => ({
    address,
    time,
    definition: 'machine',
    version: 1,
    snapshot: text,
  })
  store.append({
    source: '',
    snapshots: [snapshot('machine:s', noon + 1_000, 'first play'), snapshot('machine:t', 5, 'only')],
  })
  await store.flush()
  // The recording starts again, with an earlier time.
  store.append({ source: '', snapshots: [snapshot('machine:s', noon, 'second play')] })
  const latest = (await store.latestSnapshots()).filter(({ address }) => /:[st]$/.test(address))
  expect(latest).toEqual([snapshot('machine:s', noon, 'second play'), snapshot('machine:t', 5, 'only')])
})

describe('history', () => {
  it('gives the changes of a text signal, with what held at the beginning', async () => {
    store.append({
      source: 's1',
      samples: samples([
        [20, noon - 5_000, 101],
        [20, noon + 1_000, 101],
        [20, noon + 2_000, 102],
        [20, noon + 3_000, Number.NaN, 2],
        [20, noon + 4_000, Number.NaN, 2],
        [20, noon + 5_000, 102],
      ]),
      texts: [
        [101, 'READY'],
        [102, 'ACTIVE'],
      ],
    })
    await store.flush()
    const query = { signal: 20, from: noon, to: noon + 60_000 }
    expect(await store.textHistory({ ...query, limit: 10 })).toEqual({
      signal: 20,
      isCut: false,
      changes: [
        { time: noon - 5_000, text: 'READY', quality: 0 },
        { time: noon + 2_000, text: 'ACTIVE', quality: 0 },
        { time: noon + 3_000, text: null, quality: 2 },
        { time: noon + 5_000, text: 'ACTIVE', quality: 0 },
      ],
    })
    expect(await store.textHistory({ ...query, limit: 2 })).toMatchObject({ isCut: true, changes: [{}, {}] })
  })

  it('adds telemetry up by the minute', async () => {
    store.append({
      source: 's1',
      samples: samples([
        [30, noon, 2],
        [30, noon + 1_000, 9, 2],
      ]),
    })
    await store.flush()
    store.append({
      source: 's1',
      samples: samples([
        [30, noon + 3_000, 4],
        [30, noon + 2_000, 6],
        [30, noon + 60_000, 9, 2],
      ]),
    })
    await store.flush()
    expect(
      await store.query(
        'SELECT toString(minute) AS minute, toUInt32(count) AS count, sum, sum_squares, mean, min, max, last, bad_share FROM gemba.telemetry_1m WHERE signal = 30 ORDER BY minute',
      ),
    ).toEqual([
      {
        minute: '2017-04-05 12:00:00',
        count: 4,
        sum: 12,
        sum_squares: 56,
        mean: 4,
        min: 2,
        max: 6,
        last: 4,
        bad_share: 0.25,
      },
      {
        minute: '2017-04-05 12:01:00',
        count: 1,
        sum: 0,
        sum_squares: 0,
        mean: null,
        min: null,
        max: null,
        last: null,
        bad_share: 1,
      },
    ])
  })
})

describe('state intervals', () => {
  const change = (machine: string, time: number, more: Partial<StateChange>): StateChange => ({
    machine,
    time,
    state: '',
    mode: '',
    reason: 'none',
    sourceState: '',
    observed: true,
    ...more,
  })
  const intervals = (machine: string): Promise<object[]> =>
    store.query(
      'SELECT state, mode, toString(toUnixTimestamp64Milli(start)) AS start, seconds FROM gemba.state_intervals WHERE machine = {machine:String} ORDER BY start',
      { machine },
    )

  it('join equal neighbours, carry the mode, and stay open at the end', async () => {
    store.append({
      source: 's1',
      stateChanges: [
        change('i1', 1_000, { state: 'Idle' }),
        change('i1', 2_000, { mode: 'Production' }),
        change('i1', 3_000, { state: 'Execute', sourceState: 'ACTIVE' }),
        change('i1', 4_000, { state: 'Execute', sourceState: 'ACTIVE' }),
        change('i1', 5_500, { state: 'Held' }),
      ],
    })
    await store.flush()
    expect(await intervals('i1')).toEqual([
      { state: 'Idle', mode: '', start: '1000', seconds: 1 },
      { state: 'Idle', mode: 'Production', start: '2000', seconds: 1 },
      { state: 'Execute', mode: 'Production', start: '3000', seconds: 2.5 },
      { state: 'Held', mode: 'Production', start: '5500', seconds: null },
    ])
  })

  it('take in a late change by themselves and count a repeat once', async () => {
    const early = change('i2', 1_000, { state: 'Idle' })
    const late = change('i2', 2_000, { state: 'Execute' })
    const last = change('i2', 3_000, { state: 'Aborted' })
    store.append({ source: 's1', stateChanges: [early, last] })
    await store.flush()
    store.append({ source: 's1', stateChanges: [late, early, last] })
    await store.flush()
    expect(await intervals('i2')).toEqual([
      { state: 'Idle', mode: '', start: '1000', seconds: 1 },
      { state: 'Execute', mode: '', start: '2000', seconds: 1 },
      { state: 'Aborted', mode: '', start: '3000', seconds: null },
    ])
  })

  it('of several changes at one time let the one that came last stand', async () => {
    const at = (state: string): StateChange => change('i3', 1_000, { state })
    store.append({
      source: 's1',
      stateChanges: [at('Execute'), at('Held'), at('Execute'), change('i3', 4_000, { state: 'Idle' })],
    })
    await store.flush()
    expect((await intervals('i3')).slice(-2)).toEqual([
      { state: 'Execute', mode: '', start: '1000', seconds: 3 },
      { state: 'Idle', mode: '', start: '4000', seconds: null },
    ])
  })
})
