import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fuzzRuns } from '../fuzz-runs.js'
import { type Answer, encodeRead, FrameReader, readAnswer } from './codec.js'

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'))
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const frame = (transaction: number, pdu: Uint8Array): Uint8Array => {
  const head = new Uint8Array(7)
  const view = new DataView(head.buffer)
  view.setUint16(0, transaction)
  view.setUint16(4, pdu.length + 1)
  head[6] = 1
  return Uint8Array.from([...head, ...pdu])
}

describe('a request', () => {
  it('is the bytes of the protocol’s own example: registers 108 to 110 of unit 17', () => {
    // MODBUS Application Protocol V1.1b3, 6.3, behind a header of transaction 1.
    const request = { transaction: 1, unit: 17, function: 3, address: 0x6b, quantity: 3 } as const
    expect(hexOf(encodeRead(request))).toBe('0001000000061103006b0003')
  })
})

describe('an answer', () => {
  const registers = { function: 3, quantity: 3 } as const
  it.each<[string, Parameters<typeof readAnswer>[0], string, Answer]>([
    [
      'values of registers',
      registers,
      '03 06 022B 0000 0064',
      { kind: 'values', bytes: bytesOf('022B00000064') },
    ],
    [
      'values of 19 coils',
      { function: 1, quantity: 19 },
      '01 03 CD6B05',
      { kind: 'values', bytes: bytesOf('CD6B05') },
    ],
    ['an exception', registers, '83 02', { kind: 'exception', code: 2 }],
    ['too few values', registers, '03 04 022B 0000', expect.objectContaining({ kind: 'malformed' })],
    [
      'too many values',
      registers,
      '03 08 022B 0000 0064 0001',
      expect.objectContaining({ kind: 'malformed' }),
    ],
    ['less than it announces', registers, '03 06 022B 0000', expect.objectContaining({ kind: 'malformed' })],
    ['another function', registers, '04 06 022B 0000 0064', expect.objectContaining({ kind: 'malformed' })],
    ['an exception of another function', registers, '84 02', expect.objectContaining({ kind: 'malformed' })],
    ['an exception without code', registers, '83', expect.objectContaining({ kind: 'malformed' })],
    ['nothing', registers, '', expect.objectContaining({ kind: 'malformed' })],
  ])('with %s', (_, request, pdu, expected) => {
    expect(readAnswer(request, bytesOf(pdu))).toEqual(expected)
  })
})

describe('frames', () => {
  it('are found however they are cut', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1 })
    const pdus = fc.array(fc.uint8Array({ minLength: 1, maxLength: 253 }), { maxLength: 6 })
    fc.assert(
      fc.property(pdus, sizes, (sent, cuts) => {
        const wire = Uint8Array.from(sent.flatMap((pdu, i) => [...frame(i, pdu)]))
        const reader = new FrameReader()
        const heard: [number, string][] = []
        for (let at = 0, i = 0; at < wire.length; at += cuts[i % cuts.length]!, i++) {
          const chunk = wire.subarray(at, at + cuts[i % cuts.length]!)
          for (const { transaction, pdu } of reader.push(chunk)) heard.push([transaction, hexOf(pdu)])
        }
        expect(reader.fault).toBeUndefined()
        expect(heard).toEqual(sent.map((pdu, i) => [i, hexOf(pdu)]))
      }),
    )
  })

  it('of another protocol are a fault, behind which nothing is believed', () => {
    const reader = new FrameReader()
    const good = frame(7, bytesOf('8302'))
    const http = new TextEncoder().encode('HTTP/1.1 400 Bad Request')
    expect(reader.push(Uint8Array.from([...good, ...http])).map(({ transaction }) => transaction)).toEqual([
      7,
    ])
    expect(reader.fault).toContain('protocol')
    expect(reader.push(good)).toEqual([])
  })

  it.each(['0001 0000 0001 01', '0001 0000 00FF 01', '0001 0001 0003 01'])('%s begins no frame', hex => {
    const reader = new FrameReader()
    expect(reader.push(bytesOf(hex))).toEqual([])
    expect(reader.fault).toBeDefined()
  })

  it('of any bytes whatever are frames or a fault, and their answers are exact, an exception, or malformed', () => {
    const request = fc.record({
      function: fc.constantFrom(1 as const, 2 as const, 3 as const, 4 as const),
      quantity: fc.integer({ min: 1, max: 125 }),
    })
    const anyBytes = fc.oneof(
      fc.uint8Array({ maxLength: 64 }),
      fc.uint8Array({ minLength: 1, maxLength: 40 }).map(pdu => frame(1, pdu)),
    )
    fc.assert(
      fc.property(anyBytes, request, (bytes, asked) => {
        const reader = new FrameReader()
        for (const { pdu } of reader.push(bytes)) {
          const answer = readAnswer(asked, pdu)
          if (answer.kind !== 'values') continue
          const isBits = asked.function <= 2
          expect(answer.bytes.length).toBe(isBits ? Math.ceil(asked.quantity / 8) : asked.quantity * 2)
        }
      }),
      { numRuns: fuzzRuns },
    )
  })
})
