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
/** So wide that it says nothing. */
const any: readonly [number, number] = [-1e38, 1e38]
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
  const range = (isScaled ? scaledRange(row, ranges[dataType]) : undefined) ?? ranges[dataType]
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

/**
 * What a scaled tag can show (KEPServerEX, Tag Scaling): up to where it is clamped, else what its raw type comes to, for a
 * transmitter may be a little below or above what it is scaled by; no more than its type (`most`). Undefined = anything.
 */
function scaledRange(
  row: Readonly<Record<string, string>>,
  most = any,
): readonly [number, number] | undefined {
  const number = (column: string): number => Number(row[column] || Number.NaN)
  const is = (column: string): boolean => /^(1|true|yes)$/i.test(row[column] ?? '')
  const [rawLow, rawHigh] = [number('Raw Low'), number('Raw High')]
  const [low, high] = [number('Scaled Low'), number('Scaled High')]
  if (!(low < high)) return undefined
  const raw = rawLow < rawHigh ? ranges[row['Data Type'] ?? ''] : undefined
  const scale = (value: number): number => {
    const part = (value - rawLow) / (rawHigh - rawLow)
    const root = row.Scaling === 'Linear' ? part : Math.sign(part) * Math.sqrt(Math.abs(part))
    return root * (high - low) + low
  }
  const [least, greatest] = raw === undefined ? any : [floor(scale(raw[0])), 0 - floor(0 - scale(raw[1]))]
  const from = Math.max(most[0], is('Clamp Low') ? low : least)
  const to = Math.min(most[1], is('Clamp High') ? high : greatest)
  if (!(from < to) || (from === any[0] && to === any[1])) return undefined
  return is('Negate Value') ? [0 - to, 0 - from] : [from, to]
}

/** Down to three digits; what is whole remains, because counters roll over there. */
function floor(value: number): number {
  if (Number.isInteger(value)) return value
  const step = 10 ** (Math.floor(Math.log10(Math.abs(value))) - 2)
  return Number((Math.floor(value / step) * step).toPrecision(3))
}
