import type { SignalTemplate } from '../machine-types/machine-type-template.js'
import { type Quantity, quantities, type Signal } from '../plant.js'
import type { Limits } from '../sensor-state.js'
import { isTextQuantity, unitFits, unitsOf, usualSpelling } from '../units.js'
import { id } from './entry-rules.js'
import { completeLimits, type SignalFault } from './limits.js'
import { oneOf, type PlantPath, showValue } from './problem.js'
import type { Report } from './report.js'
import { type SignalEntry, signalEntry } from './signal-entry.js'

/** What signals may refer to. */
export interface SignalSurroundings {
  readonly report: Report
  readonly stateMaps: ReadonlySet<string>
  readonly sources: ReadonlySet<string>
}

/** Signals as far as they are known, by name: a type's, or a machine's with what it inherits. */
export type SignalDrafts = Map<string, SignalEntry>

type Role = Signal['role']

/** What a 32-bit counter of a PLC can show (UDINT, IEC 61131-3). */
const counterRange: readonly [number, number] = [0, 2 ** 32 - 1]
export const sensorPeriodMs = 1000

/** The entries of a `signals` or `status` map; those that cannot be read are reported and left out. */
export function readSignals(
  report: Report,
  value: unknown,
  path: PlantPath,
): Map<string, [SignalEntry, PlantPath]> {
  const entries = new Map<string, [SignalEntry, PlantPath]>()
  for (const [name, entry, at] of report.map(value, path)) {
    const isName = report.read(id, name, at) !== undefined
    const signal = report.read(signalEntry, entry ?? {}, at)
    if (isName && signal !== undefined) entries.set(name, [signal, at])
  }
  return entries
}

/** Whatever an entry says replaces what it inherits. */
export function inheritSignal(inherited: SignalEntry | undefined, own: SignalEntry): SignalEntry {
  return { ...inherited, ...own }
}

/** A shipped template as a plant file would say it. */
export function draftOf({ stateMap, ...template }: SignalTemplate): SignalEntry {
  const { quantity, unit, type, period, tag, source } = template
  const base = { quantity, unit, type, period, ...(tag && { tag }), ...(source && { source }) }
  if (type === 'text') return { ...base, ...(stateMap && { map: stateMap }) }
  const { range, resolution, limits, maxRate, normal } = template
  return {
    ...base,
    range: [...range],
    resolution,
    limits,
    ...(maxRate && { maxRate }),
    ...(normal && { normal: [...normal] }),
    ...(stateMap && { map: stateMap }),
  }
}

/** The signal that a draft amounts to; undefined, and said why, where it does not hold together. */
export function completeSignal(
  name: string,
  role: Role,
  draft: SignalEntry,
  path: PlantPath,
  surroundings: SignalSurroundings,
): SignalTemplate | undefined {
  const check = new SignalCheck(draft, path, surroundings)
  const quantity = draft.quantity ?? impliedQuantity(name, role)
  if (quantity === undefined) {
    check.fault('quantity', `quantity is missing`, `add what it measures: ${oneOf(quantities)}`)
    return undefined
  }
  const type = draft.type ?? (isTextQuantity(quantity) ? 'text' : 'number')
  check.quantity(quantity, role, type)
  if (quantity === 'counter') check.counter(name)
  check.stateMap(quantity)
  check.source()
  if (type === 'text') check.text()
  if (isInterlock(quantity)) check.interlock(quantity)
  const range = draft.range ?? usualRange(quantity, role, type)
  if (range === undefined) {
    check.fault('range', 'range is missing', 'add what the instrument can show as [lowest, highest]')
  }
  const unit = draft.unit ?? ''
  let limits: Limits = {}
  if (range !== undefined && type === 'number' && check.isRange(range)) {
    const fault: SignalFault = (...what) => check.fault(...what)
    limits = completeLimits(draft.limits ?? {}, { quantity, unit, range }, fault)
    check.numbers(range, limits)
  }
  if (range === undefined || !check.isSound) return undefined
  return {
    quantity,
    unit,
    type,
    period: draft.period ?? (role === 'sensor' ? sensorPeriodMs : 0),
    range,
    resolution: draft.resolution ?? 0,
    limits,
    ...(draft.maxRate && { maxRate: draft.maxRate }),
    ...(draft.normal && { normal: draft.normal }),
    ...(draft.map && { stateMap: draft.map }),
    ...(draft.tag && { tag: draft.tag }),
    ...(draft.source && { source: draft.source }),
  }
}

const saysItself = ['state', 'mode', 'blocked', 'starved'] as const

/** A status signal named state, mode, blocked or starved is just that. */
export function impliedQuantity(name: string, role: Role): Quantity | undefined {
  return role === 'status' ? saysItself.find(quantity => quantity === name) : undefined
}

/** Why a machine waits, true or false (TR88.00.02, Status.EquipmentInterlock). */
export const isInterlock = (quantity: Quantity): quantity is 'blocked' | 'starved' =>
  quantity === 'blocked' || quantity === 'starved'

/** What a signal can show where nobody says it; undefined: somebody must. */
export function usualRange(
  quantity: Quantity,
  role: Role,
  type: Signal['type'],
): readonly [number, number] | undefined {
  if (type === 'text') return [0, 0]
  if (isInterlock(quantity)) return [0, 1]
  return role === 'status' ? counterRange : undefined
}

class SignalCheck {
  readonly #draft: SignalEntry
  readonly #path: PlantPath
  readonly #surroundings: SignalSurroundings
  isSound = true

  constructor(draft: SignalEntry, path: PlantPath, surroundings: SignalSurroundings) {
    this.#draft = draft
    this.#path = path
    this.#surroundings = surroundings
  }

  fault(key: string, message: string, fix: string, value?: unknown): void {
    this.isSound = false
    this.#surroundings.report.add([...this.#path, ...key.split('.')], value, message, fix)
  }

  quantity(quantity: Quantity, role: Role, type: Signal['type']): void {
    const { unit } = this.#draft
    if (role === 'sensor' && (quantity === 'state' || quantity === 'mode')) {
      const fix = 'move the signal under status'
      this.fault('quantity', `a sensor does not measure the ${quantity} of its machine`, fix, quantity)
    }
    if (role === 'sensor' && isInterlock(quantity)) {
      const message = `a sensor does not measure whether its machine is ${quantity}`
      this.fault('quantity', message, 'move the signal under status', quantity)
    }
    const mayBeEither = quantity === 'state' || quantity === 'mode'
    if (!mayBeEither && (type === 'text') !== isTextQuantity(quantity)) {
      const fix = `remove type, or choose another quantity`
      this.fault('type', `${quantity} is not measured as ${type}`, fix, type)
    }
    if (unitFits(quantity, unit ?? '')) return
    const units = unitsOf(quantity) ?? []
    const use = units.includes('')
      ? `leave it out${units.length > 1 ? ` or use ${oneOf(units.slice(1))}` : ''}`
      : `use ${oneOf(units)}`
    if (unit === undefined) this.fault('unit', 'unit is missing', use)
    else {
      const usual = usualSpelling(quantity, unit)
      const fix =
        usual === undefined ? this.#surroundings.report.suggest(unit, units, use) : `did you mean "${usual}"?`
      this.fault('unit', `${showValue(unit)} does not measure ${quantity}`, fix, unit)
    }
  }

  /** A counter counts parts where its unit says so; one that is called so and has none would count nothing. */
  counter(name: string): void {
    if (this.#draft.unit !== undefined || !/^(parts|pieces)$/i.test(name)) return
    const message = `a counter without a unit counts no parts, and this one is called ${name}`
    this.fault('unit', message, 'add unit: parts, or unit: "" where it counts something else')
  }

  stateMap(quantity: Quantity): void {
    const { report, stateMaps } = this.#surroundings
    const { map } = this.#draft
    if (quantity !== 'state' && quantity !== 'mode') {
      if (map !== undefined)
        this.fault('map', `${quantity} has no map`, 'remove map, or make it a state or mode', map)
    } else if (map === undefined) {
      const fix = `add a map from the source's words: ${oneOf([...stateMaps])}`
      this.fault('map', 'map is missing', fix)
    } else if (!stateMaps.has(map)) {
      const fix = report.suggest(map, stateMaps, `add it under stateMaps, or use ${oneOf([...stateMaps])}`)
      this.fault('map', `there is no state map "${map}"`, fix, map)
    }
  }

  source(): void {
    const { report, sources } = this.#surroundings
    const { source } = this.#draft
    if (source === undefined || sources.has(source)) return
    const fix = report.suggest(source, sources, 'add it under sources')
    this.fault('source', `there is no source "${source}"`, fix, source)
  }

  interlock(quantity: Quantity): void {
    for (const key of ['range', 'resolution', 'limits', 'maxRate', 'normal'] as const) {
      const value = this.#draft[key]
      if (value === undefined) continue
      this.fault(key, `${quantity} is true or false and has no ${key}`, `remove ${key}`, value)
    }
  }

  text(): void {
    for (const key of ['range', 'resolution', 'limits', 'maxRate', 'normal'] as const) {
      const value = this.#draft[key]
      if (value !== undefined) this.fault(key, `a text has no ${key}`, `remove ${key}`, value)
    }
  }

  isRange(range: readonly [number, number]): boolean {
    const [low, high] = range
    if (low < high) return true
    this.fault('range', `the range ${low} to ${high} is empty`, 'write [lowest, highest]', range)
    return false
  }

  numbers(range: readonly [number, number], limits: Limits): void {
    const { resolution = 0, normal } = this.#draft
    const [low, high] = range
    const within = `the range ${low} to ${high}`
    if (resolution > high - low) {
      this.fault(
        'resolution',
        `a step of ${resolution} is wider than ${within}`,
        'write a smaller step',
        resolution,
      )
    }
    const { warningLow = low, warningHigh = high } = limits
    const centre = normal?.[0]
    if (centre === undefined) return
    if (centre < low || centre > high) {
      this.fault(
        'normal',
        `the normal centre ${centre} lies outside ${within}`,
        'write [centre, spread]',
        normal,
      )
    } else if (centre < warningLow || centre > warningHigh) {
      const message = `the normal centre ${centre} would be a warning (${warningLow} to ${warningHigh} is not)`
      this.fault('normal', message, 'move the centre or the limits', normal)
    }
  }
}
