import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { StreamClient } from './client.js'
import {
  type ClientFrame,
  closeCodes,
  type Delta,
  type Hello,
  protocolVersion,
  type ServerFrame,
} from './protocol.js'
import { floorMachines, floorSignals, sampleDelta, sampleSnapshot, sampleTime } from './sample-frames.js'
import { resyncLimits } from './topic-sync.js'

const hello = (parts: Partial<Hello> = {}): Hello => ({
  kind: 'hello',
  version: protocolVersion,
  epoch: sampleTime,
  manifest: 'abc',
  topics: ['area/a', 'area/b'],
  tickMs: 100,
  floorTime: sampleTime,
  wallTime: sampleTime,
  ...parts,
})

/** A client whose clock stands at `t`, and that has said what it wants. */
class Session {
  readonly client: StreamClient
  t = 1_000
  sent: ClientFrame[] = []

  constructor(wants: (topic: string) => boolean = topic => topic === 'area/a') {
    this.client = new StreamClient({ random: () => 1, wants })
    this.client.opened(this.t)
  }

  take(frame: ServerFrame, bytes = 100): (string | number)[] {
    const { send, applied } = this.client.receive(frame, bytes, this.t)
    this.sent.push(...send)
    return applied.map(one => one.seq)
  }

  sentSince(): readonly ClientFrame[] {
    const sent = this.sent
    this.sent = []
    return sent
  }
}

function inStep(seq: number): Session {
  const session = new Session()
  session.take(hello())
  session.take(sampleSnapshot(seq))
  session.sentSince()
  return session
}

describe('The stream client', () => {
  it('S9 subscribes as soon as the server has greeted, to the topics it wants', () => {
    const session = new Session()
    session.take(hello())
    expect(session.sentSince()).toEqual([{ kind: 'subscribe', topics: [0] }])
    expect(session.client.subscribe(() => true, session.t)).toEqual([{ kind: 'subscribe', topics: [0, 1] }])
  })

  it('S29 keeps what it was told of the links until another epoch', () => {
    const session = inStep(4)
    const links = [{ source: 'plc', state: 'connected' as const, since: sampleTime }]
    session.take({ kind: 'links', epoch: sampleTime, links })
    expect(session.client.links).toEqual(links)
    session.take({ kind: 'links', epoch: sampleTime + 1, links: [] })
    expect(session.client.links).toEqual(links)
    session.take(hello({ epoch: sampleTime + 1 }))
    expect(session.client.links).toEqual([])
  })

  it('S30 subscribes to figures where it wants them, waits for no snapshot of them, and keeps the newest', () => {
    const usual = new StreamClient({ random: () => 1 })
    usual.opened(0)
    const withFigures = hello({ topics: ['area/a', 'kpi'] })
    expect(usual.receive(withFigures, 1, 0).send).toEqual([{ kind: 'subscribe', topics: [0] }])
    const session = new Session(topic => topic === 'kpi')
    session.take(withFigures)
    expect(session.sentSince()).toEqual([{ kind: 'subscribe', topics: [1] }])
    expect(session.client.freshness(session.t)).toBe('live')
    const columns = (good: number) => {
      const one = Float64Array.of(good)
      const times = { since: one, busy: one, running: one, ideal: one, idealGood: one }
      return { index: Uint32Array.of(3), ...times, produced: one, good: one, recomputing: Uint8Array.of(0) }
    }
    const frame = { kind: 'figures' as const, epoch: sampleTime, floorTime: sampleTime }
    session.t += 4_000
    session.take({ ...frame, wallTime: sampleTime + 4_000, figures: columns(1) })
    session.take({ ...frame, wallTime: sampleTime + 5_000, figures: columns(2) })
    session.take({ ...frame, epoch: 1, wallTime: sampleTime, figures: columns(3) })
    expect(session.client.figures).toEqual(columns(2))
    expect(session.client.freshness(session.t)).toBe('live')
    session.t += 2_500
    expect([session.client.tick(session.t), session.sentSince()]).toEqual([[], []])
    session.take(hello({ epoch: sampleTime + 1 }))
    expect(session.client.figures).toBeUndefined()
  })

  it('S39 asks for its replay anew on another connection, from where it stood', () => {
    const { client, ...session } = { client: new StreamClient({ random: () => 1 }), t: 1_000 }
    client.opened(session.t)
    client.receive(hello(), 1, session.t)
    const from = sampleTime - 60_000
    expect(client.startReplay({ from, speed: 10 })).toEqual([{ kind: 'replay', from, to: 0, speed: 10 }])
    const state = { kind: 'replay-state', from, to: sampleTime, at: from, speed: 10 } as const
    const fine = { problem: '', detail: '' } as const
    client.receive({ ...state, ...fine, epoch: sampleTime, stage: 'preparing' }, 1, session.t)
    expect(client.isReplaying).toBe(false)
    client.receive(hello({ epoch: sampleTime + 1 }), 1, session.t)
    client.receive({ ...state, ...fine, epoch: sampleTime + 1, stage: 'playing' }, 1, session.t)
    expect(client.isReplaying).toBe(true)
    const picture = { ...sampleSnapshot(3), epoch: sampleTime + 1, floorTime: from + 5_000 }
    client.receive(picture, 1, session.t)
    client.pace(20, true)

    client.closed(session.t)
    client.opened(session.t)
    expect(client.receive(hello(), 1, session.t).send).toEqual([
      { kind: 'subscribe', topics: [0, 1] },
      { kind: 'replay', from: from + 5_000, to: 0, speed: 20 },
      { kind: 'pace', speed: 20, isHeld: true },
    ])
    expect(client.isReplaying).toBe(false)
    expect(client.goLive()).toEqual([{ kind: 'live' }])
    expect(client.receive(hello(), 1, session.t).send).toHaveLength(1)
  })

  it('S38 forgets a replay that was refused in the present', () => {
    const session = inStep(4)
    session.client.startReplay({ from: 1, speed: 1 })
    const nothing = { from: 1, to: 2, at: 1, speed: 1 }
    const refused = { stage: 'refused', problem: 'no-record', detail: 'x' } as const
    session.take({ kind: 'replay-state', epoch: sampleTime, ...nothing, ...refused })
    expect(session.client.replay).toMatchObject({ problem: 'no-record' })
    expect(session.client.pace(2, false)).toEqual([])
  })

  it('S10 takes the snapshot of a topic in one piece', () => {
    const session = new Session()
    session.take(hello())
    expect(session.client.freshness(session.t)).toBe('resync')
    expect(session.take(sampleSnapshot(7, floorSignals(9)))).toEqual([7])
    expect([...session.client.latest.value.subarray(0, 9)]).toEqual([...floorSignals(9).value])
    expect(session.client.freshness(session.t)).toBe('live')
  })

  it('S12 applies a delta that follows the last frame of its topic', () => {
    const session = inStep(4)
    expect(session.take(sampleDelta(4, 5, floorSignals(4, 0, 2)))).toEqual([5])
    expect(session.take(sampleDelta(5, 9))).toEqual([9])
    expect(session.client.lastSeq(0)).toBe(9)
    expect(session.client.counts).toMatchObject({ gaps: 0, merged: 1 })
  })

  it('S13 drops what is older than what it has, silently', () => {
    const session = inStep(4)
    session.take(sampleDelta(4, 5))
    expect(session.take(sampleDelta(4, 5, floorSignals(4, 0, 3)))).toEqual([])
    expect(session.take(sampleDelta(1, 2))).toEqual([])
    expect(session.take(sampleSnapshot(3, floorSignals(4, 0, 3)))).toEqual([])
    expect(session.sentSince()).toEqual([])
    expect([...session.client.latest.value.subarray(0, 4)]).toEqual([...floorSignals(4).value])
    expect(session.client.counts.dropped).toBe(3)
  })

  it('S14 answers a gap with a resync, keeps the old picture and replays what came meanwhile', () => {
    const session = inStep(4)
    expect(session.take(sampleDelta(5, 6))).toEqual([])
    expect(session.sentSince()).toEqual([{ kind: 'resync', topic: 0, epoch: sampleTime, lastSeq: 4 }])
    expect(session.client.freshness(session.t)).toBe('resync')
    expect(session.take(sampleDelta(6, 7))).toEqual([])
    expect(session.take(sampleDelta(7, 8))).toEqual([])
    expect([...session.client.latest.value.subarray(0, 4)]).toEqual([...floorSignals(4).value])
    expect(session.take(sampleSnapshot(6))).toEqual([6, 7, 8])
    expect(session.sentSince()).toEqual([])
    expect(session.client.counts).toMatchObject({ gaps: 1, resyncs: 1 })
  })

  it('S14 asks again, ever more patiently, when the snapshot does not come', () => {
    const session = inStep(4)
    session.take(sampleDelta(5, 6))
    const askedAfter = [1_999, 1, 3_999, 1, 7_999, 1].map(ms => {
      session.t += ms
      return session.client.tick(session.t).length
    })
    expect(askedAfter).toEqual([0, 1, 0, 1, 0, 1])
  })

  it('S14 keeps no more than its limit of deltas while it waits', () => {
    const session = inStep(4)
    session.take(sampleDelta(5, 6), resyncLimits.bytes)
    session.take(sampleDelta(6, 7), 1)
    expect(session.take(sampleSnapshot(6))).toEqual([6, 7])
    session.take(sampleDelta(8, 9), resyncLimits.bytes)
    session.take(sampleDelta(9, 10), 1)
    session.sentSince()
    expect(session.take(sampleSnapshot(8))).toEqual([8])
    expect(session.sentSince()).toMatchObject([{ kind: 'resync', lastSeq: 8 }])
  })

  it('S7 drops everything of an epoch that has ended', () => {
    const session = inStep(400)
    const next = { epoch: sampleTime + 1 }
    session.client.closed(session.t)
    session.client.opened(session.t)
    session.take(hello(next))
    expect(session.client.latest.value.length).toBe(0)
    expect(session.take(sampleSnapshot(401))).toEqual([])
    expect(session.take(sampleSnapshot(2, floorSignals(3), next))).toEqual([2])
    expect(session.take(sampleDelta(2, 3))).toEqual([])
    expect(session.take(sampleDelta(2, 3, floorSignals(3), next))).toEqual([3])
  })

  it('S7 keeps the picture over a reconnect within an epoch until the snapshot replaces it', () => {
    const session = inStep(4)
    session.client.closed(session.t)
    session.client.opened(session.t)
    session.take(hello())
    expect(session.client.latest.value[0]).toBe(floorSignals(4).value[0])
    expect(session.take(sampleDelta(4, 5))).toEqual([])
    expect(session.take(sampleSnapshot(5))).toEqual([5])
  })

  it('S24 closes on a version it does not speak, and says so', () => {
    const client = new StreamClient({ random: () => 0 })
    client.opened(0)
    const reaction = client.receive(hello({ version: 2 }), 50, 0)
    expect(reaction).toEqual({ send: [], applied: [], close: closeCodes['wrong-version'] })
    expect(client.refusal?.detail).toContain('Reload')
  })

  it('S15 forgets texts that no signal shows any more, and never one that is shown', () => {
    const session = inStep(0)
    for (let code = 0; code < 20_000; code++) {
      const signals = { ...floorSignals(1), value: Float64Array.of(code) }
      session.take(sampleDelta(code, code + 1, signals, { texts: [[code, `N${code}`]] }))
      expect(session.client.texts.get(session.client.latest.value[0]!)).toBe(`N${code}`)
    }
    expect(session.client.texts.size).toBeLessThan(5_000)
  })

  it('S22 asks for nothing while paused and waits for snapshots after', () => {
    const session = inStep(4)
    expect(session.client.pause()).toEqual([{ kind: 'pause' }])
    session.t += 60_000
    expect(session.client.mustReconnect(session.t)).toBe(false)
    expect(session.client.resume(session.t)).toEqual([{ kind: 'resume' }])
    expect(session.client.mustReconnect(session.t)).toBe(false)
    expect(session.client.freshness(session.t)).toBe('resync')
    expect(session.take(sampleDelta(50, 51))).toEqual([])
    expect(session.take(sampleSnapshot(60, undefined, { wallTime: sampleTime + 60_000 }))).toEqual([60])
    expect(session.client.freshness(session.t)).toBe('live')
  })

  it('S25 grows old in steps: live, delayed, stale, lost', () => {
    const session = inStep(4)
    const levels = [0, 1_499, 1, 3_499, 1, 9_999, 1].map(ms => {
      session.t += ms
      return session.client.freshness(session.t)
    })
    expect(levels).toEqual(['live', 'live', 'delayed', 'delayed', 'stale', 'stale', 'lost'])
    session.take({
      kind: 'heartbeat',
      epoch: sampleTime,
      floorTime: sampleTime,
      wallTime: sampleTime + 15_000,
    })
    expect(session.client.freshness(session.t)).toBe('live')
    session.client.closed(session.t)
    expect(session.client.freshness(session.t)).toBe('lost')
  })

  it('S26 gives a silent connection up after 15 s', () => {
    const silent = new Session()
    silent.t += 14_999
    expect(silent.client.mustReconnect(silent.t)).toBe(false)
    expect(silent.client.mustReconnect(silent.t + 1)).toBe(true)
    const session = inStep(4)
    expect(session.client.mustReconnect(session.t + 14_999)).toBe(false)
    expect(session.client.mustReconnect(session.t + 15_000)).toBe(true)
  })

  it('S27 waits a random share of a ceiling that doubles up to 30 s, and starts anew after 10 healthy seconds', () => {
    const client = new StreamClient({ random: () => 1 })
    const ceilings = Array.from({ length: 9 }, () => client.closed(0))
    expect(ceilings).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000])
    client.opened(0)
    expect(client.closed(9_999)).toBe(30_000)
    client.opened(0)
    expect(client.closed(10_000)).toBe(500)
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat({ max: 40 }), (chance, failures) => {
        const one = new StreamClient({ random: () => chance })
        for (let i = 0; i < failures; i++) one.closed(0)
        const delay = one.closed(0)
        expect(delay).toBeGreaterThanOrEqual(0)
        expect(delay).toBeLessThanOrEqual(30_000)
      }),
    )
  })

  it('S28 tells the age by the server, whatever the clock of the client says', () => {
    for (const skew of [-600_000, 0, 600_000]) {
      const session = new Session()
      const t0 = sampleTime + skew
      session.t = t0
      session.client.opened(t0)
      session.take(hello())
      session.take(sampleSnapshot(1))
      // The link clogs: frames arrive ever later, 3 s late in the end.
      for (let i = 1; i <= 30; i++) {
        session.t = t0 + i * 200
        session.take(sampleDelta(i, i + 1, undefined, { wallTime: sampleTime + i * 100 }))
      }
      expect(session.client.age(session.t)).toBe(3_000)
      expect(session.client.serverTime(session.t)).toBe(sampleTime + 6_000)
      expect(session.client.freshness(session.t)).toBe('delayed')
    }
  })

  it('S14 ends in the state of the server, whatever frames are lost, doubled or late', () => {
    const fate = fc.constantFrom('sent', 'sent', 'sent', 'lost', 'doubled', 'late')
    fc.assert(
      fc.property(fc.array(fate, { minLength: 1, maxLength: 40 }), fates => {
        const session = inStep(0)
        const truth = floorSignals(4).value.slice()
        let late: Delta | undefined
        let asked = false
        const deliver = (frame: ServerFrame): void => {
          session.take(frame)
          asked ||= session.sentSince().some(frame => frame.kind === 'resync')
        }
        for (const [step, what] of [...fates, 'sent' as const].entries()) {
          const at = step % 4
          truth[at] = step * 1.5
          const one = Float64Array.of(truth[at]!)
          const signals = { ...floorSignals(1, at), value: one, min: one, max: one }
          const delta = sampleDelta(step, step + 1, signals)
          if (what === 'late') late = delta
          else if (what !== 'lost') {
            deliver(delta)
            if (what === 'doubled') deliver(delta)
            if (late !== undefined) deliver(late)
            late = undefined
          }
          if (asked) {
            asked = false
            const all = { ...floorSignals(4), value: truth.slice(), min: truth.slice(), max: truth.slice() }
            deliver(sampleSnapshot(step + 1, all, { machines: floorMachines(0) }))
          }
        }
        expect([...session.client.latest.value.subarray(0, 4)]).toEqual([...truth])
        expect(session.client.lastSeq(0)).toBe(fates.length + 1)
      }),
      { numRuns: 300 },
    )
  })
})
