/** What a device holds for one unit: the values of a read, or undefined where not all of them exist. */
export interface DeviceMemory {
  /** Two bytes a register, the high one first. */
  registers(address: number, quantity: number): Uint8Array | undefined
  /** A byte a coil: 0 or 1. */
  bits(address: number, quantity: number): Uint8Array | undefined
}

/** Exceptions (MODBUS Application Protocol V1.1b3, 7). */
const illegalFunction = 1
const illegalAddress = 2
const illegalValue = 3
const noTarget = 11

const mostBits = 2000
const mostRegisters = 125

/**
 * A device's answer to a protocol data unit (MODBUS Application Protocol V1.1b3, 6.1–6.4, and the order of its checks).
 * It reads and does nothing else: every other function is an illegal one. `memory`: undefined where there is no such unit.
 */
export function answerTo(pdu: Uint8Array, memory: DeviceMemory | undefined): Uint8Array {
  const code = pdu[0] ?? 0
  if (memory === undefined) return exception(code, noTarget)
  if (code < 1 || code > 4) return exception(code, illegalFunction)
  const view = new DataView(pdu.buffer, pdu.byteOffset, pdu.byteLength)
  const isBits = code <= 2
  const quantity = pdu.length === 5 ? view.getUint16(3) : 0
  if (quantity < 1 || quantity > (isBits ? mostBits : mostRegisters)) return exception(code, illegalValue)
  const address = view.getUint16(1)
  const found = isBits ? memory.bits(address, quantity) : memory.registers(address, quantity)
  if (found === undefined) return exception(code, illegalAddress)
  const values = isBits ? packed(found) : found
  const answer = new Uint8Array(2 + values.length)
  answer[0] = code
  answer[1] = values.length
  answer.set(values, 2)
  return answer
}

const exception = (code: number, reason: number): Uint8Array => Uint8Array.of(code | 0x80, reason)

/** Eight a byte, the first in the lowest bit. */
function packed(bits: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(bits.length / 8))
  for (const [i, bit] of bits.entries()) bytes[i >> 3]! |= (bit & 1) << (i & 7)
  return bytes
}
