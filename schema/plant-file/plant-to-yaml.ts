import { Document, isMap, isScalar, isSeq, visit } from 'yaml'
import { expandTag, type MachinePlace, plainTagPattern } from '../machine-types/make-signal.js'
import type { Machine, Plant, Signal, StateMap } from '../plant.js'
import { type StateMeaning, shippedStateMaps } from '../state-maps.js'
import { isTextQuantity } from '../units.js'
import { writeLimits } from './limits.js'
import { writePackml } from './packml.js'
import { formatPatience, formatPeriod } from './period.js'
import { impliedQuantity, sensorPeriodMs, usualRange } from './signals.js'
import { inner } from './state-map-section.js'

/** What stands in a plant file, before it is text. */
type Entry = Record<string, unknown>
type Role = Signal['role']

const roles: readonly { role: Role; part: 'signals' | 'status'; fitted: 'sensors' | 'reports' }[] = [
  { role: 'sensor', part: 'signals', fitted: 'sensors' },
  { role: 'status', part: 'status', fitted: 'reports' },
]

/**
 * A plant file that `loadPlant` reads back as the same plant, as long as the plant is one that a file can say: sensors
 * stand before status signals on each machine. What machines of a type have in common is written once, at the type.
 */
export function plantToYaml(plant: Plant): string {
  const writer = new PlantWriter(plant)
  const document = new Document(writer.write(), { aliasDuplicateObjects: false })
  visit(document, {
    Seq(_, node) {
      if (node.items.every(isScalar)) node.flow = true
    },
    Pair(_, pair) {
      const isLeaf =
        isMap(pair.value) && pair.value.items.every(each => isScalar(each.value) || isSeq(each.value))
      const name = isScalar(pair.key) ? pair.key.value : ''
      const isShort = name === 'limits' || name === 'position' || name === 'buffer'
      const isTag = isMap(pair.value) && pair.value.items.length === 1 && pair.value.has('tag')
      if (isLeaf && isMap(pair.value) && (isShort || isTag)) pair.value.flow = true
    },
  })
  return document.toString({ lineWidth: 0, flowCollectionPadding: true })
}

class PlantWriter {
  readonly #plant: Plant
  readonly #machines: readonly Machine[]
  readonly #byType: ReadonlyMap<string, readonly Machine[]>
  readonly #places: ReadonlyMap<string, MachinePlace>
  readonly #tagPatterns: ReadonlyMap<string, string>
  /** How machines of a type name their signals where they do so alike, and not as their source does. */
  readonly #typeTags: ReadonlyMap<string, string>
  /** Signals on which all machines of a type that have them agree, but for tags: by type and role, name to entry. */
  readonly #shared = new Map<string, ReadonlyMap<string, Entry>>()

  constructor(plant: Plant) {
    this.#plant = plant
    this.#machines = plant.sites.flatMap(site =>
      site.areas.flatMap(area => area.lines.flatMap(line => line.machines)),
    )
    this.#places = placesOf(plant)
    this.#tagPatterns = findTagPatterns(this.#machines, this.#places)
    this.#byType = groupBy(this.#machines, machine => machine.type)
    this.#typeTags = new Map(
      [...this.#byType].flatMap(([typeId, machines]) => {
        const tags = this.#findTags(machines)
        return tags === undefined ? [] : [[typeId, tags]]
      }),
    )
    for (const [typeId, machines] of this.#byType) {
      for (const { role } of roles) this.#shared.set(`${typeId} ${role}`, this.#findShared(machines, role))
    }
  }

  write(): Entry {
    const { name, enterprise, sites, sources, machineTypes, shifts, products, customers, crews } = this.#plant
    const { calendarExceptions, plannedStops, kpis, downtimeReasons, faultReasons } = this.#plant
    const cycleTimes = new Map(
      [...this.#byType].map(([typeId, machines]) => [
        typeId,
        mostCommon(machines.map(machine => machine.idealCycleTime)),
      ]),
    )
    return withoutEmpty({
      gemba: 1,
      name,
      enterprise,
      stateMaps: writeStateMaps(this.#plant.stateMaps),
      types: Object.fromEntries(
        machineTypes.map(type => [
          type.id,
          {
            ...named(type),
            archetype: type.archetype,
            ratedPower: type.ratedPower,
            ...optional('idealCycleTime', cycleTimes.get(type.id)),
            ...optional('tags', this.#typeTags.get(type.id)),
            ...optional('faults', this.#byType.get(type.id)?.[0]?.faults),
            ...optional('signals', mapToEntry(this.#shared.get(`${type.id} sensor`))),
            ...optional('status', mapToEntry(this.#shared.get(`${type.id} status`))),
          },
        ]),
      ),
      sources: Object.fromEntries(
        sources.map(({ id, adapter, clock, time, silence, enabled, options }) => [
          id,
          {
            adapter,
            ...(clock === 'source' && { clock }),
            ...optional('time', time),
            ...optional('silence', silence === undefined ? undefined : formatPatience(silence)),
            ...optional('enabled', enabled),
            ...optional('tags', this.#tagPatterns.get(id)),
            ...(Object.keys(options).length > 0 && { options }),
          },
        ]),
      ),
      sites: sites.map(site => ({
        id: site.id,
        ...named(site),
        timeZone: site.timeZone,
        areas: site.areas.map(area => ({
          id: area.id,
          ...named(area),
          lines: area.lines.map(line => ({
            id: line.id,
            ...named(line),
            kind: line.kind,
            machines: line.machines.map((machine, place) =>
              this.#machine(machine, line.machines[place + 1]?.id, cycleTimes.get(machine.type)),
            ),
          })),
        })),
      })),
      crews,
      shifts,
      products: products.map(({ category, ...product }) => ({
        ...product,
        ...(category !== '' && { category }),
      })),
      customers,
      ...optional('calendarExceptions', calendarExceptions),
      ...optional('plannedStops', plannedStops),
      ...optional('targets', this.#plant.targets),
      ...optional('orders', this.#plant.orders),
      ...optional('kpis', kpis),
      ...optional('downtimeReasons', downtimeReasons),
      ...optional('faultReasons', faultReasons),
      ...optional('workOrders', this.#plant.workOrders),
      ...optional('costs', this.#plant.costs),
    })
  }

  #machine(machine: Machine, next: string | undefined, usualCycleTime: number | undefined): Entry {
    const isUsualFeed = machine.feeds.length === (next === undefined ? 0 : 1) && machine.feeds[0] === next
    return {
      id: machine.id,
      ...named(machine),
      type: machine.type,
      ...(this.#plant.sources.length > 1 && { source: machine.source }),
      ...(!isUsualFeed && { feeds: machine.feeds }),
      ...(machine.idealCycleTime !== usualCycleTime && { idealCycleTime: machine.idealCycleTime }),
      ...optional('buffer', machine.buffer),
      ...optional('flow', machine.flow),
      ...optional('position', machine.position),
      ...optional('packml', machine.packml && writePackml(machine.packml)),
      ...this.#machineSignals(machine),
    }
  }

  /** Which of its type's signals the machine has, and those of its own. */
  #machineSignals(machine: Machine): Entry {
    const entry: Entry = {}
    for (const { role, part, fitted } of roles) {
      const shared = this.#shared.get(`${machine.type} ${role}`) ?? new Map<string, Entry>()
      const signals = machine.signals.filter(signal => signal.role === role)
      const ofType = signals.filter(signal => shared.has(signal.name))
      const isOrdered = ofType.every((signal, place) => signals[place] === signal)
      const inherited = isOrdered ? ofType.map(signal => signal.name) : []
      const own = signals.flatMap((signal): [string, Entry][] => {
        const whole = this.#signal(signal, machine)
        if (!inherited.includes(signal.name)) return [[signal.name, whole]]
        const isTagged = whole.tag !== undefined && whole.tag !== shared.get(signal.name)?.tag
        return isTagged ? [[signal.name, { tag: whole.tag }]] : []
      })
      if (inherited.join('\n') !== [...shared.keys()].join('\n')) entry[fitted] = inherited
      if (own.length > 0) entry[part] = Object.fromEntries(own)
    }
    return entry
  }

  /** The one pattern by which these machines name the signals of their sources; none where the sources' will do. */
  #findTags(machines: readonly Machine[]): string | undefined {
    const patterns = new Set<string>()
    for (const machine of machines) {
      for (const { source, name, tag } of machine.signals) {
        if (source !== machine.source) continue
        const place = this.#places.get(machine.id)!
        if (tag === expandTag(this.#tagPatterns.get(source) ?? plainTagPattern, place, name)) return undefined
        patterns.add(generalise(tag, place, name))
        if (patterns.size > 1) return undefined
      }
    }
    return [...patterns][0]
  }

  #findShared(machines: readonly Machine[], role: Role): ReadonlyMap<string, Entry> {
    const entries = new Map<string, Entry>()
    const differing = new Set<string>()
    for (const machine of machines) {
      for (const signal of machine.signals) {
        if (signal.role !== role) continue
        const entry = this.#signal(signal, machine)
        const known = entries.get(signal.name)
        if (known === undefined) {
          entries.set(signal.name, entry)
          continue
        }
        const { tag, ...rest } = entry
        const { tag: knownTag, ...knownRest } = known
        if (JSON.stringify(knownRest) !== JSON.stringify(rest)) differing.add(signal.name)
        // Alike but for where each is: that is for the machines to say.
        else if (tag !== knownTag) entries.set(signal.name, knownRest)
      }
    }
    for (const name of differing) entries.delete(name)
    return entries
  }

  /** A signal without what is understood. */
  #signal(signal: Signal, machine: Machine): Entry {
    const { quantity, unit, type, period, range, resolution, limits, maxRate, normal, source, tag } = signal
    const place = this.#places.get(machine.id)!
    const ofType = source === machine.source ? this.#typeTags.get(machine.type) : undefined
    const pattern = ofType ?? this.#tagPatterns.get(source) ?? plainTagPattern
    const usualTag = expandTag(pattern, place, signal.name)
    return {
      ...(quantity !== impliedQuantity(signal.name, signal.role) && { quantity }),
      ...(unit !== '' && { unit }),
      ...((type === 'text') !== isTextQuantity(quantity) && { type }),
      ...(period !== (signal.role === 'sensor' ? sensorPeriodMs : 0) && { period: formatPeriod(period) }),
      ...(String(range) !== String(usualRange(quantity, signal.role, type)) && { range }),
      ...(resolution !== 0 && { resolution }),
      ...optional('maxRate', maxRate),
      ...optional('normal', normal),
      ...(Object.keys(limits).length > 0 && { limits: writeLimits(limits) }),
      ...optional('map', signal.stateMap),
      ...(source !== machine.source && { source }),
      ...(tag !== usualTag && { tag: generalise(tag, place) }),
    }
  }
}

/** Sources that name all their signals by machine and signal. */
function findTagPatterns(
  machines: readonly Machine[],
  places: ReadonlyMap<string, MachinePlace>,
): ReadonlyMap<string, string> {
  const pattern = '{machine}.{signal}'
  const isPattern = new Map<string, boolean>()
  for (const machine of machines) {
    const place = places.get(machine.id)!
    for (const { source, name, tag } of machine.signals) {
      isPattern.set(source, (isPattern.get(source) ?? true) && tag === expandTag(pattern, place, name))
    }
  }
  return new Map([...isPattern].flatMap(([source, holds]) => (holds ? [[source, pattern]] : [])))
}

function placesOf(plant: Plant): ReadonlyMap<string, MachinePlace> {
  const places = new Map<string, MachinePlace>()
  for (const { id: site, areas } of plant.sites)
    for (const { id: area, lines } of areas)
      for (const { id: line, machines } of lines)
        for (const { id: machine } of machines) places.set(machine, { site, area, line, machine })
  return places
}

/** A pattern that stands for the tag, with as much of the place, and of the signal where it is given, as the tag names. */
function generalise(tag: string, place: MachinePlace, signal?: string): string {
  const named = { machine: place.machine, line: place.line, area: place.area, site: place.site, signal }
  let parts = [{ text: tag, isPlaceholder: false }]
  for (const [name, id] of Object.entries(named)) {
    parts = parts.flatMap(part => {
      if (part.isPlaceholder || id === undefined) return [part]
      const pieces = part.text.split(id).map(text => ({ text, isPlaceholder: false }))
      return pieces.flatMap((piece, i) =>
        i === 0 ? [piece] : [{ text: `{${name}}`, isPlaceholder: true }, piece],
      )
    })
  }
  return parts.map(({ text }) => text).join('')
}

/** The maps that are not the shipped ones of the same name. */
function writeStateMaps(maps: Plant['stateMaps']): Entry {
  const write = (meaning: StateMeaning): unknown => {
    if (meaning.isInner) return inner
    const only = Object.keys(meaning).length === 1
    return only && meaning.reason === undefined ? (meaning.state ?? meaning.mode) : meaning
  }
  const isShipped = (name: string, map: StateMap): boolean =>
    Object.hasOwn(shippedStateMaps, name) && JSON.stringify(shippedStateMaps[name]) === JSON.stringify(map)
  return Object.fromEntries(
    Object.entries(maps).flatMap(([name, map]) => {
      if (isShipped(name, map)) return []
      return [
        [
          name,
          Object.fromEntries(Object.entries(map.words).map(([word, meaning]) => [word, write(meaning)])),
        ],
      ]
    }),
  )
}

function mostCommon(values: readonly number[]): number | undefined {
  const counts = [...groupBy(values, value => value)]
  return counts.sort((a, b) => b[1].length - a[1].length)[0]?.[0]
}

function groupBy<Key, Item>(items: readonly Item[], keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group === undefined) groups.set(keyOf(item), [item])
    else group.push(item)
  }
  return groups
}

function named({ id, name }: { readonly id: string; readonly name: string }): { name?: string } {
  return name === id ? {} : { name }
}

function optional(key: string, value: unknown): Entry {
  return value === undefined ? {} : { [key]: value }
}

function mapToEntry(entries: ReadonlyMap<string, Entry> | undefined): Entry | undefined {
  return entries === undefined || entries.size === 0 ? undefined : Object.fromEntries(entries)
}

function withoutEmpty(entry: Entry): Entry {
  const isEmpty = (value: unknown): boolean =>
    typeof value === 'object' && value !== null && Object.keys(value).length === 0
  return Object.fromEntries(
    Object.entries(entry).filter(([key, value]) => key === 'sites' || !isEmpty(value)),
  )
}
