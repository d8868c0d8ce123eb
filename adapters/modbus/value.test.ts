import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ModbusTag, type Order, orders, parseTag } from './tag.js'
import { decodeValue } from './value.js'

const tagOf = (text: string): ModbusTag => {
  const tag = parseTag(text, { order: 'ABCD', unit: 1 })
  if (typeof tag === 'string') throw new Error(tag)
  return tag
}
/** As a socket brings them: a Buffer. */
const bytesOf = (hex: string): Uint8Array => Buffer.from(hex.replaceAll(' ', ''), 'hex')
const read = (tag: string, hex: string, start = 0) => {
  const decoded = decodeValue(tagOf(tag), start, bytesOf(hex))
  return decoded.kind === 'unfit' ? decoded.why : decoded.value
}

describe('a value in registers', () => {
  it.each([
    ['holding:0:uint16', 'FFFE', 65_534],
    ['holding:0:int16', 'FFFE', -2],
    ['holding:0:uint32', '0001 0002', 65_538],
    ['holding:0:int32', 'FFFF FFFE', -2],
    ['holding:0:float32', '4148 0000', 12.5],
    ['holding:0:float64', '4029 0000 0000 0000', 12.5],
    ['holding:0:int64', 'FFFF FFFF FFFF FFFE', -2],
    ['holding:0:uint64', '001F FFFF FFFF FFFF', 2 ** 53 - 1],
    ['holding:0:uint64', '0020 0000 0000 0001', '9007199254740993 is beyond 2^53 and cannot be kept exactly'],
    ['holding:0:bcd16', '1234', 1234],
    ['holding:0:bcd32', '0012 3456', 123_456],
    ['holding:0:bcd16', '12A4', '0x12a4 is no binary-coded decimal'],
    ['holding:0.0', '0001', 1],
    ['holding:0.15', '7FFF', 0],
    ['holding:0.4-7', 'A5C3', 12],
    ['holding:0.0-15', 'A5C3', 0xa5c3],
    ['holding:0:int16?scale=0.5&offset=-40', '0064', 10],
    ['holding:0:string[5]', '4865 6C6C 6F21', 'Hello'],
    ['holding:0:string[8]', '4869 0041 4141 4141', 'Hi'],
    ['holding:0:string[4]', '4869 2020', 'Hi'],
    ['holding:0:string[2]', 'B043', '°C'],
    ['holding:0:string[3]', 'C2B0 4300', '°C'],
    ['holding:0:string[4]?order=BADC', '6548 6C6C', 'Hell'],
    ['holding:0:string[4]?order=CDAB', '4865 6C6C', 'Hell'],
    ['holding:0:float32?order=CDAB', '0000 4148', 12.5],
    ['holding:0:float32?order=BADC', '4841 0000', 12.5],
    ['holding:0:float32?order=DCBA', '0000 4841', 12.5],
    ['holding:0:uint16?order=DCBA', 'FEFF', 65_534],
  ])('%s of %s is %s', (tag, hex, expected) => {
    expect(read(tag, hex)).toEqual(expected)
  })

  it('is found within a larger read', () => {
    expect(read('holding:12:int16', '0001 0002 FFFD', 10)).toBe(-3)
    expect(read('coil:9', '00 02')).toBe(1)
    expect(read('coil:13', '0000 20', 0)).toBe(0)
    expect(read('coil:29', '0020', 16)).toBe(1)
  })

  it('is the same in every order, once its bytes are in that order', () => {
    const places: Record<Order, (i: number, n: number) => number> = {
      ABCD: i => i,
      CDAB: (i, n) => n - 2 - (i & ~1) + (i & 1),
      BADC: i => i ^ 1,
      DCBA: (i, n) => n - 1 - i,
    }
    const double = fc.double({ noNaN: true })
    fc.assert(
      fc.property(double, fc.constantFrom(...orders), (value, order) => {
        const bytes = new Uint8Array(8)
        new DataView(bytes.buffer).setFloat64(0, value)
        const sent = Uint8Array.from(bytes, (_, i) => bytes[places[order](i, 8)]!)
        expect(decodeValue(tagOf(`holding:0:float64?order=${order}`), 0, sent)).toEqual({
          kind: 'number',
          value,
        })
      }),
    )
  })
})
