import {
  copyFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SampleBatchBuilder } from '../../schema/sample-batch.js'
import { PoolError } from '../../workers/pool.js'
import { scanSegment } from '../../workers/spool/record.js'
import { storeProcesses } from '../e2e/store-processes.js'
import { Database } from './database.js'
import { startEmbedded } from './embedded/embedded.js'
import type { Store, StoreOptions } from './store.js'
import { dropTestDatabase, frontOf, reopenTestStore, testUrl } from './your-clickhouse.fixture.js'

const logger = pino({ level: 'silent' })
let folder: string
const closers: (() => Promise<unknown>)[] = []

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gemba-crash-'))
  await dropTestDatabase()
})
/** What only the embedded one has: a process of ours, and a folder. */
const itEmbedded = it.skipIf(testUrl !== undefined)

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
  rmSync(folder, { recursive: true, force: true })
})

async function open(more: Partial<StoreOptions> = {}): Promise<Store> {
  const store = await reopenTestStore({ dataDir: folder, logger, wall: Date, ...more })
  closers.push(() => store.close(1_000))
  return store
}

/** Samples whose value is their number. */
function append(store: Store, from: number, count: number): void {
  const builder = new SampleBatchBuilder()
  for (let i = from; i < from + count; i++) builder.push(1, 1_000_000 + i, 0, i, 0)
  store.append({ source: 's', samples: builder.take() })
}

interface Census {
  readonly rows: number
  readonly distinct: number
  readonly max: number
  readonly numbers: number
  readonly minutes: number
}

/** How many samples there are, how many different ones, and what the minute table says. */
async function census(store: Store): Promise<Census> {
  const [row] = await store.query<Census>(
    `SELECT toUInt32(count()) AS rows, toUInt32(uniqExact(value)) AS distinct, toUInt32(max(value)) AS max,
      toUInt32(uniqExact(seq)) AS numbers, (SELECT toUInt32(sum(count)) FROM gemba.telemetry_1m) AS minutes
    FROM gemba.telemetry`,
  )
  return row!
}

const once = (count: number): Census => ({
  rows: count,
  distinct: count,
  max: count - 1,
  numbers: count,
  minutes: count,
})

itEmbedded('a database killed under load comes back by itself, and the spool drains', async () => {
  const store = await open({ spool: { segmentSamples: 200, sealAfterMs: 5 } })
  append(store, 0, 1_000)
  process.kill(storeProcesses()[0]!, 'SIGKILL')
  append(store, 1_000, 1_000)
  await store.flush()
  expect(store.status().databaseRestarts).toBe(1)
  expect(await census(store)).toEqual(once(2_000))
})

itEmbedded(
  'a database killed while it starts is started again, a few times, and then told of with what to look for',
  async () => {
    const startKilled = async (kills: number) => {
      const killed = new Set<number>()
      const assassin = setInterval(() => {
        for (const pid of storeProcesses()) {
          if (killed.size >= kills || killed.has(pid)) continue
          killed.add(pid)
          process.kill(pid, 'SIGKILL')
        }
      }, 20)
      try {
        const embedded = await startEmbedded({ path: join(folder, 'clickhouse'), logger })
        closers.push(() => embedded.stop())
      } finally {
        clearInterval(assassin)
      }
      return killed.size
    }
    const error = await startKilled(Number.POSITIVE_INFINITY).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ name: 'StoreError', code: 'store-failed' })
    expect((error as Error).message).toMatch(/ended by SIGKILL each time while it started.*memory is short/)
    expect(await startKilled(2)).toBe(2)
  },
)

it('a segment that was inserted but not yet deleted counts once', async () => {
  const first = await open()
  append(first, 0, 1_000)
  const spool = join(folder, 'spool')
  const [name] = readdirSync(spool).filter(file => file.endsWith('.segment'))
  copyFileSync(join(spool, name!), join(folder, name!))
  await first.flush()
  await first.close()
  copyFileSync(join(folder, name!), join(spool, name!))
  const second = await open()
  append(second, 1_000, 10)
  await second.flush()
  expect(second.status().segmentsWaiting).toBe(0)
  expect(await census(second)).toEqual(once(1_010))
})

it('a damaged and a truncated segment: what is whole is kept, what is not is reported by position', async () => {
  const first = await open({ clickhouseUrl: await refusingUrl(folder), spool: { segmentSamples: 100 } })
  for (let i = 0; i < 25; i++) append(first, i * 10, 10)
  await first.close(0)
  const spool = join(folder, 'spool')
  const names = readdirSync(spool)
    .filter(file => file.endsWith('.segment'))
    .sort()
  expect(names.length).toBeGreaterThanOrEqual(3)
  const [flipped, cut] = names.map(name => readFileSync(join(spool, name)))
  const records = [flipped!, cut!].map(bytes => scanSegment(bytes).records)
  const at = Math.floor(flipped!.byteLength / 2)
  flipped![at] = flipped![at]! ^ 0xff
  writeFileSync(join(spool, names[0]!), flipped!)
  const end = cut!.byteLength - 5
  writeFileSync(join(spool, names[1]!), cut!.subarray(0, end))

  const lines: string[] = []
  const second = await open({ logger: pino({ level: 'error' }, { write: line => lines.push(line) }) })
  await second.flush()
  const found = await second.query<{ value: number }>('SELECT value FROM gemba.telemetry ORDER BY value')
  expect(second.status().damagedSegments).toBe(2)
  expect(readdirSync(spool)).toEqual(expect.arrayContaining([`${names[0]}.corrupt`, `${names[1]}.corrupt`]))
  const [gone, ...reports] = lines.map(line => JSON.parse(line))
  expect(gone).toMatchObject({ path: join(spool, names[1]!), from: end, to: end + 5 })
  const reported = reports.map(({ damage }: { damage: { from: number; to: number }[] }) => damage)
  expect(reported).toEqual([
    [{ from: expect.any(Number), to: expect.any(Number) }],
    [{ from: expect.any(Number), to: end + 5 }],
  ])
  expect(reported[0]![0]!.from).toBeLessThanOrEqual(at)
  expect(reported[0]![0]!.to).toBeGreaterThan(at)
  // What is missing stood just there, and nothing else is.
  const missing = reported.flatMap(([damage], segment) =>
    records[segment]!.flatMap(record =>
      record.kind === 'entry' && record.from < damage!.to && record.to > damage!.from
        ? [...record.entry.samples!.value]
        : [],
    ),
  )
  expect(missing).toHaveLength(20)
  expect(found.map(({ value }) => value)).toEqual(
    Array.from({ length: 250 }, (_, i) => i).filter(value => !missing.includes(value)),
  )
})

it('an older segment that was cut just between two records: what was in it is reported by position, kept aside and counted', async () => {
  const first = await open({ clickhouseUrl: await refusingUrl(folder), spool: { segmentSamples: 100 } })
  for (let i = 0; i < 25; i++) append(first, i * 10, 10)
  await first.close(0)
  const spool = join(folder, 'spool')
  const [name] = readdirSync(spool)
    .filter(file => file.endsWith('.segment'))
    .sort()
  const path = join(spool, name!)
  const bytes = readFileSync(path)
  const last = scanSegment(bytes).records.at(-1)!
  truncateSync(path, last.from)

  const lines: string[] = []
  const second = await open({ logger: pino({ level: 'error' }, { write: line => lines.push(line) }) })
  await second.flush()
  expect(second.status().damagedSegments).toBe(1)
  const reports = lines.map(line => JSON.parse(line))
  expect(reports).toMatchObject([
    { path, from: last.from, to: bytes.byteLength },
    { path: `${path}.corrupt`, damage: [{ from: last.from, to: bytes.byteLength }] },
  ])
  const found = await second.query<{ value: number }>('SELECT value FROM gemba.telemetry ORDER BY value')
  const gone = last.kind === 'entry' ? [...last.entry.samples!.value] : []
  expect(gone).toHaveLength(10)
  expect(found.map(({ value }) => value)).toEqual(
    Array.from({ length: 250 }, (_, i) => i).filter(value => !gone.includes(value)),
  )
})

it('a newest segment that was cut: what was safe and is gone is reported by position, kept aside and counted', async () => {
  const first = await open({ clickhouseUrl: await refusingUrl(folder) })
  for (let i = 0; i < 25; i++) append(first, i * 10, 10)
  await first.commit()
  // As it stands at a kill -9.
  const dataDir = join(folder, 'after')
  cpSync(join(folder, 'spool'), join(dataDir, 'spool'), { recursive: true })
  const [name] = readdirSync(join(dataDir, 'spool')).filter(file => file.endsWith('.segment'))
  const path = join(dataDir, 'spool', name!)
  const bytes = readFileSync(path)
  const last = scanSegment(bytes).records.at(-1)!
  truncateSync(path, bytes.byteLength - 5)

  const lines: string[] = []
  const second = await open({
    dataDir,
    logger: pino({ level: 'error' }, { write: line => lines.push(line) }),
  })
  append(second, 250, 10)
  await second.flush()
  expect(second.status().damagedSegments).toBe(1)
  expect(readdirSync(join(dataDir, 'spool'))).toContain(`${name}.corrupt`)
  const reports = lines.map(line => JSON.parse(line))
  expect(reports).toContainEqual(
    expect.objectContaining({
      path: `${path}.corrupt`,
      damage: [{ from: last.from, to: bytes.byteLength }],
    }),
  )
  const found = await second.query<{ value: number }>('SELECT value FROM gemba.telemetry ORDER BY value')
  expect(found.map(({ value }) => value)).toEqual(
    Array.from({ length: 260 }, (_, i) => i).filter(i => i < 240 || i >= 250),
  )
})

it('a segment that cannot be made into blocks is kept and told of by its name; nobody waits for ever', async () => {
  const store = await open({ spool: { segmentSamples: 10, sealAfterMs: 5 } })
  append(store, 0, 10)
  await store.flush()
  await store.close()
  const second = await open({ clickhouseUrl: await refusingUrl(folder), spool: { segmentSamples: 10 } })
  append(second, 10, 10)
  await second.commit()
  await second.close(0)
  const spool = join(folder, 'spool')
  const name = readdirSync(spool)
    .filter(file => file.endsWith('.segment'))
    .sort()[0]!
  const bytes = readFileSync(join(spool, name))
  const third = await open({
    pool: {
      run: async () => {
        throw new PoolError('task-failed', `EIO: i/o error, read ${name}`)
      },
      close: async () => undefined,
    },
  })
  await expect(third.flush()).rejects.toMatchObject({
    code: 'segment-unreadable',
    message: expect.stringContaining(name),
  })
  expect(third.status().lastError).toContain('EIO')
  await third.close(0)
  await expect(third.flush()).rejects.toMatchObject({ code: 'closed' })
  expect(readFileSync(join(spool, name))).toEqual(bytes)
  const fourth = await open()
  await fourth.flush()
  expect(await census(fourth)).toEqual(once(20))
})

/** A spool that exists, and a server that never answers. */
async function refusingUrl(dataDir: string): Promise<string> {
  const store = await reopenTestStore({ dataDir, logger, wall: Date })
  await store.close()
  return 'http://127.0.0.1:1'
}

describe('a folder', () => {
  itEmbedded('that another one has open gives one clear line', async () => {
    await open()
    const error: unknown = await open({ lockPatienceMs: 0 }).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ name: 'StoreError', code: 'data-dir-locked' })
    expect((error as Error).message).toMatch(
      /^The database folder .* is in use by another process\. Stop that one.*$/,
    )
  })

  itEmbedded('that cannot be written gives one clear line', async () => {
    writeFileSync(join(folder, 'file'), '')
    const error: unknown = await open({ dataDir: join(folder, 'file') }).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ name: 'StoreError', code: 'data-dir-not-writable' })
    expect((error as Error).message).toMatch(/cannot be written \(E\w+\)\. Choose another with --data/)
  })
})

it('a block that the database will not have is set aside with its reason, and what comes after it goes on', async () => {
  // A database with a rule of its own, as somebody's server may have one.
  const server = await startEmbedded({ path: join(folder, 'elsewhere'), logger })
  closers.push(() => server.stop())
  const front = frontOf(server)
  closers.push(() => front.down())
  await front.up()
  const lines: string[] = []
  const told = pino({ level: 'error' }, { write: line => lines.push(line) })
  const store = await open({ clickhouseUrl: front.url, logger: told })
  await store.ready
  const database = new Database(server.url, server.secret)
  closers.push(() => database.close())
  await database.command('ALTER TABLE gemba.telemetry ADD CONSTRAINT sane CHECK value < 1000')
  append(store, 0, 100)
  await store.flush()
  const reject = { source: 's', time: 5, rule: 'r', reason: 'kept though its neighbours are not', raw: '' }
  const wild = new SampleBatchBuilder()
  wild.push(1, 1_000_500, 0, 5_000, 0)
  store.append({ source: 's', samples: wild.take(), rejects: [reject] })
  await store.flush()
  append(store, 100, 100)
  await store.flush()

  expect(store.status()).toMatchObject({
    refusedBlocks: 1,
    segmentsWaiting: 0,
    retries: 0,
    lastError: undefined,
  })
  expect((await census(store)).rows).toBe(200)
  expect(await store.query('SELECT reason FROM gemba.rejects')).toEqual([{ reason: reject.reason }])
  const kept = join(folder, 'spool', 'refused')
  const [reason, block] = readdirSync(kept).sort()
  expect(JSON.parse(readFileSync(join(kept, reason!), 'utf8'))).toMatchObject({
    ...{ table: 'telemetry', rows: 1 },
    reason: expect.stringMatching(/Constraint `?sane`? .* is violated/),
  })
  expect(lines.join()).toMatch(/will not have a block/)

  // Somebody takes the rule away and puts the block in by hand, as it is.
  await database.command('ALTER TABLE gemba.telemetry DROP CONSTRAINT sane')
  await database.insertBlock('telemetry', readFileSync(join(kept, block!)), 'by hand')
  expect(await store.query('SELECT value FROM gemba.telemetry WHERE value > 1000')).toEqual([
    { value: 5_000 },
  ])
  await store.close()
  // It is counted until somebody has taken it away.
  const next = await open({ clickhouseUrl: front.url })
  expect(next.status().refusedBlocks).toBe(1)
})

it('a block whose answer was lost counts once, however many pile up behind it: more than a table remembers', async () => {
  const server = await startEmbedded({ path: join(folder, 'elsewhere'), logger })
  closers.push(() => server.stop())
  const front = frontOf(server)
  closers.push(() => front.down())
  await front.up()
  const store = await open({ clickhouseUrl: front.url, spool: { segmentSamples: 10 } })
  await store.ready
  const database = new Database(server.url, server.secret)
  closers.push(() => database.close())
  // Blocks go in one after the other, so that the newest alone can come again: the window need not hold an outage.
  const remembered = 3
  await database.command(
    `ALTER TABLE gemba.telemetry MODIFY SETTING non_replicated_deduplication_window = ${remembered}`,
  )
  append(store, 0, 10)
  await store.flush()
  front.isDumb = true
  append(store, 10, 10)
  await expect.poll(() => store.status().retries, { timeout: 20_000, interval: 10 }).toBeGreaterThan(1)
  const [inside] = await database.query<{ rows: string }>('SELECT count() AS rows FROM gemba.telemetry')
  expect(Number(inside!.rows)).toBe(20)
  for (let i = 2; i < 4 * remembered; i++) append(store, 10 * i, 10)
  expect(store.status().segmentsWaiting).toBeGreaterThan(2 * remembered)
  front.isDumb = false
  await store.flush()
  expect((await census(store)).rows).toBe(40 * remembered)
  expect((await census(store)).numbers).toBe(40 * remembered)
})

describe('your own ClickHouse', () => {
  it('must be there at the first start', async () => {
    await expect(open({ clickhouseUrl: 'http://127.0.0.1:1' })).rejects.toMatchObject({
      code: 'store-unreachable',
    })
  })

  it('may go away and come back: nothing accepted is lost, nothing counts twice', async () => {
    const server = await startEmbedded({ path: join(folder, 'elsewhere'), logger })
    closers.push(() => server.stop())
    const front = frontOf(server)
    closers.push(() => front.down())
    await front.up()
    const first = await open({ clickhouseUrl: front.url })
    append(first, 0, 100)
    await first.flush()
    await front.down()
    append(first, 100, 100)
    await expect.poll(() => first.status().retries, { timeout: 5_000, interval: 10 }).toBeGreaterThan(0)
    expect(first.status().lastError).toMatch(/ECONNREFUSED|socket hang up/)
    expect(await first.close(0)).toEqual({ rowsWritten: 100, segmentsLeft: 1 })

    // Still away at the next start: it goes on accepting.
    const second = await open({ clickhouseUrl: front.url })
    expect(second.status().isReady).toBe(false)
    append(second, 200, 100)
    await front.up()
    await second.ready
    await second.flush()
    expect(await census(second)).toEqual(once(300))
    expect((await second.close()).segmentsLeft).toBe(0)
  })
})
