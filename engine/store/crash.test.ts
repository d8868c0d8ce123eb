import { spawn } from 'node:child_process'
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import pino from 'pino'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { SampleBatchBuilder } from '../../schema/sample-batch.js'
import { sourceExecArgv } from '../../workers/source.js'
import { type Embedded, startEmbedded } from './embedded/embedded.js'
import { writerHeader } from './embedded/http-interface.js'
import { openStore, type Store, type StoreOptions } from './store.js'

// Databases are started here; on a busy machine that takes a while.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const logger = pino({ level: 'silent' })
let folder: string
const closers: (() => Promise<unknown>)[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gemba-crash-'))
})
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
  rmSync(folder, { recursive: true, force: true })
})

async function open(more: Partial<StoreOptions> = {}): Promise<Store> {
  const store = await openStore({ dataDir: folder, logger, wall: { now: () => Date.now() }, ...more })
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

it('a database killed again and again in the middle of inserts: every sample is there once', async () => {
  const killed: (number | undefined)[] = []
  const store = await open({ spool: { segmentSamples: 200, sealAfterMs: 5 } })
  let next = 0
  const children = childrenOf(process.pid)
  expect(children.length).toBeGreaterThan(0)
  for (let life = 0; life < 2; life++) {
    const pid = childrenOf(process.pid).find(child => !killed.includes(child))
    for (let i = 0; i < 20; i++) {
      append(store, next, 50)
      next += 50
      if (i === 12 && pid !== undefined) {
        await expect.poll(() => store.status().segmentsWaiting, { interval: 1 }).toBeLessThan(5)
        process.kill(pid, 'SIGKILL')
        killed.push(pid)
      }
    }
    await store.flush()
  }
  expect(killed.length).toBe(2)
  expect(store.status().databaseRestarts).toBeGreaterThanOrEqual(2)
  expect(await census(store)).toEqual(once(next))
})

/** Database processes started by `pid`. */
function childrenOf(pid: number): number[] {
  return readdirSync('/proc').flatMap(name => {
    if (!/^\d+$/.test(name)) return []
    try {
      const status = readFileSync(`/proc/${name}/status`, 'utf8')
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8')
      return status.includes(`\nPPid:\t${pid}\n`) && /embedded\/child\.[tj]s/.test(command)
        ? [Number(name)]
        : []
    } catch {
      return []
    }
  })
}

it('an engine killed in the middle of appends: everything accepted is there once, and the next start finds the folder free', async () => {
  const script = fileURLToPath(new URL('./crash.fixture.ts', import.meta.url))
  let accepted = 0
  for (let life = 0; life < 2; life++) {
    const child = spawn(
      process.execPath,
      [...sourceExecArgv(import.meta.url), script, folder, String(accepted)],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    const died = new Promise(resolve => child.once('close', resolve))
    const start = accepted
    for await (const line of createInterface(child.stdout)) {
      accepted = Number(line)
      if (accepted - start >= 3_000 + life * 700) child.kill('SIGKILL')
    }
    await died
    const store = await open()
    await store.flush()
    const found = await census(store)
    // What was written but not yet told may be there as well; then it is there whole.
    expect(found).toEqual(once(found.rows))
    expect(found.rows).toBeGreaterThanOrEqual(accepted)
    accepted = found.rows
    expect(store.status().accepted).toBe(found.rows)
    await store.close()
  }
})

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

it('a damaged segment: what can be read is kept, the file is set aside and reported', async () => {
  const first = await open({ clickhouseUrl: await refusingUrl(folder) })
  for (let i = 0; i < 10; i++) append(first, i * 10, 10)
  await first.close(0)
  const spool = join(folder, 'spool')
  const [name] = readdirSync(spool).filter(file => file.endsWith('.segment'))
  const bytes = readFileSync(join(spool, name!))
  const at = Math.floor(bytes.byteLength / 2)
  bytes[at] = bytes[at]! ^ 0xff
  writeFileSync(join(spool, name!), bytes)

  const second = await open()
  await second.flush()
  expect((await census(second)).rows).toBe(90)
  expect(second.status().damagedSegments).toBe(1)
  expect(readdirSync(spool)).toContain(`${name}.corrupt`)
})

/** A spool that exists, and a server that never answers. */
async function refusingUrl(dataDir: string): Promise<string> {
  const store = await openStore({ dataDir, logger, wall: { now: () => Date.now() } })
  await store.close()
  return 'http://127.0.0.1:1'
}

describe('a folder', () => {
  it('that another one has open gives one clear line', async () => {
    await open()
    const error: unknown = await open({ lockPatienceMs: 0 }).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ name: 'StoreError', code: 'data-dir-locked' })
    expect((error as Error).message).toMatch(
      /^The database folder .* is in use by another process\. Stop that one.*$/,
    )
  })

  it('that cannot be written gives one clear line', async () => {
    writeFileSync(join(folder, 'file'), '')
    const error: unknown = await open({ dataDir: join(folder, 'file') }).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ name: 'StoreError', code: 'data-dir-not-writable' })
    expect((error as Error).message).toMatch(/cannot be written \(E\w+\)\. Choose another with --data/)
  })
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
    const front = await frontOf(server)
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

/** The same database under another address that can go away; to it everybody is the engine. */
async function frontOf(
  server: Embedded,
): Promise<{ url: string; up(): Promise<void>; down(): Promise<void> }> {
  let front: Server | undefined
  let port = 0
  return {
    get url() {
      return `http://127.0.0.1:${port}`
    },
    async up() {
      front = createServer((incoming, response) => {
        const onward = request(
          `${server.url}${incoming.url}`,
          { method: incoming.method, headers: { ...incoming.headers, [writerHeader]: server.secret } },
          answer => {
            response.writeHead(answer.statusCode ?? 500, answer.headers)
            answer.pipe(response)
          },
        )
        onward.on('error', () => response.destroy())
        incoming.pipe(onward)
      })
      await new Promise<void>(resolve => front!.listen(port, '127.0.0.1', resolve))
      port = (front.address() as AddressInfo).port
    },
    async down() {
      const closed = new Promise(resolve => (front ? front.close(resolve) : resolve(undefined)))
      front?.closeAllConnections()
      await closed
    },
  }
}
