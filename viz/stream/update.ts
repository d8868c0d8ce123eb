import type { MachineColumns, SignalColumns } from '../../schema/stream/protocol.js'

/**
 * What changed since the last update, packed into one buffer so that it crosses from the worker without a copy.
 * Columns lie one behind the other, widest first, so that every view is aligned.
 */
export interface Update {
  readonly buffer: ArrayBuffer
  readonly signalCount: number
  readonly machineCount: number
}

/** Bytes per entry: the Float64 columns, one Uint32 and the Uint8 columns of each kind. */
const signalBytes = 4 * 8 + 4 + 2
const machineBytes = 8 + 4 + 3

export const updateSize = (signalCount: number, machineCount: number): number =>
  signalCount * signalBytes + machineCount * machineBytes

export interface UpdateColumns {
  readonly signals: SignalColumns
  readonly machines: MachineColumns
}

/** Views of the columns of an update; writing to them writes the update. */
export function columnsOf({ buffer, signalCount, machineCount }: Update): UpdateColumns {
  let at = 0
  const float64 = (length: number): Float64Array => {
    const view = new Float64Array(buffer, at, length)
    at += length * 8
    return view
  }
  const uint32 = (length: number): Uint32Array => {
    const view = new Uint32Array(buffer, at, length)
    at += length * 4
    return view
  }
  const uint8 = (length: number): Uint8Array => {
    const view = new Uint8Array(buffer, at, length)
    at += length
    return view
  }
  const value = float64(signalCount)
  const min = float64(signalCount)
  const max = float64(signalCount)
  const sourceTime = float64(signalCount)
  const since = float64(machineCount)
  const signalIndex = uint32(signalCount)
  const machineIndex = uint32(machineCount)
  return {
    signals: {
      index: signalIndex,
      value,
      min,
      max,
      sourceTime,
      quality: uint8(signalCount),
      status: uint8(signalCount),
    },
    machines: {
      index: machineIndex,
      since,
      state: uint8(machineCount),
      mode: uint8(machineCount),
      display: uint8(machineCount),
    },
  }
}
