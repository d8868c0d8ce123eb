import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { SampleBatchBuilder } from '../../schema/sample-batch.js'
import { DataDirectory } from '../data-directory.js'
import { openStore } from '../store/store.js'
import { exportCommand } from './export.js'
import { queryCommand } from './query.js'

const begin = Date.UTC(2026, 10, 20, 22, 30)
const count = 4 * 360
let root: string
let data: string

/** Two hours of a sample each 5 s. */
async function fill(): Promise<void> {
  const store = await openStore({ dataDir: data, logger: pino({ level: 'silent' }), wall: Date })
  const builder = new SampleBatchBuilder()
  for (let i = 0; i < count; i++) builder.push(7, begin + i * 5_000, begin + i * 5_000, i, 0)
  store.append({ source: 's', samples: builder.take() })
  const stood = { starved: 0, blocked: 0, idle: 0, unknown: 0, planned: 0, unscheduled: 0, overtime: 0 }
  const time = { production: 3_000_000, setup: 0, breakdown: 600_000, minor_stop: 0, ...stood }
  const made = { overtime_parts: 0, ideal_ms: 30_000, produced: 90, scrapped: 2, warm_up: 0, reworked: 0 }
  const key = { machine: 'm', day: '2026-11-20', shift: 'early@2026-11-20', product: 'bolt', order: 'W-1' }
  const hours = [begin, begin + 3_600_000].map(hour => ({ ...key, ...time, ...made, hour, computed: 1 }))
  store.append({ source: 'kpis', rows: { oee_hourly: hours } })
  await store.flush()
  await store.close()
}

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'gemba-verbs-'))
  data = join(root, 'data')
  await (await DataDirectory.open(data)).close()
  await fill()
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

async function run(command: typeof queryCommand, ...args: string[]) {
  const { code, out, err } = await runUntil(undefined, command, ...args)
  // Where the machine is busy, it says now and then how far it is.
  return { code, out, err: err.filter(line => !line.endsWith(' so far')) }
}

/** Told to stop by the line that looks like `stopAt`. */
async function runUntil(stopAt: RegExp | undefined, command: typeof queryCommand, ...args: string[]) {
  const stop = new AbortController()
  const out: string[] = []
  const err: string[] = []
  const code = await command.run(args, {
    out: line => out.push(line),
    err: line => {
      err.push(line)
      if (stopAt?.test(line)) stop.abort()
    },
    signal: stop.signal,
    env: { GEMBA_DATA: data },
  })
  return { code, out, err }
}
const query = (...args: string[]) => run(queryCommand, ...args)
const exported = (...args: string[]) => run(exportCommand, ...args)

describe('gemba query', () => {
  it('asks the folder where no engine runs on it', async () => {
    expect(await query('SELECT count() AS n, max(value) AS most FROM telemetry', '--format', 'CSV')).toEqual({
      code: 0,
      out: [`${count},${count - 1}`],
      err: [],
    })
  })

  it('asks the engine that runs on the folder', async () => {
    const folder = await DataDirectory.open(data)
    const store = await openStore({ dataDir: data, logger: pino({ level: 'silent' }), wall: Date })
    try {
      const asked = await query('SELECT count() AS n FROM telemetry')
      expect(asked.code).toBe(0)
      expect(asked.out.join('\n')).toMatch(/│ 1440 │/)
    } finally {
      await store.close()
      await folder.close()
    }
  })

  it.each([
    ['nonsense', 2, 'begins with http:// or https://'],
    ['http://127.0.0.1:1', 5, 'ClickHouse at 127.0.0.1:1 does not answer (ECONNREFUSED)'],
  ])('says of your own ClickHouse at %s what is wrong', async (url, code, words) => {
    for (const ask of [
      () => query('SELECT 1', '--clickhouse-url', url),
      () => exported('--table', 'signals', '--out', root, '--clickhouse-url', url),
    ])
      expect(await ask()).toEqual({ code, out: [], err: [expect.stringContaining(words)] })
  })

  it("gives ClickHouse's words for what is wrong, and writes nothing", async () => {
    const nowhere = await query('SELECT * FROM nowhere')
    expect(nowhere).toMatchObject({ code: 1, out: [] })
    expect(nowhere.err[0]).toMatch(/nowhere/)
    const dropped = await query('DROP TABLE telemetry')
    expect(dropped.code).toBe(1)
    expect(dropped.err[0]).toMatch(/only reads/)
  })

  it.each([
    ['two statements', 'SELECT 1; SELECT 2', /several|multi/i],
    ['an open quote', "SELECT 'a", /quote ' is not closed\.$/],
    [
      'a format of its own',
      'SELECT 1 FORMAT CSV',
      /Leave FORMAT out of the statement, and say --format CSV\.$/,
    ],
    ['no statement', 'SELEC 1', /SELEC|Syntax/],
  ])('tells what is wrong with %s, with exit code 1', async (_, sql, why) => {
    expect(await query(sql)).toEqual({ code: 1, out: [], err: [expect.stringMatching(why)] })
  })

  it('takes a semicolon at the end', async () => {
    expect(await query('SELECT 1; ', '--format', 'CSV')).toEqual({ code: 0, out: ['1'], err: [] })
  })

  it('says what it misses', async () => {
    expect(await query()).toMatchObject({
      code: 2,
      err: [expect.stringContaining('give one statement, in quotes')],
    })
    expect((await query('SELECT 1', '--format', 'Parquet')).code).toBe(2)
    expect(await query('SELECT 1', '--data', join(root, 'none'))).toMatchObject({
      code: 1,
      err: [expect.stringContaining('There is no history in')],
    })
  })
})

describe('gemba export', () => {
  it('writes Parquet by day and hour with a manifest, and every row is in it once', async () => {
    const out = join(root, 'parquet')
    const done = await exported('--table', 'telemetry', '--out', out)
    expect(done).toMatchObject({ code: 0, err: [] })
    const manifest = JSON.parse(readFileSync(join(out, 'telemetry/manifest.json'), 'utf8'))
    expect(manifest.files.map((file: { path: string; rows: number }) => [file.path, file.rows])).toEqual([
      ['telemetry/date=2026-11-20/hour=22.parquet', 360],
      ['telemetry/date=2026-11-20/hour=23.parquet', 720],
      ['telemetry/date=2026-11-21/hour=00.parquet', 360],
    ])
    for (const { path, bytes } of manifest.files) {
      const file = readFileSync(join(out, path))
      expect(file.byteLength).toBe(bytes)
      // Magic at both ends (Apache Parquet format, file format).
      expect([file.subarray(0, 4), file.subarray(-4)].map(String)).toEqual(['PAR1', 'PAR1'])
    }
    expect(readdirSync(join(out, 'telemetry/date=2026-11-20')).some(name => name.endsWith('.part'))).toBe(
      false,
    )
  })

  it('says how far it is, and where it is told to stop leaves what is whole, without a manifest', async ({
    onTestFinished,
  }) => {
    const out = join(root, 'stopped')
    const args = ['--table', 'telemetry', '--out', out]
    expect((await exported(...args)).code).toBe(0)
    rmSync(join(out, 'telemetry/date=2026-11-20'), { recursive: true })
    let now = 0
    vi.spyOn(performance, 'now').mockImplementation(() => {
      now += 2_000
      return now
    })
    onTestFinished(() => void vi.restoreAllMocks())
    const first = 'telemetry: 1 files, 360 rows so far'
    expect(await runUntil(new RegExp(first), exportCommand, ...args)).toEqual({
      code: 130,
      out: [],
      err: [first, expect.stringMatching(/^interrupted: files that are whole stay in .*\/stopped; a table/)],
    })
    expect(existsSync(join(out, 'telemetry/manifest.json'))).toBe(false)
    expect(readdirSync(join(out, 'telemetry/date=2026-11-20'))).toEqual(['hour=22.parquet'])
  })

  it('writes CSV of a span, cut exactly', async () => {
    const out = join(root, 'csv')
    const span = ['--from', '2026-11-20T23:59:50Z', '--to', '2026-11-21T00:00:10Z']
    expect((await exported('--table', 'telemetry', ...span, '--format', 'csv', '--out', out)).code).toBe(0)
    const files = ['date=2026-11-20/hour=23.csv', 'date=2026-11-21/hour=00.csv']
    const values = files.flatMap(file => {
      const [head, ...rows] = readFileSync(join(out, 'telemetry', file), 'utf8')
        .trim()
        .split('\n')
      const at = head!.replaceAll('"', '').split(',').indexOf('value')
      return rows.map(row => Number(row.split(',')[at]))
    })
    expect(values).toEqual([1078, 1079, 1080, 1081])
  })

  it('writes gold: the star by day and hour, its dimensions whole, whatever the span', async () => {
    const out = join(root, 'gold')
    const from = new Date(Math.floor(begin / 3_600_000 + 1) * 3_600_000).toISOString()
    const done = await exported('--gold', '--from', from, '--out', out)
    expect(done).toMatchObject({ code: 0, err: [] })
    const rows = done.out.map(line => line.split(' in ')[0])
    expect(rows).toEqual([
      'fact_oee: 1 rows',
      'dim_machine: 0 rows',
      'dim_date: 1 rows',
      'dim_shift: 1 rows',
      'dim_product: 1 rows',
      'work_intervals: 0 rows',
      'downtime_events: 0 rows',
      'scrap_events: 0 rows',
      'production_runs: 0 rows',
      'work_orders: 0 rows',
    ])
    const manifest = JSON.parse(readFileSync(join(out, 'fact_oee/manifest.json'), 'utf8'))
    expect(manifest.files).toMatchObject([
      { path: expect.stringMatching(/^fact_oee\/date=2026-11-2\d\/hour=\d\d\.parquet$/), rows: 1 },
    ])
    expect(readFileSync(join(out, 'dim_shift/dim_shift.parquet')).subarray(0, 4).toString()).toBe('PAR1')
  })

  it('writes a table without a time as one file, and views as well', async () => {
    const out = join(root, 'several')
    expect(await exported('--table', 'signals', '--table', 'telemetry_1m', '--out', out)).toMatchObject({
      code: 0,
      out: [
        expect.stringMatching(/^signals: 0 rows in 1 files/),
        expect.stringMatching(/^telemetry_1m: 120 rows in 3/),
      ],
    })
  })

  it.each([
    [['--table', 'telemetri'], 'there is no table telemetri (but telemetry)'],
    [[], 'name a table with --table'],
    [['--table', 'telemetry', '--from', 'noon'], '"noon" is no time'],
    [['--table', 'signals', '--from', '2026-11-20T00:00:00Z'], 'signals has no time'],
    [['--table', 'telemetry', '--format', 'xml'], '--format is one of parquet, csv, jsonl, sql, not xml'],
    [['--table', 'telemetry', '--from', '2026-11-21', '--to', '2026-11-20'], '--from must lie before --to'],
  ])('says what is wrong with %j', async (args, message) => {
    expect(await exported(...args)).toMatchObject({ code: 2, err: [expect.stringContaining(message)] })
  })
})
