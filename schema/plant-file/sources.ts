import type { Signal, SourceSpec } from '../plant.js'
import type { DeclaredIds } from './declared-ids.js'
import { sourceEntry } from './entries.js'
import { id } from './entry-rules.js'
import { expandIdRange, longestRange } from './id-range.js'
import { type PlantPath, showValue } from './problem.js'
import { isMap, type Report, valueAt } from './report.js'

/** What an adapter finds wrong with the options of its source; `path` is within the options. */
interface SourceFault {
  readonly path: PlantPath
  readonly message: string
  readonly fix?: string
}

/** Asks the adapter that a source names; adapters are known to the caller, not here. */
export type CheckSource = (source: SourceSpec) => readonly SourceFault[]

/** What an adapter finds wrong with the tag of a signal. */
export interface TagProblem {
  readonly signal: Signal
  readonly message: string
  readonly fix: string
}

/** Asks the adapter of a source what is wrong with the tags of its signals, as far as it knows without the source. */
export type CheckTags = (source: SourceSpec, signals: readonly Signal[]) => readonly TagProblem[]

export interface Sources {
  readonly list: readonly SourceSpec[]
  /** How a source names its signals, by source id, where it says so. */
  readonly tagPatterns: ReadonlyMap<string, string>
}

export function readSources(
  value: unknown,
  ids: DeclaredIds,
  report: Report,
  checkSource: CheckSource | undefined,
): Sources {
  const tagPatterns = new Map<string, string>()
  const list: SourceSpec[] = []
  for (const [written, entryValue, path] of report.map(value, ['sources'])) {
    const range = expandIdRange(written)
    if (range === undefined) {
      const fix = `write the lower number first, and at most ${longestRange} sources`
      report.add(path, written, `"${written}" is no range of ids`, fix, 'key')
    }
    for (const { id: each } of range ?? []) ids.declare(each, path)
    const [first] = range ?? []
    const isId = first !== undefined && report.read(id, first.id, path) !== undefined
    const entry = report.read(sourceEntry, entryValue ?? {}, path)
    if (!isId || entry === undefined) continue
    const { adapter, clock = 'wall', time, silence, enabled, tags, ...rest } = entry
    const isNested = rest.options !== undefined
    if (isNested && !isMap(rest.options)) {
      report.add(
        [...path, 'options'],
        rest.options,
        `${showValue(rest.options)} is not a map`,
        'write a map of options',
      )
      continue
    }
    const { options: nested, ...flat } = rest
    if (isNested) {
      for (const key of Object.keys(flat)) {
        const message = `the option "${key}" stands beside the map "options"`
        report.add([...path, key], flat[key], message, 'move it into options', 'key')
      }
    }
    const options = isMap(nested) ? nested : flat
    const specs = (range ?? []).map(
      ({ id: each, number }): SourceSpec => ({
        id: each,
        adapter,
        clock,
        ...(time !== undefined && { time }),
        ...(silence !== undefined && { silence }),
        ...(enabled !== undefined && { enabled }),
        options: number === undefined ? options : (numbered(options, number) as SourceSpec['options']),
      }),
    )
    if (clock === 'source' && time !== undefined && time !== 'source') {
      const message = `"${written}" brings its own clock, so its samples bear its own time`
      report.add([...path, 'time'], time, message, 'remove time, or clock')
    }
    list.push(...specs)
    if (tags !== undefined) for (const { id: each } of specs) tagPatterns.set(each, tags)
    // What is wrong with one of a range is wrong with all: it is told once.
    for (const { path: within, message, fix = 'correct the option' } of checkSource?.(specs[0]!) ?? []) {
      // An unknown adapter is told at the adapter: it has no options to speak of.
      const isAdapter = within.length === 1 && within[0] === 'adapter' && !Object.hasOwn(options, 'adapter')
      const at = isNested && !isAdapter ? [...path, 'options'] : path
      report.add([...at, ...within], isAdapter ? adapter : valueAt(options, within), message, fix)
    }
  }
  checkClocks(list, report)
  return { list, tagPatterns }
}

/** The options with `{n}` in their texts replaced by a source's number in its range. */
function numbered(value: unknown, number: string): unknown {
  if (typeof value === 'string') return value.replaceAll('{n}', number)
  if (Array.isArray(value)) return value.map(each => numbered(each, number))
  if (!isMap(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, numbered(each, number)]))
}

/** A floor has one clock: either the wall's, or that of its recordings (docs/adr/0004). */
function checkClocks(list: readonly SourceSpec[], report: Report): void {
  const recording = list.find(({ clock }) => clock === 'source')
  const live = list.find(({ clock }) => clock === 'wall')
  if (recording === undefined || live === undefined) return
  const message = `"${recording.id}" brings its own clock, but "${live.id}" goes by the wall's, and a floor has one clock`
  const fix = `give all sources the same clock, or make a plant file of its own for "${recording.id}"`
  report.add(['sources', recording.id, 'clock'], 'source', message, fix)
}
