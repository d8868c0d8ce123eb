import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { z } from 'zod'
import { EngineError } from '../errors.js'

/** A column by its name; or with words for what stands in it; or the same for all rows. */
const field = z.union([
  z.string().min(1),
  z.strictObject({ column: z.string().min(1), words: z.record(z.string(), z.string()).optional() }),
  z.strictObject({ is: z.string() }),
])
export type Field = z.infer<typeof field>

const time = z.strictObject({
  column: z.string().min(1),
  /** iso, unix-s, unix-ms, unix-us, or a pattern such as dd.MM.yyyy HH:mm:ss. */
  format: z.string().default('iso'),
  /** IANA name, for times that do not bring their own. */
  zone: z.string().optional(),
})
export type TimeField = z.infer<typeof time>

const file = {
  time,
  /** Of a CSV: by its first row unless said; utf-8 unless said; the mark before decimals. */
  delimiter: z.string().length(1).optional(),
  encoding: z.string().default('utf-8'),
  decimal: z.enum(['.', ',']).default('.'),
}

const wideSignal = z.union([
  z.string().min(1),
  z.strictObject({ signal: z.string().min(1), unit: z.string().optional() }),
])

const schema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('telemetry'),
    ...file,
    /** Long: a value a row. */
    signal: field.optional(),
    value: field.optional(),
    /** Of text signals, where it has a column of its own. */
    text: field.optional(),
    unit: field.optional(),
    quality: field.optional(),
    /** Wide: a column a signal. */
    signals: z.record(z.string(), wideSignal).optional(),
  }),
  z.strictObject({
    kind: z.literal('states'),
    ...file,
    machine: field,
    state: field,
    mode: field.optional(),
    /** The source's code for why the machine stops, as a signal such as FaultCode tells it; empty or 0: none. */
    code: field.optional(),
    /** Where rows are intervals: their end. */
    until: time.optional(),
    /** Name of the state map of the plant file; that of the machine's state signal unless said. */
    stateMap: z.string().optional(),
  }),
  z.strictObject({
    kind: z.literal('stops'),
    ...file,
    machine: field,
    until: time,
    reason: field,
    comment: field.optional(),
    who: field.optional(),
    /** PackML state outside of the stops, where the file is all that is known of the states. */
    otherwise: z.enum(['Execute', 'Idle']).optional(),
  }),
  z.strictObject({
    kind: z.literal('scrap'),
    ...file,
    machine: field,
    quantity: field,
    /** scrap or rework; scrap unless said. */
    rework: field.optional(),
    category: field.optional(),
    reason: field.optional(),
    operator: field.optional(),
    product: field.optional(),
    order: field.optional(),
    comment: field.optional(),
    /** The machine's own reject counter has them already. */
    counted: z.boolean().default(false),
  }),
  z.strictObject({
    kind: z.literal('production'),
    ...file,
    machine: field,
    parts: field,
    /** processed (all parts) or defective; processed unless said. */
    counter: field.optional(),
  }),
])
export type Mapping = z.infer<typeof schema>
export type MappingOf<Kind extends Mapping['kind']> = Extract<Mapping, { readonly kind: Kind }>

/** The mapping in a YAML file. Throws EngineError 'bad-input' with all that is wrong with it. */
export function readMapping(path: string): Mapping {
  let said: unknown
  try {
    said = parse(readFileSync(path, 'utf8'))
  } catch (cause) {
    const message = `The mapping ${path} cannot be read: ${(cause as Error).message}`
    throw new EngineError('bad-input', message, { cause })
  }
  const result = schema.safeParse(said)
  const faults = result.success
    ? layoutFault(result.data)
    : result.error.issues.map(({ path: at, message }) => `  ${at.join('.') || 'the whole'}: ${message}`)
  if (result.success && faults.length === 0) return result.data
  const advice = 'See docs/import.md for examples.'
  throw new EngineError('bad-input', `The mapping ${path} cannot be used:\n${faults.join('\n')}\n${advice}`)
}

function layoutFault(mapping: Mapping): string[] {
  if (mapping.kind !== 'telemetry') return []
  const isWide = mapping.signals !== undefined
  const isLong = mapping.signal !== undefined && mapping.value !== undefined
  if (isWide === isLong)
    return ['  telemetry: give signal and value (a value a row), or signals (a column a signal)']
  return isWide && (mapping.unit ?? mapping.quality) !== undefined
    ? ['  telemetry: with signals, units stand beside each signal, and qualities cannot be said']
    : []
}
