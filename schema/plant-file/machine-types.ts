import { type FaultPatternId, faultsOfShipped, usualFaults } from '../fault-catalogue.js'
import type { MachineTypeTemplate, SignalTemplate } from '../machine-types/machine-type-template.js'
import { shippedMachineTypes } from '../machine-types/shipped-machine-types.js'
import { type Archetype, archetypes, type MachineType, type Quantity } from '../plant.js'
import { id } from './entry-rules.js'
import { type MachineTypeEntry, machineTypeEntry, type PackmlEntry } from './machine-entries.js'
import { completePackml } from './packml.js'
import { oneOf, type PlantPath } from './problem.js'
import { keysOf, type Report } from './report.js'
import {
  completeSignal,
  draftOf,
  inheritSignal,
  readSignals,
  type SignalDrafts,
  type SignalSurroundings,
} from './signals.js'

/** A type with all that it inherits. */
export interface ResolvedType {
  readonly type: MachineType
  readonly idealCycleTime: number | undefined
  /** Of the sensors that machines add, milliseconds. */
  readonly period: number | undefined
  /** How its machines' signals are named at their source; where it does not say, as the source does. */
  readonly tags: string | undefined
  /** How its machines work where they are simulated, as far as the file says. */
  readonly flow: MachineTypeEntry['flow']
  /** How its machines use PackML, as far as the file says. */
  readonly packml: PackmlEntry | undefined
  /** The faults that its machines can have; sensor drift goes for all. */
  readonly faults: readonly FaultPatternId[]
  /** What its machines' own entries build on. */
  readonly drafts: Readonly<Record<'signals' | 'status', SignalDrafts>>
  readonly templates: Readonly<Record<'signals' | 'status', ReadonlyMap<string, SignalTemplate>>>
}

/** A type as far as it is known; parts that are missing may still be inherited. */
interface TypeDraft extends Omit<MachineTypeEntry, 'extends' | 'signals' | 'status'> {
  readonly signals: SignalDrafts
  readonly status: SignalDrafts
}

/** Longer chains of types than this are a mistake. */
const longestChain = 20
const shipped = new Map(shippedMachineTypes.map(type => [type.id, type]))
const path = (typeId: string): PlantPath => ['types', typeId]

/** The machine types that the machines of a plant file may be of: its own and those that are shipped. */
export class MachineTypes {
  readonly #surroundings: SignalSurroundings
  readonly #report: Report
  /** Undefined: it stands in the file but cannot be read. */
  readonly #entries = new Map<string, MachineTypeEntry | undefined>()
  readonly #resolved = new Map<string, ResolvedType | undefined>()
  readonly #drafts = new Map<string, TypeDraft | undefined>()

  constructor(value: unknown, surroundings: SignalSurroundings) {
    this.#surroundings = surroundings
    this.#report = surroundings.report
    for (const [typeId, entry, at] of this.#report.map(value, ['types'])) {
      const isId = this.#report.read(id, typeId, at) !== undefined
      const type = this.#report.read(machineTypeEntry, entry ?? {}, at)
      this.#entries.set(typeId, isId ? type : undefined)
    }
    for (const typeId of this.#entries.keys()) this.get(typeId)
  }

  /** Whether there is such a type, be it sound or not. */
  has(typeId: string): boolean {
    return this.#entries.has(typeId) || shipped.has(typeId)
  }

  get ids(): string[] {
    return [...new Set([...this.#entries.keys(), ...shipped.keys()])]
  }

  /** The type with all it inherits; undefined where there is none or it is not sound (which was said). */
  get(typeId: string): ResolvedType | undefined {
    if (!this.#resolved.has(typeId)) this.#resolved.set(typeId, this.#resolve(typeId))
    return this.#resolved.get(typeId)
  }

  /** The file's own types in its order, then the shipped ones that are used. */
  list(used: ReadonlySet<string>): MachineType[] {
    const ids = [...this.#entries.keys(), ...[...shipped.keys()].filter(typeId => used.has(typeId))]
    return [...new Set(ids)].flatMap(typeId => this.get(typeId)?.type ?? [])
  }

  #resolve(typeId: string): ResolvedType | undefined {
    const draft = this.#draft(typeId)
    if (draft === undefined) return undefined
    const { archetype, ratedPower } = draft
    const own = this.#entries.get(typeId)
    const required = { archetype: `add ${oneOf(archetypes)}`, ratedPower: 'add the rated power in kW' }
    for (const [key, fix] of Object.entries(required)) {
      if (draft[key as keyof typeof required] === undefined) {
        this.#report.add(
          [...path(typeId), key],
          undefined,
          `${key} is missing`,
          `${fix}, or extend a type that has it`,
        )
      }
    }
    completePackml(undefined, own?.packml, this.#report, [...path(typeId), 'packml'])
    const templates = {
      signals: this.#complete(typeId, draft.signals, 'signals', own),
      status: this.#complete(typeId, draft.status, 'status', own),
    }
    if (archetype === undefined || ratedPower === undefined) return undefined
    if (templates.signals === undefined || templates.status === undefined) return undefined
    return {
      type: makeType(typeId, draft.name ?? typeId, archetype, ratedPower),
      idealCycleTime: draft.idealCycleTime,
      period: draft.period,
      tags: draft.tags,
      flow: draft.flow,
      packml: draft.packml,
      faults:
        draft.faults ?? faultsOfShipped(typeId) ?? usualFaults(archetype, quantitiesOf(templates.signals)),
      drafts: { signals: draft.signals, status: draft.status },
      templates: { signals: templates.signals, status: templates.status },
    }
  }

  /** Checks every signal that the type's own entry touches; the others were checked where they come from. */
  #complete(
    typeId: string,
    drafts: SignalDrafts,
    part: 'signals' | 'status',
    own: MachineTypeEntry | undefined,
  ): ReadonlyMap<string, SignalTemplate> | undefined {
    const role = part === 'signals' ? 'sensor' : 'status'
    const templates = new Map<string, SignalTemplate>()
    const touched = new Set(keysOf(own?.[part]))
    const parent = own?.extends === undefined ? undefined : this.get(own.extends)
    for (const [name, draft] of drafts) {
      const inherited = parent?.templates[part].get(name)
      if (touched.has(name) || own?.extends === undefined) {
        const at = [...path(typeId), part, name]
        const template = completeSignal(name, role, draft, at, this.#surroundings)
        if (template !== undefined) templates.set(name, template)
      } else if (inherited !== undefined) {
        templates.set(name, { ...inherited, period: draft.period ?? inherited.period })
      }
    }
    return templates.size === drafts.size ? templates : undefined
  }

  #draft(typeId: string): TypeDraft | undefined {
    const chain = this.#chain(typeId)
    if (chain === undefined) return undefined
    let draft: TypeDraft | undefined
    for (const link of chain.reverse()) {
      if (!this.#drafts.has(link)) this.#drafts.set(link, this.#extend(link, draft))
      draft = this.#drafts.get(link)
      if (draft === undefined) return undefined
    }
    return draft
  }

  /** The type and those it extends, up to the first that extends none. */
  #chain(typeId: string): string[] | undefined {
    const chain = [typeId]
    for (let link = typeId; ; ) {
      const entry = this.#entries.get(link)
      if (this.#entries.has(link) && entry === undefined) return undefined
      const next = entry?.extends
      if (next === undefined) return chain
      const at = [...path(link), 'extends']
      if (!this.has(next)) {
        // Said once, for the type that says so itself.
        if (link === typeId) {
          const fix = this.#report.suggest(
            next,
            this.ids,
            `use one of ${this.ids.join(', ')}, or add it under types`,
          )
          this.#report.add(at, next, `there is no machine type "${next}"`, fix)
        }
        return undefined
      }
      if (chain.includes(next)) {
        const cycle = chain.slice(chain.indexOf(next))
        // Each of the cycle finds it; the first of them by name says so.
        if ([...cycle].sort()[0] === typeId) {
          const round = [...cycle, next].join(' → ')
          this.#report.add(
            [...path(typeId), 'extends'],
            this.#entries.get(typeId)?.extends,
            `types extend each other in a circle: ${round}`,
            'let one of them extend nothing',
          )
        }
        return undefined
      }
      if (chain.length === longestChain) {
        this.#report.add(
          at,
          next,
          `more than ${longestChain} types extend one another`,
          'extend an earlier one',
        )
        return undefined
      }
      chain.push(next)
      link = next
    }
  }

  #extend(typeId: string, parent: TypeDraft | undefined): TypeDraft | undefined {
    const entry = this.#entries.get(typeId)
    const ready = shipped.get(typeId)
    if (entry === undefined) return ready === undefined ? undefined : draftOfType(ready)
    const { extends: _, signals, status, ...own } = entry
    const { period } = own
    const at = path(typeId)
    const drafts: TypeDraft = {
      ...parent,
      ...own,
      ...(own.packml && { packml: { ...parent?.packml, ...own.packml } }),
      ...(own.flow && { flow: { ...parent?.flow, ...own.flow } }),
      signals: new Map(parent?.signals),
      status: new Map(parent?.status),
    }
    if (period !== undefined) {
      for (const [name, draft] of drafts.signals) drafts.signals.set(name, { ...draft, period })
    }
    let isSound = true
    for (const [part, value] of [
      ['signals', signals],
      ['status', status],
    ] as const) {
      const entries = readSignals(this.#report, value, [...at, part])
      isSound &&= entries.size === keysOf(value).length
      for (const [name, [signal]] of entries) {
        const usual = part === 'signals' ? usualPeriod(drafts.period) : {}
        drafts[part].set(name, inheritSignal({ ...usual, ...drafts[part].get(name) }, signal))
      }
    }
    for (const name of drafts.signals.keys()) {
      if (!drafts.status.has(name)) continue
      isSound = false
      this.#report.add(
        [...at, 'status', name],
        name,
        `"${name}" is both a sensor and a status signal`,
        'rename one',
      )
    }
    return isSound ? drafts : undefined
  }
}

/** What a type says of the period of sensors that say nothing of it themselves. */
export function usualPeriod(period: number | undefined): { period?: number } {
  return period === undefined ? {} : { period }
}

function draftOfType(template: MachineTypeTemplate): TypeDraft {
  const { name, archetype, ratedPower, idealCycleTime } = template
  const drafts = (signals: Readonly<Record<string, SignalTemplate>>): SignalDrafts =>
    new Map(Object.entries(signals).map(([signal, entry]) => [signal, draftOf(entry)]))
  return {
    name,
    archetype,
    ratedPower,
    idealCycleTime,
    faults: [...(faultsOfShipped(template.id) ?? [])],
    signals: drafts(template.signals),
    status: drafts(template.status),
  }
}

function quantitiesOf(signals: ReadonlyMap<string, SignalTemplate>): ReadonlySet<Quantity> {
  return new Set([...signals.values()].map(({ quantity }) => quantity))
}

function makeType(typeId: string, name: string, archetype: Archetype, ratedPower: number): MachineType {
  return { id: typeId, name, archetype, ratedPower }
}
