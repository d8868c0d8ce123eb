import { readFileSync } from 'node:fs'
import { deflateSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Quality } from '../../schema/quality.js'
import { fuzzRuns } from '../fuzz-runs.js'
import { testContext, testSignal } from '../test-context.js'
import { asksForRebirth, bdSeqOf, decodePayload, encodePayload, encodeRebirth, saysOnline } from './codec.js'
import { datatypes, readValue, writeValue } from './datatype.js'
import { payloadType } from './definition.js'
import { SparkplugHost } from './host.js'
import { bdSeq, double, encode, type TestMetric } from './test-edge.js'

interface Vector {
  readonly name: string
  readonly payloadBase64: string
  readonly messageType: string
  readonly metricCount: number
}
const vectors: readonly Vector[] = JSON.parse(
  readFileSync(new URL('./vectors/vectors.json', import.meta.url), 'utf8'),
)
const bytesOf = (name: string): Buffer =>
  Buffer.from(vectors.find(vector => vector.name === name)!.payloadBase64, 'base64')

const now = Date.UTC(2026, 10, 21)

/** A host that has heard `messages`, and what it made of them. */
function hear(
  tags: readonly (readonly [tag: string, rest?: object])[],
  ...messages: (readonly [string, Buffer])[]
) {
  const signals = tags.map(([tag, rest], index) => testSignal(index, tag, rest))
  const context = testContext({ signals })
  const host = new SparkplugHost({
    source: 'test',
    broker: 'mqtt://broker',
    hostId: 'gemba',
    signals,
    reorderTimeoutMs: 1000,
    rebirthIntervalMs: 10_000,
    connectedAt: now,
    owners: new Map(),
    intern: text => context.intern(text),
  })
  for (const [topic, payload] of messages) host.message(`spBv1.0/g/${topic}`, payload, false, now)
  const { events, commands } = host.take()
  const said = events.flatMap(event => {
    if (event.kind !== 'samples') return []
    const { signal, value, quality, sourceTime } = event.batch
    return [...signal].map((index, i) => {
      const { type, tag } = signals[index]!.signal
      const told = type === 'text' && !Number.isNaN(value[i]!) ? context.text(value[i]!) : value[i]
      return { tag, value: told, quality: quality[i], time: sourceTime[i] }
    })
  })
  const rules = events.flatMap(event =>
    event.kind === 'rejects' ? event.rejects.map(({ rule }) => rule) : [],
  )
  const unknown = events.flatMap(event =>
    event.kind === 'unknown-tags' ? event.values.map(({ tag }) => tag) : [],
  )
  return { host, said, rules, unknown, commands }
}

describe('the published vectors', () => {
  it.each(vectors.map(({ name }) => name))('%s is read, with all its metrics', name => {
    const vector = vectors.find(each => each.name === name)!
    expect(decodePayload(bytesOf(name))?.metrics).toHaveLength(vector.metricCount)
  })

  it('give the values that they were made of', () => {
    const { said, rules } = hear(
      [['g/n/Temperature']],
      ['NBIRTH/n', bytesOf('NBIRTH_V1')],
      ['NDATA/n', bytesOf('NDATA_V1')],
    )
    expect(said.map(({ value }) => value)).toEqual([21.5, 22.5])
    expect(rules).toEqual([])
  })

  it('include a large birth that gives its controls aliases and uses them again', () => {
    const all = Array.from({ length: 100 }, (_, i) => [`g/n/Metric_${i + 1}`] as const)
    const { said, rules } = hear(all, ['NBIRTH/n', bytesOf('NBIRTH_LARGE')])
    expect(said.map(({ value }) => value)).toEqual(said.map((_, i) => 1.5 * (i + 1)))
    expect(said.length).toBe(vectors.find(({ name }) => name === 'NBIRTH_LARGE')!.metricCount - 2)
    expect(rules).toEqual([])
  })
})

const big = (value: bigint) => ({
  low: Number(BigInt.asIntN(32, value)),
  high: Number(value >> 32n),
  unsigned: true,
})
const code = (type: (typeof datatypes)[number]): number => datatypes.indexOf(type)

describe('a metric', () => {
  const birth = (metric: TestMetric) =>
    ['NBIRTH/n', encode({ seq: 0, timestamp: 5, metrics: [bdSeq(0), metric] })] as const
  const one = (metric: TestMetric, rest: object = {}) =>
    hear([['g/n/m', rest]], birth({ name: 'm', ...metric }))

  it.each([
    ['Int8', { int_value: 0xffffff80 }, -128],
    ['Int8', { int_value: 0xff }, -1],
    ['Int8', { int_value: 127 }, 127],
    ['Int16', { int_value: 0xffff8000 }, -32_768],
    ['Int16', { int_value: 0x8000 }, -32_768],
    ['Int32', { int_value: 0xffffffff }, -1],
    ['Int32', { long_value: big(0xffffffff_fffffffen) }, -2],
    ['Int64', { long_value: big(0xffffffff_ffffffffn) }, -1],
    ['Int64', { long_value: big(-(2n ** 53n) & 0xffffffff_ffffffffn) }, -(2 ** 53)],
    ['Int64', { int_value: 7 }, 7],
    ['UInt8', { int_value: 255 }, 255],
    ['UInt16', { int_value: 65_535 }, 65_535],
    ['UInt32', { int_value: 0xffffffff }, 0xffffffff],
    ['UInt32', { long_value: 0xffffffff }, 0xffffffff],
    ['UInt64', { long_value: big(2n ** 63n) }, 2 ** 63],
    ['Float', { float_value: 0.5 }, 0.5],
    ['Float', { double_value: 0.1 }, 0.1],
    ['Double', { double_value: -1e300 }, -1e300],
    ['Double', { float_value: 0.25 }, 0.25],
    ['Boolean', { boolean_value: true }, 1],
    ['Boolean', { boolean_value: false }, 0],
    ['DateTime', { long_value: now }, now],
  ] as const)('of type %s, %o, is %d', (type, field, value) => {
    expect(one({ datatype: code(type), ...field })).toMatchObject({
      said: [{ value, quality: Quality.good }],
      rules: [],
    })
  })

  it.each([
    ['String', { string_value: 'Running' }, 'Running'],
    ['Text', { string_value: '' }, ''],
    ['UUID', { string_value: 'a-b' }, 'a-b'],
    ['Int32', { int_value: 0xffffffff }, '-1'],
    ['UInt64', { long_value: big(18_446_744_073_709_551_615n) }, '18446744073709551615'],
    ['Boolean', { boolean_value: true }, 'true'],
  ] as const)('of type %s, %o, told as text is %s', (type, field, value) => {
    expect(one({ datatype: code(type), ...field }, { type: 'text' }).said).toMatchObject([{ value }])
  })

  it.each([
    ['a number too large for its type', { datatype: code('UInt8'), int_value: 300 }, 'sparkplug.wrong-value'],
    ['one too small', { datatype: code('Int16'), int_value: 0xffff0000 }, 'sparkplug.wrong-value'],
    ['an Int32 of 33 bits', { datatype: code('Int32'), long_value: 2 ** 32 }, 'sparkplug.wrong-value'],
    [
      'a value in the field of another type',
      { datatype: code('Int32'), double_value: 5 },
      'sparkplug.wrong-value',
    ],
    ['a Double without a value', { datatype: code('Double') }, 'sparkplug.wrong-value'],
    [
      'a Double that is no number',
      { datatype: code('Double'), double_value: Number.NaN },
      'sparkplug.wrong-value',
    ],
    ['a text for a number', { datatype: code('String'), string_value: '5' }, 'sparkplug.wrong-value'],
    ['no type', { double_value: 5 }, 'sparkplug.no-type'],
    ['a type that there is not', { datatype: 99, int_value: 1 }, 'sparkplug.no-type'],
    ['an array', { datatype: code('Int32Array') }, 'sparkplug.unsupported-type'],
    [
      'a data set',
      { datatype: code('DataSet'), dataset_value: { columns: [] } },
      'sparkplug.unsupported-type',
    ],
    [
      'an Int64 that no double holds',
      { datatype: code('Int64'), long_value: '9007199254740993' as unknown as number },
      'sparkplug.wrong-value',
    ],
    [
      'a negative Int64 in the field of 32 bits',
      { datatype: code('Int64'), int_value: 0xfffffff9 },
      'sparkplug.wrong-value',
    ],
  ])('with %s is a reject, and its signal has no value', (_, metric, rule) => {
    const said = [{ value: Number.NaN, quality: Quality.bad }]
    expect(one(metric)).toMatchObject({ said, rules: [rule] })
  })

  it('with a text of which bytes were lost is a reject, and its signal has no value', () => {
    const broken = one({ datatype: code('String'), string_value: 'M\uFFFDller' }, { type: 'text' })
    const said = [{ value: Number.NaN, quality: Quality.bad }]
    expect(broken).toMatchObject({ said, rules: ['sparkplug.wrong-value'] })
  })

  it('that is null has no value, which is bad', () => {
    expect(one({ datatype: code('Double'), is_null: true }).said).toMatchObject([
      { value: Number.NaN, quality: Quality.bad },
    ])
    const text = one({ datatype: code('String'), is_null: true }, { type: 'text' })
    expect(text.said).toMatchObject([{ value: Number.NaN, quality: Quality.bad }])
  })

  it.each([
    [192, Quality.good],
    [0, Quality.bad],
    [500, Quality.uncertain],
    [7, Quality.bad],
  ])('with the property Quality %d is of quality %d', (int_value, quality) => {
    const properties = {
      keys: ['a', 'Quality'],
      values: [
        { type: 12, string_value: 'x' },
        { type: 3, int_value },
      ],
    }
    expect(one({ datatype: 10, double_value: 1, properties }).said).toMatchObject([{ value: 1, quality }])
  })

  it('in another unit is converted, unless that measures something else', () => {
    const inUnit = (unit: string) => ({ keys: ['engUnit'], values: [{ type: 12, string_value: unit }] })
    const told = (unit: string, signal: string) =>
      one({ datatype: 10, double_value: 212, properties: inUnit(unit) }, { unit: signal })
    expect(told('°F', '°C').said[0]!.value).toBeCloseTo(100, 9)
    expect(told('bar', '°C').rules).toEqual(['sparkplug.unit-mismatch'])
    expect(told('as the drawing says', '°C').said).toMatchObject([{ value: 212 }])
  })

  it('whose name is that of another with a unit behind it is a metric of its own', () => {
    const { said, unknown } = hear(
      [['g/n/temp', { unit: '°C' }]],
      ['NBIRTH/n', encode({ seq: 0, metrics: [bdSeq(0), double('temp', 20.5), double('temp_F', 212)] })],
      ['NDATA/n', encode({ seq: 1, metrics: [double('temp_F', 213)] })],
    )
    expect([said.map(({ value }) => value), unknown]).toEqual([[20.5], ['g/n/temp_F', 'g/n/temp_F']])
  })

  it('is in another unit from where data say so, and a historical value alone in its own', () => {
    const inUnit = (unit: string) => ({ keys: ['engUnit'], values: [{ type: 12, string_value: unit }] })
    const data = (seq: number, metric: TestMetric) =>
      ['NDATA/n', encode({ seq, metrics: [{ alias: 2, double_value: 100, ...metric }] })] as const
    const birth = double('p', 100, { alias: 2, properties: inUnit('bar') })
    const { said, rules } = hear(
      [['g/n/p', { unit: 'bar' }]],
      ['NBIRTH/n', encode({ seq: 0, metrics: [bdSeq(0), birth] })],
      data(1, {}),
      data(2, { properties: inUnit('kPa'), is_historical: true }),
      data(3, {}),
      data(4, { properties: inUnit('kPa') }),
      data(5, {}),
      data(6, { properties: inUnit('°C') }),
    )
    expect(said.map(({ value }) => value)).toEqual([100, 100, 1, 100, 1, 1, Number.NaN])
    expect(rules).toEqual(['sparkplug.unit-mismatch'])
  })

  it('has its own time, else that of its message', () => {
    expect(one({ datatype: 10, double_value: 1, timestamp: 1234 }).said).toMatchObject([{ time: 1234 }])
    expect(one({ datatype: 10, double_value: 1 }).said).toMatchObject([{ time: 5 }])
  })

  it('that is the instance of a template has its members as metrics, whose types the birth tells', () => {
    const instance = (metrics: readonly TestMetric[]) => ({ template_ref: 'Motor', metrics })
    const definition = {
      name: 'Motor',
      datatype: 19,
      template_value: { is_definition: true, metrics: [double('rpm', 0)] },
    }
    const inner = { name: 'axis', datatype: 19, template_value: instance([double('x', 7)]) }
    const { said, rules, unknown } = hear(
      [['g/n/M1/rpm'], ['g/n/M1/axis/x'], ['g/n/Motor/rpm']],
      [
        'NBIRTH/n',
        encode({
          seq: 0,
          metrics: [
            bdSeq(0),
            definition,
            { name: 'M1', alias: 9, datatype: 19, template_value: instance([double('rpm', 5), inner]) },
          ],
        }),
      ],
      [
        'NDATA/n',
        encode({
          seq: 1,
          metrics: [{ alias: 9, template_value: instance([{ name: 'rpm', double_value: 6 }]) }],
        }),
      ],
    )
    expect(said.map(({ tag, value }) => [tag, value])).toEqual([
      ['g/n/M1/rpm', 5],
      ['g/n/M1/axis/x', 7],
      ['g/n/M1/rpm', 6],
    ])
    expect([rules, unknown]).toEqual([[], []])
  })

  describe('that is the instance of a template gives its members', () => {
    const instance = (metrics: readonly TestMetric[]) => ({ template_ref: 'Motor', metrics })
    const quality = (int_value: number) => ({ keys: ['Quality'], values: [{ type: 3, int_value }] })
    const axis = (x: TestMetric, more: TestMetric = {}): TestMetric => ({
      ...{ name: 'axis', datatype: 19, template_value: instance([x]) },
      ...more,
    })
    /** What a message tells of the members after a birth that tells them. */
    const told = (metric: TestMetric) => {
      const birth = {
        name: 'M',
        alias: 9,
        datatype: 19,
        template_value: instance([double('a', 1), axis(double('x', 2))]),
      }
      const { said, rules, unknown, host } = hear(
        [['g/n/M/a'], ['g/n/M/axis/x']],
        ['NBIRTH/n', encode({ seq: 0, timestamp: 5, metrics: [bdSeq(0), birth] })],
      )
      expect(said).toHaveLength(2)
      expect([rules, unknown]).toEqual([[], []])
      host.message(
        'spBv1.0/g/NDATA/n',
        encode({ seq: 1, timestamp: 6, metrics: [{ alias: 9, ...metric }] }),
        false,
        now,
      )
      return host.take().events.flatMap((event): unknown[][] => {
        if (event.kind !== 'samples') return [[event.kind]]
        const { value, sourceTime, quality: qualities } = event.batch
        return [...value].map((each, i) => [each, sourceTime[i], qualities[i], event.isHistory ?? false])
      })
    }
    const both = instance([{ name: 'a', double_value: 3 }, axis({ name: 'x', double_value: 4 })])

    it('its time', () => {
      expect(told({ template_value: both, timestamp: 7 })).toEqual([
        [3, 7, Quality.good, false],
        [4, 7, Quality.good, false],
      ])
    })

    it('that it tells after the event', () => {
      expect(told({ template_value: both, is_historical: true })).toEqual([
        [3, 6, Quality.good, true],
        [4, 6, Quality.good, true],
      ])
    })

    it('its quality, where theirs is no worse', () => {
      const { bad, uncertain } = Quality
      expect(told({ template_value: both, properties: quality(0) })).toEqual([
        [3, 6, bad, false],
        [4, 6, bad, false],
      ])
      const members = [
        { name: 'a', double_value: 3, properties: quality(0) },
        axis({ name: 'x', double_value: 4, properties: quality(192) }),
      ]
      expect(told({ template_value: instance(members), properties: quality(500) })).toEqual([
        [3, 6, bad, false],
        [4, 6, uncertain, false],
      ])
    })

    it('no value where it is null, as a whole or within', () => {
      const none = (time: number) => [Number.NaN, time, Quality.bad, false]
      expect(told({ is_null: true, timestamp: 8 })).toEqual([none(8), none(8)])
      const inner = { name: 'axis', datatype: 19, is_null: true }
      expect(told({ template_value: instance([{ name: 'a', double_value: 3 }, inner]) })).toEqual([
        [3, 6, Quality.good, false],
        none(6),
      ])
    })
  })

  it('that no signal has is told as an unknown tag; the protocol’s own are not', () => {
    const controls = [bdSeq(0), { name: 'Node Control/Rebirth', datatype: 11, boolean_value: false }]
    const { unknown, rules } = hear(
      [],
      ['NBIRTH/n', encode({ seq: 0, metrics: [...controls, double('x', 1)] })],
    )
    expect([unknown, rules]).toEqual([['g/n/x'], []])
  })
})

describe('payloads', () => {
  it.each([
    ['GZIP', gzipSync],
    ['DEFLATE', deflateSync],
  ] as const)('packed with %s are unpacked', (algorithm, pack) => {
    const body = pack(encode({ timestamp: 9, metrics: [double('a', 1), bdSeq(3)] }))
    const payload = decodePayload(
      encode({
        uuid: 'SPBV1.0_COMPRESSED',
        seq: 4,
        body,
        metrics: [{ name: 'algorithm', datatype: 12, string_value: algorithm }],
      }),
    )
    expect(payload).toMatchObject({ seq: 4, timestamp: 9, metrics: [{ name: 'a' }, { name: 'bdSeq' }] })
    expect(bdSeqOf(payload!)).toBe(3)
  })

  it('that cannot be unpacked are none', () => {
    expect(
      decodePayload(encode({ uuid: 'SPBV1.0_COMPRESSED', seq: 4, body: Buffer.from('x') })),
    ).toBeUndefined()
    expect(decodePayload(encode({ uuid: 'SPBV1.0_COMPRESSED', seq: 4 }))).toBeUndefined()
  })

  it('a rebirth request has a time, the metric as the birth names it, and no seq', () => {
    const decoded = payloadType.toObject(payloadType.decode(encodeRebirth(now)), { longs: Number })
    expect(decoded).toEqual({
      timestamp: now,
      metrics: [{ name: 'Node Control/Rebirth', timestamp: now, datatype: 11, boolean_value: true }],
    })
  })

  it.each(
    [
      ['', '{}', 'null', 'OFFLINE', '{"online":"true","timestamp":1}', '[]', '{"online":true}', '1'],
      ['{"online":false,"timestamp":1}', '{"online":true,"timestamp":"1"}', '{"online":true,"timestamp":1'],
    ].flat(),
  )('a state of %s says nobody is there', text => {
    expect(saysOnline(Buffer.from(text))).toBe(false)
    expect(saysOnline(Buffer.from('{"online":true,"timestamp":1}'))).toBe(true)
  })
})

describe('the decoder', () => {
  const tags = ['g/n/a', 'g/n/b', 'g/n/d/a'].map(tag => [tag] as const)
  const field = fc.oneof(
    fc.record({ int_value: fc.nat(0xffffffff) }),
    fc.record({ double_value: fc.double({ noNaN: true, noDefaultInfinity: true }) }),
    fc.record({ long_value: fc.maxSafeNat() }),
    fc.record({ boolean_value: fc.boolean() }),
    fc.record({ string_value: fc.string() }),
    fc.record({ template_value: fc.constant({ metrics: [{ name: 'a', datatype: 10, double_value: 3 }] }) }),
    fc.constant({}),
  )
  const metric = fc
    .tuple(
      fc.record(
        {
          name: fc.constantFrom('a', 'b', '', 'bdSeq'),
          alias: fc.nat(3),
          datatype: fc.nat(40),
          is_null: fc.boolean(),
          is_historical: fc.boolean(),
          timestamp: fc.nat(),
        },
        { requiredKeys: [] },
      ),
      field,
    )
    .map(([head, value]): TestMetric => ({ ...head, ...value }))
  const payload = fc
    .record(
      { seq: fc.nat(300), timestamp: fc.nat(), metrics: fc.array(metric, { maxLength: 4 }) },
      { requiredKeys: [] },
    )
    .map(encode)
  const type = fc.constantFrom(
    'NBIRTH/n',
    'NDATA/n',
    'NDEATH/n',
    'DBIRTH/n/d',
    'DDATA/n/d',
    'DDEATH/n/d',
    'NCMD/n',
    'X/n',
    '',
  )
  const bytes = fc.oneof(
    payload,
    fc.uint8Array({ maxLength: 60 }).map(each => Buffer.from(each)),
    fc.tuple(payload, fc.nat(), fc.nat(255)).map(([whole, at, value]) => {
      const broken = Buffer.from(whole)
      if (broken.length > 0) broken[at % broken.length] = value
      return broken
    }),
  )

  /** Every number that the metrics of a payload can be said to hold. */
  function numbersIn(message: Buffer, found: Set<number>): void {
    const add = (metrics: readonly Record<string, unknown>[]): void => {
      for (const each of metrics) {
        for (const [key, value] of Object.entries(each)) {
          if (typeof value === 'number')
            for (const bits of [0, 8, 16, 32, 64]) found.add(bits ? value - 2 ** bits : value)
          if (typeof value === 'boolean') found.add(value ? 1 : 0)
          if (typeof value === 'bigint') found.add(Number(value)).add(Number(BigInt.asIntN(64, value)))
          if (key === 'template_value')
            add((value as { metrics?: readonly Record<string, unknown>[] }).metrics ?? [])
        }
      }
    }
    try {
      const longs = (text: unknown) => text
      const object = payloadType.toObject(payloadType.decode(message), { longs: String }) as {
        metrics?: readonly Record<string, unknown>[]
      }
      const revived = JSON.parse(
        JSON.stringify(object.metrics ?? [], (key, value) =>
          key === 'long_value' ? { long: String(value) } : longs(value),
        ),
        (_, value) =>
          value !== null && typeof value === 'object' && 'long' in value ? BigInt(value.long) : value,
      ) as readonly Record<string, unknown>[]
      add(revived)
    } catch {
      // What is no payload holds no number.
    }
  }

  it('is stopped by no depth of templates or properties', () => {
    const part = (field: number, content: Buffer): Buffer => {
      const length: number[] = []
      for (let rest = content.length; ; rest >>>= 7) {
        length.push(rest > 127 ? (rest & 127) | 128 : rest)
        if (rest <= 127) break
      }
      const key = field < 16 ? [(field << 3) | 2] : [((field << 3) & 127) | 130, field >> 4]
      return Buffer.concat([Buffer.from(key), Buffer.from(length), content])
    }
    const name = part(1, Buffer.from('a'))
    for (const fields of [
      // Metric.template_value, Template.metrics; and Metric.properties, .values, .propertyset_value.
      [18, 2],
      [9, 2],
    ]) {
      for (const depth of [3, 60, 2_000]) {
        let inner: Buffer = Buffer.alloc(0)
        for (let i = 0; i < depth; i++)
          inner = Buffer.concat([name, part(fields[0]!, part(fields[1]!, inner))])
        const { said } = hear(tags, ['NBIRTH/n', part(2, inner)], ['NDATA/n', part(2, inner)])
        expect(said).toEqual([])
      }
    }
  })

  it('never throws, and makes no number that no message held', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(type, bytes), { minLength: 1, maxLength: 4 }), messages => {
        const { said } = hear(tags, ...messages)
        const there = new Set<number>()
        for (const [, message] of messages) numbersIn(message, there)
        for (const { value, quality } of said) {
          if (!there.has(value as number))
            expect([value, quality, messages]).toEqual([Number.NaN, Quality.bad, messages])
        }
      }),
      { numRuns: Math.ceil(fuzzRuns / 2) },
    )
  })
})

describe('a value written', () => {
  const whole = (bits: number, isSigned: boolean) => {
    const top = Math.min(2 ** (isSigned ? bits - 1 : bits), 2 ** 53)
    return fc.maxSafeInteger().map(value => (isSigned ? value % top : Math.abs(value) % top) + 0)
  }
  const values = {
    Int8: whole(8, true),
    Int16: whole(16, true),
    Int32: whole(32, true),
    Int64: whole(64, true),
    UInt8: whole(8, false),
    UInt16: whole(16, false),
    UInt32: whole(32, false),
    UInt64: whole(64, false),
    DateTime: whole(64, false),
    Float: fc.float(),
    Double: fc.double(),
    Boolean: fc.boolean(),
    String: fc.string({ unit: 'grapheme' }),
  } as const

  it.each(Object.keys(values) as (keyof typeof values)[])('as %s is read back to the bit', type => {
    fc.assert(
      fc.property<[number | boolean | string]>(values[type], value => {
        const metric = { name: 'm', datatype: code(type), ...writeValue(type, value) }
        const [read] = decodePayload(encodePayload({ timestamp: now, seq: 3, metrics: [metric] }))!.metrics
        expect(readValue(type, read!)).toBe(value)
      }),
    )
  })

  it('is in the bytes that the published definition gives it', () => {
    const metrics = [
      { name: 'm', alias: 7, timestamp: now, datatype: code('Int64'), ...writeValue('Int64', -2) },
    ]
    const theirs = encode({
      timestamp: now,
      seq: 3,
      metrics: [{ ...metrics[0], long_value: big(0xffffffff_fffffffen) }],
    })
    expect(encodePayload({ timestamp: now, seq: 3, metrics })).toEqual(theirs)
  })
})

describe('a command', () => {
  it('asks for a rebirth when it says so, and not when it says anything else', () => {
    expect(asksForRebirth(encodeRebirth(now))).toBe(true)
    const other = (metric: TestMetric) => asksForRebirth(encode({ timestamp: now, metrics: [metric] }))
    expect(other({ name: 'Node Control/Rebirth', datatype: 11, boolean_value: false })).toBe(false)
    expect(other({ name: 'Node Control/Reboot', datatype: 11, boolean_value: true })).toBe(false)
    expect(asksForRebirth(Buffer.from('no payload'))).toBe(false)
  })
})
