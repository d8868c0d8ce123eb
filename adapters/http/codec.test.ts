import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Quality } from '../../schema/quality.js'
import { deepJson } from '../deep-json.js'
import { fuzzRuns } from '../fuzz-runs.js'
import { testContext, testSignal } from '../test-context.js'
import { AnswerDecoder, type DecodedAnswer } from './codec.js'
import { httpOptions } from './config.js'

const now = Date.UTC(2026, 0, 1)
const signals = [
  testSignal(1, 'oil', { quantity: 'temperature', unit: '°C' }),
  testSignal(2, 'force', { quantity: 'force', unit: 'kN' }),
  testSignal(3, 'state', { role: 'status', quantity: 'state', type: 'text' }),
]
const context = testContext({ signals })

function decode(request: object, answer: unknown) {
  const { isUnread: _, ...decoded } = decoderOf(request)(answer)
  return decoded
}

function decoderOf(request: object) {
  const { requests } = httpOptions.parse({ url: 'http://plc', requests: [request] })
  const decoder = new AnswerDecoder(context, requests[0]!)
  return (answer: unknown) =>
    shownOf(decoder.decode(typeof answer === 'string' ? answer : JSON.stringify(answer)))
}

function shownOf({ batch, rejects, unknown, isUnread }: DecodedAnswer) {
  const samples = Array.from({ length: batch.count }, (_, i) => ({
    signal: batch.signal[i],
    value: batch.signal[i] === 3 ? context.text(batch.value[i]!) : Number(batch.value[i]!.toPrecision(12)),
    time: batch.sourceTime[i],
    quality: batch.quality[i],
  }))
  return {
    samples,
    rules: rejects.map(({ rule }) => rule),
    unknown: unknown.map(({ tag }) => tag),
    isUnread,
  }
}

describe('an answer with values at known places', () => {
  it('is read by path, with time, unit, scale and offset', () => {
    const request = {
      time: '$.at',
      values: {
        oil: { value: '$.oil.t', unit: '°F' },
        force: { value: 'axes[1].force', scale: 0.1, offset: 5 },
        state: '$.state',
      },
    }
    const answer = {
      at: '2026-01-01T00:00:05Z',
      oil: { t: 50 },
      axes: [{}, { force: 100 }],
      state: 'Execute',
    }
    const at = { time: now + 5000, quality: Quality.good }
    expect(decode(request, answer)).toEqual({
      samples: [
        { signal: 1, value: 10, ...at },
        { signal: 2, value: 15, ...at },
        { signal: 3, value: 'Execute', ...at },
      ],
      rules: [],
      unknown: [],
    })
  })

  it('says what is not there, and takes the rest', () => {
    const request = { values: { oil: '$.oil', force: '$.force', spare: '$.spare' } }
    expect(decode(request, { force: 3, spare: 1 })).toEqual({
      samples: [
        { signal: 1, value: Number.NaN, time: now, quality: Quality.bad },
        { signal: 2, value: 3, time: now, quality: Quality.good },
      ],
      rules: ['http.no-value'],
      unknown: ['spare'],
    })
  })

  it.each([
    ['a word for a number', { values: { oil: '$.v' } }, { v: 'warm' }, 'http.unfit-value'],
    ['an object for a text', { values: { state: '$.v' } }, { v: {} }, 'http.unfit-value'],
    ['no time where one should be', { time: '$.t', values: { oil: '$.v' } }, { v: 1 }, 'http.bad-time'],
    ['an empty time', { values: { oil: { value: '$.v', time: '$.t' } } }, { v: 1, t: '' }, 'http.bad-time'],
    ['none in a list', { list: '$', time: '$.t' }, [{ id: 'oil', v: 1, t: null }], 'http.bad-time'],
    ['a time that is none', { time: '$.t', values: { oil: '$.v' } }, { v: 1, t: 'now' }, 'http.bad-time'],
    [
      'a quality that is none',
      { quality: '$.q', values: { oil: '$.v' } },
      { v: 1, q: 'fine' },
      'http.bad-quality',
    ],
    [
      'a unit of something else',
      { unitAt: '$.u', values: { oil: '$.v' } },
      { v: 1, u: 'bar' },
      'http.bad-unit',
    ],
  ])('rejects %s, and what was shown before no longer holds', (_, request, answer, rule) => {
    const { samples, rules, unknown } = decode(request, answer)
    expect([rules, unknown]).toEqual([[rule], []])
    expect(samples.map(({ quality }) => quality)).toEqual([Quality.bad])
  })
})

describe('the time of an answer', () => {
  it.each([
    ['missing of a value that is bad anyway', { time: '$.t', quality: '$.q' }, { v: 7, q: 'bad' }],
    ['that nobody looks for', {}, { v: 7 }],
    ['missing with the value', { time: '$.t' }, { v: null }],
  ])('%s is now', (_, places, answer) => {
    expect(decode({ ...places, values: { oil: '$.v' } }, answer)).toMatchObject({
      samples: [{ signal: 1, time: now }],
      rules: [],
    })
  })

  it.each([
    ['s', now / 1000],
    ['us', now * 1e3],
    ['ns', now * 1e6],
  ])('may count in %s', (timeUnit, at) => {
    expect(decode({ time: '$.t', timeUnit, values: { oil: '$.v' } }, { v: 7, t: at }).samples).toMatchObject([
      { time: now },
    ])
  })
})

describe('an answer whose times bear no zone', () => {
  it.each([
    ['2026-01-01T00:00:01', expect.stringContaining('taken as UTC')],
    ['2026-01-01T00:00:01Z', undefined],
    [now, undefined],
  ])('is taken as UTC, and the source warned of: %s', (at, note) => {
    const { requests } = httpOptions.parse({
      url: 'http://plc',
      requests: [{ path: '/', time: '$.at', values: { force: { value: '$.f' } } }],
    })
    const decoder = new AnswerDecoder(context, requests[0]!)
    const { batch, note: told } = decoder.decode(JSON.stringify({ at, f: 1 }))
    expect([batch.count, told]).toEqual([1, note])
  })
})

describe('an answer whose time is 0', () => {
  const read = (time: unknown, quality?: string) =>
    decoderOf({ time: '$.at', quality: '$.q', values: { oil: '$.oil' } })({ oil: 5, at: time, q: quality })

  it.each([0, '0'])('is a reject, as of a clock that was never set: %j', time => {
    expect(read(time)).toMatchObject({
      samples: [{ value: Number.NaN, quality: Quality.bad }],
      rules: ['http.bad-time'],
    })
  })

  it('is of now where it is bad', () => {
    expect(read(0, 'bad')).toMatchObject({ samples: [{ value: 5, quality: Quality.bad }], rules: [] })
  })
})

describe('an answer that is something else', () => {
  it.each([
    ['no JSON', '<html>'],
    ['no list', '{}'],
  ])('(%s) leaves its signals without values', (_, answer) => {
    const bad = { value: Number.NaN, quality: Quality.bad }
    const list = decoderOf({ list: '$.readings', name: '$.id', value: '$.v' })
    list({ readings: [{ id: 'oil', v: 1 }] })
    expect(list(answer)).toMatchObject({
      samples: [{ signal: 1, ...bad }],
      rules: ['http.malformed'],
      isUnread: true,
    })
    if (answer === '{}') return
    const values = decoderOf({ values: { oil: '$.oil', force: '$.force' } })
    expect(values(answer)).toMatchObject({
      samples: [
        { signal: 1, ...bad },
        { signal: 2, ...bad },
      ],
      rules: ['http.malformed'],
      isUnread: true,
    })
  })
})

describe('an answer with a list', () => {
  it('has no value of what it has no longer', () => {
    const read = decoderOf({ list: '$', name: '$.id', value: '$.v' })
    read([
      { id: 'oil', v: 1 },
      { id: 'force', v: 2 },
    ])
    expect(read([{ id: 'force', v: 3 }])).toMatchObject({
      samples: [
        { signal: 2, value: 3 },
        { signal: 1, value: Number.NaN, quality: Quality.bad },
      ],
      rules: ['http.no-value'],
      isUnread: false,
    })
  })

  const request = {
    list: '$.readings',
    name: '$.id',
    value: '$.v',
    quality: '$.q',
    time: '$.t',
    timeUnit: 's',
  }

  it('is read entry by entry, by the tag that each names', () => {
    const readings = [
      { id: 'oil', v: 46.5, q: true, t: now / 1000 },
      { id: 'force', v: null, q: false },
      { id: 'other', v: 1 },
      { v: 1 },
    ]
    expect(decode(request, { readings })).toEqual({
      samples: [
        { signal: 1, value: 46.5, time: now, quality: Quality.good },
        { signal: 2, value: Number.NaN, time: now, quality: Quality.bad },
      ],
      rules: ['http.malformed'],
      unknown: ['other'],
    })
  })

  it.each([
    ['is of another tag', {}, [], ['oil_F']],
    ['is converted where units are said to be in names', { unitInName: true }, [100], []],
  ])('of which a name that ends in a unit %s', (_, given, values, unknown) => {
    const read = decoderOf({ list: '$', ...given })
    const told = (answer: object) => {
      const { samples, unknown } = read(answer)
      return [samples.map(({ value }) => value), unknown]
    }
    expect(told([{ id: 'oil_F', v: 212 }])).toEqual([values, unknown])
    expect(
      told([
        { id: 'oil', v: 50 },
        { id: 'oil_F', v: 212 },
      ]),
    ).toEqual([[50], ['oil_F']])
  })

  it('may say its unit in the name of a tag of the plant, and what only looks like one is left alone', () => {
    const signals = [
      testSignal(1, 'oil_F', { quantity: 'temperature', unit: '°C' }),
      testSignal(2, 'phase_C', { quantity: 'current', unit: 'A' }),
    ]
    const told = (unitInName: boolean, unit?: string) => {
      const { requests } = httpOptions.parse({ url: 'http://plc', requests: [{ list: '$', unitInName }] })
      const decoder = new AnswerDecoder(testContext({ signals }), requests[0]!)
      const answer = [
        { id: 'oil_F', v: 212, unit },
        { id: 'phase_C', v: 7 },
      ]
      return [...decoder.decode(JSON.stringify(answer)).batch.value].map(value => Math.round(value))
    }
    expect([told(false), told(true), told(true, 'K')]).toEqual([
      [212, 7],
      [100, 7],
      [-61, 7],
    ])
  })

  it('may be the whole answer, with the usual names', () => {
    expect(decode({ list: '$' }, [{ tag: 'oil', value: 1 }]).samples).toMatchObject([{ signal: 1, value: 1 }])
  })

  it('has to be there', () => {
    expect(decode(request, { readings: 7 }).rules).toEqual(['http.malformed'])
  })
})

describe('any answer whatever', () => {
  it('is a reject where it is too deep', () => {
    const places = fc.constantFrom<[object, string]>(
      [{ values: { oil: '$.v' } }, '{"v":~}'],
      [{ time: '$.t', values: { oil: '$.v' } }, '{"v":1,"t":~}'],
      [{ list: '$', name: '$.id', value: '$.v' }, '[{"id":"oil","v":~}]'],
      [{ list: '$', name: '$.id', value: '$.v' }, '{"v":~}'],
    )
    fc.assert(
      fc.property(places, deepJson, ([request, around], json) => {
        const { rules } = decode(request, around.replace('~', json))
        expect(rules).toHaveLength(1)
        expect(rules).not.toContain('codec.failed')
      }),
      { numRuns: Math.ceil(fuzzRuns / 500) },
    )
  })

  it('is samples and rejects, and never a wrong number', () => {
    const requests = [
      { time: '$.t', values: { oil: '$.v', state: '$.s' } },
      { list: '$', name: '$.id', value: '$.v' },
    ]
    const entry = fc.record(
      { id: fc.constantFrom('oil', 'state', 'x'), v: fc.jsonValue() },
      { requiredKeys: [] },
    )
    const answer = fc.oneof(
      fc.string(),
      fc.json(),
      fc
        .record({ v: fc.jsonValue(), s: fc.jsonValue(), t: fc.jsonValue() })
        .map(given => JSON.stringify(given)),
      fc.array(entry).map(given => JSON.stringify(given)),
    )
    fc.assert(
      fc.property(fc.constantFrom(...requests), answer, (request, text) => {
        for (const { value } of decode(request, text).samples) {
          if (typeof value === 'number' && !Number.isNaN(value)) expect(Number.isFinite(value)).toBe(true)
        }
      }),
      { numRuns: fuzzRuns },
    )
  })
})
