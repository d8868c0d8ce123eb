import { describe, expect, it } from 'vitest'
import type { SourceEvent } from '../contract.js'
import { testContext, testSignal } from '../test-context.js'
import { decodePayload, rebirthMetric } from './codec.js'
import { SparkplugHost } from './host.js'
import { bdSeq, double, encode, type TestMetric } from './test-edge.js'

const T0 = Date.UTC(2026, 10, 21)
const tags = ['g/n/a', 'g/n/b', 'g/n/d/a', 'g/n/d/b', 'g/n/e/a', 'g/m/a']

/** A host with its clock, and what it says in short. */
function makeHost(given: { owners?: Map<number, object>; rebirthIntervalMs?: number } = {}) {
  const signals = tags.map((tag, index) => testSignal(index, tag))
  const context = testContext({ signals })
  const host = new SparkplugHost({
    source: 'test',
    broker: 'mqtt://broker',
    hostId: 'gemba',
    signals,
    reorderTimeoutMs: 1_000,
    rebirthIntervalMs: given.rebirthIntervalMs ?? 10_000,
    connectedAt: T0,
    owners: given.owners ?? new Map(),
    intern: text => context.intern(text),
  })
  const clock = { now: T0 }
  const told = (event: SourceEvent): string[] => {
    switch (event.kind) {
      case 'samples': {
        const { signal, value, sourceTime } = event.batch
        const mark = event.isHistory ? ' (history)' : ''
        return [...signal].map((index, i) => `${tags[index]} = ${value[i]} @ ${sourceTime[i]! - T0}${mark}`)
      }
      case 'stale':
        return event.signals.map(index => {
          const since = event.since === undefined ? '' : ` since ${event.since - T0}`
          return `${tags[index]} stale${since}`
        })
      case 'rejects':
        return event.rejects.map(({ rule }) => rule)
      case 'repeated':
        return [`${event.rule} × ${event.count}`]
      case 'trouble':
        return [`${event.of}: ${event.what ?? 'over'}`]
    }
    return []
  }
  const take = () => {
    const { events, commands } = host.take()
    return [...events.flatMap(told), ...commands.map(({ topic }) => `> ${topic}`)]
  }
  const say = (
    topic: string,
    payload: { seq?: number; metrics?: readonly TestMetric[]; timestamp?: number },
  ) => {
    host.message(`spBv1.0/g/${topic}`, encode({ timestamp: clock.now, ...payload }), false, clock.now)
    return take()
  }
  const pass = (ms: number) => {
    clock.now += ms
    host.tick(clock.now)
    return take()
  }
  /** The broker brings back its STATE. */
  const begin = () => {
    host.begin(clock.now)
    const { topic, payload } = host.online
    host.message(topic, Buffer.from(payload), false, clock.now)
  }
  const born = (seq = 0, session = 0) =>
    say('NBIRTH/n', {
      seq,
      metrics: [bdSeq(session), double('a', 1, { alias: 1 }), double('b', 2, { alias: 2 })],
    })
  const deviceBorn = (seq = 1) =>
    say('DBIRTH/n/d', { seq, metrics: [double('a', 3, { alias: 3 }), double('b', 4, { alias: 4 })] })
  const data = (seq: number, value: number, alias = 1) =>
    say('NDATA/n', { seq, metrics: [{ alias, double_value: value }] })
  return { host, clock, take, begin, say, pass, born, deviceBorn, data }
}

const rebirth = '> spBv1.0/g/NCMD/n'

describe('6.5.1 the will', () => {
  it('is its STATE, offline, of the time of connecting, at QoS 1 and retained', () => {
    const { topic, payload, qos, retain } = makeHost().host.will
    expect([topic, qos, retain]).toEqual(['spBv1.0/STATE/gemba', 1, true])
    expect(JSON.parse(String(payload))).toEqual({ online: false, timestamp: T0 })
  })
})

describe('6.5.3 its STATE', () => {
  it('says online with the very time of the will', () => {
    const { topic, payload, qos, retain } = makeHost().host.online
    expect([topic, qos, retain]).toEqual(['spBv1.0/STATE/gemba', 1, true])
    expect(JSON.parse(String(payload))).toEqual({ online: true, timestamp: T0 })
  })
})

describe('6.5.7 a node that was born before the host came', () => {
  it('is asked for its birth, once a link, where signals are of it and it says nothing by itself', () => {
    const { host, begin, born, pass } = makeHost()
    begin()
    expect(host.deadline).toBe(T0 + 1_000)
    born()
    expect(pass(999)).toEqual([])
    expect(pass(1)).toEqual(['> spBv1.0/g/NCMD/m'])
    expect(pass(60_000)).toEqual([])
  })

  it('is left alone where that is asked for', () => {
    const { begin, pass } = makeHost({ rebirthIntervalMs: Number.POSITIVE_INFINITY })
    begin()
    expect(pass(60_000)).toEqual([])
  })
})

describe('what its broker does not let it say', () => {
  const state = 'spBv1.0/STATE/gemba'
  const begun = () => {
    const made = makeHost({ rebirthIntervalMs: Number.POSITIVE_INFINITY })
    made.host.begin(T0)
    return made
  }

  it('is told where its STATE does not come back, and no more once it does', () => {
    const { host, clock, pass, take } = begun()
    host.message(state, Buffer.from(JSON.stringify({ online: true, timestamp: T0 - 1 })), true, T0)
    expect(pass(4_999)).toEqual([])
    expect(host.deadline).toBe(T0 + 5_000)
    expect(pass(1)).toEqual([
      expect.stringMatching(
        /^mqtt:\/\/broker STATE: mqtt:\/\/broker: the broker does not bring back our own STATE .*write and read spBv1.0\/STATE\/gemba/,
      ),
    ])
    expect(host.deadline).toBeUndefined()
    host.message(state, host.online.payload as Buffer, false, clock.now)
    expect(take()).toEqual(['mqtt://broker STATE: over'])
  })

  it('is nothing where its STATE comes back, and is over with the link', () => {
    const heard = makeHost({ rebirthIntervalMs: Number.POSITIVE_INFINITY })
    heard.begin()
    expect(heard.pass(60_000)).toEqual([])
    const unheard = begun()
    expect(unheard.pass(5_000)).toHaveLength(1)
    unheard.host.lost(unheard.clock.now)
    expect(unheard.take()).toEqual(['mqtt://broker STATE: over'])
  })

  it('is told where a node speaks and does not answer three requests for its birth, until it does', () => {
    const { data, pass, born } = makeHost()
    data(1, 5)
    for (const seq of [2, 3]) {
      pass(10_000)
      const told = data(seq, 5)
      if (seq === 2) expect(told).toEqual(['sparkplug.before-birth × 1', rebirth])
      else {
        expect(told).toContainEqual(
          expect.stringMatching(/^mqtt:\/\/broker g\/n: .*asked 3 times for its birth.*spBv1.0\/g\/NCMD\/n/),
        )
      }
    }
    expect(born()).toContain('mqtt://broker g/n: over')
  })
})

describe('6.5.4 its own STATE that says offline', () => {
  it('is answered at once, with the same time', () => {
    const { host } = makeHost()
    const echo = (online: boolean) =>
      host.message('spBv1.0/STATE/gemba', Buffer.from(JSON.stringify({ online, timestamp: 1 })), true, T0)
    echo(true)
    expect(host.take().commands).toEqual([])
    echo(false)
    expect(host.take().commands).toEqual([host.online])
  })

  it.each(['', 'OFFLINE', '{"online":true}', '{"online":false}'])('is also one that reads %j', text => {
    const { host } = makeHost()
    host.message('spBv1.0/STATE/gemba', Buffer.from(text), false, T0)
    expect(host.take().commands).toEqual([host.online])
  })

  it('is answered once a second at most, and as long as nobody says that it is here', () => {
    const { host, pass } = makeHost()
    const online = '> spBv1.0/STATE/gemba'
    const hear = (text: string, at: number) =>
      host.message('spBv1.0/STATE/gemba', Buffer.from(text), false, T0 + at)
    // What the broker kept of before does not count.
    host.message('spBv1.0/STATE/gemba', Buffer.from('{"online":false,"timestamp":1}'), true, T0)
    expect(host.take().commands).toEqual([host.online])
    for (let at = 0; at < 1_000; at += 100) hear('OFFLINE', at)
    expect(host.take().commands).toEqual([host.online])
    expect(host.deadline).toBe(T0 + 1_000)
    expect(pass(999)).toEqual([])
    expect(pass(1)).toEqual([online])
    expect(pass(60_000)).toEqual([])
    hear('', 61_000)
    hear('', 61_001)
    hear(String(host.online.payload), 61_002)
    expect(host.take().commands).toEqual([host.online])
    expect(host.deadline).toBeUndefined()
    expect(pass(60_000)).toEqual([])
  })

  it('is let be where another host of its id says that it is here', () => {
    const { host, take } = makeHost()
    host.message('spBv1.0/STATE/gemba', Buffer.from('{"online":true,"timestamp":99}'), false, T0)
    expect(take()).toEqual([])
  })

  it('of another host is none of its business', () => {
    const { host, take } = makeHost()
    host.message('spBv1.0/STATE/other', Buffer.from('{"online":false,"timestamp":1}'), true, T0)
    expect(take()).toEqual([])
  })
})

describe('6.5.5 a clean stop', () => {
  it('says offline with the time it is', () => {
    const goodbye = makeHost().host.goodbye(T0 + 77)
    expect(JSON.parse(String(goodbye.payload))).toEqual({ online: false, timestamp: T0 + 77 })
    expect([goodbye.qos, goodbye.retain]).toEqual([1, true])
  })
})

describe('6.5.6 births', () => {
  it('tell all metrics, then data by alias; devices are born on their own', () => {
    const { born, deviceBorn, data, say } = makeHost()
    expect(born()).toEqual(['g/n/a = 1 @ 0', 'g/n/b = 2 @ 0'])
    expect(deviceBorn()).toEqual(['g/n/d/a = 3 @ 0', 'g/n/d/b = 4 @ 0'])
    expect(data(2, 5)).toEqual(['g/n/a = 5 @ 0'])
    expect(say('DDATA/n/d', { seq: 3, metrics: [{ alias: 4, double_value: 6 }] })).toEqual([
      'g/n/d/b = 6 @ 0',
    ])
  })

  it('of the node leave its devices offline until they are born, too', () => {
    const { born, deviceBorn, say } = makeHost()
    born()
    deviceBorn()
    expect(born(0, 1)).toEqual([
      'g/n/a stale',
      'g/n/b stale',
      'g/n/d/a stale',
      'g/n/d/b stale',
      'g/n/a = 1 @ 0',
      'g/n/b = 2 @ 0',
    ])
    expect(say('DDATA/n/d', { seq: 1, metrics: [{ alias: 3, double_value: 9 }] })).toEqual([
      'sparkplug.before-birth',
      rebirth,
    ])
  })

  it('asked for do not make devices stale that follow in time, and do those that do not', () => {
    const { born, deviceBorn, say, pass } = makeHost()
    born()
    deviceBorn()
    say('DBIRTH/n/e', { seq: 2, metrics: [double('a', 7)] })
    expect(born(0)).toEqual(['g/n/a = 1 @ 0', 'g/n/b = 2 @ 0'])
    deviceBorn(1)
    expect(pass(999)).toEqual([])
    expect(pass(1)).toEqual(['g/n/e/a stale'])
  })

  it('drop the table of aliases: an alias used again means the new metric', () => {
    const { born, data, say } = makeHost()
    born()
    say('NBIRTH/n', {
      seq: 0,
      metrics: [bdSeq(0), double('a', 1, { alias: 2 }), double('b', 2, { alias: 1 })],
    })
    expect(data(1, 5, 1)).toEqual(['g/n/b = 5 @ 0'])
  })

  it('make stale what they no longer tell', () => {
    const { born, say } = makeHost()
    born()
    expect(say('NBIRTH/n', { seq: 0, metrics: [bdSeq(0), double('a', 1)] })).toEqual([
      'g/n/b stale',
      'g/n/a = 1 @ 0',
    ])
  })

  it('that give one alias to two metrics leave both readable by name only', () => {
    const { say, data } = makeHost()
    say('NBIRTH/n', {
      seq: 0,
      metrics: [bdSeq(0), double('a', 1, { alias: 1 }), double('b', 2, { alias: 1 })],
    })
    expect(data(1, 5, 1)).toEqual(['g/n/a stale', 'g/n/b stale', 'sparkplug.unknown-metric', rebirth])
    expect(say('NDATA/n', { seq: 2, metrics: [{ name: 'b', double_value: 6 }] })).toEqual(['g/n/b = 6 @ 0'])
  })
})

describe('6.5.7 what nobody has been told of', () => {
  it('data before a birth: a reject, and a request for rebirth', () => {
    const { data, born } = makeHost()
    expect(data(1, 5)).toEqual(['sparkplug.before-birth', rebirth])
    expect(born()).toEqual(['g/n/a = 1 @ 0', 'g/n/b = 2 @ 0'])
  })

  it('data before a birth are told once and counted, of the node and of each device; after a birth that did not help, anew', () => {
    const { data, born, say } = makeHost()
    const early = 'sparkplug.before-birth'
    expect(data(1, 5)).toEqual([early, rebirth])
    for (let seq = 2; seq < 40; seq++) expect(data(seq, 5)).toEqual([`${early} × 1`])
    born()
    const device = (id: string, seq: number) => say(`DDATA/n/${id}`, { seq, metrics: [double('a', 1)] })
    expect(device('d', 1)).toEqual([early])
    expect(device('d', 2)).toEqual([`${early} × 1`])
    expect(device('e', 3)).toEqual([early])
    born()
    expect(device('d', 1)).toEqual([early])
  })

  it('an unknown alias or name: what is known is taken, the rest is asked for', () => {
    const { born, say } = makeHost()
    born()
    const metrics = [
      { alias: 99, double_value: 1 },
      { alias: 1, double_value: 8 },
      { name: 'z', double_value: 1 },
    ]
    expect(say('NDATA/n', { seq: 1, metrics })).toEqual([
      'g/n/a = 8 @ 0',
      'sparkplug.unknown-metric',
      'sparkplug.unknown-metric',
      rebirth,
    ])
  })

  it('a payload that is none', () => {
    const { host, take, born } = makeHost()
    born()
    host.message('spBv1.0/g/NDATA/n', Buffer.from([0xff, 0xff, 1]), false, T0)
    expect(take()).toEqual(['sparkplug.bad-payload', rebirth])
  })

  it('asks a node at most once in ten seconds, each node for itself', () => {
    const { data, say, pass } = makeHost()
    expect(data(1, 5)).toContain(rebirth)
    expect(data(2, 5)).not.toContain(rebirth)
    expect(say('NDATA/m', { seq: 1 })).toContain('> spBv1.0/g/NCMD/m')
    pass(9_999)
    expect(data(3, 5)).not.toContain(rebirth)
    expect(pass(1)).toEqual([rebirth])
    expect(data(4, 5)).not.toContain(rebirth)
  })

  it('asks a node that was asked a moment ago as soon as it may: what a gap has swallowed is not forgotten', () => {
    const { host, born, data, pass } = makeHost()
    expect(data(1, 5)).toContain(rebirth)
    born()
    data(2, 12)
    expect(pass(1_000)).toEqual(['g/n/a = 12 @ 0', 'sparkplug.out-of-sequence'])
    expect(data(3, 13)).toEqual(['g/n/a = 13 @ 1000'])
    expect(host.deadline).toBe(T0 + 10_000)
    expect(pass(8_999)).toEqual([])
    expect(pass(1)).toEqual([rebirth])
    expect(host.deadline).toBeUndefined()
  })

  it('has nothing more to ask of a node that was born meanwhile, nor over a link that is lost', () => {
    const { host, born, data, pass, take } = makeHost()
    data(1, 5)
    data(2, 5)
    expect(host.deadline).toBe(T0 + 10_000)
    born()
    expect(host.deadline).toBeUndefined()
    expect(pass(60_000)).toEqual([])
    data(1, 5, 99)
    data(2, 5, 99)
    host.lost(T0 + 60_000)
    take()
    expect(pass(60_000)).toEqual([])
  })

  it('can be told never to ask', () => {
    const { data } = makeHost({ rebirthIntervalMs: Number.POSITIVE_INFINITY })
    expect(data(1, 5)).toEqual(['sparkplug.before-birth'])
  })
})

describe('6.5.8 the sequence', () => {
  it('goes on at 0 after 255', () => {
    const { born, data } = makeHost()
    born(254)
    expect([255, 0, 1].flatMap(seq => data(seq, seq))).toEqual([
      'g/n/a = 255 @ 0',
      'g/n/a = 0 @ 0',
      'g/n/a = 1 @ 0',
    ])
  })

  it('with a gap that fills in time goes on in order, and nobody is asked', () => {
    const { born, data, pass } = makeHost()
    born()
    expect(data(2, 12)).toEqual([])
    expect(data(3, 13)).toEqual([])
    expect(pass(500)).toEqual([])
    expect(data(1, 11)).toEqual(['g/n/a = 11 @ 500', 'g/n/a = 12 @ 0', 'g/n/a = 13 @ 0'])
    expect(pass(5_000)).toEqual([])
    expect(data(4, 14)).toEqual(['g/n/a = 14 @ 5500'])
  })

  it('with a gap that never fills asks for rebirth after the timeout; what came is kept', () => {
    const { born, data, pass } = makeHost()
    born()
    data(2, 12)
    expect(pass(999)).toEqual([])
    expect(pass(1)).toEqual(['g/n/a = 12 @ 0', 'sparkplug.out-of-sequence', rebirth])
    expect(data(3, 13)).toEqual(['g/n/a = 13 @ 1000'])
    expect(born(0)).toEqual(['g/n/a = 1 @ 1000', 'g/n/b = 2 @ 1000'])
    expect(data(1, 14)).toEqual(['g/n/a = 14 @ 1000'])
  })

  it('says when it wants to be asked again', () => {
    const { host, born, data, pass } = makeHost()
    born()
    expect(host.deadline).toBeUndefined()
    data(2, 12)
    expect(host.deadline).toBe(T0 + 1_000)
    pass(1_000)
    expect(host.deadline).toBeUndefined()
  })

  it('covers DBIRTH and DDEATH too', () => {
    const { born, deviceBorn, say } = makeHost()
    born()
    expect(say('DDEATH/n/d', { seq: 2 })).toEqual([])
    expect(deviceBorn(1)).toEqual([
      'g/n/d/a = 3 @ 0',
      'g/n/d/b = 4 @ 0',
      'g/n/d/a stale since 0',
      'g/n/d/b stale since 0',
    ])
  })

  it('rejects a message without one, and one that came twice', () => {
    const { born, say, data } = makeHost()
    born()
    expect(say('NDATA/n', { metrics: [{ alias: 1, double_value: 1 }] })).toEqual(['sparkplug.bad-seq'])
    data(3, 1)
    expect(data(3, 1)).toEqual(['sparkplug.out-of-sequence'])
  })

  it('rejects what was taken already and comes again, and asks for nothing', () => {
    const { born, deviceBorn, say, pass, data } = makeHost()
    born()
    deviceBorn()
    const twice = () => say('DDATA/n/d', { seq: 2, timestamp: T0, metrics: [{ alias: 3, double_value: 5 }] })
    expect(twice()).toEqual(['g/n/d/a = 5 @ 0'])
    expect(twice()).toEqual(['sparkplug.out-of-sequence'])
    expect(pass(5_000)).toEqual([])
    expect(data(3, 6)).toEqual(['g/n/a = 6 @ 5000'])
  })

  it('takes a node for no echo that says the same again a round later', () => {
    const { born, data } = makeHost()
    born()
    for (let i = 1; i < 600; i++) expect(data(i % 256, 1)).toEqual(['g/n/a = 1 @ 0'])
  })

  it('forgets what waited when the node is born anew, and says so', () => {
    const { born, data, pass } = makeHost()
    born()
    data(5, 1)
    expect(born(0)).toEqual(['g/n/a = 1 @ 0', 'g/n/b = 2 @ 0', 'sparkplug.out-of-sequence'])
    expect(pass(5_000)).toEqual([])
  })
})

describe('6.5.9 deaths', () => {
  const all = ['g/n/a stale', 'g/n/b stale', 'g/n/d/a stale', 'g/n/d/b stale']

  it('of a node make all its metrics and those of its devices stale by the host’s clock', () => {
    const { born, deviceBorn, say, data } = makeHost()
    born()
    deviceBorn()
    expect(say('NDEATH/n', { timestamp: 5, metrics: [bdSeq(0)] })).toEqual(all)
    expect(data(2, 1)).toEqual(['sparkplug.before-birth', rebirth])
  })

  it('of an earlier session are ignored, and so is a second one', () => {
    const { born, say, data } = makeHost()
    born(0, 3)
    expect(say('NDEATH/n', { metrics: [bdSeq(2)] })).toEqual(['sparkplug.stale-death'])
    expect(data(1, 9)).toEqual(['g/n/a = 9 @ 0'])
    expect(say('NDEATH/n', { metrics: [bdSeq(3)] })).toEqual(['g/n/a stale', 'g/n/b stale'])
    expect(say('NDEATH/n', { metrics: [bdSeq(3)] })).toEqual([])
  })

  it('without bdSeq end the session all the same, with a reject, and the node is asked whether it lives', () => {
    const { born, deviceBorn, say, data, pass } = makeHost()
    born(0, 3)
    deviceBorn()
    expect(say('NDEATH/n', { metrics: [] })).toEqual([...all, 'sparkplug.no-bdseq', rebirth])
    expect(say('NDEATH/n', { metrics: [] })).toEqual([])
    expect(pass(60_000)).toEqual([])
    // It did live: it says so, and what it tells is taken.
    born(0, 3)
    expect(data(1, 9)).toEqual([`g/n/a = 9 @ 60000`])
  })

  it('without bdSeq of a node whose birth had none end its session', () => {
    const { say } = makeHost()
    say('NBIRTH/n', { seq: 0, metrics: [double('a', 1)] })
    expect(say('NDEATH/n', { metrics: [] })).toEqual(['g/n/a stale'])
  })

  it('know bdSeq as Int64 and as UInt64', () => {
    const { born, say } = makeHost()
    born(0, 3)
    const unsigned = { name: 'bdSeq', datatype: 8, long_value: 3 }
    expect(say('NDEATH/n', { metrics: [unsigned] })).toEqual(['g/n/a stale', 'g/n/b stale'])
  })

  it('of a device make its metrics stale at the time of the message, and no others', () => {
    const { born, deviceBorn, say, data } = makeHost()
    born()
    deviceBorn()
    expect(say('DDEATH/n/d', { seq: 2, timestamp: T0 - 50 })).toEqual([
      'g/n/d/a stale since -50',
      'g/n/d/b stale since -50',
    ])
    expect(data(3, 8)).toEqual(['g/n/a = 8 @ 0'])
    expect(deviceBorn(4)).toEqual(['g/n/d/a = 3 @ 0', 'g/n/d/b = 4 @ 0'])
  })

  it('of a device last until its birth: what it tells meanwhile is not taken', () => {
    const { born, deviceBorn, say } = makeHost()
    born()
    deviceBorn()
    say('DDEATH/n/d', { seq: 2 })
    const told = (seq: number) => say('DDATA/n/d', { seq, metrics: [{ alias: 3, double_value: 30 }] })
    expect(told(3)).toEqual(['sparkplug.before-birth', rebirth])
    deviceBorn(4)
    expect(told(5)).toEqual(['g/n/d/a = 30 @ 0'])
  })

  it('come after what waited for its turn', () => {
    const { born, data, say } = makeHost()
    born()
    data(2, 12)
    expect(say('NDEATH/n', { metrics: [bdSeq(0)] })).toEqual(['g/n/a = 12 @ 0', 'g/n/a stale', 'g/n/b stale'])
  })
})

describe('6.5.10 the loss of its own connection', () => {
  it('makes every metric from that broker stale', () => {
    const { host, born, deviceBorn, take, data } = makeHost()
    born()
    deviceBorn()
    host.lost(T0)
    expect(take()).toEqual(['g/n/a stale', 'g/n/b stale', 'g/n/d/a stale', 'g/n/d/b stale'])
    expect(data(2, 1)).toEqual(['sparkplug.before-birth', rebirth])
  })

  it('does not touch what a node tells over another broker by now', () => {
    const owners = new Map<number, object>()
    const [first, second] = [makeHost({ owners }), makeHost({ owners })]
    first.born()
    second.born(0, 1)
    expect(first.say('NDEATH/n', { metrics: [bdSeq(0)] })).toEqual([])
    second.host.lost(T0)
    expect(second.take()).toEqual(['g/n/a stale', 'g/n/b stale'])
  })
})

describe('6.5.11 the command', () => {
  it('is an NCMD at QoS 0, not retained, without seq, naming the metric as the birth does', () => {
    const { host } = makeHost()
    host.message('spBv1.0/g/NDATA/n', encode({ seq: 1 }), false, T0)
    const [command] = host.take().commands
    expect(command).toMatchObject({ topic: 'spBv1.0/g/NCMD/n', qos: 0, retain: false })
    const payload = decodePayload(command!.payload as Buffer)
    expect(payload).toMatchObject({ seq: undefined, timestamp: T0 })
    expect(payload?.metrics).toMatchObject([{ name: rebirthMetric, datatype: 11, boolean_value: true }])
  })
})

describe('the self-test list, beyond these', () => {
  it('historical values go to the record and never become the present', () => {
    const { born, say } = makeHost()
    born()
    const metrics = [
      { alias: 1, double_value: 7, timestamp: T0 - 100, is_historical: true },
      { alias: 1, double_value: 8, timestamp: T0 + 100 },
    ]
    expect(say('NDATA/n', { seq: 1, metrics })).toEqual(['g/n/a = 7 @ -100 (history)', 'g/n/a = 8 @ 100'])
  })

  it('values out of the order of their times are told as they are: the floor sorts out what is late', () => {
    const { born, say } = makeHost()
    born()
    const metrics = [9, 5].map(at => ({ alias: 1, double_value: at, timestamp: T0 + at }))
    expect(say('NDATA/n', { seq: 1, metrics })).toEqual(['g/n/a = 9 @ 9', 'g/n/a = 5 @ 5'])
  })

  it('retained messages of nodes are of an earlier time and not taken', () => {
    const { host, take } = makeHost()
    host.message('spBv1.0/g/NBIRTH/n', encode({ seq: 0, metrics: [bdSeq(0), double('a', 1)] }), true, T0)
    expect(take()).toEqual(['sparkplug.retained'])
  })

  it('commands of other hosts are none of its business; a topic that is none is a reject', () => {
    const { host, take } = makeHost()
    for (const topic of ['spBv1.0/g/NCMD/n', 'spBv1.0/g/DCMD/n/d'])
      host.message(topic, Buffer.from('x'), false, T0)
    expect(take()).toEqual([])
    for (const topic of [
      'spBv1.0/g/NDATA',
      'spBv1.0/g/XDATA/n',
      'spAv1.0/g/NDATA/n',
      'spBv1.0/g/NDATA/n/d',
      'x',
    ])
      host.message(topic, Buffer.from('x'), false, T0)
    expect(take()).toEqual(Array(5).fill('sparkplug.bad-topic'))
  })
})
