import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { StreamClient } from '../../schema/stream/client.js'
import type { ClientFrame, ServerFrame } from '../../schema/stream/protocol.js'
import { start } from '../floor/floor.fixture.js'
import type { LiveFloor } from '../floor/live-floor.js'
import { type Happening, Life } from '../replay/life.fixture.js'
import { Replayer } from '../replay/replayer.js'
import { openStore, type Store } from '../store/store.js'
import { ReplayRoom } from './replay-room.js'
import type { TestClient } from './test-client.js'
import { testFloor, testPlant } from './test-floor.js'
import { openTestGateway, type TestGateway } from './test-gateway.js'

let folder: string
let store: Store
let life: Life
let gateway: TestGateway

const said = (signal: 'temp' | 'execution', value: number | string, age = 0): Happening => ({
  wait: 1_000,
  what: { kind: 'samples', samples: [{ machine: 1, signal, value, quality: 0, age }] },
})
/** Two minutes: a machine works, grows warm second by second, says late what it was, is lost and found, and stops. */
const story: readonly Happening[] = [
  { wait: 0, what: { kind: 'connected' } },
  said('execution', 'ACTIVE'),
  ...Array.from({ length: 60 }, (_, i) => said('temp', 60 + i / 2)),
  said('temp', 61, 30_000),
  { wait: 1_000, what: { kind: 'ended' } },
  { wait: 1_000, what: { kind: 'tick' } },
  { wait: 20_000, what: { kind: 'connected' } },
  said('execution', 'DOWN'),
  ...Array.from({ length: 30 }, (_, i) => said('temp', 90 - i)),
]

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gemba-replay-stream-'))
  store = await openStore({ dataDir: folder, logger: pino({ level: 'silent' }), wall: Date })
  life = new Life({ store, at: start })
  await life.begin()
  await life.live(story)
})
afterAll(async () => {
  await store?.close()
  rmSync(folder, { recursive: true, force: true })
})
beforeEach(async () => {
  gateway = await open()
})
afterEach(() => gateway.close())

/** A gateway of a floor of today, on which nothing happens, with the record of the life. */
function open(parts: { maxReplays?: number } = {}): Promise<TestGateway> {
  const floor = testFloor(testPlant(1, 1), life.wall.time + 60_000)
  return openTestGateway({ floor, past: { ...life.ground, wall: floor.wall }, ...parts })
}

/** The scripted client: the one the viewer runs, over a real socket. */
class Viewer {
  readonly client = new StreamClient({ random: () => 0 })
  readonly heard: ServerFrame['kind'][] = []
  readonly #socket: TestClient
  readonly #gateway: TestGateway

  private constructor(socket: TestClient, gateway: TestGateway) {
    this.#socket = socket
    this.#gateway = gateway
  }

  static async open(gateway: TestGateway): Promise<Viewer> {
    const viewer = new Viewer(await gateway.connect(), gateway)
    viewer.client.opened(0)
    await viewer.until(() => viewer.client.hello !== undefined)
    return viewer
  }

  send(frames: readonly ClientFrame[]): void {
    for (const frame of frames) this.#socket.send(frame)
  }

  /** Takes frames until it is so; what never comes ends in the test's own patience. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      const frame = await this.#socket.nextOfAny()
      if (frame === undefined) throw new Error('The gateway has closed')
      this.#take(frame)
    }
  }

  /** The wall goes on by so many ms, tick by tick. A turn happens once its time is over. */
  async pass(ms: number, step = 100): Promise<void> {
    await this.tick()
    for (let passed = 0; passed < ms; passed += step) {
      this.#gateway.floor.advance(step)
      await this.tick()
    }
    await this.tick()
  }

  async tick(): Promise<void> {
    await this.#socket.settled()
    await this.#gateway.tick()
    for (const frame of this.#socket.arrived()) this.#take(frame)
  }

  async replay(from: number, speed: number, to?: number): Promise<void> {
    const before = this.client.hello!.epoch
    this.send(this.client.startReplay({ from, speed, ...(to !== undefined && { to }) }))
    await this.until(() => this.client.hello!.epoch !== before && this.client.replay?.stage === 'playing')
    await this.tick()
  }

  #take(frame: ServerFrame): void {
    this.heard.push(frame.kind)
    this.send(this.client.receive(frame, 1, 0).send)
  }
}

const shown = ({ client }: Viewer, signal: number, machine: number) => ({
  value: client.latest.value[signal],
  status: client.latest.status[signal],
  state: client.latest.machineState[machine],
})
const shownBy = ({ signals, machines }: LiveFloor, signal: number, machine: number) => ({
  value: signals.value[signal],
  status: signals.status[signal],
  state: machines.state[machine],
})

describe('A replay in the stream', () => {
  it('S31 greets the client anew and shows the floor as it was, with the plant of then', async () => {
    const viewer = await Viewer.open(gateway)
    const live = viewer.client.hello!
    await viewer.replay(start + 31_500, 1)
    const { hello, replay } = viewer.client
    expect(viewer.heard.indexOf('replay-state')).toBeLessThan(viewer.heard.lastIndexOf('hello'))
    expect(hello!.epoch).toBeGreaterThan(live.epoch)
    expect(replay).toMatchObject({ epoch: hello!.epoch, from: start + 31_500, to: life.wall.time + 60_000 })
    expect(viewer.client.isReplaying).toBe(true)
    const manifest = await (await fetch(gateway.url(`/api/v1/manifest/${hello!.manifest}`))).json()
    expect((manifest as { machines: { id: string }[] }).machines.map(({ id }) => id)).toEqual(['m1', 'm2'])
    const execution = life.floor.registry.signalById('m1.execution')!.index
    expect(viewer.client.latest.value[0]).toBe(74.5)
    expect(viewer.client.texts.get(viewer.client.latest.value[execution]!)).toBe('ACTIVE')
  })

  it('S32 comes to the same as the floor did, and nobody else hears of it', async () => {
    const rows = () =>
      store.query(`SELECT table, toUInt32(sum(rows)) AS rows FROM system.parts
        WHERE database = 'gemba' AND active GROUP BY table ORDER BY table`)
    await store.flush()
    const before = await rows()
    const [viewer, other] = [await Viewer.open(gateway), await Viewer.open(gateway)]
    await other.tick()
    other.heard.length = 0
    await viewer.replay(start, 60, life.wall.time + 1)
    while (viewer.client.replay?.stage !== 'over') await viewer.pass(100)
    expect(shown(viewer, 0, 0)).toEqual(shownBy(life.floor, 0, 0))
    expect(viewer.client.links.map(({ state }) => state)).toEqual(['connected'])
    await other.tick()
    expect(new Set(other.heard)).toEqual(new Set(['heartbeat']))
    expect(gateway.floor.signals.sourceTime.every(time => time === 0)).toBe(true)
    await store.flush()
    expect(await rows()).toEqual(before)
  })

  it('S33 lets time pass at its speed, and is slower where it cannot keep it, but skips nothing', async () => {
    const viewer = await Viewer.open(gateway)
    await viewer.replay(start + 2_000, 10)
    await viewer.pass(2_000)
    expect(viewer.client.latest.sourceTime[0]).toBe(start + 21_000)

    // A clock that moves on whenever somebody looks: no slice gets far.
    const clock = { time: 0, now: () => (clock.time += 4) }
    const made: unknown[] = []
    const window = { from: start + 2_000, to: life.wall.time + 1 }
    const onEntry = (entry: { twinEvents?: readonly unknown[] }) => made.push(...(entry.twinEvents ?? []))
    const replayer = await Replayer.begin({ ...life.ground, wall: clock }, window, { onEntry })
    const room = new ReplayRoom({ replayer, wall: clock, speed: 10_000, isHeld: false })
    const news = new Set<string>()
    for (let last = room.at; room.stage !== 'over'; last = room.at) {
      news.add(room.advance(4))
      expect(room.at).toBeGreaterThanOrEqual(last)
      await replayer.read()
    }
    expect(news).toContain('behind')
    const first = life.lived.findIndex(({ ts }) => ts >= window.from)
    expect(made).toEqual(life.lived.slice(first).flatMap(({ entry }) => entry?.twinEvents ?? []))
  })

  it('S34 changes its speed, holds the time and lets it go on', async () => {
    const viewer = await Viewer.open(gateway)
    await viewer.replay(start + 2_000, 1)
    viewer.send(viewer.client.pace(20, false))
    await viewer.pass(1_000)
    expect(viewer.client.latest.sourceTime[0]).toBe(start + 21_000)
    viewer.send(viewer.client.pace(20, true))
    await viewer.pass(3_000)
    expect(viewer.client.replay).toMatchObject({ stage: 'held', speed: 20, at: start + 22_000 })
    expect(viewer.client.latest.sourceTime[0]).toBe(start + 21_000)
    expect(viewer.heard.at(-1)).toBe('heartbeat')
    viewer.send(viewer.client.pace(1, false))
    await viewer.pass(2_000)
    expect(viewer.client.replay?.stage).toBe('playing')
    expect(viewer.client.latest.sourceTime[0]).toBe(start + 23_000)
  })

  it('S35 seeks forwards and backwards', async () => {
    const viewer = await Viewer.open(gateway)
    const seen: unknown[] = []
    for (const after of [50_000, 10_000, 30_000]) {
      await viewer.replay(start + after, 1)
      seen.push(viewer.client.latest.value[0])
    }
    expect(seen).toEqual([83.5, 63.5, 73.5])
    // Of two in a row the last counts.
    viewer.send(viewer.client.startReplay({ from: start + 20_000, speed: 1 }))
    await viewer.replay(start + 40_000, 1)
    await viewer.tick()
    expect(viewer.client.replay?.from).toBe(start + 40_000)
    expect(viewer.client.latest.value[0]).toBe(78.5)
  })

  it('S36 says when the window is over, keeps the picture, and seeks from there', async () => {
    const viewer = await Viewer.open(gateway)
    await viewer.replay(start + 2_000, 100, start + 10_001)
    await viewer.pass(1_000)
    expect(viewer.client.replay).toMatchObject({ stage: 'over', at: start + 10_001 })
    await viewer.pass(2_000)
    expect(viewer.client.latest.sourceTime[0]).toBe(start + 10_000)
    await viewer.replay(start + 5_500, 1)
    expect(viewer.client.latest.sourceTime[0]).toBe(start + 5_000)
  })

  it('S37 goes back to the present', async () => {
    const viewer = await Viewer.open(gateway)
    const live = viewer.client.hello!
    await viewer.replay(start + 31_500, 1)
    viewer.send(viewer.client.goLive())
    await viewer.until(() => viewer.client.hello!.epoch === live.epoch)
    gateway.floor.sample(0, 7)
    await viewer.tick()
    expect(viewer.client.isReplaying).toBe(false)
    expect(viewer.client.hello).toMatchObject({ epoch: live.epoch, manifest: live.manifest })
    expect(viewer.client.latest.value[0]).toBe(7)
  })

  it.each([
    ['in-future', { from: start + 3_600_000, speed: 1 }, 'lies in the future'],
    ['bad-window', { from: start + 5_000, to: start, speed: 1 }, 'before it begins'],
    ['bad-speed', { from: start, speed: 0 }, 'choose above 0'],
    ['bad-speed', { from: start, speed: -1 }, 'choose above 0'],
    ['bad-speed', { from: start, speed: 1e9 }, 'up to 10000'],
    ['no-record', { from: start - 86_400_000, to: start - 80_000_000, speed: 1 }, 'the record goes from'],
    ['no-record', { from: start + 150_000, speed: 1 }, 'Nothing is on record'],
  ] as const)('S38 refuses a replay (%s), and stays where it was', async (problem, window, why) => {
    const viewer = await Viewer.open(gateway)
    await viewer.tick()
    const { epoch } = viewer.client.hello!
    viewer.send(viewer.client.startReplay(window))
    await viewer.until(() => viewer.client.replay?.stage === 'refused')
    expect(viewer.client.replay).toMatchObject({ problem, detail: expect.stringContaining(why) })
    gateway.floor.sample(0, 5)
    await viewer.tick()
    expect(viewer.client.hello!.epoch).toBe(epoch)
    expect(viewer.client.latest.value[0]).toBe(5)
  })

  it('S38 keeps the replay that there is when another is refused, and says that there is none', async () => {
    const socket = await gateway.connect()
    socket.send({ kind: 'pace', speed: 1, isHeld: true })
    expect(await socket.next('replay-state')).toMatchObject({ stage: 'refused', problem: 'not-replaying' })
    socket.send({ kind: 'live' })
    expect(await socket.next('replay-state')).toMatchObject({ stage: 'refused', problem: 'not-replaying' })
    const viewer = await Viewer.open(gateway)
    await viewer.replay(start + 2_000, 1)
    const { epoch } = viewer.client.hello!
    viewer.send(viewer.client.startReplay({ from: start - 86_400_000, to: start - 80_000_000, speed: 1 }))
    await viewer.until(() => viewer.client.replay?.stage === 'refused')
    await viewer.pass(10_000)
    expect(viewer.client.hello!.epoch).toBe(epoch)
    expect(viewer.client.latest.sourceTime[0]).toBe(start + 11_000)
  })

  it('S38 says that an engine without a record has none', async () => {
    const bare = await openTestGateway()
    const socket = await bare.connect()
    socket.send({ kind: 'replay', from: 1, to: 0, speed: 1 })
    expect(await socket.next('replay-state')).toMatchObject({ stage: 'refused', problem: 'unavailable' })
    await bare.close()
  })

  it('S39 allows so many at once; one ends with its connection', async () => {
    await gateway.close()
    gateway = await open({ maxReplays: 1 })
    const first = await gateway.connect()
    first.send({ kind: 'replay', from: start, to: 0, speed: 1 })
    await first.next('replay-state')
    const second = await gateway.connect()
    second.send({ kind: 'replay', from: start, to: 0, speed: 1 })
    expect(await second.next('replay-state')).toMatchObject({ stage: 'refused', problem: 'too-many' })
    first.destroy()
    await vi.waitFor(async () => {
      second.send({ kind: 'replay', from: start, to: 0, speed: 1 })
      expect(await second.next('replay-state')).toMatchObject({ stage: 'preparing' })
    })
    const metrics = await (await fetch(gateway.url('/metrics'))).text()
    expect(metrics).toContain('gemba_stream_replays 1')
  })
})
