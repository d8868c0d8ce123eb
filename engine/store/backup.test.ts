import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import pino from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { SampleBatchBuilder } from '../../schema/sample-batch.js'
import { backupCommand, restoreCommand } from '../cli/backup.js'
import { DataDirectory } from '../data-directory.js'
import { GembaProcess } from '../e2e/process.js'
import { backup } from './backup.js'
import { Database } from './database.js'
import { openStore, type Store } from './store.js'

const begin = Date.UTC(2026, 10, 20, 22)
let root: string
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'gemba-backup-'))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

const open = (dataDir: string): Promise<Store> =>
  openStore({ dataDir, logger: pino({ level: 'silent' }), wall: Date })

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
  const [out, err]: [string[], string[]] = [[], []]
  const io = {
    out: (line: string) => out.push(line),
    err: (line: string) => err.push(line),
    signal: new AbortController().signal,
    env: {},
  }
  return { code: await command.run(args, io), out, err }
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
  expect(await run(backupCommand, '--to', to, '--data', data)).toMatchObject({ code: 0, err: [] })
  append(store, 3_500, 100)
  await store.close()
  await folder.close()

  const restored = join(root, 'restored')
  expect(await run(restoreCommand, '--from', to, '--data', restored)).toMatchObject({ code: 0, err: [] })
  const again = await open(restored)
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
  expect(await run(backupCommand, '--to', to, '--data', data)).toMatchObject({
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

it('a backup that lost rows is found out', async () => {
  const data = join(root, 'small')
  await (await DataDirectory.open(data)).close()
  const store = await open(data)
  append(store, 0, 10)
  await store.flush()
  await store.close()
  const to = join(root, 'damaged')
  expect((await run(backupCommand, '--to', to, '--data', data)).code).toBe(0)
  const day = join(to, 'telemetry/date=2026-11-20')
  const [file] = readdirSync(day)
  const other = join(to, 'twin_events/date=2026-11-20')
  writeFileSync(join(other, readdirSync(other)[0]!), '')
  expect(await run(restoreCommand, '--from', to, '--data', join(root, 'small-again'))).toMatchObject({
    code: 1,
    err: [expect.stringContaining('twin_events has 1 rows, but 0 came out of its files')],
  })
  expect(file).toBe('hour=22.native')
  expect(readdirSync(join(root, 'small-again'))).not.toContain('clickhouse')
})

it('a backup never says that a block was imported of which it has no rows', async () => {
  const data = join(root, 'importing')
  await (await DataDirectory.open(data)).close()
  const store = await open(data)
  let blocks = 0
  /** A block comes in after each question of how far the samples or the imports go. */
  class Between extends Database {
    override async query<Row>(sql: string, parameters?: Record<string, unknown>): Promise<Row[]> {
      const rows = await super.query<Row>(sql, parameters)
      if (/max\(seq\).* FROM gemba\.(telemetry|imports)$/.test(sql)) {
        const samples = new SampleBatchBuilder()
        for (let i = 0; i < 10; i++) samples.push(1, begin + i, begin, blocks, 0)
        const imported = { file: 'f', mapping: 'm', name: 'n.csv', kind: 'telemetry', rows: 10, taken: 10 }
        store.append({
          source: 'import',
          samples: samples.take(),
          rows: { imports: [{ ...imported, block: blocks++, last: false }] },
        })
        await store.flush()
      }
      return rows
    }
  }
  const database = new Between(store.url)
  const to = join(root, 'while-importing')
  await backup(database, data, to, begin)
  await database.close()
  await store.close()
  expect(blocks).toBe(2)
  const { files } = JSON.parse(readFileSync(join(to, 'backup.json'), 'utf8')) as {
    files: { path: string; rows: number }[]
  }
  const rowsOf = (table: string): number =>
    files.filter(({ path }) => path.startsWith(`${table}/`)).reduce((sum, { rows }) => sum + rows, 0)
  expect(rowsOf('telemetry')).toBe(10)
  expect(rowsOf('imports') * 10).toBeLessThanOrEqual(rowsOf('telemetry'))
})

it('a restore that was killed is told of, not taken for a history, and can be repeated', async () => {
  const data = join(root, 'to-kill')
  const folder = await DataDirectory.open(data)
  folder.writeIndexBook({ machines: { m1: 0 }, signals: { 'm1.a': 0 } })
  const store = await open(data)
  append(store, 0, 3_000)
  await store.close()
  await folder.close()
  const to = join(root, 'kill-backup')
  expect((await run(backupCommand, '--to', to, '--data', data)).code).toBe(0)

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
  expect(await run(restoreCommand, '--from', to, '--data', half)).toMatchObject({ code: 0, err: [] })
  const directory = await DataDirectory.open(half)
  expect(directory.readIndexBook().machines).toEqual({ m1: 0 })
  await directory.close()
  const again = await open(half)
  expect(again.status().accepted).toBe(3_000)
  await again.close()
  // What is whole stays refused.
  expect((await run(restoreCommand, '--from', to, '--data', half)).code).toBe(1)
})
