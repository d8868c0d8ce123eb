import { conversionFrom, unitsSpelled } from '../../schema/unit-spelling.js'
import { readCsv } from '../csv.js'
import type { ImportedMachine, ImportedSignal } from '../imported-machine.js'
import { suffixOf } from './tag-book.js'

/** What numbers of KEPServerEX's data types can show; types that are not here can show anything. */
const ranges: Readonly<Record<string, readonly [number, number]>> = {
  Boolean: [0, 1],
  Byte: [0, 255],
  Char: [-128, 127],
  Word: [0, 65_535],
  Short: [-32_768, 32_767],
  DWord: [0, 4_294_967_295],
  Long: [-2_147_483_648, 2_147_483_647],
  BCD: [0, 9_999],
  LBCD: [0, 99_999_999],
}
const numbers = new Set([...Object.keys(ranges), 'Float', 'Double', 'LLong', 'QWord'])
const wholeTypes = new Set(
  [...numbers].filter(type => type !== 'Boolean' && type !== 'Float' && type !== 'Double'),
)
const texts = new Set(['String', 'Date'])

/**
 * The machine of one device's tags as KEPServerEX exports them (tag properties, *Export CSV*). Which device it is the
 * file does not say: `channel` and `device` are their names in the server. Arrays and unknown
 * types are left out, and told. Undefined where the text is no such file.
 */
export function machineOfKepwareCsv(
  text: string,
  channel: string,
  device: string,
): ImportedMachine | undefined {
  const rows = readCsv(text)
  if (rows[0]?.['Tag Name'] === undefined) return undefined
  const place = `${channel}.${device}`
  const own = rows.filter(row => !isServers(row['Tag Name'] ?? ''))
  const signals = own.flatMap(row => signalOf(row, place) ?? [])
  const leftOut = own
    .filter(row => signalOf(row, place) === undefined)
    .map(row => `${place}.${row['Tag Name']} (${row['Data Type'] || 'no data type'})`)
  return { name: device, group: channel, signals, ...(leftOut.length > 0 && { leftOut }) }
}

/** The server's own tags begin with an underscore. */
const isServers = (name: string): boolean => name === '' || /(^|\.)_/.test(name)

function signalOf(row: Readonly<Record<string, string>>, place: string): ImportedSignal | undefined {
  const name = row['Tag Name'] ?? ''
  const isScaled = (row.Scaling ?? 'None') !== 'None' && row.Scaling !== ''
  const dataType = (isScaled && row['Scaled Data Type']) || (row['Data Type'] ?? '')
  const type = texts.has(dataType) ? 'text' : numbers.has(dataType) ? 'number' : undefined
  if (type === undefined) return undefined
  const scaled = isScaled ? rangeOf(row['Scaled Low'], row['Scaled High']) : undefined
  const range = scaled ?? ranges[dataType]
  const spelled = unitsSpelled(suffixOf(name))
  const unit = (row['Eng Units'] ?? '').trim() || (spelled.length === 1 ? spelled[0]! : '')
  const base = { name, tag: `${place}.${name}`, type, unit } as const
  return {
    ...base,
    ...(type === 'number' && range && { range }),
    ...(wholeTypes.has(dataType) && { isWhole: true }),
  }
}

/** Whether its name ends in a unit that would be converted to the one it is in, as with `cycle_ms` in s. */
export const isNamedOtherwise = ({ tag, unit }: ImportedSignal): boolean =>
  unitsSpelled(unit).some(own => {
    const { scale, offset } = conversionFrom(suffixOf(tag), own) ?? { scale: 1, offset: 0 }
    return scale !== 1 || offset !== 0
  })

function rangeOf(low: string | undefined, high: string | undefined): readonly [number, number] | undefined {
  const [from, to] = [Number(low || Number.NaN), Number(high || Number.NaN)]
  return from < to ? [from, to] : undefined
}
