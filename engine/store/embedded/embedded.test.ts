import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { createClient } from '@clickhouse/client'
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Embedded, startEmbedded } from './embedded.js'
import { writerHeader } from './http-interface.js'

const logger = pino({ level: 'silent' })
let folder: string
let embedded: Embedded

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gemba-embedded-'))
  embedded = await startEmbedded({ path: join(folder, 'clickhouse'), logger })
})

afterAll(async () => {
  await embedded?.stop()
  rmSync(folder, { recursive: true, force: true })
})

const ask = (
  query: string,
  init: { headers?: Record<string, string>; search?: string } = {},
): Promise<Response> =>
  fetch(`${embedded.url}/?${init.search ?? ''}`, {
    method: 'POST',
    body: query,
    ...(init.headers === undefined ? {} : { headers: init.headers }),
  })
const asWriter = (query: string, search = ''): Promise<Response> =>
  ask(query, { headers: { [writerHeader]: embedded.secret }, search })
const textOf = async (response: Promise<Response>): Promise<string> => (await response).text()

describe('the HTTP interface', () => {
  it('answers a query in the format that was asked for, with the headers clients expect', async () => {
    const response = await ask('SELECT number FROM numbers(3) FORMAT JSONEachRow', { search: 'query_id=abc' })
    expect(response.status).toBe(200)
    expect(response.headers.get('x-clickhouse-query-id')).toBe('abc')
    expect(response.headers.get('x-clickhouse-format')).toBe('JSONEachRow')
    expect(JSON.parse(response.headers.get('x-clickhouse-summary')!)).toMatchObject({ read_rows: '3' })
    expect(await response.text()).toBe('{"number":0}\n{"number":1}\n{"number":2}\n')
  })

  it('is alive at /ping', async () => {
    expect(await (await fetch(`${embedded.url}/ping`)).text()).toBe('Ok.\n')
  })

  it("gives ClickHouse's number for an error, in the body and in the header", async () => {
    const response = await ask('SELECT * FROM nowhere')
    expect(response.status).toBe(404)
    expect(response.headers.get('x-clickhouse-exception-code')).toBe('60')
    expect(await response.text()).toMatch(/^Code: 60\. DB::Exception: .*UNKNOWN_TABLE/)
  })

  it('takes a statement of which a part is in the address and the rest in the body', async () => {
    const search = new URLSearchParams({ query: 'SELECT sum(number)' }).toString()
    expect(await textOf(ask('FROM numbers(5) WHERE number > 2', { search }))).toBe('7\n')
  })

  it('names its own errors as ClickHouse does, once, so that clients know them', async () => {
    const client = createClient({ url: embedded.url })
    const codeOf = (query: string): Promise<unknown> =>
      client.exec({ query }).then(
        () => undefined,
        ({ code, type }) => [code, type],
      )
    expect(await codeOf('SELECT 1; SELECT 2')).toEqual(['62', 'SYNTAX_ERROR'])
    expect(await codeOf("SELECT 'a")).toEqual(['62', 'SYNTAX_ERROR'])
    expect(await codeOf('SELEC 1')).toEqual(['62', 'SYNTAX_ERROR'])
    expect(await codeOf('DROP TABLE telemetry')).toEqual(['164', 'READONLY'])
    expect(await codeOf("SELECT * FROM file('/etc/passwd')")).toEqual(['497', 'ACCESS_DENIED'])
    await client.close()
    expect((await textOf(ask('SELECT 1 FORMAT Nope'))).match(/Code:/g)).toHaveLength(1)
  })

  it('binds parameters as values and never as SQL', async () => {
    const search = new URLSearchParams({
      param_text: "it's \\\\ a 'test'; DROP TABLE x",
      param_n: '2',
      param_ids: '[1,2,3]',
      param_table: 'numbers',
    })
    const response = ask(
      'SELECT {text:String}, {n:UInt8} + 1, has({ids:Array(UInt32)}, 3) FROM system.{table:Identifier} LIMIT {n:UInt8}',
      { search: search.toString() },
    )
    expect(await textOf(response)).toBe("it\\'s \\\\ a \\'test\\'; DROP TABLE x\t3\t1\n".repeat(2))
  })

  it.each([
    [`{'it\\'s':1,'b':-2}`, `{"it's":1,"b":-2}`],
    ['{}', '{}'],
  ])('binds a map: %s', async (value, shown) => {
    const search = new URLSearchParams({ param_m: value, default_format: 'JSONEachRow' }).toString()
    expect(await textOf(ask('SELECT {m:Map(String, Int8)} AS m', { search }))).toBe(`{"m":${shown}}\n`)
  })

  it('takes nothing but literals as a map', async () => {
    const search = new URLSearchParams({ param_m: "{'a':version()}" }).toString()
    const response = await ask('SELECT {m:Map(String, String)}', { search })
    expect(response.headers.get('x-clickhouse-exception-code')).toBe('27')
  })

  it('names the parameter that is missing', async () => {
    const response = await ask('SELECT {nothing:String}')
    expect(response.headers.get('x-clickhouse-exception-code')).toBe('456')
  })

  it('takes back the settings of a request when it has ended', async () => {
    const zone = "SELECT getSetting('session_timezone')"
    expect(await textOf(ask(zone, { search: 'session_timezone=Asia/Tokyo' }))).toBe('Asia/Tokyo\n')
    for (let i = 0; i < 3; i++) expect(await textOf(ask(zone))).toBe('\n')
  })

  it('refuses several statements in one request', async () => {
    for (const query of [
      'SELECT 1; SELECT 2',
      'SELECT 1;\nDROP DATABASE gemba',
      'SELECT 1 /* ; */ ; SELECT 2',
    ])
      expect(await textOf(ask(query))).toMatch(/Multi-statements/)
    expect(await textOf(asWriter('CREATE TABLE a (x UInt8) ENGINE = Memory; SELECT 1'))).toMatch(
      /Multi-statements/,
    )
    expect(await textOf(ask("SELECT ';' -- ;\n;"))).toBe(';\n')
  })

  it('refuses what is not addressed to loopback by name', async () => {
    const { request } = await import('node:http')
    const status = await new Promise(resolve => {
      request(`${embedded.url}/?query=SELECT+1`, { headers: { host: 'evil.example' } }, response => {
        response.resume()
        resolve(response.statusCode)
      }).end()
    })
    expect(status).toBe(421)
  })

  it('refuses a statement of a reader that is larger than a megabyte', async () => {
    const response = await ask(`SELECT '${'x'.repeat(1024 ** 2)}'`)
    expect(response.status).toBe(413)
  })

  it('ends the query of a client that went away', async () => {
    const gone = new AbortController()
    const slow = fetch(`${embedded.url}/`, {
      method: 'POST',
      body: 'SELECT sum(cityHash64(number)) AS slow_marker FROM numbers(1000000000000)',
      signal: gone.signal,
    })
    const running = (): Promise<string> =>
      textOf(
        ask(
          "SELECT count() FROM system.processes WHERE query LIKE '%slow_marker%' AND query NOT LIKE '%system.processes%'",
        ),
      )
    await expect.poll(running, { timeout: 5_000, interval: 50 }).toBe('1\n')
    gone.abort()
    await expect(slow).rejects.toThrow()
    await expect.poll(running, { timeout: 5_000, interval: 50 }).toBe('0\n')
  })
})

describe('inserts', () => {
  it('take a payload with blank lines whole, and run nothing of it as SQL', async () => {
    await asWriter('CREATE TABLE gemba.lines (text String) ENGINE = MergeTree ORDER BY text')
    const rows = ['{"text":"before"}', '', '', 'DROP TABLE gemba.lines;', ''].join('\n')
    // As the body beside the statement, and behind the statement in one text.
    const beside = await asWriter(
      rows,
      `query=${encodeURIComponent('INSERT INTO gemba.lines FORMAT LineAsString')}`,
    )
    expect(beside.status).toBe(200)
    expect((await asWriter(`INSERT INTO gemba.lines FORMAT LineAsString\n${rows}`)).status).toBe(200)
    expect(await textOf(ask("SELECT count() FROM lines WHERE text LIKE 'DROP%'"))).toBe('2\n')
  })

  it('take a binary payload with blank lines whole', async () => {
    await asWriter('CREATE TABLE gemba.numbers16 (n UInt16) ENGINE = MergeTree ORDER BY n')
    const body = Buffer.from(new Uint16Array(1_000).fill(0x0a0a).buffer)
    const query = encodeURIComponent('INSERT INTO gemba.numbers16 FORMAT RowBinary')
    await fetch(`${embedded.url}/?query=${query}`, {
      method: 'POST',
      headers: { [writerHeader]: embedded.secret },
      body,
    })
    expect(await textOf(ask('SELECT count(), min(n), max(n) FROM numbers16'))).toBe('1000\t2570\t2570\n')
  })

  it('count once however often they are repeated with one token', async () => {
    await asWriter(
      'CREATE TABLE gemba.once (n UInt32) ENGINE = MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 10',
    )
    for (let i = 0; i < 3; i++) {
      const response = await asWriter(
        'INSERT INTO gemba.once FORMAT TSV\n1\n2\n',
        'insert_deduplication_token=t1',
      )
      expect(response.status).toBe(200)
    }
    await asWriter('INSERT INTO gemba.once FORMAT TSV\n1\n2\n', 'insert_deduplication_token=t2')
    expect(await textOf(ask('SELECT count() FROM once'))).toBe('4\n')
  })
})

it('works with the official client: query, parameters, insert, command, exec and errors', async () => {
  const client = createClient({
    url: embedded.url,
    database: 'gemba',
    http_headers: { [writerHeader]: embedded.secret },
  })
  try {
    await client.command({
      query: 'CREATE TABLE things (id UInt32, name String) ENGINE = MergeTree ORDER BY id',
    })
    await client.insert({
      table: 'things',
      values: [
        { id: 1, name: 'lathe\n\nDROP TABLE things' },
        { id: 2, name: 'press' },
      ],
      format: 'JSONEachRow',
    })
    const native = Buffer.concat([
      Buffer.from([2, 1]),
      Buffer.from('\x02id\x06UInt32'),
      Buffer.from(new Uint32Array([3]).buffer),
      Buffer.from('\x04name\x06String\x04mill'),
    ])
    const { stream } = await client.exec({
      query: 'INSERT INTO things FORMAT Native',
      values: Readable.from([native], { objectMode: false }),
    })
    await stream.resume().toArray()
    const result = await client.query({
      query: 'SELECT id, name FROM things WHERE id <= {most:UInt32} ORDER BY id',
      query_params: { most: 3 },
      format: 'JSONEachRow',
      clickhouse_settings: { max_threads: 1 },
    })
    expect(await result.json()).toEqual([
      { id: 1, name: 'lathe\n\nDROP TABLE things' },
      { id: 2, name: 'press' },
      { id: 3, name: 'mill' },
    ])
    await expect(client.query({ query: 'SELECT * FROM missing' })).rejects.toMatchObject({ code: '60' })
    expect((await client.ping()).success).toBe(true)
  } finally {
    await client.close()
  }
})

/** What Grafana's ClickHouse source asks over HTTP: its hello, its look at the schema, and its macros as it writes them out. */
describe('Grafana', () => {
  const asGrafana = (query: string, format: string): Promise<Response> =>
    ask(query, {
      headers: { 'X-ClickHouse-User': 'default', 'X-ClickHouse-Key': '', 'Content-Type': 'text/plain' },
      search: `database=gemba&default_format=${format}&max_execution_time=60&client_protocol_version=54485`,
    })

  beforeAll(async () => {
    await (await asWriter('CREATE DATABASE IF NOT EXISTS gemba')).text()
    const table =
      'CREATE TABLE gemba.grafana (ts DateTime64(3), machine LowCardinality(String), value Float64) ENGINE = MergeTree ORDER BY ts'
    await (await asWriter(table)).text()
    const rows =
      "SELECT toDateTime64('2026-01-05 06:00:00', 3, 'UTC') + number, 'm' || toString(number % 2), number FROM numbers(600)"
    await (await asWriter(`INSERT INTO gemba.grafana ${rows}`)).text()
  })

  it.each([
    'SELECT displayName(), version(), revision(), timezone()',
    'SHOW DATABASES',
    'SHOW TABLES FROM "gemba"',
    'DESC TABLE "gemba"."grafana"',
    "SELECT name FROM system.columns WHERE database = 'gemba' AND table = 'grafana'",
  ])('is answered: %s', async query => {
    const response = await asGrafana(query, 'Native')
    expect(response.status).toBe(200)
    const bytes = Buffer.from(await response.arrayBuffer())
    // Its client says which Native it reads: a block begins with its info, and each type is followed by a flag.
    expect(bytes.subarray(0, 8).toString('hex')).toBe('010002ffffffff00')
    expect(bytes.subarray(8).toString('latin1')).toMatch(/String\)?\0/)
  })

  it('gets time series by its macros', async () => {
    const query = `
      SELECT toStartOfInterval(toDateTime("ts"), INTERVAL 60 second) as "time", "machine", avg(value) as "value"
      FROM "gemba"."grafana"
      WHERE "ts" >= toDateTime64(1767592860, 3) AND "ts" <= toDateTime64(1767593159, 3)
      GROUP BY "time", "machine" ORDER BY time ASC, machine ASC LIMIT 1000`
    const answer = (await (await asGrafana(query, 'JSON')).json()) as {
      data: { time: string; value: number }[]
    }
    expect(answer.data).toHaveLength(10)
    // The even ones of 60 to 119.
    expect(answer.data[0]!.value).toBe(89)
    const inMs = `SELECT count() AS n FROM gemba.grafana WHERE ts >= fromUnixTimestamp64Milli(1767592800000) AND ts < fromUnixTimestamp64Milli(1767592810000)`
    expect(await (await asGrafana(inMs, 'JSONEachRow')).text()).toBe('{"n":10}\n')
  })
})

describe('a reader', () => {
  const outside = join(tmpdir(), `gemba-secret-${process.pid}.csv`)
  beforeAll(() => writeFileSync(outside, 'secret,1\n'))
  afterAll(() => rmSync(outside, { force: true }))

  const attacks = [
    `SELECT * FROM file('${outside}')`,
    `SELECT * FROM FiLe ( '${outside}' )`,
    `SELECT * FROM \`file\`('${outside}')`,
    `SELECT * FROM "file"/* */('${outside}')`,
    `SELECT file('${outside}')`,
    `SELECT * FROM default.\`${outside}\``,
    `SELECT * FROM "default" . "${outside}"`,
    `SELECT * FROM \`def\\x61ult\`.\`${outside}\``,
    `SELECT * FROM merge('default', '.*')`,
    `SELECT 1 INTO OUTFILE '${outside}.out'`,
    `SELECT 1 INTO/**/OUTFILE '${outside}.out' FORMAT CSV`,
    `INSERT INTO FUNCTION file('${outside}.out', 'CSV', 'a UInt8') SELECT 1`,
    `INSERT INTO TABLE FUNCTION file('${outside}.out', 'CSV', 'a UInt8') VALUES (1)`,
    `EXPLAIN SELECT * FROM file('${outside}')`,
    `DESCRIBE TABLE file('${outside}')`,
    `DESCRIBE TABLE default.\`${outside}\``,
    `WITH t AS (SELECT * FROM file('${outside}')) SELECT * FROM t`,
    `(SELECT * FROM file('${outside}'))`,
    `SELECT * FROM numbers(1) WHERE number IN (SELECT c2 FROM file('${outside}'))`,
    `SELECT * FROM view(SELECT * FROM file('${outside}'))`,
    `SELECT * FROM eval('SELECT * FROM file(''${outside}'')') SETTINGS allow_experimental_eval_table_function = 1`,
    `SELECT 1 SETTINGS additional_result_filter = 'file(''${outside}'') != ''''', max_threads = 1`,
    `SELECT 1 SETTINGS max_threads = 1, dialect = 'prql'`,
    `SELECT 1 SETTINGS output_format_schema = '${outside}.out', format_schema = 'x' FORMAT Protobuf`,
    "SELECT * FROM url('http://127.0.0.1:1/')",
    "SELECT * FROM s3('http://127.0.0.1:1/a/b')",
    "SELECT * FROM remote('127.0.0.1:9000', system.one)",
    "SELECT * FROM cluster('default', system.one)",
    "SELECT * FROM mysql('127.0.0.1:1', 'd', 't', 'u', 'p')",
    "SELECT * FROM postgresql('127.0.0.1:1', 'd', 't', 'u', 'p')",
    "SELECT * FROM sqlite('/tmp/x.db', 't')",
    "SELECT * FROM executable('id', 'TSV', 'a String')",
    "SELECT * FROM filesystem('/etc')",
    "SELECT aiGenerate('hello')",
    `SELECT hasColumnInTable('default', '${outside}', 'c1')`,
    'SELECT 1; DROP DATABASE gemba',
    'SELECT $$a$$, file($$/etc/passwd$$)',
    'SELECT “file”(1)',
    `SELECT 1 -- \n, file('${outside}')`,
    `SELECT 1 /* /* */ , file('${outside}') /* */ */`,
    `SELECT 1 // '\n, file('${outside}') // '`,
    'SET readonly = 0',
    'USE system',
    'SYSTEM SHUTDOWN',
    'KILL QUERY WHERE 1 SYNC',
    'CREATE TABLE gemba.mine (x UInt8) ENGINE = Memory',
    `CREATE TABLE gemba.mine (x String) ENGINE = File(CSV, '${outside}')`,
    'CREATE TEMPORARY TABLE mine (x UInt8)',
    'CREATE FUNCTION f AS x -> x',
    'DROP DATABASE gemba',
    "INSERT INTO gemba.lines VALUES ('x')",
    'INSERT INTO gemba.lines SELECT 1',
    'WITH 1 AS x INSERT INTO gemba.lines SELECT toString(x)',
    'ALTER TABLE gemba.lines DELETE WHERE 1',
    'OPTIMIZE TABLE gemba.lines',
    "BACKUP DATABASE gemba TO File('/tmp/gemba-backup')",
    'TRUNCATE TABLE gemba.lines',
  ]
  it.each(attacks)('may not: %s', async attack => {
    const response = await ask(attack)
    const text = await response.text()
    expect(response.status, text).toBeGreaterThanOrEqual(400)
    expect(text).not.toContain('secret,')
    expect(response.headers.get('x-clickhouse-exception-code')).toMatch(/^(497|164|62|81)$/)
  })

  it.each(['max_execution_time', 'max_memory_usage'])('may have less of %s and not more', async name => {
    const asked = async (value: string): Promise<number[]> => {
      const beside = await ask('SELECT 1', { search: `${name}=${value}` })
      const within = await ask(`SELECT 1 SETTINGS ${name} = ${value}`)
      return [beside.status, within.status]
    }
    const plenty = name === 'max_execution_time' ? '60' : '100000000'
    expect(await asked(plenty)).toEqual([200, 200])
    for (const value of ['0', '1e18', '-1']) expect(await asked(value), value).toEqual([403, 403])
  })

  it('may not give such settings beside the statement, nor such names as parameters', async () => {
    for (const name of [
      'dialect',
      'additional_result_filter',
      'format_schema',
      'output_format_schema',
      'allow_ddl',
    ])
      expect((await ask('SELECT 1', { search: `${name}=1` })).status).toBe(403)
    const search = new URLSearchParams({ param_f: 'file' }).toString()
    expect((await ask(`SELECT * FROM {f:Identifier}('${outside}')`, { search })).status).toBe(403)
    const database = new URLSearchParams({ param_d: 'default', param_t: outside }).toString()
    expect((await ask('SELECT * FROM {d:Identifier}.{t:Identifier}', { search: database })).status).toBe(403)
  })

  it('may not with a wrong secret either', async () => {
    const response = await ask('DROP DATABASE gemba', { headers: { [writerHeader]: `${embedded.secret}x` } })
    expect(response.status).toBe(403)
  })

  it.each([
    "SELECT 'INTO OUTFILE file(' AS `file`, count() FROM numbers(2)",
    "SELECT value FROM generateRandom('value UInt8', 1) LIMIT 1 SETTINGS max_threads = 1",
    "SELECT format('{} {}', 'a', 'b')",
    "SHOW TABLES FROM system LIKE 'one'",
    'SHOW DATABASES',
    'DESCRIBE system.one',
    'EXPLAIN SELECT 1',
    'EXISTS TABLE system.one',
    'WITH x AS (SELECT 1 AS a) SELECT a FROM x;',
    '(SELECT 1) UNION ALL (SELECT 2)',
    'SELECT * FROM view(SELECT 1)',
    'SELECT {a:String}',
  ])('may: %s', async query => {
    const response = await ask(query, { search: query.includes('{a:') ? 'param_a=1' : '' })
    expect(response.status, await response.text()).toBe(200)
  })
})
