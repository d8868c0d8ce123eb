import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import pino from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { SampleBatchBuilder } from '../../schema/sample-batch.js'
import { createPool } from '../../workers/pool.js'
import { backupCommand, restoreCommand } from '../cli/backup.js'
import { DataDirectory } from '../data-directory.js'
import { GembaProcess } from '../e2e/process.js'
import { Dictionary } from '../floor/dictionary.js'
import type { ImportBlock } from '../import/block.js'
import { ImportDesk } from '../import/import-desk.js'
import { backup } from './backup.js'
import { Database } from './database.js'
import { startEmbedded } from './embedded/embedded.js'
import { migrate } from './migrations/migrate.js'
import { Spool } from './spool/spool.js'
import { openStore, type Store } from './store.js'
import { Writer } from './writer.js'
import { dropTestDatabase, reopenTestStore, testUrl } from './your-clickhouse.fixture.js'

const begin = Date.UTC(2026, 10, 20, 22)
const silent = pino({ level: 'silent' })
let root: string
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'gemba-backup-'))
})
beforeEach(dropTestDatabase)
afterEach(() => void vi.restoreAllMocks())
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** Where a plant is lived; a backup of it is always restored into a folder of its own. */
const open = (dataDir: string): Promise<Store> => reopenTestStore({ dataDir, logger: silent, wall: Date })
const openRestored = (dataDir: string): Promise<Store> => openStore({ dataDir, logger: silent, wall: Date })
const backupOf = (data: string, to: string): string[] => [
  ...['--to', to, '--data', data],
  ...(testUrl === undefined ? [] : ['--clickhouse-url', testUrl]),
]
const takeBackup = (to: string, data: string) => run(backupCommand, ...backupOf(data, to))

function append(store: Store, from: number, count: number): void {
  const builder = new SampleBatchBuilder()
  for (let i = from; i < from + count; i++) builder.push(i % 3, begin + i * 10_000, begin, i, 0)
  store.append({
    source: 's',
    samples: builder.take(),
    twinEvents: [
      { address: 'machine:m1', time: begin + from, type: 'state.changed', payload: { to: 'Execute' } },
    ],
    snapshots: [
      {
        address: 'machine:m1',
        time: begin + from,
        definition: 'machine',
        version: 1,
        snapshot: `{"at":${from}}`,
      },
    ],
  })
}

const census = async (store: Store): Promise<object> => ({
  telemetry: await store.query(
    'SELECT toUInt32(count()) AS n, toUInt32(uniqExact(value)) AS different, toUInt32(max(seq)) AS newest, cityHash64(groupArray((signal, ts, value, seq))) AS hash FROM (SELECT * FROM gemba.telemetry ORDER BY seq)',
  ),
  minutes: await store.query('SELECT toUInt32(sum(count)) AS n, sum(sum) AS sum FROM gemba.telemetry_1m'),
  events: await store.query(
    'SELECT address, type, payload, toUInt32(seq) AS seq FROM gemba.twin_events ORDER BY seq',
  ),
  snapshots: await store.latestSnapshots(),
})

async function run(command: typeof backupCommand, ...args: string[]) {
  const { code, out, err } = await runUntil(undefined, command, ...args)
  // Where the machine is busy, it says now and then how far it is.
  return { code, out, err: err.filter(line => !line.endsWith(' so far')) }
}

/** Told to stop by the line of progress that looks like `stopAt`. */
async function runUntil(stopAt: RegExp | undefined, command: typeof backupCommand, ...args: string[]) {
  const [out, err]: [string[], string[]] = [[], []]
  const stop = new AbortController()
  const io = {
    out: (line: string) => out.push(line),
    err: (line: string) => {
      err.push(line)
      if (stopAt?.test(line)) stop.abort()
    },
    signal: stop.signal,
    env: {},
  }
  return { code: await command.run(args, io), out, err }
}

/** From now on a line of progress is due each time that one may be. */
function hurry(): void {
  let now = 0
  vi.spyOn(performance, 'now').mockImplementation(() => {
    now += 2_000
    return now
  })
}

it('a backup of a running engine, restored, is what had arrived, and the count goes on from there', async () => {
  const data = join(root, 'data')
  const folder = await DataDirectory.open(data)
  folder.writeIndexBook({ machines: { m1: 0 }, signals: { 'm1.a': 0 } })
  const store = await open(data)
  append(store, 0, 3_000)
  await store.flush()
  append(store, 3_000, 500)
  await store.flush()
  const before = await census(store)
  const to = join(root, 'backup')
  expect(await takeBackup(to, data)).toMatchObject({ code: 0, err: [] })
  append(store, 3_500, 100)
  await store.close()
  await folder.close()

  const restored = join(root, 'restored')
  expect(await run(restoreCommand, '--from', to, '--data', restored)).toMatchObject({ code: 0, err: [] })
  const again = await openRestored(restored)
  expect(await census(again)).toEqual(before)
  expect(again.status().accepted).toBe(3_500)
  append(again, 3_500, 10)
  await again.flush()
  expect(await again.query('SELECT toUInt32(max(seq)) AS newest FROM gemba.telemetry')).toEqual([
    { newest: 3_510 },
  ])
  await again.close()
  const reopened = await DataDirectory.open(restored)
  expect(reopened.readIndexBook()).toEqual({ machines: { m1: 0 }, signals: { 'm1.a': 0 } })
  await reopened.close()

  // Neither is anything overwritten, nor half a backup taken for a whole one.
  expect(await takeBackup(to, data)).toMatchObject({
    code: 1,
    err: [expect.stringContaining('is not empty')],
  })
  expect(await run(restoreCommand, '--from', to, '--data', restored)).toMatchObject({
    code: 1,
    err: [expect.stringContaining('has a history already')],
  })
  rmSync(join(to, 'backup.json'))
  expect(await run(restoreCommand, '--from', to, '--data', join(root, 'other'))).toMatchObject({
    code: 1,
    err: [expect.stringContaining('is no backup, or one that was not finished')],
  })
})

it('a backup that is not as it was written is found out before anything is restored, and a folder that has anything is left as it is', async () => {
  const data = join(root, 'small')
  await (await DataDirectory.open(data)).close()
  const store = await open(data)
  append(store, 0, 10)
  await store.flush()
  await store.close()
  writeFileSync(join(data, 'tokens.json'), '[]')
  const to = join(root, 'damaged')
  expect((await takeBackup(to, data)).code).toBe(0)
  const verified = () => run(restoreCommand, '--from', to, '--verify')
  expect(await verified()).toMatchObject({ code: 0, out: [expect.stringMatching(/files at .*, whole$/)] })
  const other = join(root, 'small-again')
  const restored = () => run(restoreCommand, '--from', to, '--data', other)
  const file = join(to, 'telemetry/date=2026-11-20/hour=22.native')
  const mark = join(to, 'backup.json')
  const whole = [file, join(to, 'tokens.json'), mark].map(path => [path, readFileSync(path)] as const)
  const flipped = Buffer.from(whole[0]![1])
  flipped[flipped.length - 1]! ^= 1
  const damages: [string, Buffer | undefined, string][] = [
    [file, flipped, 'hour=22.native is not as it was written'],
    [file, flipped.subarray(0, 20), 'hour=22.native is not as it was written'],
    [file, undefined, 'hour=22.native is missing'],
    [join(to, 'tokens.json'), Buffer.from('[ ]'), 'tokens.json is not as it was written'],
    [mark, Buffer.from('{'), 'backup.json is no JSON'],
  ]
  for (const [path, bytes, what] of damages) {
    if (bytes === undefined) rmSync(path)
    else writeFileSync(path, bytes)
    const refused = { code: 1, err: [expect.stringContaining(`is damaged: `)] }
    expect(await verified()).toMatchObject(refused)
    const said = await restored()
    expect(said).toMatchObject(refused)
    expect(said.err[0]).toContain(what)
    expect(existsSync(other)).toBe(false)
    for (const [each, before] of whole) writeFileSync(each, before)
  }
  mkdirSync(other)
  writeFileSync(join(other, 'tokens.json'), 'mine')
  expect(await restored()).toMatchObject({
    code: 1,
    err: [expect.stringContaining('has a history already (tokens.json)')],
  })
  expect(readFileSync(join(other, 'tokens.json'), 'utf8')).toBe('mine')
  rmSync(other, { recursive: true })
  expect(await restored()).toMatchObject({ code: 0, err: [] })
})

it('a backup is restored whole though some of its rows are past their time by now', async () => {
  const data = join(root, 'long')
  await (await DataDirectory.open(data)).close()
  const server = await startEmbedded({ path: join(data, 'clickhouse'), logger: silent })
  const database = new Database(server.url, server.secret)
  await migrate(database, silent)
  await database.command('SYSTEM STOP TTL MERGES')
  const row = { signal: 0, ts: begin, received: begin, value: 1, quality: 0 }
  for (const [seq, age] of [100, 1].entries()) {
    const stored = Math.floor(Date.now() / 1_000) - age * 24 * 3_600
    await database.insertRows('telemetry', [{ ...row, seq, stored }])
  }
  const to = join(root, 'long-backup')
  await backup(database, data, to, begin)
  await database.close()
  await server.stop()
  expect(rowsIn(to, 'telemetry')).toBe(2)
  const restored = join(root, 'long-again')
  expect(await run(restoreCommand, '--from', to, '--data', restored)).toMatchObject({ code: 0, err: [] })
})

/** Rows of a table in a backup. */
function rowsIn(folder: string, table: string): number {
  const { files } = JSON.parse(readFileSync(join(folder, 'backup.json'), 'utf8')) as {
    files: { path: string; rows: number }[]
  }
  return files.filter(({ path }) => path.startsWith(`${table}/`)).reduce((sum, { rows }) => sum + rows, 0)
}

it('a block that comes in while a backup is taken is in it with all it says or not at all, and counts once', async () => {
  const block = (number: number): ImportBlock => ({
    ...{ file: 'f', mapping: 'm', name: 'n.csv', kind: 'telemetry', block: number, isLast: false },
    ...{ rows: 10, taken: 10, stateChanges: [], rejects: [], tables: {} },
    samples: {
      signal: Array<number>(10).fill(1),
      time: Array.from({ length: 10 }, (_, i) => begin + number * 1_000 + i),
      value: Array<number>(10).fill(number),
      quality: Array<number>(10).fill(0),
    },
  })
  const importing = (store: Store): ImportDesk =>
    new ImportDesk({
      store,
      dictionary: new Dictionary([]),
      clock: { now: () => begin },
      record: entry => void store.append(entry),
    })

  const data = join(root, 'importing')
  await (await DataDirectory.open(data)).close()
  const first = await open(data)
  expect(await importing(first).take(block(0))).toBe('taken')
  await first.flush()
  expect(await importing(first).take(block(1))).toBe('taken')
  // Of the second, the samples reach the database and the note that it is in does not.
  await first.close(0)
  const server =
    testUrl === undefined
      ? await startEmbedded({ path: join(data, 'clickhouse'), logger: silent })
      : undefined
  let arrived = (): void => undefined
  const moment = new Promise<void>(resolve => {
    arrived = resolve
  })
  class Held extends Database {
    override async insertBlock(table: string, ...rest: Rest): Promise<void> {
      if (table !== 'imports') return super.insertBlock(table, ...rest)
      arrived()
      await once(rest[2]!, 'abort')
      throw new Error('left')
    }
  }
  type Rest = Parameters<Database['insertBlock']> extends [string, ...infer Others] ? Others : never
  const database = new Held(server?.url ?? testUrl!, server?.secret)
  const spool = await Spool.open({ folder: join(data, 'spool'), wall: Date, logger: silent }, () =>
    Promise.reject(new Error('the spool knows')),
  )
  const pool = createPool({ maxThreads: 1 })
  const leave = new AbortController()
  const writing = new Writer(spool, database, pool, silent, Date).run(leave.signal)
  await moment
  const count = 'SELECT toUInt32(count()) AS n FROM gemba.telemetry'
  expect(await database.query(count)).toEqual([{ n: 20 }])
  const to = join(root, 'while-importing')
  await backup(database, data, to, begin)
  expect([rowsIn(to, 'telemetry'), rowsIn(to, 'imports')]).toEqual([10, 1])
  leave.abort()
  await writing
  await spool.close()
  await pool.close()
  await database.close()
  await server?.stop()

  const restored = join(root, 'imported')
  expect(await run(restoreCommand, '--from', to, '--data', restored)).toMatchObject({ code: 0, err: [] })
  // Where it was taken and where it was restored, the same import goes on.
  for (const [dataDir, told] of [
    [data, ['known', 'known', 'taken']],
    [restored, ['known', 'taken', 'taken']],
  ] as const) {
    const store = await (dataDir === data ? open : openRestored)(dataDir)
    const desk = importing(store)
    for (const [number, outcome] of told.entries()) expect(await desk.take(block(number))).toBe(outcome)
    await store.flush()
    expect(await store.query(count)).toEqual([{ n: 30 }])
    // What came since is whole again.
    const again = new Database(store.url)
    const later = `${to}-${dataDir === data ? 'old' : 'new'}`
    await backup(again, dataDir, later, begin)
    expect([rowsIn(later, 'telemetry'), rowsIn(later, 'imports')]).toEqual([30, 3])
    await again.close()
    await store.close()
  }
})

/** A disk of its own with next to no room; undefined where this user may not mount one. */
function smallDisk(): string | undefined {
  const folder = join(root, 'small-disk')
  mkdirSync(folder)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=600k', 'gemba-backup', folder], { stdio: 'ignore' })
    return folder
  } catch {
    return undefined
  }
}

it('a backup says how far it is, and one that is told to stop leaves nothing, also in the midst of a file', async () => {
  const data = join(root, 'to-stop')
  const folder = await DataDirectory.open(data)
  const store = await open(data)
  append(store, 0, 1_000)
  await store.flush()
  hurry()
  const to = join(root, 'stopped')
  expect(await runUntil(/^2 files, \d+ rows/, backupCommand, ...backupOf(data, to))).toEqual({
    code: 130,
    out: [],
    err: [
      expect.stringMatching(/^1 files, \d+ rows so far$/),
      expect.stringMatching(/^2 files, /),
      `interrupted: no backup was taken, and nothing is left of it in ${to}`,
    ],
  })
  expect(readdirSync(to)).toEqual([])

  const stop = new AbortController()
  class Endless extends Database {
    override exportStream(): Promise<PassThrough> {
      stop.abort()
      return Promise.resolve(new PassThrough())
    }
  }
  const database = new Endless(store.url)
  await expect(backup(database, data, to, begin, { signal: stop.signal })).rejects.toMatchObject({
    name: 'AbortError',
  })
  expect(readdirSync(to)).toEqual([])
  await database.close()
  await store.close()
  await folder.close()
})

it('a disk without room is told, and what came of a backup or a restore until then is not in the way', async ({
  skip,
  onTestFinished,
}) => {
  const small = smallDisk()
  if (small === undefined) return skip()
  onTestFinished(() => void execFileSync('umount', ['-l', small]))
  const data = join(root, 'large')
  await (await DataDirectory.open(data)).close()
  const store = await open(data)
  append(store, 0, 50_000)
  await store.flush()
  await store.close()
  const to = join(small, 'backup')
  const full = {
    code: 4,
    err: [expect.stringMatching(/^gemba: There is no room on the disk \(.*\)\. Make room/)],
  }
  expect(await takeBackup(to, data)).toMatchObject(full)
  expect(readdirSync(to)).toEqual([])
  const whole = join(root, 'large-backup')
  expect((await takeBackup(whole, data)).code).toBe(0)
  const restored = join(small, 'restored')
  expect(await run(restoreCommand, '--from', whole, '--data', restored)).toMatchObject(full)
  expect(readdirSync(restored)).toEqual([])
})

it('a restore that was killed, or told to stop, is told of, not taken for a history, and can be repeated', async () => {
  const data = join(root, 'to-kill')
  const folder = await DataDirectory.open(data)
  folder.writeIndexBook({ machines: { m1: 0 }, signals: { 'm1.a': 0 } })
  const store = await open(data)
  append(store, 0, 3_000)
  await store.close()
  await folder.close()
  const to = join(root, 'kill-backup')
  expect((await takeBackup(to, data)).code).toBe(0)

  const half = join(root, 'half')
  const killed = new GembaProcess(['restore', '--from', to, '--data', half])
  while (!existsSync(join(half, 'clickhouse')) && killed.child.exitCode === null) await pause(2)
  await killed.stop('SIGKILL')
  expect(killed.lines).toEqual([])
  expect(existsSync(join(half, 'clickhouse')), killed.errors).toBe(true)
  await expect(DataDirectory.open(half)).rejects.toMatchObject({
    code: 'bad-input',
    message: expect.stringContaining('gemba restore'),
  })
  hurry()
  const checked = /^2 of \d+ files checked so far$/
  const early = join(root, 'early')
  expect(await runUntil(checked, restoreCommand, '--from', to, '--data', early)).toMatchObject({
    code: 130,
    err: [expect.anything(), expect.anything(), `interrupted: nothing was restored into ${early} yet`],
  })
  expect(existsSync(early)).toBe(false)
  expect(await runUntil(checked, restoreCommand, '--from', to, '--verify')).toMatchObject({
    code: 130,
    err: [expect.anything(), expect.anything(), `interrupted: ${to} was not read to its end`],
  })
  const stopped = await runUntil(/^2 of \d+ files, \d+ rows/, restoreCommand, '--from', to, '--data', half)
  expect(stopped).toMatchObject({ code: 130, out: [] })
  expect(stopped.err.slice(-2)).toEqual([
    expect.stringMatching(/^2 of \d+ files, \d+ rows so far$/),
    `interrupted: ${half} holds a part of the backup, and the same command begins anew`,
  ])
  await expect(DataDirectory.open(half)).rejects.toMatchObject({ code: 'bad-input' })
  vi.restoreAllMocks()
  expect(await run(restoreCommand, '--from', to, '--data', half)).toMatchObject({ code: 0, err: [] })
  const directory = await DataDirectory.open(half)
  expect(directory.readIndexBook().machines).toEqual({ m1: 0 })
  await directory.close()
  const again = await openRestored(half)
  expect(again.status().accepted).toBe(3_000)
  await again.close()
  // What is whole stays refused.
  expect((await run(restoreCommand, '--from', to, '--data', half)).code).toBe(1)
})
