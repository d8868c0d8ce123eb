import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { SampleBatchBuilder } from '../../schema/sample-batch.js'
import { backupCommand, restoreCommand } from '../cli/backup.js'
import { DataDirectory } from '../data-directory.js'
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
