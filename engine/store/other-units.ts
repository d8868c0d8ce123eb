import type { Signal } from '../../schema/plant.js'
import { databaseName as db } from '../../schema/tables/definition.js'
import { type Conversion, conversion } from '../../schema/unit-conversion.js'
import type { Meaning } from '../floor/registry.js'

/** An index under which a signal was kept in another unit: its values count as `value * scale + offset` of `as`. */
export interface OtherUnit extends Conversion {
  readonly signal: number
  /** The index of the signal now. */
  readonly as: number
}

/** Turns what a signal meant before into what it means now; undefined where the two do not measure the same. */
export function otherUnit(before: Meaning, index: number, now: Signal): OtherUnit | undefined {
  if (before.type !== 'number' || now.type !== 'number' || before.quantity !== now.quantity) return undefined
  const found = conversion(before.unit, now.unit)
  return found && { ...found, signal: before.index, as: index }
}

/** Each column in the unit of now: a figure, the sum of as many as a column says, or as it is. */
const columns = {
  telemetry: { ts: '', seq: '', quality: '', value: '1' },
  telemetry_1m: { minute: '', valued: '', sum: 'source.valued', mean: '1', last: '1' },
  telemetry_1m_parts: {
    ...{ minute: '', last_place: '', up_to: '', count: '', bad: '', valued: '' },
    ...{ sum: 'source.valued', min: '1', max: '1', last: '1' },
  },
} as const satisfies Record<string, Readonly<Record<string, string>>>

/** A table to read from, in which the samples of other units are those of their signal, in its unit of now. */
export function inUnitsOfNow(table: keyof typeof columns, others: readonly OtherUnit[] = []): string {
  if (others.length === 0) return `${db}.${table}`
  // Numbers all: nothing in the statement comes from outside.
  const list = (type: string, of: (other: OtherUnit) => number): string =>
    `[${others.map(other => `${type}(${of(other)})`).join(', ')}]`
  const from = list('toUInt32', ({ signal }) => signal)
  const turned = (type: string, of: (other: OtherUnit) => number, otherwise: string): string =>
    `transform(source.signal, ${from}, ${list(type, of)}, ${otherwise})`
  const scale = turned('toFloat64', ({ scale }) => scale, 'toFloat64(1)')
  const offset = turned('toFloat64', ({ offset }) => offset, 'toFloat64(0)')
  const rest = Object.entries(columns[table]).map(([name, times]) =>
    times === ''
      ? `source.${name} AS ${name}`
      : `source.${name} * ${scale} + ${times} * ${offset} AS ${name}`,
  )
  const all = `arrayConcat({signals:Array(UInt32)}, ${from})`
  const signal = turned('toUInt32', other => other.as, 'source.signal')
  return `(SELECT ${signal} AS signal, ${rest.join(', ')} FROM ${db}.${table} AS source WHERE source.signal IN ${all})`
}
