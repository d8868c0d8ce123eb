import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pino from 'pino'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { SampleBatchBuilder } from '../../schema/sample-batch.js'
import { archiveCommand } from '../cli/archive.js'
import { importCommand } from '../cli/import.js'
import { openPlant } from '../cli/open-plant.js'
import { queryCommand } from '../cli/query.js'
import { DataDirectory } from '../data-directory.js'
import { makeRegistry } from '../floor/registry.js'
import { Archive } from './archive.js'
import { restore } from './backup.js'
import { Copies, type CopiesParts } from './copies.js'
import type { Store } from './store.js'
import { openTestStore } from './your-clickhouse.fixture.js'

// Databases are started here; on a busy machine that takes a while.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 90_000 })

const day = 86_400_000
const logger = pino({ level: 'silent' })
const plantFile = fileURLToPath(new URL('../../plants/automotive-cell.yaml', import.meta.url))
/** Five days ago, 22:00: raw rows are dropped by the real clock. */
const begin = Math.floor(Date.now() / day) * day - 5 * day + 22 * 3_600_000
let root: string
let now: number
let store: Store
const wall = { now: () => now }

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'gemba-copies-'))
  now = begin
  const folder = await DataDirectory.open(join(root, 'data'))
  const { registry, book } = makeRegistry(openPlant(plantFile), folder.readIndexBook())
  folder.writeIndexBook(book)
  await folder.close()
  store = await openTestStore({ dataDir: join(root, 'data'), logger, wall })
  await store.upsertDimensions(registry)
  const temperature = registry.signalById('robot-01.motor-temperature')!.index
  const state = registry.signals.find(({ signal }) => signal.type === 'text')!.index
  // Four hours, over midnight: two on each day.
  for (let hour = 0; hour < 4; hour++) {
    now = begin + hour * 3_600_000
    const batch = new SampleBatchBuilder()
    for (let i = 0; i < 100; i++) batch.push(temperature, now + i * 1_000, now, 50 + i / 100, 0)
    batch.push(temperature, now + 100_000, now, Number.NaN, 2)
    batch.push(temperature, now + 101_000, now, 51, 1)
    batch.push(state, now, now, 3, 0)
    store.append({ source: 's', samples: batch.take(), texts: [[3, 'Execute']] })
  }
  await store.flush()
})
afterEach(async () => {
  await store?.close()
  rmSync(root, { recursive: true, force: true })
})

const copiesOf = (parts: Partial<CopiesParts>): Copies =>
  new Copies({
    url: store.url,
    dataDir: join(root, 'data'),
    waitingSince: () => undefined,
    wall,
    logger,
    ...parts,
  })

async function run(command: typeof archiveCommand, ...args: string[]) {
  const out: string[] = []
  const err: string[] = []
  const io = { out: (line: string) => out.push(line), err: (line: string) => err.push(line) }
  const code = await command.run(args, { ...io, signal: new AbortController().signal, env: {} })
  return { code, out, err }
}

it('archives each day once it is over, tells of damage, and is read back by an import', async () => {
  const folder = join(root, 'archive')
  const copies = copiesOf({ archive: folder })
  const archive = new Archive(folder)
  const firstDay = Math.floor(begin / day) * day
  now = firstDay + 2 * day - 1
  await copies.tick()
  expect(archive.days()).toEqual([])
  mkdirSync(folder, { recursive: true })
  const nothing = [expect.stringContaining('no day was archived')]
  expect(await run(archiveCommand, folder, '--list')).toMatchObject({ code: 0, err: nothing })
  expect(await run(archiveCommand, folder, '--verify')).toMatchObject({ code: 1, err: nothing })
  now = firstDay + 2 * day
  await copies.tick()
  const [first] = archive.days()
  expect(archive.days()).toHaveLength(1)
  const rows = (await store.query<{ n: number }>('SELECT toFloat64(count()) AS n FROM gemba.telemetry'))[0]!.n
  expect(first!.files.map(({ path, rows, from }) => ({ path, rows, from }))).toEqual([
    { path: 'hour=22.parquet', rows: rows / 4, from: new Date(begin).toISOString() },
    { path: 'hour=23.parquet', rows: rows / 4, from: new Date(begin + 3_600_000).toISOString() },
  ])
  now = firstDay + 9 * day
  await copies.tick()
  expect(archive.days()).toHaveLength(2)
  expect(copies.warnings).toEqual([])
  expect((await run(archiveCommand, folder, '--list')).out).toHaveLength(2)
  expect((await run(archiveCommand, folder, '--verify')).code).toBe(0)

  const mapping = join(root, 'archive.yaml')
  const page = readFileSync(new URL('../../docs/archive.md', import.meta.url), 'utf8')
  writeFileSync(mapping, /```yaml\n([\s\S]*?)```/.exec(page)![1]!)
  const paths = archive
    .days()
    .flatMap(({ day: name, files }) =>
      files.map(({ path }) => join(folder, 'telemetry', `stored=${name}`, path)),
    )
  const back = join(root, 'back')
  const brought = await run(
    importCommand,
    ...paths,
    '--mapping',
    mapping,
    '--plant',
    plantFile,
    '--data',
    back,
  )
  expect(brought.code, brought.err.join()).toBe(0)
  const what = `SELECT toFloat64(toUnixTimestamp64Milli(t.ts)) AS time, s.id AS id, if(s.type = 'text', 0, ifNotFinite(value, -1)) AS value, d.text AS text, quality
    FROM gemba.telemetry AS t JOIN gemba.signals AS s FINAL ON s.signal = t.signal
    LEFT JOIN gemba.dictionary AS d FINAL ON s.type = 'text' AND d.code = toUInt32(ifNotFinite(t.value, 0)) ORDER BY id, time`
  const read = await run(queryCommand, what, '--format', 'JSONEachRow', '--data', back)
  const restored = read.out
    .join('\n')
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line))
  expect(restored).toHaveLength(rows)
  expect(restored).toEqual(await store.query(what))

  writeFileSync(paths[1]!, 'PAR1')
  rmSync(paths[2]!)
  const verified = await run(archiveCommand, folder, '--verify')
  expect(verified.code).toBe(1)
  expect(verified.err).toEqual([
    expect.stringContaining('hour=23.parquet is not as it was written'),
    expect.stringContaining('hour=00.parquet is missing'),
  ])
})

it('goes on with the other days where the manifest of one is damaged, and leaves that one as it is', async () => {
  const folder = join(root, 'archive')
  const copies = copiesOf({ archive: folder })
  const archive = new Archive(folder)
  const firstDay = Math.floor(begin / day) * day
  now = firstDay + 2 * day
  await copies.tick()
  const [first, later] = [firstDay, firstDay + day].map(time => new Date(time).toISOString().slice(0, 10))
  const manifest = join(folder, 'telemetry', `stored=${first}`, 'manifest.json')
  const whole = JSON.parse(readFileSync(manifest, 'utf8'))
  now = firstDay + 9 * day
  for (const text of [
    '{',
    'null',
    JSON.stringify({ version: 1, day: first }),
    JSON.stringify({ ...whole, day: later }),
    JSON.stringify({ ...whole, files: [{ path: 'hour=22.parquet' }] }),
  ]) {
    writeFileSync(manifest, text)
    rmSync(join(folder, 'telemetry', `stored=${later}`), { recursive: true, force: true })
    await copies.tick()
    const told = expect.stringContaining(`The manifest ${manifest} is damaged (`)
    expect(copies.warnings).toEqual([told])
    expect(copies.isFailing('archive')).toBe(true)
    expect(readFileSync(manifest, 'utf8')).toBe(text)
    expect(archive.days()).toMatchObject([{ day: later }])
    for (const how of ['--list', '--verify']) {
      const said = await run(archiveCommand, folder, how)
      expect(said).toEqual({ code: 1, out: [expect.stringContaining(`${later}: `)], err: [told] })
    }
  }
  writeFileSync(manifest, JSON.stringify(whole))
  await copies.tick()
  expect(copies.warnings).toEqual([])

  const waiting = join(folder, 'waiting.json')
  for (const text of ['{', '{}']) {
    writeFileSync(waiting, text)
    const said = await run(archiveCommand, folder, '--list')
    expect(said).toMatchObject({ code: 1, err: [expect.stringContaining(`${waiting} is damaged (`)] })
    expect(said.out).toHaveLength(2)
  }
  await copies.tick()
  expect(await run(archiveCommand, folder, '--verify')).toMatchObject({ code: 0, err: [] })
})

it('archives no day of which something waits, and writes one again to which rows come afterwards', async () => {
  const folder = join(root, 'archive')
  const firstDay = Math.floor(begin / day) * day
  let waitingSince: number | undefined = firstDay + day - 1
  const whyWaiting = () => 'code 241'
  const copies = copiesOf({ archive: folder, waitingSince: () => waitingSince, whyWaiting })
  const archive = new Archive(folder)
  const rowsOf = () => archive.days().map(({ files }) => files.map(({ path, rows }) => [path, rows]))
  now = firstDay + 9 * day
  await copies.tick()
  expect(archive.days()).toEqual([])
  const [first, second] = [firstDay, firstDay + day].map(time => new Date(time).toISOString().slice(0, 10))
  const told = (from: string | undefined): string =>
    `${from} and the days after it wait, because something accepted then is not yet in the database (code 241)`
  expect(copies.warnings).toEqual([`the archive at ${folder}: ${told(first)}`])
  waitingSince = 0
  expect(copies.warnings.join()).toContain('all further days wait, because something that an earlier run')
  waitingSince = firstDay + day
  await copies.tick()
  expect(archive.days()).toHaveLength(1)
  expect(copies.isWaiting).toBe(true)
  const seen = new Date(now).toISOString()
  expect(await run(archiveCommand, folder, '--verify')).toMatchObject({
    code: 0,
    err: [`gemba: ${told(second)}; told ${seen}`],
  })
  // What was accepted on a day that is not over, or has hardly been, keeps nothing waiting.
  for (const [ago, isWaiting] of [
    [day, false],
    [2 * day, true],
  ] as const) {
    waitingSince = now - ago
    expect(copies.isWaiting).toBe(isWaiting)
  }
  waitingSince = undefined
  await copies.tick()
  expect(archive.days()).toHaveLength(2)
  expect(copies.isWaiting).toBe(false)
  expect((await run(archiveCommand, folder, '--verify')).err).toEqual([])
  const [[[, rows]]] = rowsOf() as [[[string, number]]]

  now = firstDay + 23 * 3_600_000
  const late = new SampleBatchBuilder()
  for (let i = 0; i < 50; i++) late.push(0, now + 500_000 + i, now, 1, 0)
  store.append({ source: 's', samples: late.take() })
  await store.flush()
  now = firstDay + 9 * day
  await copies.tick()
  expect(rowsOf()[0]).toEqual([
    ['hour=22.parquet', rows],
    ['hour=23.parquet', rows + 50],
  ])
  expect((await run(archiveCommand, folder, '--verify')).code).toBe(0)
  expect(copies.warnings).toEqual([])
})

it('takes backups when they are due, keeps the newest, leaves other files alone, and tells of failures', async () => {
  const folder = join(root, 'backups')
  const copies = copiesOf({ backups: { folder, everyMs: day, keep: 2 } })
  const name = (time: number) => `${new Date(time).toISOString().slice(0, 19).replaceAll(':', '-')}Z`
  const taken: number[] = []
  // Names tell minutes and seconds as well.
  now += 17 * 60_000 + 23_000
  for (let i = 0; i < 4; i++) {
    await copies.tick()
    taken.push(now)
    now += day - 1
    await copies.tick()
    now += 1
    if (i === 0) {
      mkdirSync(join(folder, 'mine'))
      // Half of one, from a run that was killed.
      mkdirSync(join(folder, name(now - 1_000)))
    }
  }
  expect(readdirSync(folder).sort()).toEqual([name(taken[2]!), name(taken[3]!), 'mine'])
  expect(copies.newestBackup).toBe(Math.floor(taken[3]! / 1_000) * 1_000)
  const back = join(root, 'restored')
  expect((await restore(join(folder, name(taken[3]!)), back, logger)).rows).toBeGreaterThan(400)

  // The clock was ahead, for one backup, and is set right: the next is due in time, and no real one goes instead of it.
  const right = now
  now += 30 * day
  await copies.tick()
  const ahead = name(now)
  now = right
  await copies.tick()
  expect(readdirSync(folder).sort()).toEqual([name(taken[3]!), name(right), 'mine'].sort())
  expect(readdirSync(folder)).not.toContain(ahead)
  expect(copies.newestBackup).toBe(Math.floor(right / 1_000) * 1_000)

  // The engine stops when one has begun.
  const elsewhere = { folder: join(root, 'stopped'), everyMs: day, keep: 2 }
  let looks = 0
  const stopping = copiesOf({
    backups: elsewhere,
    wall: {
      now: () => {
        if (++looks === 2) void stopping.stop()
        return now
      },
    },
  })
  await stopping.tick()
  expect(looks).toBe(2)
  expect([stopping.newestBackup, stopping.isFailing('backup')]).toEqual([0, false])

  const blocked = copiesOf({ backups: { folder: join(root, 'data/registry.json'), everyMs: day, keep: 2 } })
  await blocked.tick()
  expect(blocked.isFailing('backup')).toBe(true)
  expect(blocked.warnings.join()).toMatch(/the backup in .*registry.json cannot be written/)
  const mending = join(root, 'late')
  writeFileSync(mending, '')
  const archiving = copiesOf({ archive: mending })
  await archiving.tick()
  now += 2 * day
  await archiving.tick()
  expect(archiving.isFailing('archive')).toBe(true)
  rmSync(mending)
  await archiving.tick()
  expect(archiving.warnings).toEqual([])
  expect(new Archive(mending).days()).toHaveLength(2)
})
