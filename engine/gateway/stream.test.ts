import { afterEach, describe, expect, it } from 'vitest'
import { StreamClient } from '../../schema/stream/client.js'
import { closeCodes, maxClientFrame } from '../../schema/stream/protocol.js'
import { TestClient } from './test-client.js'
import { testFloor, testPlant, testStart } from './test-floor.js'
import { openTestGateway, type TestGateway } from './test-gateway.js'

const open: TestGateway[] = []
afterEach(async () => {
  for (const one of open.splice(0)) await one.close()
})

async function gatewayFor(...parts: Parameters<typeof openTestGateway>): Promise<TestGateway> {
  const one = await openTestGateway(...parts)
  open.push(one)
  return one
}

/** A socket and the client's half of the protocol, tied together as the viewer does. */
class Viewer {
  readonly client = new StreamClient({ random: () => 0 })
  readonly floor: TestGateway['floor']
  #socket!: TestClient

  constructor(floor: TestGateway['floor']) {
    this.floor = floor
  }

  async connect(gateway: TestGateway): Promise<TestClient> {
    this.#socket = await gateway.connect()
    this.client.opened(this.floor.wall.now())
    await this.#socket.settled()
    this.read()
    await this.#socket.settled()
    return this.#socket
  }

  /** Takes what has arrived, but for what `isLost`. Answers the largest values that were shown. */
  read(isLost: (kind: string) => boolean = () => false): number {
    let highest = Number.NEGATIVE_INFINITY
    for (const frame of this.#socket.arrived()) {
      if (isLost(frame.kind)) continue
      const { send, applied } = this.client.receive(frame, 100, this.floor.wall.now())
      for (const reply of send) this.#socket.send(reply)
      for (const { signals } of applied) for (const high of signals.max) highest = Math.max(highest, high)
    }
    return highest
  }

  /** Whether the picture is the floor's, to the resolution of its sensors. */
  isRight(): boolean {
    const { signals } = this.floor
    return this.floor.registry.signals.every(
      ({ index }) =>
        Math.abs(signals.value[index]! - this.client.latest.value[index]!) < 0.01 ||
        (Number.isNaN(signals.value[index]) && Number.isNaN(this.client.latest.value[index])),
    )
  }
}

describe('The stream over a socket', () => {
  it('S1 refuses a client that does not offer the subprotocol, with a problem', async () => {
    const { gateway, url } = await gatewayFor()
    const refused = TestClient.open(gateway.port, { 'sec-websocket-protocol': 'gemba.v9, chat' })
    await expect(refused).rejects.toThrow(/HTTP\/1\.1 400[\s\S]*problem\+json[\s\S]*offer it/)
    const plain = await fetch(url('/api/v1/stream'))
    expect(plain.status).toBe(426)
    expect(await plain.json()).toMatchObject({ status: 426, title: 'Upgrade Required' })
  })

  it('S2 refuses pages of other origins and names that are not loopback', async () => {
    const { gateway, connect } = await gatewayFor()
    const foreign: Record<string, string>[] = [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: 'http://evil.example', host: 'evil.example' },
      { origin: 'http://localhost.evil.example' },
    ]
    for (const headers of foreign) {
      await expect(TestClient.open(gateway.port, headers)).rejects.toThrow(/HTTP\/1\.1 403/)
    }
    for (const origin of ['http://localhost:5173', `http://127.0.0.1:${gateway.port}`, 'http://[::1]:99']) {
      expect((await (await connect({ origin })).next('hello')).kind).toBe('hello')
    }
  })

  it('S2 refuses more clients than it allows', async () => {
    const { gateway, connect } = await gatewayFor({ maxClients: 1 })
    await (await connect()).next('hello')
    await expect(TestClient.open(gateway.port)).rejects.toThrow(/HTTP\/1\.1 503/)
  })

  it('S9 shows a client the floor and everything that happens on it', async () => {
    const one = await gatewayFor()
    const { floor, tick } = one
    floor.sample(1, 20.5)
    const viewer = new Viewer(floor)
    await viewer.connect(one)
    await tick()
    viewer.read()
    expect(viewer.isRight()).toBe(true)
    for (let i = 0; i < 50; i++) {
      floor.advance(100)
      floor.sample((i * 7) % 16, i / 10)
      await tick()
      viewer.read()
      expect(viewer.isRight()).toBe(true)
    }
    expect(viewer.client.counts).toMatchObject({ gaps: 0, dropped: 0 })
    expect(viewer.client.freshness(floor.wall.now())).toBe('live')
  })

  it('S8 serves the manifest that the hello names', async () => {
    const { connect, url } = await gatewayFor()
    const { manifest } = await (await connect()).next('hello')
    const answer = await fetch(url(`/api/v1/manifest/${manifest}`))
    expect(answer.headers.get('cache-control')).toContain('immutable')
    const { signals, machines } = (await answer.json()) as { signals: unknown[]; machines: unknown[] }
    expect([signals.length, machines.length]).toEqual([16, 4])
    expect(signals[0]).toMatchObject({ index: 0, id: 'b-01.t1', machine: 0, unit: '°C', resolution: 0.1 })
    const known = { 'if-none-match': answer.headers.get('etag') ?? '' }
    expect((await fetch(url(`/api/v1/manifest/${manifest}`), { headers: known })).status).toBe(304)
    expect((await fetch(url('/api/v1/manifest/0000'))).status).toBe(404)
  })

  it('S14 brings a client that lost a frame back to the truth', async () => {
    const one = await gatewayFor()
    const { floor, tick } = one
    const viewer = new Viewer(floor)
    const socket = await viewer.connect(one)
    await tick()
    viewer.read()
    floor.sample(0, 1)
    await tick()
    viewer.read(kind => kind === 'delta')
    floor.sample(1, 2)
    await tick()
    viewer.read()
    expect(viewer.client.freshness(floor.wall.now())).toBe('resync')
    await socket.settled()
    floor.sample(2, 3)
    await tick()
    viewer.read()
    expect(viewer.isRight()).toBe(true)
    expect(viewer.client.counts).toMatchObject({ gaps: 1, resyncs: 1 })
  })

  it('S7 brings a client over a restart of the engine', async () => {
    const first = await gatewayFor()
    const viewer = new Viewer(first.floor)
    await viewer.connect(first)
    first.floor.sample(3, 70)
    await first.tick()
    viewer.read()
    viewer.client.closed(first.floor.wall.now())

    const second = await gatewayFor({ floor: testFloor(testPlant(), testStart + 5_000) })
    const again = Object.assign(viewer, { floor: second.floor })
    await again.connect(second)
    second.floor.sample(0, 5)
    await second.tick()
    again.read()
    expect(again.client.hello?.epoch).toBe(testStart + 5_000)
    expect(again.isRight()).toBe(true)
  })

  it('S19 bounds what a client that stopped reading costs, and shows it the truth and every spike after', async () => {
    const one = await gatewayFor({ floor: testFloor(testPlant(1, 12_000)) })
    const { floor, tick, metrics } = one
    const viewer = new Viewer(floor)
    const socket = await viewer.connect(one)
    await tick()
    viewer.read()

    socket.stopReading()
    const waiting = async (): Promise<number> =>
      (await metrics.getSingleMetric('gemba_stream_waiting_bytes')?.get())?.values[0]?.value ?? 0
    let most = 0
    for (let round = 0; most === 0 || round < 150; round++) {
      for (const { index } of floor.registry.signals) floor.sample(index, round + (index % 50) / 100)
      if (round === 140) floor.sample(5, 9_999.5)
      await tick()
      most = Math.max(most, await waiting())
      if (round > 2_000) throw new Error('The buffers of the system never filled')
    }
    expect(most).toBeLessThan(1024 * 1024)

    socket.readOn()
    let highest = Number.NEGATIVE_INFINITY
    for (let round = 0; round < 200 && !viewer.isRight(); round++) {
      await tick()
      highest = Math.max(highest, viewer.read())
    }
    expect(viewer.isRight()).toBe(true)
    expect(highest).toBe(9_999.5)
    expect(viewer.client.counts).toMatchObject({ gaps: 0, resyncs: 0 })
    expect(viewer.client.counts.merged).toBeGreaterThan(0)
  }, 20_000)

  it('S5 says what was wrong with a frame, then closes', async () => {
    const { connect } = await gatewayFor()
    const cases = [
      { payload: Uint8Array.of(1, 2, 3), opcode: 2, reason: 'bad-frame' as const },
      { payload: Uint8Array.of(0x92, 1, 0x91, 99), opcode: 2, reason: 'bad-frame' as const },
      { payload: new TextEncoder().encode('hello'), opcode: 1, reason: 'bad-frame' as const },
      { payload: new Uint8Array(maxClientFrame + 1), opcode: 2, reason: 'frame-too-large' as const },
    ]
    for (const { payload, opcode, reason } of cases) {
      const client = await connect()
      client.sendRaw(payload, opcode)
      expect((await client.next('refusal')).reason).toBe(reason)
      expect(await client.closed()).toEqual({ code: closeCodes[reason], reason })
    }
    const huge = await connect()
    huge.sendRaw(new Uint8Array(8 * maxClientFrame))
    expect((await huge.closed()).code).toBeGreaterThan(1_000)
  })

  it('S5 survives a thousand clients that speak nonsense or vanish', async () => {
    const one = await gatewayFor()
    let noise = 7
    for (let i = 0; i < 1_000; i++) {
      const client = await TestClient.open(one.gateway.port)
      noise = (noise * 1_103_515_245 + 12_345) % 2 ** 31
      if (i % 3 !== 0)
        client.sendRaw(Uint8Array.from({ length: noise % 50 }, (_, k) => (noise >> (k % 23)) & 0xff))
      if (i % 50 === 0) one.gateway.tick()
      client.destroy()
    }
    const viewer = new Viewer(one.floor)
    await viewer.connect(one)
    one.floor.sample(0, 1)
    await one.tick()
    viewer.read()
    expect(viewer.isRight()).toBe(true)
  })

  it('S23 tells its clients when the engine stops', async () => {
    const one = await gatewayFor()
    const client = await one.connect()
    await client.next('hello')
    one.gateway.close()
    expect(await client.next('refusal')).toMatchObject({ reason: 'going-away' })
    expect((await client.closed()).code).toBe(1001)
  })
})
