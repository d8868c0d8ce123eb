import type { Signal } from '../../schema/plant.js'
import type { TagProblem } from '../../schema/plant-file/sources.js'
import type { IndexedSignal } from '../contract.js'
import type { ModbusOptions } from './config.js'
import type { Field } from './plan.js'
import { type ModbusTag, parseTag } from './tag.js'

/** A signal that cannot be read as the plant file wants it. */
export interface TagFault {
  readonly tag: string
  readonly signal: string
  readonly rule: 'modbus.bad-tag' | 'modbus.unfit-tag'
  readonly why: string
}

export interface Fields {
  /** By how often they are read, ms. */
  readonly byPeriod: ReadonlyMap<number, readonly Field[]>
  readonly faults: readonly TagFault[]
}

/** Where each signal's value is, grouped by how often it is read. */
export function readFields(signals: readonly IndexedSignal[], options: ModbusOptions): Fields {
  const byPeriod = new Map<number, Field[]>()
  const faults: TagFault[] = []
  for (const { index, signal } of signals) {
    const tag = parseTag(signal.tag, options)
    const why = typeof tag === 'string' ? tag : misfit(tag, signal.type === 'text', options)
    if (typeof tag === 'string' || why !== undefined) {
      const rule = typeof tag === 'string' ? 'modbus.bad-tag' : 'modbus.unfit-tag'
      faults.push({ tag: signal.tag, signal: signal.id, rule, why: why ?? '' })
      continue
    }
    const period = signal.period > 0 ? signal.period : options.pollMs
    const group = byPeriod.get(period) ?? []
    byPeriod.set(period, group)
    group.push({ index, isText: signal.type === 'text', tag })
  }
  return { byPeriod, faults }
}

function misfit(tag: ModbusTag, isText: boolean, { maxRegisters }: ModbusOptions): string | undefined {
  if (tag.value.kind === 'text' && !isText) return 'the signal is a number, and the tag a string'
  const isRegisters = tag.table === 'holding' || tag.table === 'input'
  if (isRegisters && tag.width > maxRegisters)
    return `${tag.width} registers are more than the ${maxRegisters} of a request (maxRegisters)`
  return undefined
}

const fix =
  'write table:address, such as holding:100:float32, input:7.3 or coil:12; addresses count from 0, reference numbers such as 40101 from 1'

/**
 * What is wrong with tags before any device is asked: what cannot be read, and values that overlap without being the
 * same, of which at least one would be read from the middle of another.
 */
export function checkTags(signals: readonly Signal[], options: ModbusOptions): TagProblem[] {
  const indexed = signals.map((signal, index) => ({ index, signal }))
  const { byPeriod, faults } = readFields(indexed, options)
  const byId = new Map(signals.map(signal => [signal.id, signal]))
  const unreadable = faults.map(({ signal, why }) => ({
    signal: byId.get(signal)!,
    message: `${signal}: ${why}`,
    fix,
  }))
  return [...unreadable, ...overlaps([...byPeriod.values()].flat(), signals)]
}

/** Bits may lie in a register that is read as a whole, too, and the same value may be told twice. */
function overlaps(fields: readonly Field[], signals: readonly Signal[]): TagProblem[] {
  const placeOf = ({ tag }: Field): string => `${tag.unit} ${tag.table}`
  const whole = fields
    .filter(({ tag }) => tag.value.kind === 'number' || tag.value.kind === 'text')
    .toSorted(
      (a, b) =>
        placeOf(a).localeCompare(placeOf(b)) || a.tag.address - b.tag.address || b.tag.width - a.tag.width,
    )
  const problems: TagProblem[] = []
  let outer: Field | undefined
  for (const field of whole) {
    const { address, width } = field.tag
    const end = outer !== undefined && placeOf(outer) === placeOf(field) ? endOf(outer) : 0
    const isSame = outer?.tag.address === address && outer.tag.width === width
    if (outer !== undefined && address < end && !isSame) {
      const signal = signals[field.index]!
      const other = signals[outer.index]!
      const message = `${signal.id}: "${signal.tag}" lies within "${other.tag}" of ${other.id}, which takes registers ${outer.tag.address} to ${end - 1}`
      const part = 'a part of a register is written as bits, such as holding:101.0-7'
      problems.push({ signal, message, fix: `correct the address or the type of one; ${part}` })
    }
    if (endOf(field) > end) outer = field
  }
  return problems
}

const endOf = ({ tag }: Field): number => tag.address + tag.width
