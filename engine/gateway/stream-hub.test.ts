import { Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { decodeServerFrame, encodeClientFrame } from '../../schema/stream/codec.js'
import { type ClientFrame, closeCodes, type Delta, type ServerFrame } from '../../schema/stream/protocol.js'
import type { FigureFeed } from './figure-board.js'
import { StreamHub } from './stream-hub.js'
import { createStreamMetrics } from './stream-metrics.js'
import type { StreamSocket } from './subscriber.js'
import { type TestFloor, testFloor, testPlant, testStart } from './test-floor.js'

/** A socket that a test flushes by hand: what it does not take at once waits, and over `limit` is dropped. */
class HandSocket implements StreamSocket {
  readonly frames: Uint8Array[] = []
  isClogged = false
  waiting = 0
  limit = Number.POSITIVE_INFINITY
  closedWith: number | undefined

  send(frame: Uint8Array): number {
    if (this.waiting > this.limit) return 2
    this.frames.push(frame)
    if (!this.isClogged) return 1
    this.waiting += frame.length
    return 0
  }

  bufferedAmount(): number {
    return this.waiting
  }

  cork(sends: () => void): void {
    sends()
  }

  close(code: number): void {
    this.closedWith = code
  }

  drain(): void {
    this.isClogged = false
    this.waiting = 0
  }

  taken(): ServerFrame[] {
    return this.frames.splice(0).map(frame => decodeServerFrame(frame))
  }

  deltas(): Delta[] {
    return this.taken().filter(frame => frame.kind === 'delta')
  }
}

class Ground {
  readonly floor: TestFloor
  readonly metrics = new Registry()
  readonly hub: StreamHub

  constructor(floor = testFloor(), figures?: FigureFeed) {
    this.floor = floor
    this.hub = new StreamHub({
      ...(figures !== undefined && { figures }),
      floor,
      manifest: 'abc',
      tickMs: 100,
      metrics: createStreamMetrics(this.metrics),
    })
  }

  open(topics?: readonly number[]): HandSocket {
    const socket = new HandSocket()
    this.hub.open(socket)
    if (topics !== undefined) {
      this.say(socket, { kind: 'subscribe', topics })
      this.tick()
      socket.taken()
    }
    return socket
  }

  say(socket: HandSocket, frame: ClientFrame): void {
    this.hub.hear(socket, encodeClientFrame(frame))
  }

  tick(ms = 100): void {
    this.floor.advance(ms)
    this.hub.tick()
  }
}

const kinds = (frames: readonly ServerFrame[]): string[] => frames.map(frame => frame.kind)

describe('The stream hub', () => {
  it('S6 greets with version, epoch, manifest and one topic per area', () => {
    expect(new Ground().open().taken()).toEqual([
      {
        kind: 'hello',
        version: 1,
        epoch: testStart,
        manifest: 'abc',
        topics: ['area/body', 'area/paint'],
        tickMs: 100,
        floorTime: testStart,
        wallTime: testStart,
      },
    ])
  })

  it('S9 starts each newly subscribed topic with a snapshot and leaves the others alone', () => {
    const ground = new Ground()
    const socket = ground.open([0])
    ground.say(socket, { kind: 'subscribe', topics: [0, 1, 1] })
    ground.tick()
    expect(socket.taken()).toMatchObject([{ kind: 'snapshot', topic: 1 }])
    ground.say(socket, { kind: 'subscribe', topics: [] })
    ground.floor.sample(0, 5)
    ground.tick()
    expect(socket.taken()).toEqual([])
  })

  it('S10 shows the whole topic in a snapshot, never heard signals too', () => {
    const ground = new Ground()
    ground.floor.sample(2, 40)
    const socket = ground.open()
    ground.say(socket, { kind: 'subscribe', topics: [0] })
    ground.tick()
    const [, snapshot] = socket.taken()
    if (snapshot?.kind !== 'snapshot') throw new Error('no snapshot')
    expect([...snapshot.signals.index]).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    expect(snapshot.signals.value[2]).toBe(40)
    expect(snapshot.signals.value[0]).toBeNaN()
    expect([...snapshot.signals.quality]).toEqual([2, 2, 0, 2, 2, 2, 2, 2])
    expect([...snapshot.machines.index]).toEqual([0, 1])
  })

  it('S11 counts each tick in which a topic changed, though nobody listens', () => {
    const ground = new Ground()
    const socket = ground.open([0])
    const idle = ground.open()
    for (let i = 0; i < 3; i++) {
      ground.floor.sample(0, i)
      ground.floor.machines.set(2, 6, 1, 1, testStart)
      ground.tick()
      ground.tick()
    }
    expect(socket.deltas().map(({ fromSeq, seq }) => [fromSeq, seq])).toEqual([
      [0, 1],
      [1, 2],
      [2, 3],
    ])
    ground.say(idle, { kind: 'subscribe', topics: [1] })
    ground.tick()
    expect(idle.taken().at(-1)).toMatchObject({ kind: 'snapshot', topic: 1, seq: 3 })
  })

  it('S14 answers a resync with one snapshot, however often it was asked', () => {
    const ground = new Ground()
    const socket = ground.open([0])
    for (let i = 0; i < 5; i++)
      ground.say(socket, { kind: 'resync', topic: 0, epoch: ground.hub.epoch, lastSeq: 0 })
    ground.floor.sample(0, 1)
    ground.tick()
    expect(socket.taken()).toMatchObject([{ kind: 'snapshot', topic: 0, seq: 1 }])
  })

  it('S15 sends the texts of the codes in a frame with the frame, each time', () => {
    const ground = new Ground()
    const { floor } = ground
    const program = floor.registry.signalById('b-01.program')?.index ?? -1
    const idle = floor.dictionary.intern('O1000')
    const busy = floor.dictionary.intern('O2000')
    const socket = ground.open([0])
    for (const code of [idle, busy, idle]) {
      floor.sample(program, code)
      ground.tick()
    }
    expect(socket.deltas().map(({ texts }) => texts)).toEqual([
      [[idle, 'O1000']],
      [[busy, 'O2000']],
      [[idle, 'O1000']],
    ])
    const late = ground.open()
    ground.say(late, { kind: 'subscribe', topics: [0] })
    ground.tick()
    expect(late.taken().at(-1)).toMatchObject({ kind: 'snapshot', texts: [[idle, 'O1000']] })
  })

  it('S17 keeps a spike between two ticks, and one hidden behind a missing value', () => {
    const ground = new Ground()
    const socket = ground.open([0])
    for (const value of [20, 99, Number.NaN, 21]) ground.floor.sample(0, value)
    ground.tick()
    const [delta] = socket.deltas()
    expect(delta?.signals).toMatchObject({
      value: Float64Array.of(21),
      min: Float64Array.of(20),
      max: Float64Array.of(99),
    })
  })

  it('S18 encodes a delta once for all in step, and not at all when nobody listens', () => {
    const ground = new Ground()
    const [one, two] = [ground.open([0]), ground.open([0])]
    const elsewhere = ground.open([1])
    ground.floor.sample(0, 1)
    ground.tick()
    expect(one.frames).toHaveLength(1)
    expect(one.frames[0]).toBe(two.frames[0])
    expect(elsewhere.frames).toHaveLength(0)
  })

  it('S19 sends nothing to a client that is behind, then one merged delta with every spike', () => {
    const ground = new Ground()
    const [slow, quick] = [ground.open([0, 1]), ground.open([0, 1])]
    slow.isClogged = true
    ground.floor.sample(0, 1)
    ground.tick()
    expect(slow.deltas()).toHaveLength(1)
    for (const value of [10, 50, -30, 2]) {
      ground.floor.sample(0, value)
      ground.floor.sample(9, value)
      ground.tick()
    }
    ground.floor.machines.set(1, 9, 1, 8, testStart)
    ground.tick()
    expect(slow.frames).toHaveLength(0)
    slow.drain()
    ground.tick()
    const [body, paint] = slow.deltas().sort((a, b) => a.topic - b.topic)
    expect(body).toMatchObject({ topic: 0, fromSeq: 1, seq: 6 })
    expect(body?.signals).toMatchObject({
      index: Uint32Array.of(0),
      value: Float64Array.of(2),
      min: Float64Array.of(-30),
      max: Float64Array.of(50),
    })
    expect([...(body?.machines.index ?? [])]).toEqual([1])
    expect(paint).toMatchObject({ topic: 1, fromSeq: 0, seq: 4 })
    expect(quick.deltas().filter(({ topic }) => topic === 0)).toHaveLength(6)
    ground.floor.sample(0, 3)
    ground.tick()
    expect(slow.deltas()).toMatchObject([{ fromSeq: 6, seq: 7 }])
  })

  it('S19 loses nothing of a frame that the socket dropped', () => {
    const ground = new Ground()
    const socket = ground.open([0])
    socket.limit = -1
    ground.floor.sample(0, 77)
    ground.tick()
    ground.floor.sample(0, 5)
    ground.tick()
    expect(socket.frames).toHaveLength(0)
    socket.limit = Number.POSITIVE_INFINITY
    ground.tick()
    expect(socket.deltas()).toMatchObject([{ fromSeq: 0, seq: 2, signals: { max: Float64Array.of(77) } }])
  })

  it('S20 gives a client over 1 MiB for 5 s a fresh start, and closes it after 30 s', () => {
    const ground = new Ground()
    const socket = ground.open([0])
    socket.isClogged = true
    socket.waiting = 1024 * 1024 + 1
    ground.floor.sample(0, 1)
    ground.tick()
    ground.tick(5_000)
    socket.drain()
    ground.tick()
    expect(socket.taken()).toMatchObject([{ kind: 'snapshot', seq: 1 }])

    socket.waiting = 1024 * 1024 + 1
    ground.tick()
    ground.tick(29_999)
    expect(socket.closedWith).toBeUndefined()
    ground.tick(1)
    expect(socket.taken()).toMatchObject([{ kind: 'refusal', reason: 'too-slow' }])
    expect(socket.closedWith).toBe(closeCodes['too-slow'])
    expect(ground.hub.clientCount).toBe(0)
  })

  it('S20 pays the topics of a slow client in turn', () => {
    const ground = new Ground()
    const socket = ground.open([0, 1])
    const seen: number[] = []
    for (let round = 0; round < 6; round++) {
      ground.floor.sample(0, round)
      ground.floor.sample(8, round)
      socket.drain()
      socket.isClogged = true
      ground.tick()
      seen.push(...socket.deltas().map(({ topic }) => topic))
    }
    expect(seen.filter(topic => topic === 1).length).toBe(3)
  })

  it('S29 tells how the links stand, once and when one changes, also to one that subscribed to nothing', () => {
    const link = {
      source: 'plc',
      state: 'connecting' as 'connecting' | 'connected' | 'waiting',
      since: testStart,
    }
    const links = { version: 1, list: () => [{ ...link }] }
    const ground = new Ground({ ...testFloor(), links })
    const [socket, clogged] = [ground.open(), ground.open()]
    ground.tick()
    expect(socket.taken().slice(1)).toEqual([{ kind: 'links', epoch: testStart, links: [link] }])
    ground.tick()
    expect(socket.taken()).toEqual([])
    clogged.taken()
    clogged.isClogged = true
    clogged.waiting = 1
    link.state = 'waiting'
    links.version = 2
    ground.tick()
    link.state = 'connected'
    links.version = 3
    ground.tick()
    expect(socket.taken()).toMatchObject([
      { links: [{ state: 'waiting' }] },
      { links: [{ state: 'connected' }] },
    ])
    expect(clogged.taken()).toEqual([])
    clogged.drain()
    ground.tick()
    expect(clogged.taken()).toMatchObject([{ links: [{ state: 'connected' }] }])
  })

  it('S29 tells a client that was paused when it resumes', () => {
    const links = { version: 1, list: () => [] }
    const ground = new Ground({ ...testFloor(), links })
    const socket = ground.open()
    ground.say(socket, { kind: 'pause' })
    ground.tick()
    expect(kinds(socket.taken())).toEqual(['hello'])
    ground.say(socket, { kind: 'resume' })
    ground.tick()
    expect(kinds(socket.taken())).toEqual(['links'])
  })

  it('S30 tells figures of machines once a second, whole, to those who want them and keep up', () => {
    let asked = 0
    const amounts = { since: testStart, busy: 60_000, running: 30_000, ideal: 20_000, idealGood: 10_000 }
    const feed: FigureFeed = {
      of: machine => {
        asked++
        return machine === 'b-02'
          ? undefined
          : { ...amounts, produced: 2, good: asked, recomputing: machine === 'p-01' ? 1 : 0 }
      },
    }
    const ground = new Ground(testFloor(), feed)
    const socket = ground.open()
    const [hello] = socket.taken()
    expect(hello).toMatchObject({ topics: ['area/body', 'area/paint', 'kpi'] })
    for (let i = 0; i < 20; i++) ground.tick()
    expect(asked).toBe(0)
    ground.say(socket, { kind: 'subscribe', topics: [2] })
    socket.taken()
    for (let i = 0; i < 30; i++) ground.tick()
    // Four machines, each once a second.
    expect(asked).toBe(12)
    const frames = socket.taken().filter(({ kind }) => kind !== 'heartbeat')
    expect(kinds(frames)).toEqual(['figures', 'figures', 'figures'])
    expect(frames[0]).toMatchObject({
      epoch: testStart,
      figures: {
        index: Uint32Array.of(0, 2, 3),
        busy: Float64Array.of(60_000, 60_000, 60_000),
        good: Float64Array.of(1, 3, 4),
        recomputing: Uint8Array.of(0, 1, 0),
      },
    })

    ground.say(socket, { kind: 'resync', topic: 2, epoch: ground.hub.epoch, lastSeq: 0 })
    ground.tick()
    expect(kinds(socket.taken())).toEqual(['figures'])
    const clogged = ground.open([2])
    clogged.waiting = 1
    for (let i = 0; i < 20; i++) ground.tick()
    expect(clogged.taken()).toEqual([])
    clogged.drain()
    ground.tick()
    expect(kinds(clogged.taken())).toContain('figures')
    ground.say(socket, { kind: 'pause' })
    ground.say(clogged, { kind: 'subscribe', topics: [0] })
    socket.taken()
    const before = asked
    for (let i = 0; i < 20; i++) ground.tick()
    expect([asked - before, socket.taken()]).toEqual([0, []])
    ground.say(socket, { kind: 'subscribe', topics: [3] })
    expect(socket.taken()).toMatchObject([{ kind: 'refusal', reason: 'bad-frame' }])
  })

  it('S21 sends a heartbeat to a client that has had nothing for a second', () => {
    const ground = new Ground()
    const socket = ground.open([0])
    for (let i = 0; i < 10; i++) ground.tick()
    expect(socket.taken()).toEqual([
      {
        kind: 'heartbeat',
        epoch: testStart,
        floorTime: ground.floor.wall.now(),
        wallTime: ground.floor.wall.now(),
      },
    ])
    ground.tick(900)
    ground.floor.sample(0, 1)
    ground.tick()
    expect(kinds(socket.taken())).toEqual(['delta'])
    ground.tick(999)
    expect(socket.taken()).toEqual([])
  })

  it('S22 is silent to a client that paused, and shows it everything when it is back', () => {
    const ground = new Ground()
    const socket = ground.open([0, 1])
    ground.say(socket, { kind: 'pause' })
    ground.floor.sample(0, 1)
    for (let i = 0; i < 20; i++) ground.tick(1_000)
    expect(socket.taken()).toEqual([])
    ground.say(socket, { kind: 'resume' })
    ground.tick()
    expect(kinds(socket.taken())).toEqual(['snapshot', 'snapshot'])
  })

  it('S5 refuses a client that talks too much', () => {
    const ground = new Ground()
    const socket = ground.open([0])
    for (let i = 0; i < 101; i++) ground.say(socket, { kind: 'resume' })
    expect(socket.taken()).toMatchObject([{ kind: 'refusal', reason: 'try-again-later' }])
    expect(socket.closedWith).toBe(1013)
  })

  it('S4 stays within its budget for an area of 1,716 sensors', () => {
    const ground = new Ground(testFloor(testPlant(228, 7)))
    const socket = ground.open([0])
    for (const signal of ground.floor.registry.signals) {
      ground.floor.sample(signal.index, Math.round(Math.sin(signal.index) * 500) / 10)
    }
    ground.tick()
    expect(socket.frames[0]?.length).toBeLessThan(12_000)
    ground.say(socket, { kind: 'resync', topic: 0, epoch: ground.hub.epoch, lastSeq: 0 })
    ground.tick()
    expect(socket.frames[1]?.length).toBeLessThan(20_000)
  })
})
