import { z } from 'zod'
import { nearest } from './nearest.js'
import { formatPath, oneOf, type PlantPath, type PlantProblem, showValue } from './problem.js'
import type { YamlFile } from './yaml-file.js'

/** Looking for what was meant costs time: about a second for so many words compared. */
const mostComparisons = 200_000

/** Collects the problems of one plant file, and reads its entries while doing so. */
export class Report {
  readonly #file: string
  readonly #yaml: YamlFile
  readonly #problems: PlantProblem[] = []
  #comparisons = 0

  constructor(file: string, yaml: YamlFile) {
    this.#file = file
    this.#yaml = yaml
    for (const fault of yaml.faults) this.#addAt(fault.offset, [], undefined, fault.message, fault.fix)
  }

  /** In the order of the file. */
  get problems(): readonly PlantProblem[] {
    return this.#problems.toSorted((a, b) => a.line - b.line || a.column - b.column)
  }

  get isEmpty(): boolean {
    return this.#problems.length === 0
  }

  add(path: PlantPath, value: unknown, message: string, fix: string, part: 'key' | 'value' = 'value'): void {
    this.#addAt(this.#yaml.offsetOf(path, part), path, value, message, fix)
  }

  lineOf(path: PlantPath): number {
    return this.#yaml.positionOf(this.#yaml.offsetOf(path, 'value')).line
  }

  /** The entry as its schema reads it; undefined, and said why, where it does not. Empty values count as missing. */
  read<T>(schema: z.ZodType<T>, value: unknown, path: PlantPath): T | undefined {
    const outcome = schema.safeParse(withoutNothings(value))
    if (outcome.success) return outcome.data
    // A value that breaks two rules of its field is still one mistake.
    const seen = new Set<string>()
    for (const issue of outcome.error.issues) {
      const place = JSON.stringify([issue.path, issue.code === 'unrecognized_keys'])
      if (!seen.has(place)) this.#addIssue(schema, issue, value, path)
      seen.add(place)
    }
    return undefined
  }

  /** The entries of a list with their paths; none where it is missing. */
  list(value: unknown, path: PlantPath): [entry: unknown, path: PlantPath][] {
    if (value === undefined || value === null) return []
    if (Array.isArray(value)) return value.map((entry: unknown, place) => [entry, [...path, place]])
    this.add(path, value, `${showValue(value)} is not a list`, 'begin each entry on its own line with "- "')
    return []
  }

  /** The entries of a map by key with their paths; none where it is missing. */
  map(value: unknown, path: PlantPath): [key: string, entry: unknown, path: PlantPath][] {
    if (value === undefined || value === null) return []
    if (isMap(value)) return Object.entries(value).map(([key, entry]) => [key, entry, [...path, key]])
    this.add(path, value, `${showValue(value)} is not a map`, 'write each entry as "name: …" on its own line')
    return []
  }

  /** What to do about a word that is none of `known`. */
  suggest(word: string, known: Iterable<string>, otherwise: string): string {
    const meant = nearest(word, this.#affordable(known))
    return meant === undefined ? otherwise : `did you mean "${meant}"?`
  }

  *#affordable(words: Iterable<string>): Generator<string> {
    for (const word of words) {
      if (++this.#comparisons > mostComparisons) return
      yield word
    }
  }

  #addAt(offset: number, path: PlantPath, value: unknown, message: string, fix: string): void {
    const { line, column } = this.#yaml.positionOf(offset)
    this.#problems.push({ file: this.#file, line, column, path: formatPath(path), value, message, fix })
  }

  #addIssue(schema: z.ZodType, issue: z.core.$ZodIssue, entry: unknown, path: PlantPath): void {
    const inner = issue.path.filter(step => typeof step !== 'symbol')
    const at = [...path, ...inner]
    const value = valueAt(entry, inner)
    if (issue.code === 'unrecognized_keys') {
      const known = schemaKeys(schema, inner)
      for (const key of issue.keys) {
        const deeper = known.find(each => schemaKeys(schema, [...inner, each]).includes(key))
        const fix =
          deeper === undefined
            ? this.suggest(key, known, `remove it; known here: ${known.join(', ')}`)
            : `move it under ${deeper}`
        this.add([...at, key], valueAt(value, [key]), `unknown key "${key}"`, fix, 'key')
      }
      return
    }
    const [what = '', fix = '', whenMissing = ''] = issue.message.split('\n')
    if (value === undefined || value === null) {
      const add =
        issue.code === 'invalid_value' && fix === '' ? `add ${oneOf(issue.values.map(String))}` : 'add it'
      this.add(at, value, `${missingName(inner)} is missing`, whenMissing || add)
    } else if (issue.code === 'invalid_value' && fix === '') {
      const words = issue.values.map(String)
      const otherwise = `use ${oneOf(words)}`
      const better = typeof value === 'string' ? this.suggest(value, words, otherwise) : otherwise
      this.add(at, value, `${showValue(value)} is not known here`, better)
    } else if (fix === '') {
      const keys = schemaKeys(schema, inner)
      this.add(at, value, `${showValue(value)} is not a map`, `write a map of ${keys.join(', ')}`)
    } else {
      this.add(at, value, `${showValue(value)} is not ${what}`, fix)
    }
  }
}

export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The keys of what should be a map; none where it is missing or something else. */
export function keysOf(value: unknown): string[] {
  return isMap(value) ? Object.keys(value) : []
}

/** A key without a value (`types:` and nothing behind it) is as good as no key. */
function withoutNothings(value: unknown): unknown {
  if (!isMap(value)) return value
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== null))
}

function missingName(path: PlantPath): string {
  const last = path.at(-1)
  return typeof last === 'string' ? last : last === undefined ? 'the entry' : 'the value'
}

/** What stands at a path within a value; undefined where nothing does. */
export function valueAt(value: unknown, path: PlantPath): unknown {
  let found = value
  for (const step of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, step)) return undefined
    found = Reflect.get(found, step)
  }
  return found
}

/** The keys that the object at a path of a schema has. */
function schemaKeys(schema: z.ZodType, path: PlantPath): string[] {
  let found: unknown = schema
  for (const step of path) {
    found = unwrap(found)
    if (found instanceof z.ZodObject) found = Reflect.get(found.shape, step)
  }
  found = unwrap(found)
  return found instanceof z.ZodObject ? Object.keys(found.shape) : []
}

function unwrap(schema: unknown): unknown {
  return schema instanceof z.ZodOptional ? unwrap(schema.unwrap()) : schema
}
