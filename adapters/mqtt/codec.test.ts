import { describe, expect, it } from 'vitest'
import { Quality } from '../../schema/quality.js'
import { testContext, testSignal } from '../test-context.js'
import { MqttDecoder } from './codec.js'
import { mqttOptions } from './config.js'

const now = Date.UTC(2026, 10, 21, 12)
const then = 1_593_698_671_342
const gateway = { topic: 'iotgateway', format: 'kepware' }
const perTag = { topic: 'kepware/{channel}/{device}/{tag}', format: 'kepware' }

const number = (tag: string, unit = '', period = 0) => [tag, { unit, period }] as const
const word = (tag: string) => [tag, { type: 'text', quantity: 'text' }] as const

/** To nine places: arithmetic of doubles is not the codec's. */
const rounded = (value: number) => Math.round(value * 1e9) / 1e9

/** A decoder for one entry of `topics` or several, with signals of these tags. */
function reader(entry: object, ...tags: (string | readonly [string, object])[]) {
  const signals = tags.map((tag, index) =>
    typeof tag === 'string' ? testSignal(index, tag) : testSignal(index, tag[0], tag[1]),
  )
  const context = testContext({ signals })
  const { topics, maxPayload } = mqttOptions.parse({
    url: 'mqtt://broker',
    topics: [entry].flat(),
    maxPayload: 10_000,
  })
  const decoder = new MqttDecoder({ source: 'test', signals, topics, maxPayload, intern: context.intern })
  const read = (topic: string, payload: unknown, retain = false) => {
    const bytes = Buffer.isBuffer(payload)
      ? payload
      : Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload))
    decoder.push({ topic, payload: bytes, retain }, now)
    const { samples, rejects, unknown, stale, note } = decoder.take()
    const said = [...samples.signal].map((index, i) => {
      const { tag, type } = signals[index]!.signal
      const value = type === 'text' ? (context.text(samples.value[i]!) ?? null) : rounded(samples.value[i]!)
      return { tag, value, time: samples.sourceTime[i]!, quality: samples.quality[i]! }
    })
    return {
      said,
      rules: rejects.map(({ rule }) => rule),
      rejects,
      stale,
      unknown: unknown.map(({ tag }) => tag),
      note,
    }
  }
  return { read, decoder }
}

describe('a time without a zone', () => {
  it('is taken as UTC, which the source is warned of once', () => {
    const { read } = reader({ topic: 'a/#', format: 'uns' }, 'a/x')
    const say = (timestamp: unknown) => read('a/x', { value: 1, timestamp })
    expect(say('2026-11-21T12:00:00Z').note).toBeUndefined()
    expect(say(now).note).toBeUndefined()
    expect(say('2026-11-21T12:00:00')).toMatchObject({
      said: [{ time: now }],
      note: expect.stringContaining('taken as UTC'),
    })
    expect(say('2026-11-21T12:00:01').note).toBeUndefined()
  })
})

describe('a KEPServerEX IoT Gateway', () => {
  const tags = ['Channel1.Device1.Tag1', 'Channel1.Device1.Tag2']
  const one = { tag: tags[0], value: 1121, time: then, quality: Quality.good }

  it.each([
    ['the standard template', { timestamp: 1, values: [{ id: tags[0], v: 1121, q: true, t: then }] }],
    ['the OPC number as quality', { timestamp: 1, values: [{ id: tags[0], v: 1121, q: 192, t: then }] }],
    ['the quality in words', { timestamp: 1, values: [{ id: tags[0], v: 1121, q: 'Good', t: then }] }],
    ['no quality', { timestamp: 1, values: [{ id: tags[0], v: 1121, t: then }] }],
    ['no time: the message has one', { timestamp: then, values: [{ id: tags[0], v: 1121, q: true }] }],
    [
      'a time in ISO 8601',
      { timestamp: 1, values: [{ id: tags[0], v: 1121, t: '2020-07-02T14:04:31.342Z' }] },
    ],
    ['a number in quotes', { timestamp: 1, values: [{ id: tags[0], v: '1121', q: true, t: String(then) }] }],
    ['an advanced template: a list', [{ tagname: tags[0], timestamp: then, value: 1121 }]],
    ['an advanced template: one object', { id: tags[0], t: then, v: 1121, plant: 'north' }],
    [
      'constants beside it',
      { line: 7, timestamp: 1, values: [{ id: tags[0], v: 1121, q: true, t: then, x: {} }] },
    ],
  ])('is read with %s', (_, message) => {
    expect(reader(gateway, ...tags).read('iotgateway', message)).toMatchObject({ said: [one], rules: [] })
  })

  it('without any time has the time of receipt', () => {
    const { said } = reader(gateway, ...tags).read('iotgateway', { values: [{ id: tags[0], v: 1 }] })
    expect(said).toMatchObject([{ time: now }])
  })

  it.each([
    [false, Quality.bad],
    [true, Quality.good],
    [0, Quality.bad],
    [24, Quality.bad],
    [64, Quality.uncertain],
    [216, Quality.good],
    [0x80000000, Quality.bad],
    ['bad', Quality.bad],
    ['Uncertain, last usable', Quality.uncertain],
    ['192', Quality.good],
    [null, Quality.good],
  ])('quality %s is %d', (q, quality) => {
    const { said } = reader(gateway, ...tags).read('iotgateway', { values: [{ id: tags[0], v: 1, q }] })
    expect(said).toMatchObject([{ value: 1, quality }])
  })

  it('may have no value where the quality is bad', () => {
    const { said, rules } = reader(gateway, tags[0]!, word(tags[1]!)).read('iotgateway', {
      values: [
        { id: tags[0], v: null, q: false },
        { id: tags[0], v: '', q: false },
        { id: tags[1], q: false },
      ],
    })
    expect(said.map(({ value, quality }) => [value, quality])).toEqual([
      [Number.NaN, Quality.bad],
      [Number.NaN, Quality.bad],
      [null, Quality.bad],
    ])
    expect(rules).toEqual([])
  })

  it('may have nothing to say', () => {
    expect(reader(gateway, ...tags).read('iotgateway', { timestamp: 1, values: [] })).toMatchObject({
      said: [],
      rules: [],
    })
  })

  it('costs only the value itself where it writes NaN, which is no JSON', () => {
    const { said, rules } = reader(gateway, ...tags).read(
      'iotgateway',
      `{"values":[{"id":"${tags[0]}","v":NaN},{"id":"${tags[1]}","v":-inf},{"id":"${tags[0]}","v":3,"note":"a \\"NaN"}]}`,
    )
    const none = { value: Number.NaN, quality: Quality.bad }
    expect(said).toMatchObject([none, none, { tag: tags[0], value: 3 }])
    expect(rules).toEqual(['mqtt.no-value', 'mqtt.no-value'])
  })

  it.each([
    ['a bare number', '12.5', 12.5],
    ['an object', { value: 12.5 }, 12.5],
    ['an object in short', { v: 12.5, q: true, t: then }, 12.5],
    ['a truth', 'true', 1],
    ['a number in quotes', '"12.5"', 12.5],
  ])('says a tag a topic as %s', (_, message, value) => {
    const { read } = reader(perTag, 'ch1.dev1.level')
    expect(read('kepware/ch1/dev1/level', message)).toMatchObject({ said: [{ value }], rules: [] })
  })

  it('has tags with slashes, which the plant may write with dots', () => {
    const { read } = reader(perTag, 'ch1.dev1.hydraulics/pump 1/flow', 'ch1.dev1.axis.x')
    expect(read('kepware/ch1/dev1/hydraulics/pump 1/flow', '1').said).toMatchObject([{ value: 1 }])
    expect(read('kepware/ch1/dev1/axis/x', '2').said).toMatchObject([{ value: 2 }])
  })

  it.each([
    ['vibration_mms', 'mm/s', 2, 2],
    ['vibration_ins', 'mm/s', 2, 50.8],
    ['oil_C', '°F', 100, 212],
    ['cycle_ms', 's', 1500, 1.5],
    ['speed_ms', 'm/min', 2, 120],
    ['phase_C', 'A', 7, 7],
    ['part_count', '', 7, 7],
  ])('measures %s, a signal in %s: %d is %d', (tag, unit, value, expected) => {
    const { read } = reader(perTag, number(`a.b.${tag}`, unit))
    expect(read(`kepware/a/b/${tag}`, String(value)).said[0]?.value).toBeCloseTo(expected, 9)
  })

  it('may end a tag in a unit that the plant leaves out', () => {
    const { read } = reader(perTag, number('a.b.oil', '°C'))
    expect(read('kepware/a/b/oil_F', '212').said[0]?.value).toBeCloseTo(100, 9)
    expect(read('kepware/a/b/oil_bar', '2').unknown).toEqual(['a.b.oil_bar'])
  })

  it.each([
    ['by their topics', perTag, 'kepware/a/b/', (_: string) => '212'],
    ['in lists', gateway, 'iotgateway', (tag: string) => JSON.stringify([{ id: `a.b.${tag}`, v: 212 }])],
  ])(
    'means the tag itself, not that with a unit behind it, once both were heard %s',
    (_, entry, topic, told) => {
      const { read } = reader(entry, number('a.b.oil', '°C'))
      const heard = (tag: string) => {
        const { said, unknown } = read(topic.endsWith('/') ? topic + tag : topic, told(tag))
        return [said.map(({ value }) => value), unknown]
      }
      expect(heard('oil_F')).toEqual([[100], []])
      expect(heard('oil')).toEqual([[212], []])
      expect(heard('oil_F')).toEqual([[], ['a.b.oil_F']])
      expect(heard('oil')).toEqual([[212], []])
    },
  )
})

describe('a plain topic', () => {
  it('is its own tag', () => {
    const { read } = reader({ topic: 'shop/#' }, 'shop/press/force', word('shop/press/program'))
    expect(read('shop/press/force', '4.5').said).toMatchObject([{ value: 4.5, time: now }])
    expect(read('shop/press/program', 'O1e5').said).toMatchObject([{ value: 'O1e5' }])
    expect(read('shop/press/program', '1e5').said).toMatchObject([{ value: '1e5' }])
    expect(read('shop/press/program', '"O2"').said).toMatchObject([{ value: 'O2' }])
  })

  it('that ends in a unit is another tag, unless units are said to be in names', () => {
    const heard = (entry: object) => reader(entry, number('shop/oil', '°C')).read('shop/oil_F', '212')
    expect(heard({ topic: 'shop/#' })).toMatchObject({ said: [], unknown: ['shop/oil_F'] })
    expect(heard({ topic: 'shop/#', format: 'uns' })).toMatchObject({ said: [], unknown: ['shop/oil_F'] })
    expect(heard({ topic: 'shop/#', unit: '°F' })).toMatchObject({ said: [], unknown: ['shop/oil_F'] })
    expect(heard({ topic: 'shop/#', unitInName: true }).said).toMatchObject([{ value: 100 }])
  })

  it('is mapped by paths, scale and unit', () => {
    const entry = {
      topic: 'shop/{machine}/oil',
      tag: '{machine}.oil',
      value: '$.reading[1].raw',
      time: 'at',
      timeUnit: 's',
      quality: "$['is ok']",
      scale: 0.1,
      offset: -10,
      unit: '°F',
    }
    const { read } = reader(entry, number('press.oil', '°C'))
    const message = { reading: [0, { raw: 2220 }], at: 1_600_000_000, 'is ok': false }
    expect(read('shop/press/oil', message)).toMatchObject({
      said: [{ value: 100, time: 1_600_000_000_000, quality: Quality.bad }],
      rules: [],
    })
  })

  it.each([
    [{ topic: 'a', time: '$.at' }, 'a'],
    [{ topic: 'b', tag: 'a', time: '$.at', values: { x: { value: '$.value' } } }, 'b'],
    [{ topic: 'c', tag: 'a', values: { x: { value: '$.value', time: '$.at' } } }, 'c'],
  ])('without the time that the plant file names has no value: %j', (entry, topic) => {
    const { read } = reader(entry, 'a')
    const told = (rest: object) => {
      const { said, rules } = read(topic, { value: 7, ...rest })
      return [said.map(({ value, time }) => [value, time]), rules]
    }
    const refused = [[[Number.NaN, now]], ['mqtt.bad-time']]
    expect(told({ at: then })).toEqual([[[7, then]], []])
    for (const rest of [{}, { at: null }, { at: '' }]) expect(told(rest)).toEqual(refused)
    expect(told({ quality: 'bad' })).toEqual([[[7, now]], []])
    expect(told({ value: null, quality: 'bad' })).toEqual([[[Number.NaN, now]], []])
  })

  it('may hold several values, each with its own unit', () => {
    const entry = {
      topic: 'shop/{machine}/status',
      tag: '{machine}.{value}',
      time: '$.ts',
      values: {
        temperature: { value: '$.motor.t', unit: 'K' },
        pressure: { value: 'p', scale: 0.01 },
        count: '$.n',
      },
    }
    const { read } = reader(entry, number('m1.temperature', '°C'), number('m1.pressure', 'bar'), 'm1.count')
    expect(read('shop/m1/status', { ts: then, motor: { t: 300 }, p: 250, n: 7 }).said).toMatchObject([
      { tag: 'm1.temperature', value: 26.85, time: then },
      { tag: 'm1.pressure', value: 2.5, time: then },
      { tag: 'm1.count', value: 7, time: then },
    ])
    expect(read('shop/m1/status', { ts: then, p: 250, n: 7 }).rules).toEqual(['mqtt.no-value'])
  })

  it('may say its unit in the message, but not one that measures something else', () => {
    const { read } = reader({ topic: 'a' }, number('a', '°C'))
    expect(read('a', { value: 212, unit: 'degF' }).said[0]?.value).toBeCloseTo(100, 9)
    expect(read('a', { value: 3, unit: '°C' }).said).toMatchObject([{ value: 3 }])
    expect(read('a', { value: 3, unit: 'bar' }).rules).toEqual(['mqtt.unit-mismatch'])
    expect(read('a', { value: 3, unit: 'furlong' }).rules).toEqual(['mqtt.unit-mismatch'])
  })

  it('whose unit in the plant file cannot be is rejected, not taken as it is', () => {
    const { read } = reader({ topic: 'a', unit: 'bar' }, number('a', '°C'))
    expect(read('a', '1').rules).toEqual(['mqtt.unit-mismatch'])
  })
})

describe('a topic of a unified namespace', () => {
  const uns = { topic: 'umh/v1/#', format: 'uns' }
  const at = 'umh/v1/acme/site/line/press/_historian'

  it('holds a value with time, quality and unit', () => {
    const { read } = reader(uns, number('umh/v1/acme/site/line/press/edge/oil', '°C'))
    const message = { value: 212, timestamp: then, quality: 'UNCERTAIN', unit: '°F' }
    expect(read('umh/v1/acme/site/line/press/edge/oil', message).said).toMatchObject([
      { value: 100, time: then, quality: Quality.uncertain },
    ])
  })

  it('holds named values, in groups, or its own', () => {
    const { read } = reader(uns, `${at}/t`, `${at}/axis/x`, word(`${at}/axis/name`))
    const message = { timestamp_ms: then, t: 1, axis: { x: 2, name: 'A' } }
    expect(read(at, message).said.map(({ value, time }) => [value, time])).toEqual([
      [1, then],
      [2, then],
      ['A', then],
    ])
    expect(read(`${at}/t`, { timestamp_ms: then, t: 5 }).said).toMatchObject([{ value: 5, time: then }])
  })
})

describe('several entries of topics', () => {
  const entries = (...topics: object[]) => reader(topics, 'x', 'y', 'a/b')
  const x = { tag: 'x', value: '$.x' }
  const y = { tag: 'y', value: '$.y' }

  it.each(['t/a', 't/+', 't/#'])('with the topic %s all read its messages', topic => {
    const { read } = entries({ topic, ...x }, { topic, ...y })
    for (const time of [1, 2])
      expect(read('t/a', { x: time, y: 5 })).toMatchObject({
        said: [
          { tag: 'x', value: time },
          { tag: 'y', value: 5 },
        ],
        rules: [],
        note: undefined,
      })
  })

  it('that overlap are told once, and the first reads', () => {
    const { read } = entries({ topic: 't/#', ...x }, { topic: 't/+', ...y })
    const note = expect.stringContaining('t/a is of two entries of topics, t/# and t/+')
    expect(read('t/a', { x: 1, y: 2 })).toMatchObject({ said: [{ tag: 'x', value: 1 }], note })
    expect(read('t/b', { x: 1, y: 2 }).note).toBeUndefined()
  })
})

describe('a message with some of its values', () => {
  it('leaves the others without one, which is told once', () => {
    const { read } = reader(
      { topic: 'm', tag: '{value}', values: { x: { value: '$.x' }, y: { value: '$.y' } } },
      'x',
      'y',
    )
    expect(read('m', { x: 1, y: null }).note).toBeUndefined()
    expect(read('m', { z: 1 }).note).toBeUndefined()
    const note = expect.stringContaining('A message of m held some of its values and not y')
    expect(read('m', { x: 1 })).toMatchObject({ rules: ['mqtt.no-value'], note })
    expect(read('m', { x: 1 })).toMatchObject({ rules: ['mqtt.no-value'], note: undefined })
  })
})

describe('a live message', () => {
  it('of a signal that is reported again and again is not stale', () => {
    const { read } = reader({ topic: '+' }, number('periodic', '', 1000))
    expect(read('periodic', { value: 1, timestamp: then })).toMatchObject({ said: [{ value: 1 }], stale: [] })
  })
})

describe('a retained message', () => {
  it('keeps its own time and is stale where its signal would be reported again and again', () => {
    const { read } = reader({ topic: '#' }, number('often', '', 1000), number('on-change'))
    expect(read('often', { value: 1, timestamp: then }, true)).toMatchObject({
      said: [{ time: then, quality: Quality.good }],
      stale: [0],
    })
    expect(read('on-change', { value: 1, timestamp: then }, true).stale).toEqual([])
  })

  it('without a time is uncertain, because nobody knows since when', () => {
    const { read } = reader({ topic: '#' }, 'a')
    expect(read('a', '1', true).said).toMatchObject([{ quality: Quality.uncertain }])
    expect(read('a', '1').said).toMatchObject([{ quality: Quality.good }])
  })
})

describe('what cannot be taken', () => {
  it.each([
    ['a cut message', '{"values":[{"id":', 'mqtt.bad-json'],
    ['an entry without an id', { values: [{ v: 1 }] }, 'mqtt.no-tag'],
    ['an entry that is none', { values: [5] }, 'mqtt.no-tag'],
    ['no value', { values: [{ id: 'a' }] }, 'mqtt.no-value'],
    ['a word for a number', { values: [{ id: 'a', v: 'fast' }] }, 'mqtt.not-a-number'],
    ['NaN as text', { values: [{ id: 'a', v: 'NaN' }] }, 'mqtt.not-a-number'],
    ['a hexadecimal number', { values: [{ id: 'a', v: '0x10' }] }, 'mqtt.not-a-number'],
    ['a number too large', '{"values":[{"id":"a","v":1e999}]}', 'mqtt.not-a-number'],
    ['a list', { values: [{ id: 'a', v: [1] }] }, 'mqtt.not-a-number'],
    ['a day that there is not', { values: [{ id: 'a', v: 1, t: '2026-02-30T00:00:00Z' }] }, 'mqtt.bad-time'],
    ['a truth for a time', { values: [{ id: 'a', v: 1, t: true }] }, 'mqtt.bad-time'],
    ['the time of a clock that was never set', { values: [{ id: 'a', v: 1, t: 0 }] }, 'mqtt.bad-time'],
    ['the same as a text', { values: [{ id: 'a', v: 1, t: '0' }] }, 'mqtt.bad-time'],
    ['the same of the whole message', { timestamp: 0, values: [{ id: 'a', v: 1 }] }, 'mqtt.bad-time'],
    ['a quality that is none', { values: [{ id: 'a', v: 1, q: 'fine' }] }, 'mqtt.bad-quality'],
    ['a broken quality', { values: [{ id: 'a', v: 1, q: 1.5 }] }, 'mqtt.bad-quality'],
    ['an integer that no double holds', '{"values":[{"id":"a","v":9007199254740993}]}', 'mqtt.not-a-number'],
    ['one of text', '{"values":[{"id":"a","v":"9007199254740993"}]}', 'mqtt.not-a-number'],
    ['a text of Latin-1', Buffer.from('{"values":[{"id":"b","v":"Müller"}]}', 'latin1'), 'mqtt.not-text'],
    ['a text without end', { values: [{ id: 'b', v: 'x'.repeat(5000) }] }, 'mqtt.not-text'],
    ['an empty message', '', 'mqtt.no-value'],
    ['a message without end', 'x'.repeat(20_000), 'mqtt.too-long'],
  ])('%s is a reject with its reason', (_, message, rule) => {
    const { said, rejects } = reader(gateway, 'a', word('b')).read('iotgateway', message)
    // Of a signal that is named nobody knows the value from then on.
    const isNamed = !['mqtt.bad-json', 'mqtt.no-tag', 'mqtt.too-long'].includes(rule) && message !== ''
    expect(said).toMatchObject(isNamed ? [{ quality: Quality.bad, time: now }] : [])
    expect(rejects).toMatchObject([{ source: 'test', time: now, rule, raw: expect.any(String) }])
    expect(rejects[0]!.reason.length).toBeGreaterThan(10)
  })

  it('is no integer that no double holds where a text is wanted: it comes whole', () => {
    const { said } = reader(gateway, word('b')).read(
      'iotgateway',
      '{"values":[{"id":"b","v":9007199254740993}]}',
    )
    expect(said).toMatchObject([{ value: '9007199254740993' }])
  })

  it('does not cost the values beside it', () => {
    const message = { values: [{ id: 'a', v: 'x' }, { id: 'a', v: 2 }, 7] }
    const { said, rules } = reader(gateway, 'a').read('iotgateway', message)
    expect(said).toMatchObject([{ value: Number.NaN, quality: Quality.bad }, { value: 2 }])
    expect(rules).toEqual(['mqtt.not-a-number', 'mqtt.no-tag'])
  })

  it.each([
    ['an empty message', ''],
    ['no JSON where there should be some', 'x'],
    ['bytes that are no text', Buffer.from([0xff, 0xfe])],
    ['a message without end', 'x'.repeat(20_000)],
  ])('leaves the signal that the topic names without a value: %s', (_, message) => {
    const { said, rules } = reader({ topic: 'shop/#', value: '$.v' }, 'shop/a').read('shop/a', message)
    expect(rules).toHaveLength(1)
    expect(said).toMatchObject([{ tag: 'shop/a', value: Number.NaN, quality: Quality.bad }])
  })

  it('the value of an unknown tag or topic is told as such, each time', () => {
    const { read } = reader(gateway, 'a')
    const values = ['x', 'a', 'x', 'y'].map(id => ({ id, v: 1 }))
    expect(read('iotgateway', { values })).toMatchObject({ unknown: ['x', 'x', 'y'], rules: [] })
    expect(reader({ topic: 'shop/#' }, 'a').read('shop/b', '1')).toMatchObject({
      unknown: ['shop/b'],
      rules: [],
    })
  })
})

describe('the options', () => {
  const problems = (topic: object, more = {}) =>
    mqttOptions
      .safeParse({ url: 'mqtt://b', topics: [topic], ...more })
      .error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? []

  it.each([
    [{ topic: 'a/#/b' }, {}, /topics\.0\.topic: .*wildcard/],
    [{ topic: 'a/x{b}' }, {}, /mixes text with a wildcard/],
    [{ topic: '{a}/{a}' }, {}, /\{a\} is taken/],
    [{ topic: '$share/g/a' }, {}, /option "share"/],
    [{ topic: '{a}/x', tag: '{b}' }, {}, /\{b\} stands for nothing; there is \{topic\}, \{a\}/],
    [{ topic: 'a', value: '$.x[*]' }, {}, /one place without wildcards/],
    [{ topic: 'a', scale: 0 }, {}, /every value the same/],
    [{ topic: 'a' }, { url: 'http://b' }, /mqtts:\/\/host:8883/],
    [{ topic: 'a' }, { url: 'mqtt://user:pw@b' }, /without user or password/],
    [{ topic: 'a' }, { password: { env: 'X' } }, /needs a user/],
    [{ topic: 'a' }, { password: 'secret', user: 'x' }, /secret's place/],
    [{ topic: 'a' }, { tls: {} }, /tls needs a url with mqtts/],
  ])('%o with %o are told what would be right', (topic, more, expected) => {
    expect(problems(topic, more).join('\n')).toMatch(expected)
  })
})
