import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseTag } from './tag.js'

const defaults = { order: 'ABCD', unit: 1 } as const
const plain = { order: 'ABCD', unit: 1, scale: 1, offset: 0 }
const number = (type: string) => ({ kind: 'number', type })

describe('a Modbus tag', () => {
  it.each([
    ['holding:100', { table: 'holding', address: 100, width: 1, value: number('uint16') }],
    ['holding:100:float32', { table: 'holding', address: 100, width: 2, value: number('float32') }],
    ['input:0:int64', { table: 'input', address: 0, width: 4, value: number('int64') }],
    ['input:7.3', { table: 'input', address: 7, width: 1, value: { kind: 'bits', low: 3, high: 3 } }],
    ['holding:7.4-7', { table: 'holding', address: 7, width: 1, value: { kind: 'bits', low: 4, high: 7 } }],
    ['coil:12', { table: 'coil', address: 12, width: 1, value: { kind: 'bit' } }],
    ['discrete:0:bool', { table: 'discrete', address: 0, width: 1, value: { kind: 'bit' } }],
    [
      'holding:5:string[7]',
      { table: 'holding', address: 5, width: 4, value: { kind: 'text', characters: 7 } },
    ],
    ['40101:uint32', { table: 'holding', address: 100, width: 2, value: number('uint32') }],
    ['30001', { table: 'input', address: 0, width: 1, value: number('uint16') }],
    ['400001:bcd16', { table: 'holding', address: 0, width: 1, value: number('bcd16') }],
    ['00001', { table: 'coil', address: 0, width: 1, value: { kind: 'bit' } }],
    ['110000', { table: 'discrete', address: 9_999, width: 1, value: { kind: 'bit' } }],
    ['465536', { table: 'holding', address: 65_535, width: 1, value: number('uint16') }],
  ])('%s', (tag, expected) => {
    expect(parseTag(tag, defaults)).toEqual({ ...plain, ...expected })
  })

  it('may set order, scale, offset and unit of its own', () => {
    expect(parseTag('holding:1:int16?order=CDAB&scale=0.1&offset=-40&unit=7', defaults)).toMatchObject({
      order: 'CDAB',
      scale: 0.1,
      offset: -40,
      unit: 7,
    })
  })

  it.each([
    ['', 'is no Modbus tag; write table:address'],
    ['press.temperature', 'is no Modbus tag'],
    ['100', 'names no table'],
    ['40000', 'names no table'],
    ['20001', 'names no table'],
    ['holding:65536', 'ends beyond 65535'],
    ['holding:65535:float32', 'ends beyond 65535'],
    ['holding:1:float', 'there is no type "float"; use int16'],
    ['holding:1:constructor', 'there is no type "constructor"'],
    ['holding:1:string', 'write string[16]'],
    ['holding:1:string[0]', 'a length of 1 to 250'],
    ['holding:1:uint16[3]', 'only a string has a length'],
    ['holding:1.16', 'go from 0 to 15'],
    ['holding:1.7-3', 'the lower one first'],
    ['holding:1.3:int16', 'bits of a register have no type'],
    ['coil:1.3', 'a coil has no bits'],
    ['coil:1:int16', 'a coil is a bool and no int16'],
    ['holding:1?scale=much', 'scale is "much"; it is a number'],
    ['holding:1?scale=0', 'scale is 0'],
    ['holding:1?scale=', 'scale is ""'],
    ['holding:1?unit=256', 'a number from 0 to 255'],
    ['holding:1?order=ACBD', 'use ABCD, CDAB, BADC, DCBA'],
    ['holding:1?speed=3', 'there is no setting "speed"'],
  ])('"%s" is refused: %s', (tag, why) => {
    expect(parseTag(tag, defaults)).toContain(why)
  })

  it('is read or refused, whatever it is, and never beyond the last address', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^(holding|coil):\d{1,6}(:[a-z]+\d*)?$/)), text => {
        const tag = parseTag(text, defaults)
        if (typeof tag !== 'string') expect(tag.address + tag.width).toBeLessThanOrEqual(65_536)
      }),
    )
  })
})
