import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { Registry } from 'prom-client'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Signal } from '../schema/plant.js'
import { SampleBatchBuilder } from '../schema/sample-batch.js'
import { createApi } from './api/api.js'
import { manifestDocument } from './api/manifest.js'
import { DataDirectory } from './data-directory.js'
import { floorOf, machineOf, plantOf, sensor, start } from './floor/floor.fixture.js'
import { openIndexes } from './known-indexes.js'
import { PastPlants } from './store/past-plants.js'
import type { Store } from './store/store.js'
import { openTestStore } from './store/your-clickhouse.fixture.js'

const logger = pino({ level: 'silent' })
const minute = 60_000
let folder: string
let store: Store
let data: DataDirectory

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gemba-indexes-'))
  store = await openTestStore({ dataDir: folder, logger, wall: Date })
})
beforeEach(async () => {
  data = await DataDirectory.open(folder)
})
afterEach(() => data.close())
afterAll(async () => {
  await store?.close()
  rmSync(folder, { recursive: true, force: true })
})

const openPump = (signals: Record<string, Partial<Signal>>) =>
  openIndexes(
    data,
    store,
    plantOf([
      machineOf(
        'pump',
        Object.entries(signals).map(([name, rest]) => sensor('pump', name, rest)),
      ),
    ]),
  )

async function keep(signal: number, rows: readonly (readonly [time: number, value: number])[]) {
  const builder = new SampleBatchBuilder()
  for (const [time, value] of rows) builder.push(signal, start + time, start + time, value, 0)
  store.append({ source: 'plc', samples: builder.take() })
  await store.flush()
}

describe('A signal that has another unit in the plant file', () => {
  const before = {
    temp: {},
    flow: { quantity: 'flow', unit: 'L/min' },
    load: { quantity: 'flow', unit: 'L/min' },
  } as const
  const after = {
    temp: { unit: 'K' },
    flow: { quantity: 'flow', unit: 'm³/h' },
    load: { quantity: 'pressure', unit: 'bar' },
  } as const

  it('has its history in the unit of now, sample by sample, by the minute and as a table', async () => {
    const old = await openPump(before)
    const index = (id: string, of = old): number => of.registry.signalById(id)!.index
    await keep(index('pump.temp'), [
      [0, 100],
      [1_000, 102],
    ])
    await keep(index('pump.flow'), [
      [0, 600],
      [1_000, 606],
    ])
    await keep(index('pump.load'), [[0, 70]])

    const { registry, book } = await openPump(after)
    expect(index('pump.temp')).not.toBe(index('pump.temp', { registry, book }))
    await keep(index('pump.temp', { registry, book }), [[2_000, 374.15]])
    await keep(index('pump.load', { registry, book }), [[2_000, 3]])
    // As a device tells late what it measured before the new plant file.
    await keep(index('pump.flow', { registry, book }), [[500, 36.2]])

    const { floor: anyFloor } = floorOf([], { at: start })
    const plant = plantOf([
      machineOf(
        'pump',
        Object.entries(after).map(([name, rest]) => sensor('pump', name, rest)),
      ),
    ])
    const floor = Object.assign(Object.create(anyFloor), {
      plant,
      registry,
      clock: { now: () => start + 60 * minute },
    })
    const plants = new PastPlants(store, floor, () => book)
    const parts = { sources: new Map(), metrics: new Registry(), logger, missing: () => [] }
    const api = createApi({ floor, store, plants, ...parts }, manifestDocument(floor))
    const ask = async (signal: string, length: number, rest = '') => {
      const span = `from=${new Date(start).toISOString()}&to=${new Date(start + length).toISOString()}`
      const answer = await api.request(`/api/v1/history?signals=${signal}&${span}&points=1${rest}`)
      expect(answer.status).toBe(200)
      return answer
    }
    type Answer = {
      items: { unit: string; leftOut?: object[]; gaps: object[]; points: Record<string, number>[] }[]
    }
    const json = async (signal: string, length: number) =>
      ((await (await ask(signal, length)).json()) as Answer).items[0]!

    for (const length of [30_000, 10 * minute]) {
      const temp = await json('pump.temp', length)
      expect(temp).toMatchObject({ unit: 'K', points: [{ count: 3, last: 374.15 }] })
      expect(temp.points[0]!.min).toBeCloseTo(373.15, 9)
      expect(temp.points[0]!.max).toBeCloseTo(375.15, 9)
      expect(temp.points[0]!.mean).toBeCloseTo((373.15 + 375.15 + 374.15) / 3, 9)
      // What the signal said in another unit is no silence.
      expect(temp.gaps).toHaveLength(1)
      const flow = await json('pump.flow', length)
      expect(flow).toMatchObject({ unit: 'm³/h', points: [{ count: 3, min: 36 }] })
      expect(flow.points[0]!.last).toBeCloseTo(36.36, 9)
      expect(flow).not.toHaveProperty('leftOut')
    }
    expect(await json('pump.load', minute)).toMatchObject({
      unit: 'bar',
      points: [{ count: 1, min: 3, max: 3 }],
      leftOut: [{ quantity: 'flow', unit: 'L/min', count: 1 }],
    })
    const csv = (await (await ask('pump.temp,pump.load', minute, '&format=csv')).text()).trim().split('\n')
    expect(
      csv.slice(1).map(line =>
        line
          .split(',')
          .filter((_, i) => [0, 5, 6, 8].includes(i))
          .join(),
      ),
    ).toEqual(['"pump.load",70,1,"L/min"', '"pump.load",3,1,"bar"', '"pump.temp",374.15,3,"K"'])
  })

  it('has the index of before when it is as before', async () => {
    const first = await openPump(before)
    await openPump(after)
    const again = await openPump(before)
    expect(again.registry.signals.map(({ index }) => index)).toEqual(
      first.registry.signals.map(({ index }) => index),
    )
  })
})

describe('What the data folder has forgotten', () => {
  const pump = machineOf('pump', [
    sensor('pump', 'temp', { unit: 'K' }),
    sensor('pump', 'flow', { quantity: 'flow', unit: 'm³/h' }),
  ])
  const press = machineOf('press', [sensor('press', 'temp')])
  const indexesOf = ({ registry }: Awaited<ReturnType<typeof openIndexes>>) =>
    Object.fromEntries([
      ...registry.signals.map(({ index, signal }) => [signal.id, index]),
      ...registry.machines.map(({ index, machine }) => [machine.id, index]),
    ])

  it.each(['', '{"machines":{"pu'])('of indexes is learnt from the store (%j)', async rest => {
    const known = indexesOf(await openIndexes(data, store, plantOf([pump, press])))
    writeFileSync(join(folder, 'registry.json'), rest)
    expect(indexesOf(await openIndexes(data, store, plantOf([press, pump])))).toEqual(known)
    rmSync(join(folder, 'registry.json'))
    const other = machineOf('other', [sensor('other', 'temp')])
    expect(indexesOf(await openIndexes(data, store, plantOf([other, press, pump])))).toMatchObject(known)
  })

  it('of texts, too, also where they are still in the spool', async () => {
    const texts = [
      [0, 'A'],
      [1, 'B'],
      [2, 'line\nbreak'],
    ] as const
    store.append({ source: 'plc', samples: new SampleBatchBuilder().take(), texts })
    rmSync(join(folder, 'dictionary.jsonl'), { force: true })
    await openIndexes(data, store, plantOf([pump]))
    expect(data.readTexts()).toEqual(texts)
    writeFileSync(join(folder, 'dictionary.jsonl'), '\n[0,"A"]\n[1,"')
    await openIndexes(data, store, plantOf([pump]))
    expect(data.readTexts()).toEqual(texts)
  })

  it('is not made up: a registry.json of another history is refused, with what to do', async () => {
    await openIndexes(data, store, plantOf([pump, press]))
    const book = data.readIndexBook()
    const swapped = { 'press.temp': book.signals['pump.temp']!, 'pump.temp': book.signals['press.temp']! }
    data.writeIndexBook({ machines: book.machines, signals: swapped })
    await expect(openIndexes(data, store, plantOf([pump, press]))).rejects.toThrow(
      /another history.*made anew/s,
    )
    data.writeIndexBook(book)
  })
})
