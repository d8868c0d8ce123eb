import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Quality } from '../../schema/quality.js'
import { testContext, testSignal } from '../test-context.js'
import { MqttDecoder } from './codec.js'
import { mqttOptions } from './config.js'
import {
  encodeKepware,
  encodeKepwareCell,
  type KepwareTemplate,
  type KepwareValue,
  kepwareTemplates,
} from './kepware.js'

const sentAt = Date.UTC(2026, 10, 21)
const tags = ['line-1.press_01.flow_Lmin', 'line-1.press_01.state', 'line-2.robot.torque'] as const
const signals = tags.map((tag, index) =>
  testSignal(
    index,
    tag,
    index === 1 ? { type: 'text', quantity: 'text' } : { unit: 'm3/h', quantity: 'flow' },
  ),
)

/** What the codec makes of what an agent publishes. */
function heard(template: KepwareTemplate, values: readonly KepwareValue[]) {
  const context = testContext({ signals })
  const topic = template === 'topics' ? 'kepware/{channel}/{device}/{tag}' : 'iotgateway'
  const { topics, maxPayload } = mqttOptions.parse({
    url: 'mqtt://broker',
    topics: [{ topic, format: 'kepware', unitInName: false }],
  })
  const decoder = new MqttDecoder({ source: 'test', signals, topics, maxPayload, intern: context.intern })
  const push = (name: string, text: string) =>
    decoder.push({ topic: name, payload: Buffer.from(text), retain: false }, sentAt)
  if (template === 'topics')
    for (const each of values) push(`kepware/${each.tag.replaceAll('.', '/')}`, encodeKepwareCell(each))
  else push('iotgateway', encodeKepware(template, values, sentAt))
  const { samples, rejects, unknown } = decoder.take()
  expect([...rejects, ...unknown]).toEqual([])
  return [...samples.signal].map((index, i): KepwareValue => {
    const raw = samples.value[i]!
    const value = index === 1 && !Number.isNaN(raw) ? context.text(raw)! : raw
    return { tag: tags[index]!, value, quality: samples.quality[i]!, time: samples.sourceTime[i]! }
  })
}

const anything = fc.array(
  fc.record({
    tag: fc.constantFrom(...tags),
    number: fc.double({ noNaN: true, noDefaultInfinity: true }).map(value => value + 0),
    text: fc.string({ unit: 'grapheme' }),
    quality: fc.constantFrom(Quality.good, Quality.uncertain, Quality.bad),
    time: fc.integer({ min: 1, max: 2 ** 43 }),
  }),
  { minLength: 1 },
)

describe('what a KEPServerEX publishes', () => {
  it.each(kepwareTemplates)('by the template %s is heard as it was, to the bit', template => {
    fc.assert(
      fc.property(anything, each => {
        const values = each.map(({ tag, number, text, quality, time }) => {
          // The standard template knows a truth for a quality.
          const told = template === 'standard' && quality === Quality.uncertain ? Quality.bad : quality
          return { tag, value: tag === tags[1] ? text : number, quality: told, time }
        })
        expect(heard(template, values)).toEqual(values)
      }),
    )
  })

  it.each(kepwareTemplates)('by the template %s has no value where there is none, and is bad', template => {
    const none = { tag: tags[0], value: Number.NaN, quality: Quality.bad, time: sentAt }
    expect(heard(template, [none])).toEqual([none])
  })

  it('looks as in the manual', () => {
    const value = { tag: 'Channel1.Device1.Tag1', value: 1121, quality: Quality.good, time: 1593698671342 }
    // ThingsBoard gateway, issue 338: a message of the default template.
    expect(encodeKepware('standard', [value], 1593698672213)).toBe(
      '{"timestamp":1593698672213,"values":[{"id":"Channel1.Device1.Tag1","v":1121,"q":true,"t":1593698671342}]}',
    )
    expect(encodeKepware('advanced', [value], 0)).toBe(
      '[{"tagname":"Channel1.Device1.Tag1","value":1121,"quality":192,"timestamp":1593698671342}]',
    )
  })
})
