import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ModbusTag, type Order, orders, parseTag } from './tag.js'
import { decodeValue, encodeValue } from './value.js'

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

describe('a value written', () => {
  const written = (text: string, content: number | string) => {
    const tag = tagOf(text)
    const registers = new Uint8Array((tag.address + tag.width) * 2)
    encodeValue(tag, content, registers)
    const decoded = decodeValue(tag, 0, registers)
    return decoded.kind === 'unfit' ? decoded.why : decoded.value
  }
  const values: Readonly<Record<string, fc.Arbitrary<number>>> = {
    int16: fc.integer({ min: -32_768, max: 32_767 }),
    uint16: fc.integer({ min: 0, max: 65_535 }),
    int32: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
    uint32: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    int64: fc.maxSafeInteger(),
    uint64: fc.maxSafeNat(),
    float32: fc.float(),
    float64: fc.double(),
    bcd16: fc.integer({ min: 0, max: 9_999 }),
    bcd32: fc.integer({ min: 0, max: 99_999_999 }),
  }

  it.each(Object.keys(values))('as %s is read back to the bit, whatever the order of its bytes', type => {
    fc.assert(
      fc.property(fc.constantFrom(...orders), fc.nat(100), values[type]!, (order, address, value) => {
        expect(written(`holding:${address}:${type}?order=${order}`, value)).toBe(value)
      }),
    )
  })

  it('as a text is read back, cut at a whole character where it is too long', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 12 }).filter(each => !each.includes('\0'))
    fc.assert(
      fc.property(fc.constantFrom(...orders), text, (order, value) => {
        expect(written(`holding:3:string[250]?order=${order}`, value)).toBe(value.trimEnd())
      }),
    )
    expect(written('holding:0:string[4]', 'ab°C')).toBe('ab°')
    expect(written('holding:0:string[5]', 'Hello, world')).toBe('Hello')
  })

  it('takes the place of a longer one before it, and leaves its neighbours alone', () => {
    const registers = new Uint8Array(12).fill(0xff)
    encodeValue(tagOf('holding:1:string[8]'), 'Aborting', registers)
    encodeValue(tagOf('holding:1:string[8]'), 'Idle', registers)
    expect(Buffer.from(registers).toString('hex')).toBe('ffff49646c6500000000ffff')
    encodeValue(tagOf('holding:0.4-7'), 5, registers)
    encodeValue(tagOf('holding:5:int16?scale=0.5&offset=-40'), 10, registers)
    expect(Buffer.from(registers).toString('hex')).toBe('ff5f49646c65000000000064')
  })
})
