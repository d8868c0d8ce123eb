import { type ModbusTag, parseTag } from '../../adapters/modbus/tag.js'
import type { Line, Plant, Signal } from '../../schema/plant.js'
import { EngineError } from '../errors.js'
import { countsParts } from './outlet.js'

/** Where the value of a signal is. */
export interface Place {
  readonly signal: Signal
  /** As a plant file says it. */
  readonly text: string
  readonly tag: ModbusTag
}

/** Modbus on TCP/IP Implementation Guide V1.0b, 4.4.2: units behind one address are 1 to 247. */
const mostUnits = 247
/** Addresses of a table. */
const mostAddresses = 65_536
/** Registers of a text: 32 characters, more than any word that the simulator says. */
const textLength = 32

/**
 * The registers of a plant: a unit for each line, machine after machine without a gap, signal after signal. Numbers are
 * float64 (four registers, the high one first), counts of parts uint32, texts string[32]; what is 0 or 1 and nothing between is
 * a coil. Throws EngineError 'bad-plant' for a plant that has more than fits.
 */
export function registerMap(plant: Plant): readonly Place[] {
  const lines = plant.sites.flatMap(({ areas }) => areas.flatMap(area => area.lines))
  if (lines.length > mostUnits) {
    const message = `The plant has ${lines.length} lines, and a Modbus server ${mostUnits} units, one for each. Serve fewer lines.`
    throw new EngineError('bad-plant', message)
  }
  return lines.flatMap((line, number) => unitOf(line, number + 1))
}

function unitOf(line: Line, unit: number): Place[] {
  const next = { holding: 0, coil: 0 }
  return line.machines.flatMap(({ signals }) =>
    signals.map(signal => {
      const text = `${placeOf(signal, next)}?unit=${unit}`
      const tag = parseTag(text, { order: 'ABCD', unit })
      if (typeof tag === 'string') {
        const message = `The signals of line ${line.id} need more than ${mostAddresses} registers of a Modbus unit: ${tag}.`
        throw new EngineError('bad-plant', message)
      }
      next[tag.table === 'coil' ? 'coil' : 'holding'] += tag.width
      return { signal, text, tag }
    }),
  )
}

function placeOf(signal: Signal, next: { holding: number; coil: number }): string {
  const { type, range, resolution } = signal
  const isBit = type === 'number' && range[0] === 0 && range[1] === 1 && resolution === 1
  if (isBit) return `coil:${next.coil}`
  const kind = type === 'text' ? `string[${textLength}]` : countsParts(signal) ? 'uint32' : 'float64'
  return `holding:${next.holding}:${kind}`
}

/** The map as CSV, for whoever reads the registers without a plant file. */
export function registerCsv(map: readonly Place[]): string {
  const rows = map.map(({ signal, text, tag }) => {
    const [place] = text.split('?')
    const [table, address, type = 'bool'] = place!.split(':')
    return [tag.unit, table, address, tag.width, type, signal.id, signal.unit].join(',')
  })
  return ['unit,table,address,width,type,signal,measured in', ...rows, ''].join('\n')
}
