import { describe, expect, it } from 'vitest'
import { NativeBlock } from './native-block.js'

describe('a Native block', () => {
  it('is columns, rows, and for each column name, type and values', () => {
    const block = new NativeBlock(2)
      .uint32('signal', Uint32Array.of(1, 258))
      .string('text', ['ä', ''])
      .uint8('ok', Uint8Array.of(1, 0), 'Bool')
    expect(Buffer.from(block.encode()).toString('latin1')).toBe(
      '\x03\x02\x06signal\x06UInt32\x01\0\0\0\x02\x01\0\0\x04text\x06String\x02\xc3\xa4\0\x02ok\x04Bool\x01\0',
    )
  })

  it('writes whole numbers beyond 32 bits, and times before 1970', () => {
    const numbers = [0, 1, 2 ** 32, 2 ** 53 - 1]
    expect(tail(new NativeBlock(4).uint64('n', Float64Array.from(numbers)), 4)).toEqual(numbers.map(BigInt))
    const times = [-1, -(2 ** 33), 1.9, Date.UTC(2017, 1, 1)]
    expect(tail(new NativeBlock(4).dateTime64('t', Float64Array.from(times)), 4)).toEqual(
      times.map(time => BigInt(Math.floor(time))),
    )
  })

  it('moves times that the type cannot hold to its edges, and no time to 1970', () => {
    const times = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e300]
    const latest = BigInt(Date.UTC(2299, 11, 31, 23, 59, 59, 999))
    expect(tail(new NativeBlock(4).dateTime64('t', Float64Array.from(times)), 4)).toEqual([
      0n,
      latest,
      BigInt(Date.UTC(1900, 0, 1)),
      latest,
    ])
  })
})

/** The values of the only column, as 64-bit numbers. */
function tail(block: NativeBlock, rows: number): bigint[] {
  const bytes = block.encode()
  return [...new BigInt64Array(bytes.slice(bytes.byteLength - rows * 8).buffer)]
}
