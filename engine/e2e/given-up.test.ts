import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { configSchema } from '../../schema/config.js'
import { loadPlant } from '../../schema/plant-file/load-plant.js'
import { SampleBatchBuilder } from '../../schema/sample-batch.js'
import { startEngine } from '../engine.js'
import { Spool } from '../store/spool/spool.js'
import { openStore } from '../store/store.js'
import { root } from './process.js'
import { storeProcesses } from './store-processes.js'

const silent = pino({ level: 'silent' })
let data: string

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'gemba-given-up-'))
})
afterEach(() => rmSync(data, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }))

const file = 'nist-sms.yaml'
const plant = loadPlant(readFileSync(join(root, 'plants', file), 'utf8'), { file }).plant!

/** A start that somebody stops at once, or when it says the words. */
const start = (words?: string, then = (): void => undefined): Promise<unknown> => {
  const stop = new AbortController()
  if (words === undefined) stop.abort()
  const write = (line: string): void => {
    if (words === undefined || !line.includes(words)) return
    then()
    stop.abort()
  }
  return startEngine({
    ...{ config: configSchema.parse({ data, port: 0 }), plant, viewer: join(root, 'dist/viz') },
    ...{ logger: pino({ level: 'info' }, { write }), signal: stop.signal },
  })
}

const asAsked = { code: 'start-given-up', exitCode: 0 }

it('a start that is stopped while much waits in the spool ends as asked, and keeps it', async () => {
  await (await openStore({ dataDir: data, logger: silent, wall: Date })).close()
  const folder = join(data, 'spool')
  const spool = await Spool.open({ folder, wall: Date, logger: silent }, () => Promise.reject(new Error()))
  const samples = new SampleBatchBuilder()
  for (let i = 0; i < 1_000; i++) samples.push(0, Date.now() + i, Date.now(), i, 0)
  spool.append({ source: 's', samples: samples.take() })
  await spool.close()

  // The database hangs from then on, until the stop was asked for.
  const go = (signal: NodeJS.Signals): void => {
    for (const pid of storeProcesses()) process.kill(pid, signal)
  }
  const given = start('ClickHouse answers', () => {
    go('SIGSTOP')
    setImmediate(() => go('SIGCONT'))
  })
  await expect(given).rejects.toMatchObject(asAsked)
  await expect(given).rejects.toThrow('given up while what waits in the spool was brought to the database')
  // Also where it was asked for before there was anything to wait for.
  await expect(start()).rejects.toMatchObject(asAsked)

  const store = await openStore({ dataDir: data, logger: silent, wall: Date })
  await store.flush()
  expect(await store.query('SELECT toUInt32(uniqExact(value)) AS n FROM gemba.telemetry')).toEqual([
    { n: 1_000 },
  ])
  await store.close()
})
