import fc from 'fast-check'
import { expect, it } from 'vitest'
import { NativeRevision } from './native-revision.js'

const hex = (text: string): Buffer => Buffer.from(text.replace(/\s/g, ''), 'hex')
const le64 = (value: number): string => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes.toString('hex')
}
const name = (text: string): string =>
  Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]).toString('hex')

async function passed(revision: number, pieces: readonly Buffer[]): Promise<string> {
  const out: Buffer[] = []
  const native = new NativeRevision(revision, async piece => {
    out.push(piece)
  })
  for (const piece of pieces) await native.take(piece)
  await native.end()
  return Buffer.concat(out).toString('hex')
}

/** A column and its data for two rows, as the format's specification lays them out. */
const columns: readonly (readonly [type: string, data: string])[] = [
  ['UInt8', '0102'],
  ['String', `${name('abc')}${name('')}`],
  ['FixedString(3)', '616263646566'],
  ["DateTime64(3, 'UTC')", '00'.repeat(16)],
  ['Decimal(18, 2)', '00'.repeat(16)],
  ["Enum8('a, (' = 1, 'b\\'' = 2)", '0102'],
  ['Nullable(Float64)', `0001${'00'.repeat(16)}`],
  ['Array(UInt16)', `${le64(1)}${le64(3)}010002000300`],
  ['Array(Array(String))', `${le64(1)}${le64(1)}${le64(2)}${name('x')}${name('y')}`],
  ['Map(String, UInt8)', `${le64(0)}${le64(1)}${name('k')}07`],
  ['Tuple(UInt8, String)', `0102${name('a')}${name('b')}`],
  ['Tuple(a UInt8, `b c` Nullable(UInt8))', '010200010305'],
  ['SimpleAggregateFunction(max, UInt32)', '0100000002000000'],
  ['LowCardinality(String)', `${le64(1)}${le64(0x600)}${le64(2)}${name('')}${name('abc')}${le64(2)}0101`],
  [
    'LowCardinality(Nullable(String))',
    `${le64(1)}${le64(0x601)}${le64(2)}${name('')}${name('abc')}${le64(2)}00000100`,
  ],
  ['Array(LowCardinality(String))', `${le64(1)}${le64(0)}${le64(0)}`],
]

it('puts the block and its columns as later revisions have them, however the bytes come', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.subarray([...columns], { minLength: 1 }), { minLength: 1, maxLength: 3 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 40 })),
      async (blocks, lengths) => {
        const of = (prefix: string, flag: string): string =>
          blocks
            .map(block => {
              const body = block.map(([type, data], i) => `${name(`c${i}`)}${name(type)}${flag}${data}`)
              return `${prefix}${Buffer.from([block.length, 2]).toString('hex')}${body.join('')}`
            })
            .join('')
        const bytes = hex(of('', ''))
        const pieces: Buffer[] = []
        for (let at = 0; at < bytes.byteLength; ) {
          const { value } = lengths.next()
          pieces.push(bytes.subarray(at, at + value))
          at += value
        }
        const info = '010002ffffffff00'
        expect(await passed(54_460, pieces)).toBe(of(info, '00'))
        expect(await passed(54_453, pieces)).toBe(of(info, ''))
      },
    ),
  )
})

it('knows a block without rows, which has names and types alone', async () => {
  const block = `0100${name('a')}${name('LowCardinality(String)')}`
  expect(await passed(54_460, [hex(block)])).toBe(`010002ffffffff00${block}00`)
})

it('says what it cannot tell, and that a block is cut', async () => {
  const block = (type: string): Buffer => hex(`0101${name('a')}${name(type)}01`)
  await expect(passed(54_460, [block('AggregateFunction(sum, UInt8)')])).rejects.toMatchObject({
    code: 48,
    message: expect.stringContaining('AggregateFunction(sum, UInt8)'),
  })
  await expect(passed(54_460, [block('UInt16')])).rejects.toMatchObject({ code: 49 })
})
