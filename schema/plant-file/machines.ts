import { faultsOfShipped } from '../fault-catalogue.js'
import type { MachineConfig } from '../machine-config.js'
import type { SignalTemplate } from '../machine-types/machine-type-template.js'
import { type MachinePlace, makeSignal } from '../machine-types/make-signal.js'
import type { Machine, Signal } from '../plant.js'
import type { DeclaredIds } from './declared-ids.js'
import { id } from './entry-rules.js'
import { expandIdRange, longestRange } from './id-range.js'
import { type MachineEntry, machineEntry } from './machine-entries.js'
import { type MachineTypes, type ResolvedType, usualPeriod } from './machine-types.js'
import { completePackml } from './packml.js'
import { oneOf, type PlantPath } from './problem.js'
import { isMap, keysOf } from './report.js'
import {
  completeSignal,
  inheritSignal,
  isInterlock,
  readSignals,
  type SignalSurroundings,
} from './signals.js'

/** Far more than one process can hold: 100 times the reference plant is 22,800 machines. */
const mostMachines = 100_000
const mostSignals = 1_000_000

/** A machine with the feeds that the file gives it, if any. */
export interface PlacedMachine {
  readonly machine: Omit<Machine, 'feeds'>
  readonly feeds: readonly string[] | undefined
  readonly path: PlantPath
  /** Where each key of its flow stands: with the machine, or with its type. */
  readonly flowPaths: Readonly<Record<string, PlantPath>>
}

type Part = 'signals' | 'status'

/** Reads the machines of all lines; what they refer to must be known before. */
export class MachineReader {
  readonly #surroundings: SignalSurroundings
  readonly #types: MachineTypes
  readonly #sources: DeclaredIds
  readonly #ids: DeclaredIds
  readonly #tagPatterns: ReadonlyMap<string, string>
  readonly #tags = new Map<string, string>()
  readonly usedTypes = new Set<string>()
  #machines = 0
  #signals = 0

  constructor(
    surroundings: SignalSurroundings,
    types: MachineTypes,
    sources: DeclaredIds,
    ids: DeclaredIds,
    tagPatterns: ReadonlyMap<string, string>,
  ) {
    this.#surroundings = surroundings
    this.#types = types
    this.#sources = sources
    this.#ids = ids
    this.#tagPatterns = tagPatterns
  }

  /** The machines of one entry: several where its id is a range. */
  read(value: unknown, path: PlantPath, where: Omit<MachinePlace, 'machine'>): PlacedMachine[] {
    const { report } = this.#surroundings
    const ids = this.#declare(value, path)
    const entry = report.read(machineEntry, value, path)
    if (entry === undefined) return []
    const type = this.#type(entry, path)
    const isNumbered = entry.source?.includes('{n}') === true
    const common = isNumbered ? '' : this.#source(entry.source, path)
    const templates = type && this.#templates(entry, type, path)
    const idealCycleTime = entry.idealCycleTime ?? type?.idealCycleTime
    if (type !== undefined && idealCycleTime === undefined) {
      const fix = 'add the seconds per part here or to its type'
      report.add([...path, 'idealCycleTime'], undefined, 'idealCycleTime is missing', fix)
    }
    const packml = this.#packml(entry, type, path)
    if (entry.buffer?.capacity === 0 && entry.buffer.transport === 0) {
      const fix = 'let at least one part fit, or give the way a time: transport, in seconds'
      const message =
        'no part can be on its way to the machine: none fits before it, and the way takes no time'
      report.add([...path, 'buffer', 'capacity'], 0, message, fix)
    }
    if (templates === undefined || idealCycleTime === undefined || common === undefined) return []
    return ids.flatMap(({ id: machineId, number }): PlacedMachine[] => {
      const source = isNumbered
        ? this.#source(entry.source?.replaceAll('{n}', number ?? '{n}'), path)
        : common
      if (source === undefined || !this.#hasRoom(templates.length, path)) return []
      const tags = entry.tags ?? type?.tags
      const place = { ...where, machine: machineId, source, tags, tagPatterns: this.#tagPatterns }
      const signals = templates.map(([name, role, template]) => makeSignal(name, role, template, place))
      this.#checkTags(signals, path)
      const name = entry.name?.replaceAll('{n}', number ?? '{n}') ?? machineId
      const { type: typeId, feeds, buffer, position } = entry
      const flow = { ...type?.flow, ...entry.flow }
      const flowPaths = Object.fromEntries(
        Object.keys(flow).map((key): [string, PlantPath] => {
          const at = keysOf(entry.flow).includes(key) ? path : ['types', typeId]
          return [key, [...at, 'flow', key]]
        }),
      )
      const machine = {
        id: machineId,
        name,
        type: typeId,
        source,
        idealCycleTime,
        ...(buffer && { buffer }),
        ...(Object.keys(flow).length > 0 && { flow }),
        ...(position && { position }),
        ...(packml && { packml }),
        ...(type && ownFaults(type)),
        signals,
      }
      return [{ machine, feeds, path, flowPaths }]
    })
  }

  #declare(value: unknown, path: PlantPath) {
    if (!isMap(value) || typeof value.id !== 'string') return []
    const { report } = this.#surroundings
    const at = [...path, 'id']
    const ids = expandIdRange(value.id)
    if (ids === undefined) {
      const fix = `write the lower number first, and at most ${longestRange} machines`
      report.add(at, value.id, `"${value.id}" is no range of ids`, fix)
      return []
    }
    if (ids.length > 1 && isMap(value.position)) {
      const message = `${ids.length} machines cannot stand in the same place`
      report.add([...path, 'position'], value.position, message, 'leave the position to the viewer')
    }
    const [first] = ids
    if (first === undefined || report.read(id, first.id, at) === undefined) return []
    return ids.filter(each => this.#ids.declare(each.id, at))
  }

  #type(entry: MachineEntry, path: PlantPath): ResolvedType | undefined {
    this.usedTypes.add(entry.type)
    if (!this.#types.has(entry.type)) {
      const known = this.#types.ids
      const fix = this.#surroundings.report.suggest(
        entry.type,
        known,
        `add it under types, or use ${oneOf(known)}`,
      )
      this.#surroundings.report.add(
        [...path, 'type'],
        entry.type,
        `there is no machine type "${entry.type}"`,
        fix,
      )
    }
    return this.#types.get(entry.type)
  }

  #source(named: string | undefined, path: PlantPath): string | undefined {
    const at = [...path, 'source']
    if (named !== undefined) return this.#sources.refer(named, at) ? named : undefined
    const known = [...this.#sources.ids]
    if (known.length === 1) return known[0]
    const fix = known.length === 0 ? 'add one under sources' : `add one of ${known.join(', ')}`
    this.#surroundings.report.add(at, undefined, 'source is missing', fix)
    return undefined
  }

  #packml(entry: MachineEntry, type: ResolvedType | undefined, path: PlantPath): MachineConfig | undefined {
    const { report } = this.#surroundings
    return completePackml(type?.packml, entry.packml, report, [...path, 'packml'])
  }

  /** What the machine has of its type, and what it adds or changes: sensors first, then status. */
  #templates(
    entry: MachineEntry,
    type: ResolvedType,
    path: PlantPath,
  ): [name: string, role: Signal['role'], template: SignalTemplate][] | undefined {
    const sensors = this.#part(entry, type, path, 'signals', entry.sensors, 'sensors')
    const status = this.#part(entry, type, path, 'status', entry.reports, 'reports')
    if (sensors === undefined || status === undefined) return undefined
    for (const name of sensors.keys()) {
      if (!status.has(name)) continue
      const at = [...path, 'status', name]
      this.#surroundings.report.add(at, name, `"${name}" is both a sensor and a status signal`, 'rename one')
      return undefined
    }
    const tellsState = [...status.values()].some(({ quantity }) => quantity === 'state')
    for (const [name, { quantity }] of status) {
      if (!isInterlock(quantity) || tellsState) continue
      const message = `"${name}" says why the machine is suspended, and no signal says that it is`
      this.#surroundings.report.add([...path, 'status', name], name, message, 'add its state under status')
      return undefined
    }
    return [
      ...[...sensors].map(([name, template]): [string, 'sensor', SignalTemplate] => [
        name,
        'sensor',
        template,
      ]),
      ...[...status].map(([name, template]): [string, 'status', SignalTemplate] => [
        name,
        'status',
        template,
      ]),
    ]
  }

  #part(
    entry: MachineEntry,
    type: ResolvedType,
    path: PlantPath,
    part: Part,
    fitted: readonly string[] | undefined,
    fittedKey: string,
  ): Map<string, SignalTemplate> | undefined {
    const { report } = this.#surroundings
    const inherited = type.templates[part]
    const own = readSignals(report, entry[part], [...path, part])
    const templates = new Map<string, SignalTemplate>()
    let isSound = true
    const role = part === 'signals' ? 'sensor' : 'status'
    const take = (name: string, template: SignalTemplate | undefined): void => {
      if (template === undefined) isSound = false
      else templates.set(name, template)
    }
    const isSensors = part === 'signals'
    const usual = isSensors ? usualPeriod(type.period) : {}
    const period = isSensors ? usualPeriod(entry.period) : {}
    for (const [place, name] of (fitted ?? [...inherited.keys()]).entries()) {
      const template = inherited.get(name)
      if (template !== undefined) take(name, { ...template, ...period })
      else if (!own.has(name)) {
        const known = [...inherited.keys()]
        const fix = report.suggest(
          name,
          known,
          known.length === 0 ? `add it under ${part}` : `use ${oneOf(known)}`,
        )
        report.add([...path, fittedKey, place], name, `the type "${entry.type}" has no "${name}"`, fix)
        isSound = false
      }
    }
    for (const [name, [signal, at]] of own) {
      const draft = inheritSignal({ ...usual, ...type.drafts[part].get(name), ...period }, signal)
      take(name, completeSignal(name, role, draft, at, this.#surroundings))
    }
    return isSound ? templates : undefined
  }

  #hasRoom(signals: number, path: PlantPath): boolean {
    const isFull = this.#machines > mostMachines || this.#signals > mostSignals
    this.#machines++
    this.#signals += signals
    if (isFull) return false
    if (this.#machines <= mostMachines && this.#signals <= mostSignals) return true
    const message = `more than the ${mostMachines} machines or ${mostSignals} signals allowed in one plant`
    this.#surroundings.report.add(path, undefined, message, 'split the plant over several files')
    return false
  }

  /** A source cannot tell two signals of the same name apart. Said once per machine. */
  #checkTags(signals: readonly Signal[], path: PlantPath): void {
    let isSaid = false
    for (const { id: signalId, source, tag } of signals) {
      const key = `${source}\n${tag}`
      const other = this.#tags.get(key)
      if (other === undefined) this.#tags.set(key, signalId)
      else if (!isSaid) {
        isSaid = true
        const message = `the source "${source}" would have to tell ${signalId} from ${other} by the same tag "${tag}"`
        const fix = `give each its tag, or write tags: '{machine}.{signal}' at the source or the type`
        this.#surroundings.report.add(path, tag, message, fix)
      }
    }
  }
}

/** What machines of the type can have, where that is not what the shipped type of its name can. */
function ownFaults({ type, faults }: ResolvedType): Pick<Machine, 'faults'> {
  return String(faultsOfShipped(type.id)) === String(faults) ? {} : { faults }
}
