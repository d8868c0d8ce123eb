import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Quality } from '../../schema/quality.js'
import { deepJson } from '../deep-json.js'
import { fuzzRuns } from '../fuzz-runs.js'
import { testContext, testSignal } from '../test-context.js'
import { PostDecoder } from './codec.js'

const now = Date.UTC(2026, 0, 1)
const state = { role: 'status' as const, quantity: 'state' as const, type: 'text' as const }
const blocked = { role: 'status' as const, quantity: 'blocked' as const }
const oil = { quantity: 'temperature' as const, unit: '°C' }
const signals = [
  testSignal(3, 'load'),
  testSignal(7, 'state', state),
  testSignal(8, 'blocked', blocked),
  testSignal(9, 'oil', oil),
]
const context = testContext({ signals })
const decode = (...entries: unknown[]) => {
  const { batch, rejects, unknown, problems } = new PostDecoder(context).decode({ entries })
  const samples = Array.from({ length: batch.count }, (_, i) => ({
    signal: batch.signal[i],
    value: batch.signal[i] === 7 ? context.text(batch.value[i]!) : batch.value[i],
    time: batch.sourceTime[i],
    quality: batch.quality[i],
  }))
  return { samples, rules: rejects.map(({ rule }) => rule), unknown: unknown.map(({ tag }) => tag), problems }
}

describe('an entry of a post', () => {
  it.each<[string, object, object]>([
    [
      'by id',
      { signal: 'machine.load', value: 2.5 },
      { signal: 3, value: 2.5, time: now, quality: Quality.good },
    ],
    ['by tag', { tag: 'load', value: 2.5 }, { signal: 3, value: 2.5 }],
    ['with a time in ISO 8601', { tag: 'load', value: 1, time: '2026-01-01T01:00:00+01:00' }, { time: now }],
    ['with a time in ms', { tag: 'load', value: 1, time: now + 5 }, { time: now + 5 }],
    ['without a time', { tag: 'load', value: 1, time: null }, { time: now }],
    ['with a quality', { tag: 'load', value: 1, quality: 'uncertain' }, { quality: Quality.uncertain }],
    ['without a value there', { tag: 'load', value: null }, { value: Number.NaN, quality: Quality.bad }],
    ['that is true', { tag: 'load', value: true }, { value: 1 }],
    ['in another unit', { tag: 'oil', value: 50, unit: '°F' }, { value: 10 }],
    ['in its own unit', { tag: 'oil', value: 50, unit: '°C' }, { value: 50 }],
    ['with a number as text', { tag: 'load', value: '2.5' }, { value: 2.5 }],
    ['with a word', { tag: 'state', value: 'Execute' }, { signal: 7, value: 'Execute' }],
    ['with a number for a text', { tag: 'state', value: 6 }, { signal: 7, value: '6' }],
  ])('%s is a sample', (_, entry, expected) => {
    const { samples, rules, problems } = decode(entry)
    expect(samples).toMatchObject([expected])
    expect([rules, problems]).toEqual([[], []])
  })

  it.each<[string, unknown, string]>([
    ['that is no JSON', 'garbage', 'push.malformed'],
    ['that is no object', [1, 2], 'push.malformed'],
    ['that names no signal', { value: 1 }, 'push.malformed'],
    ['without a value', { tag: 'load' }, 'push.no-value'],
    ['in a unit of something else', { tag: 'oil', value: 58, unit: 'bar' }, 'push.bad-unit'],
    ['in a unit where its signal has none', { tag: 'load', value: 58, unit: 'kg' }, 'push.bad-unit'],
    ['with a unit that is none', { tag: 'oil', value: 58, unit: 7 }, 'push.bad-unit'],
    ['with an integer that no double holds', { tag: 'load', value: '9007199254740993' }, 'push.unfit-value'],
    ['with a broken text', { tag: 'state', value: 'M\uFFFDller' }, 'push.unfit-value'],
    ['with a word for a number', { tag: 'load', value: 'warm' }, 'push.unfit-value'],
    ['with an object for a number', { tag: 'load', value: { a: 1 } }, 'push.unfit-value'],
    ['with an object for a text', { tag: 'state', value: {} }, 'push.unfit-value'],
    ['with a time without a zone', { tag: 'load', value: 1, time: '2026-01-01T01:00:00' }, 'push.bad-time'],
    ['with a time of a clock that was never set', { tag: 'load', value: 1, time: 0 }, 'push.bad-time'],
    ['with such a time as text', { tag: 'load', value: 1, time: '0' }, 'push.bad-time'],
    ['with an empty time', { tag: 'load', value: 1, time: '' }, 'push.bad-time'],
    ['with a time that is none', { tag: 'load', value: 1, time: 'yesterday' }, 'push.bad-time'],
    ['with a key that nobody reads', { tag: 'load', value: 1, timestamp: now }, 'push.unknown-key'],
    ['with a quality that is none', { tag: 'load', value: 1, quality: 'fine' }, 'push.bad-quality'],
  ])('%s is a reject, and the next is taken', (_, entry, rule) => {
    const { samples, rules, problems } = decode(entry, { tag: 'load', value: 1 })
    expect(rules).toEqual([rule])
    expect(problems).toMatchObject([{ entry: 0, rule }])
    // What is named and cannot be taken has no value.
    const none = { quality: Quality.bad }
    expect(samples).toMatchObject([...(rule === 'push.malformed' ? [] : [none]), { signal: 3, value: 1 }])
  })

  it('with a key that nobody reads says which, and what there is', () => {
    const { problems } = decode({ tag: 'load', value: 1, qualty: 'bad' })
    expect(problems).toMatchObject([
      { reason: 'nobody reads "qualty"; an entry has signal, tag, value, unit, time, quality' },
    ])
  })

  it('that cannot be true says what its signal is', () => {
    const { problems, samples } = decode(
      { tag: 'oil', value: true },
      { tag: 'blocked', value: 'true' },
      { tag: 'blocked', value: true },
    )
    expect(problems).toEqual([
      { entry: 0, rule: 'push.unfit-value', reason: 'machine.oil is a number in °C, and the value true' },
      {
        entry: 1,
        rule: 'push.unfit-value',
        reason: 'machine.blocked is true or false (1 or 0), and the value "true"',
      },
    ])
    const none = { value: Number.NaN, quality: Quality.bad }
    expect(samples).toMatchObject([
      { signal: 9, ...none },
      { signal: 8, ...none },
      { signal: 8, value: 1 },
    ])
  })

  it('of a signal that nobody has is named, with the tag', () => {
    const { unknown, problems, rules } = decode(
      { tag: 'load', value: 1 },
      { signal: 'machine.other', value: 1 },
    )
    expect([unknown, rules]).toEqual([['machine.other'], []])
    expect(problems).toMatchObject([{ entry: 1, rule: 'tag.unknown' }])
  })

  it('is a reject where it is too deep', () => {
    const place = fc.constantFrom('~', '{"tag":~}', '{"tag":"load","value":~}', '{"tag":"load","time":~}')
    fc.assert(
      fc.property(place, deepJson, (around, json) => {
        const { rules, problems } = decode(JSON.parse(around.replace('~', json)))
        expect(rules).toEqual([problems[0]?.rule])
        expect(rules).not.toContain('codec.failed')
      }),
      { numRuns: Math.ceil(fuzzRuns / 500) },
    )
  })

  it('is a reject where a fault of ours makes it unreadable, and the others are taken', () => {
    const failing = {
      ...context,
      intern: (text: string) => {
        if (text === 'poison') throw new RangeError('broken')
        return context.intern(text)
      },
    }
    const { batch, rejects, problems } = new PostDecoder(failing).decode({
      entries: [
        { tag: 'state', value: 'poison' },
        { tag: 'load', value: 1 },
      ],
    })
    expect(batch.count).toBe(1)
    expect(rejects).toMatchObject([
      {
        rule: 'codec.failed',
        reason: expect.stringContaining('broken'),
        raw: expect.stringContaining('poison'),
      },
    ])
    expect(problems).toMatchObject([{ entry: 0, rule: 'codec.failed' }])
  })

  it('is a sample, a reject or unknown, whatever it is', () => {
    const entry = fc.oneof(
      fc.jsonValue(),
      fc.record(
        {
          tag: fc.constantFrom('load', 'state', 'other'),
          value: fc.jsonValue(),
          time: fc.jsonValue(),
          quality: fc.jsonValue(),
        },
        { requiredKeys: [] },
      ),
    )
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 4 }), entries => {
        const { samples, rules, unknown } = decode(...entries)
        const taken = samples.length - rules.filter(rule => rule !== 'push.malformed').length
        expect(taken + rules.length + unknown.length).toBe(entries.length)
      }),
      { numRuns: fuzzRuns },
    )
  })
})
