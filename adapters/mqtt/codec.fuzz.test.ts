import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Quality } from '../../schema/quality.js'
import { deepJson } from '../deep-json.js'
import { fuzzRuns } from '../fuzz-runs.js'
import { testContext, testSignal } from '../test-context.js'
import { MqttDecoder } from './codec.js'
import { mqttOptions } from './config.js'

const now = Date.UTC(2026, 10, 21, 12)
const tags = ['ch.dev.a', 'ch.dev.b', 'ch.dev.c', 'shop/press', 'umh/v1/cell/a', 'umh/v1/cell/axis/x']
const signals = tags.map((tag, index) => testSignal(index, tag))
const { topics, maxPayload } = mqttOptions.parse({
  url: 'mqtt://broker',
  topics: [
    { topic: 'iotgateway', format: 'kepware' },
    { topic: 'kepware/{channel}/{device}/{tag}', format: 'kepware' },
    { topic: 'shop/#', value: '$.x', time: '$.t' },
    { topic: 'umh/v1/#', format: 'uns' },
  ],
})
const fresh = () =>
  new MqttDecoder({ source: 'test', signals, topics, maxPayload, intern: testContext({ signals }).intern })

const names = [
  'iotgateway',
  'kepware/ch/dev/a',
  'kepware/ch/dev/b',
  'shop/press',
  'umh/v1/cell',
  'umh/v1/cell/a',
]
const topic = fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...names) }, fc.string())
const number = fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }))
const token = fc.constantFrom(
  ...'{ } [ ] , : " \\ null true false NaN -inf "id" "v" "value" "values" "q" "t" "x" "timestamp" 1e999 -0 12 1. 0x1'.split(
    ' ',
  ),
  ...tags.map(tag => `"${tag}"`),
)
const entry = fc.record(
  {
    id: fc.oneof(fc.constantFrom(...tags), fc.anything()),
    v: fc.oneof(number, fc.anything()),
    q: fc.oneof(fc.boolean(), fc.nat(300), fc.anything()),
    t: fc.oneof(fc.nat(), fc.anything()),
  },
  { requiredKeys: [] },
)
/** Too deep: all there is, or in the place of a value, of a name, of a time. */
const deep = fc
  .tuple(
    fc.constantFrom(
      '~',
      '{"v":~}',
      '{"id":"ch.dev.a","v":~}',
      '{"id":"ch.dev.a","v":1,"t":~}',
      '{"id":"ch.dev.a","v":1,"q":~}',
      '{"id":~}',
      '{"values":[{"id":"x","v":~}]}',
    ),
    deepJson,
  )
  .map(([around, json]) => Buffer.from(around.replace('~', json)))
const payload = fc.oneof(
  fc.uint8Array({ maxLength: 40 }).map(bytes => Buffer.from(bytes)),
  fc.array(token, { maxLength: 30 }).map(tokens => Buffer.from(tokens.join(''))),
  fc
    .oneof(
      fc.record({ timestamp: fc.anything(), values: fc.array(entry, { maxLength: 5 }) }),
      entry,
      fc.json({ maxDepth: 3 }),
    )
    .map(message => Buffer.from(typeof message === 'string' ? message : (json(message) ?? ''))),
)

/** Not everything that fast-check makes can be JSON. */
function json(value: unknown): string | undefined {
  try {
    return JSON.stringify(value)
  } catch {
    return undefined
  }
}

/** Every number that a text can be said to hold, with truths as 1 and 0. */
function numbersIn(text: string): Set<number> {
  const found = new Set<number>()
  for (const [word] of text.matchAll(/[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/g)) {
    found.add(Number(word))
    // In `2026-01` the hyphen is no sign.
    found.add(Number(word.replace(/^[+-]/, '')))
  }
  if (text.includes('true')) found.add(1)
  if (text.includes('false')) found.add(0)
  return found
}

it('is stopped by no depth', () => {
  fc.assert(
    fc.property(topic, deep, (name, bytes) => {
      const decoder = fresh()
      decoder.push({ topic: name, payload: bytes, retain: false }, now)
      const { samples, rejects, unknown } = decoder.take()
      expect([...samples.quality].every(quality => quality === Quality.bad)).toBe(true)
      expect(rejects.length + unknown.length).toBeGreaterThan(0)
    }),
    { numRuns: Math.ceil(fuzzRuns / 500) },
  )
})

it('never throws, makes something of every message, and no number that is not there', () => {
  fc.assert(
    fc.property(topic, payload, fc.boolean(), (name, bytes, retain) => {
      const decoder = fresh()
      decoder.push({ topic: name, payload: bytes, retain }, now)
      const { samples, rejects, unknown } = decoder.take()
      const text = bytes.toString('utf8')
      const isEmptyList = /^\s*(?:\[\s*\]|\{\s*\}|\{.*"values"\s*:\s*\[\s*\].*\})\s*$/s.test(text)
      const isGroup = name.startsWith('umh')
      if (!isEmptyList && !isGroup) {
        expect(samples.count + rejects.length + unknown.length).toBeGreaterThan(0)
      }
      const there = numbersIn(
        text.replaceAll(/\\u(....)/g, (_, code) => String.fromCharCode(parseInt(code, 16))),
      )
      for (let i = 0; i < samples.count; i++) {
        const value = samples.value[i]!
        if (!there.has(value)) expect([value, samples.quality[i], text]).toEqual([Number.NaN, 2, text])
        expect(samples.sourceTime[i]).not.toBeNaN()
      }
    }),
    { numRuns: fuzzRuns },
  )
})

/** The ways in which a gateway may write the same values. */
const spellings: readonly ((
  values: readonly (readonly [tag: string, value: number, time: number])[],
) => unknown)[] = [
  values => ({ timestamp: now, values: values.map(([id, v, t]) => ({ id, v, q: true, t })) }),
  values => ({
    timestamp: now,
    values: values.map(([id, v, t]) => ({ id, v, t: new Date(t).toISOString() })),
  }),
  values => ({ values: values.map(([id, v, t]) => ({ t, q: 192, v: String(v), id })) }),
  values => values.map(([tagname, value, timestamp]) => ({ tagname, value, timestamp, quality: 'Good' })),
]

it('reads the same values whatever the gateway’s spelling, in their order, to the last digit', () => {
  const values = fc.array(fc.tuple(fc.constantFrom(...tags), number, fc.integer({ min: 1, max: 4e12 })))
  fc.assert(
    fc.property(values, fc.constantFrom(...spellings), (said, spell) => {
      const decoder = fresh()
      decoder.push(
        { topic: 'iotgateway', payload: Buffer.from(JSON.stringify(spell(said))), retain: false },
        now,
      )
      const { samples, rejects } = decoder.take()
      expect(rejects).toEqual([])
      const read = Array.from(samples.signal, (index, i) => [
        tags[index],
        samples.value[i],
        samples.sourceTime[i],
      ])
      // JSON knows no -0.
      expect(read).toEqual(said.map(([tag, value, time]) => [tag, value + 0, time]))
    }),
    { numRuns: Math.ceil(fuzzRuns / 10) },
  )
})
