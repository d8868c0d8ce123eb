import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bdSeqOf, decodePayload } from '../../adapters/sparkplug/codec.js'
import { numberOf, own } from '../../adapters/sparkplug/datatype.js'
import type { WireMetric } from '../../adapters/sparkplug/definition.js'
import { SparkplugHost } from '../../adapters/sparkplug/host.js'
import { parseEdgeTopic } from '../../adapters/sparkplug/topic.js'
import { Quality } from '../../schema/quality.js'
import { machineOf, plantOf, sensor, start } from '../floor/floor.fixture.js'
import { type NodeMessage, SparkplugNode } from './sparkplug-node.js'

const temp = sensor('press', 'temp')
const parts = sensor('press', 'produced', { role: 'status', quantity: 'counter', unit: 'parts' })
const word = sensor('robot', 'program', { role: 'status', quantity: 'text', type: 'text', unit: '' })
const plant = plantOf([machineOf('press', [temp, parts]), machineOf('robot', [word])])
const line = plant.sites[0]!.areas[0]!.lines[0]!

/** A node, and a message of it as it is on the wire. */
const makeNode = () => new SparkplugNode('s1', line)
function read({ topic, payload }: NodeMessage) {
  const edge = parseEdgeTopic(topic)!
  const { seq, timestamp, metrics } = decodePayload(payload)!
  return { type: edge.type, device: edge.device, seq, timestamp, metrics }
}
/** What a metric says; of what it does not say the library would give a default. */
const told = (metric: WireMetric) => {
  const { alias, timestamp, long_value, properties, ...rest } = Object.fromEntries(
    Object.entries(metric),
  ) as WireMetric
  return {
    ...rest,
    ...(alias && { alias: numberOf(alias) }),
    ...(timestamp && { timestamp: numberOf(timestamp) }),
    ...(long_value && { long_value: numberOf(long_value) }),
    ...(properties && {
      properties: Object.fromEntries(
        properties.keys.map((key, i) => {
          const value = properties.values[i]!
          return [key, own(value, 'int_value') ?? own(value, 'double_value') ?? own(value, 'string_value')]
        }),
      ),
    }),
  }
}
/** A node in its session, with a value for each signal. */
function bornNode() {
  const node = makeNode()
  node.will(start)
  node.set(temp, 21.5, Quality.good, start - 3)
  node.set(parts, 4711, Quality.good, start - 2)
  node.set(word, 'program-1', Quality.good, start - 1)
  return { node, births: node.births(start).map(read) }
}

describe('6.1 topics', () => {
  it('are spBv1.0/group/type/node[/device], the line a node and the machine a device', () => {
    const { node } = bornNode()
    const births = node.births(start)
    node.set(temp, 22, Quality.good, start)
    const messages = [node.death(start), ...births, ...node.data(start)]
    expect(messages.map(({ topic }) => topic)).toEqual([
      'spBv1.0/s1/NDEATH/l1',
      'spBv1.0/s1/NBIRTH/l1',
      'spBv1.0/s1/DBIRTH/l1/press',
      'spBv1.0/s1/DBIRTH/l1/robot',
      'spBv1.0/s1/DDATA/l1/press',
    ])
    expect(node.commands).toBe('spBv1.0/s1/NCMD/l1')
  })
})

describe('6.2 seq and bdSeq', () => {
  it('seq counts births and data of node and devices from 0, and begins again after 255', () => {
    const { node, births } = bornNode()
    const seen = births.map(({ seq }) => seq)
    for (let i = 0; i < 300; i++) {
      node.set(i % 2 === 0 ? temp : word, i, Quality.good, start + i)
      seen.push(...node.data(start + i).map(message => read(message).seq))
    }
    expect(seen).toEqual(Array.from({ length: 303 }, (_, i) => i % 256))
    expect(node.births(start).map(message => read(message).seq)).toEqual([0, 1, 2])
  })

  it('bdSeq is that of the will in each birth of the session, and one more in the next, after 255 again 0', () => {
    const node = makeNode()
    const sessions = Array.from({ length: 258 }, () => {
      const will = decodePayload(node.will(start).payload)!
      const births = [node.births(start)[0]!, node.births(start)[0]!, node.death(start)]
      const all = births.map(({ payload }) => bdSeqOf(decodePayload(payload)!))
      expect(all).toEqual([bdSeqOf(will), bdSeqOf(will), bdSeqOf(will)])
      return bdSeqOf(will)
    })
    expect(sessions).toEqual(Array.from({ length: 258 }, (_, i) => i % 256))
  })

  it('a death has no seq and nothing but its bdSeq', () => {
    const { type, seq, metrics } = read(bornNode().node.death(start))
    expect([type, seq, metrics.map(({ name }) => name)]).toEqual(['NDEATH', undefined, ['bdSeq']])
  })
})

describe('6.3 births', () => {
  it('tell bdSeq and the rebirth control, without alias, then each device with all its metrics', () => {
    const [nodeBirth, press, robot] = bornNode().births
    expect(nodeBirth).toMatchObject({ type: 'NBIRTH', device: '', seq: 0 })
    expect(nodeBirth!.metrics.map(told)).toEqual([
      { name: 'bdSeq', timestamp: start, datatype: 4, long_value: 0 },
      { name: 'Node Control/Rebirth', timestamp: start, datatype: 11, boolean_value: false },
    ])
    expect(press).toMatchObject({ type: 'DBIRTH', device: 'press', seq: 1 })
    expect(press!.metrics.map(told)).toEqual([
      {
        name: 'temp',
        alias: 0,
        timestamp: start - 3,
        datatype: 10,
        double_value: 21.5,
        properties: { engUnit: '°C', engLow: 0, engHigh: 200 },
      },
      {
        name: 'produced',
        alias: 1,
        timestamp: start - 2,
        datatype: 4,
        long_value: 4711,
        properties: { engUnit: 'parts', engLow: 0, engHigh: 200 },
      },
    ])
    expect(robot!.metrics.map(told)).toMatchObject([
      { name: 'program', alias: 2, timestamp: start - 1, datatype: 12, string_value: 'program-1' },
    ])
  })

  it('tell what shows nothing yet as null', () => {
    const node = makeNode()
    node.will(start)
    expect(read(node.births(start)[1]!).metrics.map(told)).toMatchObject([
      { name: 'temp', datatype: 10, timestamp: start, is_null: true },
      { name: 'produced', datatype: 4, timestamp: start, is_null: true },
    ])
  })

  it('leave nothing to tell of what came before', () => {
    const { node } = bornNode()
    node.set(temp, 30, Quality.good, start)
    node.births(start)
    expect(node.data(start)).toEqual([])
  })
})

describe('6.4 data', () => {
  it('tell by alias alone, without type, what has changed, in the order of time', () => {
    const { node } = bornNode()
    node.set(temp, 22, Quality.good, start + 1)
    node.set(temp, 22, Quality.good, start + 2)
    node.set(temp, 23, Quality.good, start + 3)
    node.set(parts, 4711, Quality.good, start + 3)
    const messages = node.data(start + 4).map(read)
    expect(messages).toMatchObject([{ type: 'DDATA', device: 'press', seq: 3 }])
    expect(messages[0]!.metrics.map(told)).toEqual([
      { alias: 0, timestamp: start + 1, double_value: 22 },
      { alias: 0, timestamp: start + 3, double_value: 23 },
    ])
    expect(node.data(start + 5)).toEqual([])
  })

  it('tell parts as whole numbers, and energy, which is counted as well, with its digits', () => {
    const energy = sensor('press', 'energy', { role: 'status', quantity: 'counter', unit: 'kWh' })
    const node = new SparkplugNode('s1', { ...line, machines: [machineOf('press', [parts, energy])] })
    node.set(parts, 7, Quality.good, start)
    node.set(energy, 0.25, Quality.good, start)
    expect(read(node.data(start)[0]!).metrics.map(told)).toMatchObject([
      { alias: 0, long_value: 7 },
      { alias: 1, double_value: 0.25 },
    ])
  })

  it('tell Quality where it is not good: 0 bad, 500 stale; and no value as null', () => {
    const { node } = bornNode()
    node.set(temp, 21.5, Quality.uncertain, start + 1)
    node.set(temp, Number.NaN, Quality.bad, start + 2)
    node.set(temp, 21.5, Quality.good, start + 3)
    expect(read(node.data(start)[0]!).metrics.map(told)).toEqual([
      { alias: 0, timestamp: start + 1, double_value: 21.5, properties: { Quality: 500 } },
      { alias: 0, timestamp: start + 2, is_null: true, properties: { Quality: 0 } },
      { alias: 0, timestamp: start + 3, double_value: 21.5 },
    ])
  })
})

/** A host application that hears the node, and what it makes of it. */
function listen() {
  const signals = [temp, parts, word].map((signal, index) => ({
    index,
    signal: { ...signal, tag: `s1/l1/${signal.id.replace('.', '/')}` },
  }))
  const texts: string[] = []
  const host = new SparkplugHost({
    source: 'test',
    broker: 'mqtt://broker',
    hostId: 'gemba',
    signals,
    reorderTimeoutMs: 1_000,
    rebirthIntervalMs: 10_000,
    connectedAt: start,
    owners: new Map(),
    intern: text => texts.push(text) - 1,
  })
  return (messages: readonly NodeMessage[], now: number) => {
    for (const { topic, payload } of messages) host.message(topic, payload, false, now)
    const { events, commands } = host.take()
    expect(commands).toEqual([])
    return events.flatMap((event): unknown[] => {
      if (event.kind !== 'samples') return [event]
      const { count, signal, value, quality, sourceTime } = event.batch
      return Array.from({ length: count }, (_, i) => {
        const { id, type } = signals[signal[i]!]!.signal
        const shown = type === 'text' && !Number.isNaN(value[i]!) ? texts[value[i]!] : value[i]
        return [id, shown, quality[i], sourceTime[i]]
      })
    })
  }
}

it('a host application hears exactly what changed, of whatever value, quality and time, and has nothing to complain of', () => {
  const change = fc.record({
    signal: fc.constantFrom(temp, parts, word),
    number: fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constant(Number.NaN)),
    count: fc.nat({ max: 2 ** 32 - 1 }),
    text: fc.string({ unit: 'grapheme' }),
    quality: fc.constantFrom(Quality.good, Quality.uncertain, Quality.bad),
    step: fc.nat({ max: 5_000 }),
    what: fc.constantFrom('wait', 'wait', 'tell', 'rebirth'),
  })
  fc.assert(
    fc.property(fc.array(change, { maxLength: 60 }), changes => {
      const { node } = bornNode()
      const hear = listen()
      const last = new Map<string, readonly unknown[]>()
      hear(node.births(start), start)
      for (const [signal, value] of [
        [temp, 21.5],
        [parts, 4711],
        [word, 'program-1'],
      ] as const)
        last.set(signal.id, [value, Quality.good])
      let now = start
      let expected: unknown[] = []
      for (const { signal, number, count, text, quality, step, what } of changes) {
        now += step
        const value = signal === temp ? number : signal === parts ? count : text
        // No value is a bad one, whatever it says.
        const heard = Number.isNaN(value) ? Quality.bad : quality
        node.set(signal, value, quality, now)
        const [before, qualityBefore] = last.get(signal.id)!
        if (!Object.is(before, value) || qualityBefore !== quality)
          expected.push([signal.id, value, heard, now])
        last.set(signal.id, [value, quality])
        if (what === 'wait') continue
        const said = hear(node.data(now), now)
        expect(said.toSorted(byText)).toEqual(expected.toSorted(byText))
        expected = []
        if (what === 'rebirth') {
          const again = hear(node.births(now), now) as [string, unknown][]
          expect(again.map(([id, shown]) => [id, shown])).toEqual(
            [temp, parts, word].map(({ id }) => [id, last.get(id)![0]]),
          )
        }
      }
    }),
  )
})

/** Devices are told one after the other: the order among them is not the order of time. */
const byText = (a: unknown, b: unknown): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)

it('a host application that hears the will after the birth of the next session takes no notice', () => {
  const { node } = bornNode()
  const hear = listen()
  const old = node.death(start)
  hear(node.births(start), start)
  node.will(start + 1)
  hear(node.births(start + 1), start + 1)
  const said = hear([old], start + 2)
  expect(said).toMatchObject([{ kind: 'rejects', rejects: [{ rule: 'sparkplug.stale-death' }] }])
})
