import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, it, vi } from 'vitest'
import { configSchema } from '../../schema/config.js'
import { loadPlant } from '../../schema/plant-file/load-plant.js'
import { startEngine } from '../engine.js'
import { root } from './process.js'

const hour = 3_600_000
const ideal = 30

/**
 * Two machines in a row that never fail, at 600 times the speed of the clock, and two orders, released a little after the
 * plant is met: the lines were at work before, and what was released then may be done.
 */
const plantFrom = (start: number) =>
  loadPlant(
    `gemba: 1
name: Orders
enterprise: Example
sources:
  sim: { adapter: simulator, tags: "{machine}.{signal}", clock: source, speed: 600, randomFaults: 0, start: "${new Date(start).toISOString()}" }
types:
  calm: { extends: press, idealCycleTime: ${ideal}, flow: { cycle: ${ideal}, failures: [], scrap: 0 } }
sites:
  - id: here
    timeZone: UTC
    areas:
      - id: hall
        lines:
          - { id: line-1, machines: [{ id: first, type: calm }, { id: last, type: calm }] }
products: [{ id: bolt, lines: [line-1] }, { id: nut, lines: [line-1] }]
orders:
  - { id: o-1, line: line-1, product: bolt, quantity: 60, release: "${localTime(start + hour / 6)}" }
  - { id: o-2, line: line-1, product: nut, quantity: 40, release: "${localTime(start + hour / 5)}" }
`,
    { file: 'plant.yaml' },
  )

const localTime = (time: number): string => new Date(time).toISOString().slice(0, 16)

interface Group {
  readonly key: string
  readonly ratios: Record<'oee' | 'effectiveness', number | null>
  readonly times: Record<'PBT' | 'APT' | 'calendar', number>
  readonly quantities: Record<'PQ' | 'GQ', number>
}
interface Run {
  readonly order: string
  readonly product: string
  readonly start: string
  readonly end: string | null
  readonly target: number
  readonly actual: number
  readonly good: number
  readonly oee: number
}

it('orders of a simulated plant that runs have their OEE, as of their runs and as the counters say', async () => {
  // Within what is kept, whenever this runs.
  const start = Math.floor((Date.now() - 48 * hour) / hour) * hour
  const { plant, problems } = plantFrom(start)
  expect(problems).toBeUndefined()
  const data = mkdtempSync(join(tmpdir(), 'gemba-orders-'))
  const engine = await startEngine({
    config: configSchema.parse({ data, port: 0 }),
    plant: plant!,
    logger: pino({ level: 'silent' }),
    viewer: join(root, 'dist/viz'),
  })
  const get = async <Item>(path: string): Promise<Item[]> =>
    ((await (await fetch(`${engine.url}/api/v1${path}`)).json()) as { items: Item[] }).items
  const range = `from=${new Date(start).toISOString()}`
  try {
    const runs = await vi.waitFor(
      async () => {
        const found = await get<Run>(`/production?${range}`)
        expect(found.map(({ order, end }) => [order, end !== null])).toEqual([
          ['o-1', true],
          ['o-2', true],
        ])
        return found
      },
      { timeout: 90_000, interval: 500 },
    )
    expect(runs).toMatchObject([
      { product: 'bolt', target: 60, actual: 60, good: 60 },
      { product: 'nut', target: 40, actual: 40, good: 40 },
    ])
    // A moment that is over, for all of what follows.
    const to = new Date(Date.parse(runs[1]!.end!) + 60_000).toISOString()
    await vi.waitFor(() => expect(engine.floor.clock.now()).toBeGreaterThan(Date.parse(to)), {
      timeout: 30_000,
    })
    const ask = (query: string) => get<Group>(`/kpis/oee?${range}&to=${to}&${query}`)
    const byOrder = await ask('scope=line:line-1&lines=output&by=order')
    expect(byOrder.map(({ key }) => key)).toEqual(['', 'o-1', 'o-2'])
    const ofOrders = byOrder.slice(1)
    for (const [place, run] of runs.entries()) {
      const { ratios, times, quantities } = ofOrders[place]!
      expect(quantities).toMatchObject({ PQ: run.target, GQ: run.target })
      expect(ratios.oee).toBeCloseTo(run.oee, 9)
      // No shifts: all of the run's time was to be used.
      const seconds = (Date.parse(run.end!) - Date.parse(run.start)) / 1_000
      expect(times.PBT).toBeCloseTo(seconds, 3)
      expect(ratios.oee).toBeCloseTo((ideal * run.target) / seconds, 6)
      expect(ratios.oee).toBeGreaterThan(0.5)
      const [counted] = await engine.store.query<{ parts: number }>(
        `SELECT sum(e.parts) AS parts FROM gemba.production_events AS e
        WHERE machine = 'last' AND counter = 'processed' AND ts >= {start:DateTime64(3)} AND ts < {end:DateTime64(3)}`,
        { start: sqlTime(run.start), end: sqlTime(run.end!) },
      )
      expect(counted).toEqual({ parts: run.target })
    }
    // Orders, and the time without one, are the whole; at each machine as well.
    for (const scope of ['line:line-1', 'machine:first', 'machine:last']) {
      const [whole] = await ask(`scope=${scope}`)
      const parts = await ask(`scope=${scope}&by=order`)
      for (const name of ['PBT', 'APT', 'calendar'] as const)
        expect(parts.reduce((sum, { times }) => sum + times[name], 0)).toBeCloseTo(whole!.times[name], 3)
      expect(parts.reduce((sum, { quantities }) => sum + quantities.PQ, 0)).toBe(whole!.quantities.PQ)
    }
    const products = await ask('scope=machine:last&by=product')
    expect(products.map(({ key, quantities }) => [key, quantities.PQ])).toEqual([
      ['', 0],
      ['bolt', 60],
      ['nut', 40],
    ])
  } finally {
    await engine.stop()
    rmSync(data, { recursive: true, force: true })
  }
}, 180_000)

const sqlTime = (time: string): string => time.replace('T', ' ').replace('Z', '')
