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
