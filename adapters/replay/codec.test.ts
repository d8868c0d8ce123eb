import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SampleBatchBuilder } from '../../schema/sample-batch.js'
import { addRow, encodeRows, RecordedRows } from './codec.js'

const row = fc.record({
  seq: fc.nat(),
  signal: fc.nat({ max: 0xffff_ffff }),
  sourceTime: fc.maxSafeInteger(),
  receiveTime: fc.maxSafeInteger(),
  value: fc.double(),
  quality: fc.nat({ max: 2 }),
})

describe('rows of the record', () => {
  it('come as they were written, values that are no number included', () => {
    fc.assert(
      fc.property(fc.array(row), rows => {
        const read = new RecordedRows(encodeRows(rows))
        expect(Array.from({ length: read.count }, (_, i) => read.row(i))).toEqual(rows)
      }),
    )
  })

  it('are little-endian and 37 bytes each, as ClickHouse writes RowBinary', () => {
    const one = { seq: 1, signal: 2, sourceTime: 3, receiveTime: -1, value: 1.5, quality: 2 }
    expect(Buffer.from(encodeRows([one])).toString('hex')).toBe(
      '0100000000000000020000000300000000000000ffffffffffffffff000000000000f83f02',
    )
  })

  it('that are cut off are refused', () => {
    expect(() => new RecordedRows(new Uint8Array(38))).toThrow(RangeError)
  })

  it('get the numbers and codes of here, and stay out where nobody asked for them', () => {
    const batch = new SampleBatchBuilder()
    const translations = new Map([[7, { index: 3, code: (recorded: number) => recorded + 100 }]])
    const told = { seq: 1, sourceTime: 1, receiveTime: 2, quality: 0 }
    addRow(batch, { ...told, signal: 7, value: 5 }, translations)
    addRow(batch, { ...told, signal: 7, value: Number.NaN }, translations)
    addRow(batch, { ...told, signal: 8, value: 5 }, translations)
    const { count, signal, value } = batch.take()
    expect([count, [...signal], [...value]]).toEqual([2, [3, 3], [105, Number.NaN]])
  })
})
