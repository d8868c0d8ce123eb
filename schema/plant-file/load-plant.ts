import type { Area, Line, Plant, Signal, Site, SourceSpec, StateMap } from '../plant.js'
import { shippedStateMaps } from '../state-maps.js'
import { readCostSections } from './costs.js'
import { DeclaredIds } from './declared-ids.js'
import { areaEntry, lineEntry, plantEntry, siteEntry } from './entries.js'
import { checkFeeds, type FeedingMachine } from './feeds.js'
import { checkFlows } from './flows.js'
import { readKpiSections } from './kpi-section.js'
import { MachineTypes } from './machine-types.js'
import { MachineReader } from './machines.js'
import { readOrders } from './orders.js'
import { readPlannedOrders } from './planned-orders.js'
import type { PlantPath, PlantProblem } from './problem.js'
import { isMap, Report } from './report.js'
import { type CheckSource, type CheckTags, readSources } from './sources.js'
import { readStateMaps } from './state-map-section.js'
import { checkTimeZone } from './time-zone.js'
import { readYaml } from './yaml-file.js'

export interface LoadPlantOptions {
  /** Name of the file, for the problems. */
  readonly file: string
  /** Checks the options of a source; without it they are taken as they are. */
  readonly checkSource?: CheckSource
  /** Checks the tags of a source's signals; without it they are taken as they are. */
  readonly checkTags?: CheckTags
}

/** Either the plant, or everything that is wrong with the file, in its order. Never both, never an exception. */
export type LoadedPlant =
  | { readonly plant: Plant; readonly problems?: undefined }
  | { readonly plant?: undefined; readonly problems: readonly PlantProblem[] }

/** Reads a plant file. */
export function loadPlant(text: string, options: LoadPlantOptions): LoadedPlant {
  const yaml = readYaml(text)
  const report = new Report(options.file, yaml)
  if (!isMap(yaml.content)) {
    if (report.isEmpty) {
      const what = yaml.content === null ? 'the file is empty' : 'the file is not a map of keys'
      report.add([], yaml.content, what, 'begin it with "gemba: 1", then name, enterprise, sources and sites')
    }
    return { problems: report.problems }
  }
  const plant = readPlant(yaml.content, report, options)
  return plant !== undefined && report.isEmpty ? { plant } : { problems: report.problems }
}

function readPlant(
  content: Readonly<Record<string, unknown>>,
  report: Report,
  { checkSource, checkTags }: LoadPlantOptions,
) {
  const root = report.read(plantEntry, content, [])
  const ownMaps = readStateMaps(content.stateMaps, report)
  const stateMaps = new Map([...Object.entries(shippedStateMaps), ...ownMaps])
  const sourceIds = new DeclaredIds(report, 'source')
  const sources = readSources(content.sources, sourceIds, report, checkSource)
  const surroundings = { report, stateMaps: new Set(stateMaps.keys()), sources: sourceIds.ids }
  const types = new MachineTypes(content.types, surroundings)
  const machineIds = new DeclaredIds(report, 'machine')
  const reader = new MachineReader(surroundings, types, sourceIds, machineIds, sources.tagPatterns)
  const hierarchy = new HierarchyReader(report, reader)
  const sites = hierarchy.read(content.sites)
  if (checkTags !== undefined && report.isEmpty)
    checkAllTags(sources.list, hierarchy.machines, checkTags, report)
  checkFeeds(hierarchy.machines, machineIds.ids, report)
  const orders = readOrders(content, hierarchy.siteIds, hierarchy.lineIds, machineIds.ids, report)
  checkFlows(hierarchy.machines, orders, report)
  const planned = readPlannedOrders(content.orders, { sites, orders }, report)
  const kpiParts = readKpiSections(content, new Set(reader.usedTypes), report)
  const costIds = {
    sites: hierarchy.siteIds.ids,
    lines: hierarchy.lineIds.ids,
    machines: machineIds.ids,
    products: orders.products.map(({ id }) => id),
  }
  const costParts = readCostSections(content, costIds, report)
  if (root === undefined) return undefined
  const plant: Plant = {
    name: root.name,
    enterprise: root.enterprise,
    sites,
    sources: sources.list,
    machineTypes: types.list(reader.usedTypes),
    ...orders,
    ...(planned.length > 0 && { orders: planned }),
    ...kpiParts,
    ...costParts,
    stateMaps: usedMaps(hierarchy.machines, ownMaps, stateMaps),
  }
  return plant
}

/** Each tag with what its adapter finds wrong: once for all machines of an entry that have it alike. */
function checkAllTags(
  sources: readonly SourceSpec[],
  machines: readonly FeedingMachine[],
  check: CheckTags,
  report: Report,
): void {
  const bySource = new Map<string, Signal[]>()
  const paths = new Map<Signal, PlantPath>()
  for (const { machine, path } of machines) {
    for (const signal of machine.signals) {
      paths.set(signal, path)
      const ofSource = bySource.get(signal.source)
      if (ofSource === undefined) bySource.set(signal.source, [signal])
      else ofSource.push(signal)
    }
  }
  const said = new Set<string>()
  for (const source of sources) {
    for (const { signal, message, fix } of check(source, bySource.get(source.id) ?? [])) {
      const path = paths.get(signal)!
      const place = JSON.stringify([path, signal.name])
      if (!said.has(place)) report.add(path, signal.tag, message, fix)
      said.add(place)
    }
  }
}

/** The file's own maps, and those shipped ones that a signal uses. */
function usedMaps(
  machines: readonly FeedingMachine[],
  own: ReadonlyMap<string, StateMap>,
  all: ReadonlyMap<string, StateMap>,
): Record<string, StateMap> {
  const used = new Set(
    machines.flatMap(({ machine }) => machine.signals.flatMap(signal => signal.stateMap ?? [])),
  )
  return Object.fromEntries([...all].filter(([name]) => own.has(name) || used.has(name)))
}

/** Reads sites, areas and lines down to the machines. */
class HierarchyReader {
  readonly #report: Report
  readonly #reader: MachineReader
  readonly #areaIds: DeclaredIds
  readonly siteIds: DeclaredIds
  readonly lineIds: DeclaredIds
  readonly machines: FeedingMachine[] = []

  constructor(report: Report, reader: MachineReader) {
    this.#report = report
    this.#reader = reader
    this.siteIds = new DeclaredIds(report, 'site')
    this.#areaIds = new DeclaredIds(report, 'area')
    this.lineIds = new DeclaredIds(report, 'line')
  }

  read(value: unknown): Site[] {
    if (value === undefined || value === null) {
      this.#report.add(
        ['sites'],
        value,
        'sites is missing',
        'add the list of sites with their areas, lines and machines',
      )
    }
    return this.#report.list(value, ['sites']).flatMap(([entry, path]): Site[] => {
      this.siteIds.declareEntry(entry, path)
      const site = this.#report.read(siteEntry, entry, path)
      if (site !== undefined) checkTimeZone(site.timeZone, [...path, 'timeZone'], this.#report)
      const siteId = site?.id ?? ''
      const areas = this.#report
        .list(child(entry, 'areas'), [...path, 'areas'])
        .flatMap(([each, at]) => this.#area(each, at, siteId))
      return site === undefined
        ? []
        : [{ id: site.id, name: site.name ?? site.id, timeZone: site.timeZone, areas }]
    })
  }

  #area(entry: unknown, path: PlantPath, site: string): Area[] {
    this.#areaIds.declareEntry(entry, path)
    const area = this.#report.read(areaEntry, entry, path)
    const lines = this.#report
      .list(child(entry, 'lines'), [...path, 'lines'])
      .flatMap(([each, at]) => this.#line(each, at, site, area?.id ?? ''))
    return area === undefined ? [] : [{ id: area.id, name: area.name ?? area.id, lines }]
  }

  #line(entry: unknown, path: PlantPath, site: string, area: string): Line[] {
    this.lineIds.declareEntry(entry, path)
    const line = this.#report.read(lineEntry, entry, path)
    const where = { site, area, line: line?.id ?? '' }
    const placed = this.#report
      .list(child(entry, 'machines'), [...path, 'machines'])
      .flatMap(([each, at]) => this.#reader.read(each, at, where))
    const feeding = placed.map((each, place): FeedingMachine => {
      const next = placed[place + 1]
      return {
        ...each,
        site,
        line: where.line,
        feeds: each.feeds ?? (next === undefined ? [] : [next.machine.id]),
      }
    })
    for (const each of feeding) this.machines.push(each)
    if (line === undefined) return []
    const machines = feeding.map(({ machine, feeds }) => ({ ...machine, feeds }))
    return [{ id: line.id, name: line.name ?? line.id, kind: line.kind ?? 'production', machines }]
  }
}

function child(entry: unknown, key: string): unknown {
  return isMap(entry) ? entry[key] : undefined
}
