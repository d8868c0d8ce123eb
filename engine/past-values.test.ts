import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { SampleBatchBuilder } from '../schema/sample-batch.js'
import { readPast } from './past-values.js'
import { openStore, type Store } from './store/store.js'

const minute = 60_000
const noon = Date.UTC(2026, 0, 5, 12)
let folder: string
let store: Store

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gemba-past-'))
  store = await openStore({ dataDir: folder, logger: pino({ level: 'silent' }), wall: Date })
})
afterAll(async () => {
  await store?.close()
  rmSync(folder, { recursive: true, force: true })
})

it('the past of a sensor is the mean of the half-hours around it, of what could be believed', async () => {
  const samples = new SampleBatchBuilder()
  const say = (signal: number, at: number, value: number, quality: 0 | 2 = 0) =>
    samples.push(signal, noon + at, noon + at, value, quality)
  say(1, -20 * minute, 10)
  say(1, 20 * minute, 20)
  say(1, 25 * minute, 900, 2)
  say(1, -31 * minute, 500)
  say(1, 30 * minute, 500)
  say(2, 0, 7)
  say(3, 0, 900, 2)
  say(4, 0, 1)
  say(5, 60_000, 80)
  store.append({ source: 's', samples: samples.take() })
  await store.flush()
  expect(await readPast(store, [1, 2, 3], noon)).toEqual(
    new Map([
      [1, 15],
      [2, 7],
    ]),
  )
  expect(await readPast(store, [1, 2, 3], 0)).toEqual(new Map())
  const many = Array.from({ length: 120_000 }, (_, signal) => signal)
  expect((await readPast(store, many, noon)).get(2)).toBe(7)
  // 5 was kept in another unit as 2 and 1, by now it has spoken in its own: 70 and 15, each a sample.
  const units = [
    { signal: 2, as: 5, scale: 10, offset: 0 },
    { signal: 1, as: 5, scale: 1, offset: -5 },
  ]
  expect(await readPast(store, [5, 4], noon, units)).toEqual(
    new Map([
      [4, 1],
      [5, (70 + 5 + 15 + 80) / 4],
    ]),
  )
})
