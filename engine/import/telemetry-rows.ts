import type { Signal } from '../../schema/plant.js'
import { Quality, qualityNames } from '../../schema/quality.js'
import { oldestMs } from '../../schema/quality-rules.js'
import type { Reject } from '../../schema/records.js'
import { type SampleBatch, SampleBatchBuilder } from '../../schema/sample-batch.js'
import type { Conversion } from '../../schema/unit-conversion.js'
import { conversionFrom } from '../../schema/unit-spelling.js'
import { EngineError } from '../errors.js'
import type { RegisteredSignal } from '../floor/floor.js'
import { QualityGate } from '../floor/quality-gate.js'
import { checkPast, type ImportContext, type KindReader, type OpenBlock } from './block-maker.js'
import type { ImportRow } from './import-rows.js'
import type { MappingOf } from './mapping.js'
import { type Read, RowFault, type RowReader } from './row-reader.js'

const day = 86_400_000

/** Reads telemetry, a value a row or a column a signal. */
export function telemetryRows(
  mapping: MappingOf<'telemetry'>,
  reader: RowReader,
  context: ImportContext,
  file: string,
): KindReader {
  const time = reader.time(mapping.time)
  const values =
    mapping.signals === undefined
      ? longValues(mapping, reader, context)
      : wideValues(mapping, reader, context)
  const gate = new ImportGate(context, file)
  return {
    take(row, into) {
      const at = time(row.fields)
      checkPast(at, context.now)
      if (at < context.now - oldestMs) {
        const why = `is older than the ${oldestMs / day} days for which raw telemetry is kept`
        throw new RowFault('time.too-old', `${new Date(at).toISOString()} ${why}`)
      }
      // All of a row or nothing.
      for (const [{ index }, value, quality] of values(row.fields)) {
        gate.push(row, index, at, value, quality)
      }
      gate.settle(into)
    },
  }
}

type Value = readonly [signal: RegisteredSignal, value: number | string | null, quality: number]

function longValues(
  mapping: MappingOf<'telemetry'>,
  reader: RowReader,
  context: ImportContext,
): Read<Value[]> {
  const [name, text] = [reader.text(mapping.signal), reader.text(mapping.value)]
  const words = mapping.text === undefined ? text : reader.text(mapping.text)
  const [unit, quality] = [reader.text(mapping.unit), reader.text(mapping.quality)]
  const find = signalFinder(context)
  return fields => {
    const signal = find(name(fields))
    if (typeof signal === 'string') throw new RowFault('tag.unknown', signal)
    const said = quality(fields).toLowerCase()
    const place = (qualityNames as readonly string[]).indexOf(said)
    if (said !== '' && place < 0)
      throw new RowFault('import.bad-quality', `"${said}" is neither good, uncertain nor bad`)
    const shown = (signal.signal.type === 'text' ? words : text)(fields)
    return [[signal, numberOf(signal.signal, shown, unit(fields), reader), Math.max(0, place)]]
  }
}

function wideValues(
  { signals }: MappingOf<'telemetry'>,
  reader: RowReader,
  context: ImportContext,
): Read<Value[]> {
  const find = signalFinder(context)
  const columns = Object.entries(signals!).map(([column, said]) => {
    const { signal: name, unit = '' } = typeof said === 'string' ? { signal: said } : said
    const signal = find(name)
    if (typeof signal === 'string') throw new EngineError('bad-input', `Column ${column}: ${signal}.`)
    return { text: reader.text(column), signal, unit }
  })
  return fields =>
    columns.flatMap(({ text, signal, unit }): Value[] => {
      const said = text(fields)
      // An empty cell says nothing of the signal.
      return said === '' ? [] : [[signal, numberOf(signal.signal, said, unit, reader), Quality.good]]
    })
}

/** By id or, where only one has it, by the source's own name; a string: what is wrong. */
function signalFinder({ registry }: ImportContext): (name: string) => RegisteredSignal | string {
  const byTag = new Map<string, RegisteredSignal | undefined>()
  for (const registered of registry.signals) {
    const { tag } = registered.signal
    byTag.set(tag, byTag.has(tag) ? undefined : registered)
  }
  return name => registry.signalById(name) ?? byTag.get(name) ?? `no signal of the plant is called "${name}"`
}

const conversions = new Map<string, Conversion | undefined>()

function numberOf(signal: Signal, text: string, unit: string, reader: RowReader): number | string | null {
  if (signal.type === 'text') return text === '' ? null : text
  const value = reader.parsed(text)
  if (Number.isNaN(value)) return null
  if (unit === '' || unit === signal.unit) return value
  const key = `${unit} ${signal.unit}`
  if (!conversions.has(key)) conversions.set(key, conversionFrom(unit, signal.unit))
  const found = conversions.get(key)
  if (found === undefined)
    throw new RowFault(
      'import.bad-unit',
      `"${unit}" cannot become ${signal.unit || 'a number'} of ${signal.id}`,
    )
  return value * found.scale + found.offset
}

/** The gate of live values, for one file in its order. */
class ImportGate {
  readonly #gate: QualityGate
  readonly #now: number
  readonly #file: string
  readonly #batch = new SampleBatchBuilder(16)
  #texts: (string | undefined)[] = []
  #row: ImportRow | undefined

  constructor({ registry, now }: ImportContext, file: string) {
    this.#gate = new QualityGate(registry)
    this.#now = now
    this.#file = file
  }

  push(row: ImportRow, index: number, time: number, value: number | string | null, quality: number): void {
    this.#row = row
    const isText = typeof value === 'string'
    this.#texts.push(isText ? value : undefined)
    this.#batch.push(index, time, this.#now, isText || value === null ? Number.NaN : value, quality)
  }

  /** The values of a row go into the block; of those that break a rule a reject tells. */
  settle({ samples, rejects }: Pick<OpenBlock, 'samples' | 'rejects'>): void {
    const judged = this.#gate.judge('import', this.#batch.take(), this.#now)
    const { count, signal, sourceTime, value, quality }: SampleBatch = judged.batch
    for (let i = 0; i < count; i++) {
      samples.signal.push(signal[i]!)
      samples.time.push(sourceTime[i]!)
      samples.value.push(this.#texts[i] ?? (Number.isNaN(value[i]) ? null : value[i]!))
      samples.quality.push(quality[i]!)
    }
    this.#texts = []
    for (const reject of judged.rejects) rejects.push(this.#placed(reject))
  }

  #placed(reject: Reject): Reject {
    const { place, raw } = this.#row!
    return { ...reject, reason: `${this.#file}, row ${place}: ${reject.reason}`, raw }
  }
}
