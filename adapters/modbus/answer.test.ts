import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fuzzRuns } from '../fuzz-runs.js'
import { answerTo, type DeviceMemory } from './answer.js'
import { encodeFrame, encodeRead, FrameReader, readAnswer } from './codec.js'

const words = Uint8Array.from({ length: 400 }, (_, i) => i)
const coils = Uint8Array.from({ length: 37 }, (_, i) => (i % 3 === 0 ? 1 : 0))
/** 200 registers and 37 coils. */
const memory: DeviceMemory = {
  registers: (address, quantity) =>
    address + quantity <= 200 ? words.subarray(address * 2, (address + quantity) * 2) : undefined,
  bits: (address, quantity) =>
    address + quantity <= 37 ? coils.subarray(address, address + quantity) : undefined,
}
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const answer = (hex: string): string => hexOf(answerTo(Buffer.from(hex.replaceAll(' ', ''), 'hex'), memory))

describe('a device answers', () => {
  it.each([
    ['registers', '03 0001 0003', '0306020304050607'],
    ['input registers', '04 00C7 0001', '04028e8f'],
    ['coils, eight a byte and the first in the lowest bit', '01 0000 000A', '01024902'],
    ['discrete inputs', '02 0003 0001', '020101'],
    ['a register beyond the last', '03 00C7 0002', '8302'],
    ['a coil beyond the last', '01 0025 0001', '8102'],
    ['addresses beyond the last there is', '03 FFFF 0002', '8302'],
    ['no register at all', '03 0000 0000', '8303'],
    ['126 registers', '04 0000 007E', '8403'],
    ['2,001 coils', '02 0000 07D1', '8203'],
    ['a request cut short', '03 0000', '8303'],
    ['a request that is too long', '03 0000 0001 00', '8303'],
    ['the writing of a coil', '05 0000 FF00', '8501'],
    ['the writing of a register', '06 0000 0001', '8601'],
    ['the writing of registers', '10 0000 0001 02 0001', '9001'],
    ['no function', '', '8001'],
  ])('to a request for %s', (_, request, expected) => {
    expect(answer(request)).toBe(expected)
  })

  it('that there is nothing behind a unit that it does not have', () => {
    expect(hexOf(answerTo(Uint8Array.of(3, 0, 0, 0, 1), undefined))).toBe('830b')
  })

  it('what the reading side reads, for any read within what there is', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(1, 2, 3, 4),
        fc.nat(199),
        fc.integer({ min: 1, max: 125 }),
        (code, address, quantity) => {
          const request = { transaction: 7, unit: 9, function: code as 1 | 2 | 3 | 4, address, quantity }
          const [asked] = new FrameReader().push(encodeRead(request))
          const said = encodeFrame({ ...asked!, pdu: answerTo(asked!.pdu, memory) })
          const [heard] = new FrameReader().push(said)
          expect([heard!.transaction, heard!.unit]).toEqual([7, 9])
          const read = readAnswer(request, heard!.pdu)
          const isThere = address + quantity <= (code <= 2 ? 37 : 200)
          if (!isThere) expect(read).toEqual({ kind: 'exception', code: 2 })
          else if (code > 2)
            expect(read).toMatchObject({ kind: 'values', bytes: memory.registers(address, quantity) })
          else {
            const { bytes } = read as { bytes: Uint8Array }
            const bits = Array.from({ length: quantity }, (_, i) => (bytes[i >> 3]! >> (i & 7)) & 1)
            expect(bits).toEqual([...coils.subarray(address, address + quantity)])
          }
        },
      ),
    )
  })

  it('something short to whatever it is asked', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), pdu => {
        const said = answerTo(pdu, memory)
        return said.length >= 2 && said.length <= 252
      }),
      { numRuns: fuzzRuns },
    )
  })
})
