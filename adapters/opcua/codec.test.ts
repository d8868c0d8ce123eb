import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Quality } from '../../schema/quality.js'
import { fuzzRuns } from '../fuzz-runs.js'
import { testSignal } from '../test-context.js'
import { isOverflow, type ReceivedValue, readValue } from './codec.js'

const number = testSignal(3, 'ns=1;s=a')
const text = testSignal(4, 'ns=1;s=b', { type: 'text', quantity: 'text' })
const [good, uncertain, badNotConnected] = [0, 0x40900000, 0x808a0000]
const sourceTime = new Date(Date.UTC(2026, 0, 1))

function read(signal: typeof number, received: Partial<ReceivedValue> & { status?: number }) {
  const texts: string[] = []
  const samples: unknown[] = []
  const rejects: string[] = []
  const value: ReceivedValue = {
    statusCode: { value: received.status ?? good },
    sourceTimestamp: sourceTime,
    ...received,
  }
  readValue(signal, value, 5_000, {
    sample: (index, time, sample, quality) =>
      samples.push([index, time, signal === text ? (texts[sample] ?? sample) : sample, quality]),
    refuse: (index, time, rule, reason, raw) => {
      samples.push([index, time, Number.NaN, Quality.bad])
      rejects.push(`${rule}: ${reason} | ${raw}`)
    },
    intern: said => texts.push(said) - 1,
  })
  return { samples, rejects }
}

const scalar = (dataType: number, value: unknown) => ({ value: { dataType, arrayType: 0, value } })
const array = (dataType: number, value: unknown) => ({ value: { dataType, arrayType: 1, value } })
const matrix = (dataType: number, value: unknown, ...dimensions: number[]) => ({
  value: { dataType, arrayType: 2, value, dimensions },
})
const at = sourceTime.getTime()

describe('a value of an OPC UA server', () => {
  it.each([
    ['a Boolean', scalar(1, true), 1],
    ['a Byte', scalar(3, 255), 255],
    ['an Int64', scalar(8, [0xffffffff, 0xfffffffe]), -2],
    ['an Int64 of node-opcua’s signed halves', scalar(8, [-1, -2]), -2],
    ['a UInt64', scalar(9, [1, 0]), 2 ** 32],
    ['the largest UInt64 that is exact', scalar(9, [0x1fffff, 0xffffffff]), Number.MAX_SAFE_INTEGER],
    ['a Float', scalar(10, 1.5), 1.5],
    ['a Double', scalar(11, -0.25), -0.25],
    ['an array of one', array(11, Float64Array.of(7)), 7],
    ['an array of one Int64', array(8, [[0, 9]]), 9],
  ])('is a number: %s', (_, value, expected) => {
    expect(read(number, value)).toEqual({ samples: [[3, at, expected, Quality.good]], rejects: [] })
  })

  it.each([
    ['a String', scalar(12, 'ACTIVE'), 'ACTIVE'],
    ['a Boolean', scalar(1, false), 'false'],
    ['an Int32, as of an enumeration', scalar(6, 4), '4'],
    ['a Double', scalar(11, 0.5), '0.5'],
    ['an Int64 that no double holds', scalar(8, [0x7fffffff, 0xffffffff]), '9223372036854775807'],
    ['a DateTime', scalar(13, sourceTime), '2026-01-01T00:00:00.000Z'],
    ['a ByteString', scalar(15, Buffer.from('hello')), 'aGVsbG8='],
    ['a QualifiedName', scalar(20, { namespaceIndex: 1, name: 'Speed' }), 'Speed'],
    ['a LocalizedText', scalar(21, { locale: 'de', text: 'läuft' }), 'läuft'],
    ['an array', array(6, Int32Array.of(1, 2)), '[1,2]'],
    ['an array of texts', array(12, ['a', 'b']), '["a","b"]'],
    [
      'an array of Int64',
      array(8, [
        [0x7fffffff, 0xffffffff],
        [-1, -2],
      ]),
      '[9223372036854775807,-2]',
    ],
    ['an array of Booleans', array(1, [true, false]), '[true,false]'],
    [
      'an array of LocalizedTexts',
      array(21, [{ locale: 'de', text: 'läuft' }, { text: 'on' }]),
      '["läuft","on"]',
    ],
    ['an array of ByteStrings', array(15, [Buffer.from('hello'), null]), '["aGVsbG8=",null]'],
    ['an array of Doubles, one of which is none', array(11, Float64Array.of(1.5, Number.NaN)), '[1.5,null]'],
    ['an empty array', array(11, new Float64Array()), '[]'],
    ['a matrix', matrix(11, Float64Array.of(1, 2, 3, 4, 5, 6), 2, 3), '[[1,2,3],[4,5,6]]'],
    ['a cube', matrix(6, Int32Array.of(1, 2, 3, 4), 2, 1, 2), '[[[1,2]],[[3,4]]]'],
    ['a matrix of no rows', matrix(11, new Float64Array(), 0, 2), '[]'],
    ['a matrix with an element too few', matrix(11, Float64Array.of(1, 2, 3), 2, 2), '[1,2,3]'],
  ])('is a text: %s', (_, value, expected) => {
    expect(read(text, value)).toEqual({ samples: [[4, at, expected, Quality.good]], rejects: [] })
  })

  it.each([
    [
      'a text where a number belongs',
      number,
      scalar(12, '12.5'),
      'opcua.not-a-number: machine.ns=1;s=a is a number, but the node holds a String | 12.5',
    ],
    [
      'an array where one number belongs',
      number,
      array(11, Float64Array.of(1, 2)),
      'opcua.array: machine.ns=1;s=a is one number, but the node holds an array; write index=0; before its tag | [1,2]',
    ],
    [
      'an empty array',
      number,
      array(11, new Float64Array()),
      'opcua.array: machine.ns=1;s=a is one number, but the node holds an array; write index=0; before its tag | []',
    ],
    [
      'a matrix where one number belongs',
      number,
      matrix(11, Float64Array.of(1, 2, 3, 4), 2, 2),
      'opcua.array: machine.ns=1;s=a is one number, but the node holds an array; write index=0,0; before its tag | [[1,2],[3,4]]',
    ],
    [
      'a whole number that no double holds',
      number,
      scalar(9, [0x200000, 1]),
      'opcua.not-exact: machine.ns=1;s=a beyond ±2^53 would not be kept exactly | 9007199254740993',
    ],
    [
      'infinity, said to be good',
      number,
      scalar(11, Number.POSITIVE_INFINITY),
      'opcua.not-a-number: machine.ns=1;s=a is Infinity, though its quality is not bad | Infinity',
    ],
    [
      'a structure where a text belongs',
      text,
      scalar(22, { x: 1 }),
      'opcua.type: machine.ns=1;s=b is a text, and a structure is none | {"x":1}',
    ],
    [
      'a text that is too long',
      text,
      scalar(12, 'x'.repeat(4_097)),
      `opcua.text-too-long: machine.ns=1;s=b is a text of 4097 characters; at most 4096 are kept | ${'x'.repeat(4_096)}`,
    ],
  ])('that does not fit is a reject: %s', (_, signal, value, expected) => {
    expect(read(signal, value)).toEqual({
      samples: [[signal.index, at, Number.NaN, Quality.bad]],
      rejects: [expected],
    })
  })

  it('brings the quality of its StatusCode, and its value where it has one', () => {
    expect(read(number, { ...scalar(11, 7), status: uncertain }).samples).toEqual([
      [3, at, 7, Quality.uncertain],
    ])
    expect(read(number, { ...scalar(11, 7), status: badNotConnected }).samples).toEqual([
      [3, at, 7, Quality.bad],
    ])
    expect(read(number, { status: badNotConnected }).samples).toEqual([[3, at, Number.NaN, Quality.bad]])
    expect(read(number, { ...scalar(11, Number.NaN), status: badNotConnected }).samples).toEqual([
      [3, at, Number.NaN, Quality.bad],
    ])
    expect(read(text, { value: null, status: badNotConnected }).samples).toEqual([
      [4, at, Number.NaN, Quality.bad],
    ])
  })

  it('that is not there is bad, even where the server calls it good or uncertain', () => {
    expect(read(number, { ...scalar(0, null), status: uncertain }).samples).toEqual([
      [3, at, Number.NaN, Quality.bad],
    ])
    expect(read(number, scalar(0, null)).samples).toEqual([[3, at, Number.NaN, Quality.bad]])
    expect(read(text, scalar(12, null)).samples).toEqual([[4, at, Number.NaN, Quality.bad]])
    // BadStateNotActive: a null LocalizedText as node-opcua reads it.
    const inactive = scalar(21, { locale: null, text: null })
    expect(read(text, { ...inactive, status: 0x80ee0000 }).samples).toEqual([
      [4, at, Number.NaN, Quality.bad],
    ])
  })

  it('has the source’s time, else the server’s, else ours', () => {
    const serverTimestamp = new Date(77)
    const never = new Date(Date.UTC(1601, 0, 1))
    const timeOf = (times: Partial<ReceivedValue>) => read(number, { ...scalar(11, 1), ...times }).samples[0]
    expect(timeOf({ serverTimestamp })).toEqual([3, at, 1, 0])
    expect(timeOf({ sourceTimestamp: null, serverTimestamp })).toEqual([3, 77, 1, 0])
    expect(timeOf({ sourceTimestamp: never, serverTimestamp })).toEqual([3, 77, 1, 0])
    expect(timeOf({ sourceTimestamp: undefined, serverTimestamp: null })).toEqual([3, 5_000, 1, 0])
  })

  it('says that its queue overflowed only where the code is one of a data value', () => {
    expect(isOverflow({ statusCode: { value: 0x480 } })).toBe(true)
    expect(isOverflow({ statusCode: { value: 0x80 } })).toBe(false)
    expect(isOverflow({ statusCode: { value: 0 } })).toBe(false)
  })

  it('is one sample, bad where a reject says why it could not be taken, whatever came', () => {
    const anything = fc.record({
      dataType: fc.integer({ min: -1, max: 30 }),
      arrayType: fc.integer({ min: -1, max: 3 }),
      value: fc.oneof(
        fc.anything({ withBigInt: true, withDate: true, withTypedArray: true, withNullPrototype: true }),
        fc.tuple(fc.integer(), fc.integer()),
        fc.double(),
      ),
      dimensions: fc.option(fc.array(fc.oneof(fc.nat(4), fc.integer(), fc.double())), { nil: undefined }),
    })
    fc.assert(
      fc.property(anything, fc.integer(), fc.constantFrom(number, text), (value, status, signal) => {
        const { samples, rejects } = read(signal, { value, status })
        expect(samples).toHaveLength(1)
        if (rejects.length > 0) expect(samples).toEqual([[signal.index, at, Number.NaN, Quality.bad]])
        const [, time, sample, quality] = (samples[0] ?? [0, at, 0, 0]) as [number, number, unknown, Quality]
        expect(time).toBe(at)
        if (signal === number && quality !== Quality.bad) expect(Number.isFinite(sample)).toBe(true)
      }),
      { numRuns: fuzzRuns },
    )
  })

  it('keeps every 64-bit number that a double can hold', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), whole => {
        const bits = BigInt.asUintN(64, BigInt(whole))
        const halves = [Number(bits >> 32n), Number(bits & 0xffffffffn)]
        expect(read(number, scalar(8, halves)).samples).toEqual([[3, at, whole, Quality.good]])
      }),
    )
  })
})
