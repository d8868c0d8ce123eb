import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Entry } from '../../schema/records.js'
import { referencePlant } from '../../schema/reference-plant/reference-plant.js'
import { propertyRuns } from '../../twins/proof/runs.js'
import { start } from '../floor/floor.fixture.js'
import type { LiveFloor } from '../floor/live-floor.js'
import { ReplayRoom } from '../gateway/replay-room.js'
import type { Store } from '../store/store.js'
import { openTestStore } from '../store/your-clickhouse.fixture.js'
import { happenings, Life, type Lived, plantOfLife } from './life.fixture.js'
import { Replayer } from './replayer.js'

const day = 86_400_000
const hello = {
  kind: 'samples',
  samples: [{ machine: 1, signal: 'temp', value: 70, quality: 0, age: 0 }],
} as const
let folder: string
let store: Store
let runs = 0
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gemba-replay-'))
  store = await openTestStore({ dataDir: folder, logger: pino({ level: 'silent' }), wall: Date })
})
afterAll(async () => {
  await store?.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Everything that twins and watches made, in order. */
const made = (entries: readonly (Entry | undefined)[]) => ({
  events: entries.flatMap(entry => entry?.twinEvents ?? []),
  changes: entries.flatMap(entry => entry?.stateChanges ?? []),
  faults: entries.flatMap(entry => entry?.rows?.fault_events ?? []),
  parts: entries.flatMap(entry => entry?.rows?.production_events ?? []),
  health: entries.flatMap(entry => entry?.rows?.sensor_health ?? []),
  work: entries.flatMap(entry => entry?.rows?.maintenance_events ?? []),
})

/** Where every twin stands. */
const twinsOf = ({ twins }: LiveFloor) =>
  new Map(twins.fork(0).twins.map(({ address, snapshot }) => [address, JSON.parse(snapshot)]))

const firstFrom = (lived: readonly Lived[], from: number): number => lived.findIndex(({ ts }) => ts >= from)

async function replayed(life: Life, from: number, to: number) {
  const entries: Entry[] = []
  const replayer = await Replayer.begin(life.ground, { from, to }, { onEntry: entry => entries.push(entry) })
  while (!replayer.isOver) {
    replayer.advance(to)
    await replayer.read()
  }
  return { replayer, entries }
}

describe('a floor that lives again', () => {
  it.each([
    ['real machines', 'wall', false],
    ['simulated machines', 'wall', true],
    ['sources with a clock of their own', 'source', false],
  ] as const)('makes of any window what it made the first time: %s', async (_, clock, isSimulated) => {
    let compared = 0
    await fc.assert(
      fc.asyncProperty(happenings(40), fc.double({ min: 0, max: 1, noNaN: true }), async (story, where) => {
        const at = start + ++runs * 10 * day
        const life = new Life({ store, at, isSimulated, plant: plantOfLife(clock) })
        await life.begin()
        await life.live([{ wait: 1_000, what: { kind: 'connected' } }, { wait: 0, what: hello }, ...story])
        const { lived } = life
        // Where a source with a clock of its own sets the time back, before and after cannot be told by it.
        const begins = lived
          .map(({ ts }) => ts)
          .filter(from => from >= at && !lived.slice(firstFrom(lived, from)).some(({ ts }) => ts < from))
        const from = begins[Math.floor(where * (begins.length - 1))]
        if (from === undefined) return
        const first = firstFrom(lived, from)
        const { replayer, entries } = await replayed(life, from, at + 10 * day)
        const expected = made(lived.slice(first).map(({ entry }) => entry))
        expect(made(entries)).toEqual(expected)
        expect(twinsOf(replayer.floor)).toEqual(twinsOf(life.floor))
        compared += expected.events.length
      }),
      { numRuns: propertyRuns / 20 },
    )
    expect(compared).toBeGreaterThan(0)
  })
})

describe('a floor that lives again at 60 times its speed', () => {
  it('makes what it made the first time, in slices that end in the midst of what is due', async () => {
    let compared = 0
    await fc.assert(
      fc.asyncProperty(happenings(40), async story => {
        const at = start + ++runs * 10 * day
        const life = new Life({ store, at })
        await life.begin()
        await life.live([{ wait: 1_000, what: { kind: 'connected' } }, { wait: 0, what: hello }, ...story])
        const { lived } = life
        // Each look at the clock takes a while, so that most slices are too short.
        const wall = { time: at, now: () => (wall.time += 3) }
        const entries: Entry[] = []
        const window = { from: at + 1, to: life.wall.time + 1 }
        const replayer = await Replayer.begin({ ...life.ground, wall }, window, {
          onEntry: entry => entries.push(entry),
        })
        const room = new ReplayRoom({ replayer, wall, speed: 60, isHeld: false })
        const began = wall.time
        while (!replayer.isOver) {
          room.advance(6)
          await replayer.read()
          wall.time += 100
        }
        const expected = made(lived.slice(firstFrom(lived, window.from)).map(({ entry }) => entry))
        expect(made(entries)).toEqual(expected)
        expect(twinsOf(replayer.floor)).toEqual(twinsOf(life.floor))
        // No sooner than that: it was paced.
        expect((wall.time - began) * 60).toBeGreaterThanOrEqual(lived.at(-1)!.ts - window.from)
        compared += expected.events.length
      }),
      { numRuns: propertyRuns / 20 },
    )
    expect(compared).toBeGreaterThan(0)
  })
})

describe('the way to the begin of a window', () => {
  it('leaves the live floor its turns: no slice makes more than eight machines or memories, of however many', async () => {
    const plant = referencePlant({ seed: 1 })
    const at = start + ++runs * 10 * day
    const life = new Life({ store, at, plant })
    await life.begin()
    await life.live([{ wait: 1_000, what: { kind: 'connected' } }])
    // Each look at the clock takes a millisecond: a piece of the work is one look, and a slice may take eight.
    let looks = 0
    let most = 0
    let live: NodeJS.Immediate
    let lastLooks = 0
    const frame = (): void => {
      most = Math.max(most, looks - lastLooks)
      lastLooks = looks
      live = setImmediate(frame)
    }
    frame()
    const wall = { now: () => ++looks }
    try {
      const replayer = await Replayer.begin({ ...life.ground, wall }, { from: at + 500, to: at + day })
      expect(twinsOf(replayer.floor).size).toBeGreaterThan(1_900)
    } finally {
      clearImmediate(live!)
    }
    // Every machine was made, and every one's memory was taken up.
    expect(looks).toBeGreaterThan(2 * 228)
    expect(most).toBeLessThan(24)
  })
})
