import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createClient } from '@clickhouse/client'
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Embedded, startEmbedded } from './embedded.js'
import { writerHeader } from './http-interface.js'

let folder: string
let embedded: Embedded

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gemba-streaming-'))
  embedded = await startEmbedded({
    path: join(folder, 'clickhouse'),
    logger: pino({ level: 'silent' }),
  })
})

afterAll(async () => {
  await embedded?.stop()
  rmSync(folder, { recursive: true, force: true })
})

const ask = (query: string, search = '', headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${embedded.url}/?${search}`, { method: 'POST', body: query, headers })
/** Our own answers come whole, from the engine's other way of giving them. */
const askWhole = (query: string): Promise<Response> => ask(query, '', { [writerHeader]: embedded.secret })
const running = async (marker: string): Promise<string> => {
  const others = "query NOT LIKE '%system.processes%'"
  const sql = `SELECT count() FROM system.processes WHERE query LIKE '%${marker}%' AND ${others}`
  return (await askWhole(sql)).text()
}
const ended = (marker: string): Promise<void> =>
  expect.poll(() => running(marker), { timeout: 20_000, interval: 50 }).toBe('0\n')

/** What holds back a megabyte is on its way for sure after four. */
const beyondHeld = 4 * 1024 ** 2

describe('an answer without an end', () => {
  const endless = (marker: string): string => `SELECT number AS ${marker} FROM system.numbers`

  it('comes piece by piece, and its query ends with the client', async () => {
    const response = await ask(endless('by_fetch'))
    expect(response.status).toBe(200)
    let text = ''
    for await (const piece of response.body!) {
      text += Buffer.from(piece).toString()
      if (text.length > beyondHeld) break
    }
    const rows = text.split('\n').slice(0, -1)
    expect(rows).toEqual(rows.map((_, i) => String(i)))
    await ended('by_fetch')
  })

  it('comes to the official client', async () => {
    const client = createClient({ url: embedded.url })
    const result = await client.query({ query: endless('by_client'), format: 'JSONEachRow' })
    let next = 0
    for await (const rows of result.stream<{ by_client: string }>()) {
      for (const row of rows) if (Number(row.json().by_client) === next) next++
      if (next > 300_000) break
    }
    await client.close()
    expect(next).toBeGreaterThan(300_000)
    await ended('by_client')
  })

  it('comes to curl', async () => {
    const curl = spawn('curl', ['-sN', `${embedded.url}/`, '--data-binary', endless('by_curl')])
    const closed = once(curl, 'close')
    let length = 0
    for await (const piece of curl.stdout as AsyncIterable<Buffer>) {
      length += piece.byteLength
      if (length > beyondHeld) break
    }
    curl.kill()
    await closed
    expect(length).toBeGreaterThan(beyondHeld)
    await ended('by_curl')
  })

  it('holds no connection for a client that takes nothing', async () => {
    const stalled = [0, 1, 2].map(i => {
      const url = `${embedded.url}/?http_send_timeout=1&query=${encodeURIComponent(endless(`stalled_${i}`))}`
      const asked = request(url, { method: 'POST' }, response => response.on('error', () => undefined))
      asked.on('error', () => undefined).end()
      return asked
    })
    await expect.poll(() => running('stalled'), { timeout: 20_000, interval: 20 }).toBe('2\n')
    // There are two connections for readers: this one waits until the three have been given up.
    expect(await (await ask('SELECT 1')).text()).toBe('1\n')
    for (const asked of stalled) asked.destroy()
    await ended('stalled')
  })
})

describe('a long answer', () => {
  const rows = 200_000
  const query = `SELECT number, toString(number) AS text, number % 2 = 0 AS "a b" FROM numbers(${rows})`

  it.each([
    'TabSeparated',
    'CSVWithNames',
    'JSONEachRow',
    'JSONCompact',
    'JSONCompactEachRowWithNamesAndTypes',
    'Native',
    'RowBinaryWithNamesAndTypes',
    'Parquet',
    'ArrowStream',
    'Pretty',
    'Markdown',
  ])('is the same in pieces and whole: %s', async format => {
    // JSON tells how long it took.
    const settings = 'SETTINGS output_format_write_statistics = 0, output_format_pretty_max_rows = 300000'
    const statement = `${query} FORMAT ${format} ${settings}`
    const [inPieces, whole] = await Promise.all([ask(statement), askWhole(statement)])
    expect(inPieces.headers.get('content-length')).toBeNull()
    expect(inPieces.headers.get('content-type')).toBe(whole.headers.get('content-type'))
    const [a, b] = await Promise.all([inPieces.arrayBuffer(), whole.arrayBuffer()])
    expect(Buffer.from(a).equals(Buffer.from(b))).toBe(true)
    expect(a.byteLength).toBeGreaterThan(1024 ** 2)
  })

  it('waits for its end where the client says so', async () => {
    const response = await ask(query, 'wait_end_of_query=1')
    expect(JSON.parse(response.headers.get('x-clickhouse-summary')!)).toMatchObject({
      read_rows: String(rows),
    })
    expect((await response.text()).split('\n')).toHaveLength(rows + 1)
  })

  const failing = 'SELECT number, throwIf(number = 3000000) FROM system.numbers'

  it('that fails on its way tells why and breaks off', async () => {
    const curl = promisify(execFile)('curl', ['-s', '-D-', `${embedded.url}/`, '--data-binary', failing], {
      maxBuffer: 1024 ** 3,
    })
    const { stdout, code } = (await curl.catch(error => error)) as { stdout: string; code?: number }
    // Partial file: the transfer was cut.
    expect(code).toBe(18)
    const tag = /X-ClickHouse-Exception-Tag: (\w+)/i.exec(stdout)![1]
    const [message] = stdout.split(`\r\n__exception__\r\n${tag}\r\n`).slice(1)
    expect(message).toMatch(/^Code: 395\. DB::Exception: .*throwIf/)
  })

  it('that fails on its way fails in the official client, by its number', async () => {
    const client = createClient({ url: embedded.url })
    const result = await client.query({ query: failing, format: 'JSONCompactEachRow' })
    const read = async (): Promise<void> => {
      for await (const _rows of result.stream());
    }
    await expect(read()).rejects.toMatchObject({ code: '395' })
    await client.close()
  })

  it('that fails before a megabyte is an error and nothing else', async () => {
    const response = await ask('SELECT number, throwIf(number = 70000) FROM system.numbers')
    expect(response.status).toBe(500)
    expect(response.headers.get('x-clickhouse-exception-code')).toBe('395')
    expect(await response.text()).toMatch(/^Code: 395\. DB::Exception: /)
  })

  it('leaves its connection as it was', async () => {
    for (let i = 0; i < 4; i++) expect(await (await ask('SELECT 2')).text()).toBe('2\n')
  })
})

describe('every kind of statement', () => {
  it.each([
    ['SHOW DATABASES', /gemba\n/],
    ['DESCRIBE TABLE system.one', /^dummy\tUInt8/],
    ['SHOW CREATE DATABASE gemba', /^CREATE DATABASE gemba/],
    ['EXISTS TABLE system.one', /^1\n$/],
    ['EXPLAIN SELECT 1', /ReadFromSystemOne/],
    ['WITH 1 AS a SELECT a;', /^1\n$/],
    ['FROM system.one SELECT dummy', /^0\n$/],
    ['SELECT 1 UNION ALL SELECT 1 FORMAT CSV', /^1\n1\n$/],
    ['(SELECT 1) UNION ALL (SELECT 1)', /^1\n1\n$/],
    ['SELECT 1 AS format FORMAT JSONEachRow SETTINGS max_threads = 1', /^{"format":1}\n$/],
    ['SELECT name, format FROM (SELECT 1 AS name, 2 AS format)', /^1\t2\n$/],
    ['SELECT 1 AS x FORMAT JSONEachRow -- to the end', /^{"x":1}\n$/],
    ["SELECT 'FORMAT CSV' FORMAT TSV", /^FORMAT CSV\n$/],
    ['SELECT 1 FORMAT Null', /^$/],
  ])('is answered: %s', async (statement, answer) => {
    const response = await ask(statement)
    expect(await response.text()).toMatch(answer)
    expect(response.status).toBe(200)
  })

  it.each([
    ['default_format', `TSV SETTINGS max_threads = 1`, 73],
    ['http_send_timeout', 'x', 36],
    ['http_send_timeout', '1e9', 36],
  ])('is refused with %s=%s', async (name, value, code) => {
    const response = await ask('SELECT 1', new URLSearchParams({ [name]: value }).toString())
    expect(response.headers.get('x-clickhouse-exception-code')).toBe(String(code))
    expect(response.status).toBe(400)
  })
})
