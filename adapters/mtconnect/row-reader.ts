import { isBroken } from '../exact.js'
import type { Item, Items } from './items.js'
import { isUnavailable, readLevel, readNumber, readSeries } from './row.js'

/** Why a row, or a part of one, could not be taken. */
export type ShdrRule =
  | 'shdr.malformed-line'
  | 'shdr.bad-time'
  | 'shdr.not-a-number'
  | 'shdr.not-text'
  | 'shdr.bad-condition'
  | 'shdr.bad-series'
  | 'shdr.text-too-long'
  | 'shdr.asset'
  | 'shdr.line-too-long'
  | 'shdr.cut-line'

/** Takes what a row says. */
export interface RowSink {
  number(signal: number, value: number, time: number): void
  text(signal: number, text: string, time: number): void
  unavailable(signal: number, type: 'number' | 'text', time: number): void
  /** What came for the signal cannot be taken; a reject says why. */
  none(signal: number, time: number): void
  reject(rule: ShdrRule, reason: string): void
}

/** Takes a whole row: of keys that no signal has it is told besides. */
export interface WholeRowSink extends RowSink {
  unknown(tag: string): void
}

/** Reads a row of which nobody knows when it was true: its signals have no value from `time` on. */
export function nothingOf(sink: RowSink, time: number): WholeRowSink {
  const none = (signal: number): void => sink.none(signal, time)
  return { number: none, text: none, unavailable: none, none, unknown: () => {}, reject: () => {} }
}

/** Longest text that is kept: texts live in a dictionary for ever. */
const maxText = 4096

/**
 * Reads the items of one row, `fields[0]` being its time. A part that cannot be taken is rejected and the rest read
 * on. How many fields belong to a key is known from the plant: five to a condition, three to a time series, two to a
 * message, one to anything else.
 */
export function readItems(fields: readonly string[], time: number, items: Items, sink: WholeRowSink): void {
  let at = 1
  let wasUnknown = false
  if (fields.length < 2) sink.reject('shdr.malformed-line', 'the row has no item: expected time|key|value')
  while (at < fields.length) {
    const key = fields[at]!.trim()
    const rest = fields.length - at - 1
    if (rest === 0) {
      // `time|key|value|` ends with a pipe too many; behind an unknown item the field may be part of its value.
      if (at === 1 || (key !== '' && !wasUnknown))
        sink.reject('shdr.malformed-line', `no value behind "${clip(key)}"`)
      return
    }
    const item = items.find(key)
    if (item !== undefined) {
      at += 1 + readItem(item, fields.slice(at + 1), time, items, sink)
      continue
    }
    wasUnknown = true
    if (key === '') sink.reject('shdr.malformed-line', `a value without a key: "${clip(fields[at + 1]!)}"`)
    else sink.unknown(key.slice(0, maxText))
    at += 1 + (rest >= 5 && readLevel(fields[at + 1]!) !== undefined ? 5 : 1)
  }
}

/**
 * Reads one item from the fields behind its key and says how many of them were its own. `conditionId`: where the source
 * itself says that it tells a condition, which of its item's that is; empty where only its code says so.
 */
export function readItem(
  item: Item,
  fields: readonly string[],
  time: number,
  items: Items,
  sink: RowSink,
  conditionId?: string,
): number {
  const first = fields[0]!
  if (item.kind === 'condition' || conditionId !== undefined)
    return readCondition(item, fields, time, items, sink, conditionId ?? '')
  if (item.kind === 'number' && fields.length === 3 && isSeries(fields, items)) {
    readTimeSeries(item, fields, time, sink)
    return 3
  }
  if (item.kind === 'text' && fields.length === 2 && items.find(fields[1]!.trim()) === undefined) {
    take(item, isUnavailable(first) ? first : `${first.trim()} ${fields[1]}`, time, sink)
    return 2
  }
  take(item, first, time, sink)
  return 1
}

function take(item: Item, field: string, time: number, sink: RowSink): void {
  const text = field.trim()
  if (isUnavailable(text)) {
    for (const { index, type } of item.signals) sink.unavailable(index, type, time)
    return
  }
  for (const { index, type } of item.signals) {
    if (type === 'number') {
      const value = readNumber(text)
      if (value === undefined) {
        sink.reject('shdr.not-a-number', `${item.tag}: "${clip(text)}" is not a number`)
        sink.none(index, time)
      } else sink.number(index, value, time)
    } else if (isBroken(text)) {
      sink.reject('shdr.not-text', `${item.tag}: "${clip(text)}" is not in UTF-8`)
      sink.none(index, time)
    } else if (text.length > maxText) {
      sink.reject('shdr.text-too-long', `a text of ${text.length} characters; at most ${maxText} are kept`)
      sink.none(index, time)
    } else {
      sink.text(index, text, time)
    }
  }
}

function readCondition(
  item: Item,
  fields: readonly string[],
  time: number,
  items: Items,
  sink: RowSink,
  conditionId: string,
): number {
  const level = readLevel(fields[0]!)
  const isBare = fields.length < 5 && fields.length > 1 && items.find(fields[1]!.trim()) !== undefined
  const used = isBare ? 1 : Math.min(5, fields.length)
  if (level === undefined) {
    sink.reject('shdr.bad-condition', `"${clip(fields[0]!)}" is not Normal, Warning, Fault or Unavailable`)
    for (const { index } of item.signals) sink.none(index, time)
  } else if (isUnavailable(level)) {
    item.active.clear()
    take(item, level, time, sink)
  } else {
    const told = fields.slice(1, used)
    const shown = item.active.take(level, told, conditionId || (told[0] ?? '').trim(), time)
    // A state is told by the word alone.
    take(item, item.kind === 'word' ? shown.level : shown.text, shown.time, sink)
  }
  return used
}

/** `count|rate|values`, against `value|key|value`: two pairs. */
function isSeries([count, rate, values]: readonly string[], items: Items): boolean {
  const isRate = rate!.trim() === '' || readNumber(rate!) !== undefined
  if (!/^\s*\d+\s*$/.test(count!) || !isRate || items.find(rate!.trim()) !== undefined) return false
  return rate!.trim() !== '' || /\S\s+\S/.test(values!) || isUnavailable(values!)
}

/** The row's time is that of the last value; the others lie before it, `rate` (Hz) to the second. */
function readTimeSeries(
  item: Item,
  [count, rate, field]: readonly string[],
  time: number,
  sink: RowSink,
): void {
  if (isUnavailable(field!)) {
    take(item, field!, time, sink)
    return
  }
  const values = readSeries(field!)
  const hertz = readNumber(rate!)
  const refuse = (reason: string): void => {
    sink.reject('shdr.bad-series', reason)
    for (const { index } of item.signals) sink.none(index, time)
  }
  if (values === undefined) {
    refuse(`a time series with something that is not a number: "${clip(field!)}"`)
  } else if (values.length !== Number(count)) {
    refuse(`a time series of ${values.length} values that announces ${count!.trim()}`)
  } else if (values.length > 1 && !(hertz !== undefined && hertz > 0)) {
    refuse(`a time series needs its sample rate in Hz, not "${clip(rate!)}"`)
  } else {
    const step = hertz === undefined ? 0 : 1000 / hertz
    for (const [i, value] of values.entries()) {
      const at = time - (values.length - 1 - i) * step
      for (const { index, type } of item.signals) {
        if (type === 'number') sink.number(index, value, at)
        else sink.text(index, String(value), at)
      }
    }
  }
}

function clip(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}
