import type { PlantPath } from './problem.js'
import { isMap, type Report } from './report.js'

/** The ids of one kind of thing in a plant file, be the things themselves sound or not. */
export class DeclaredIds {
  readonly #report: Report
  readonly #kind: string
  readonly #places = new Map<string, PlantPath>()

  /** `kind`: as in `there is no product "x"`. */
  constructor(report: Report, kind: string) {
    this.#report = report
    this.#kind = kind
  }

  /** Takes note of an id; says so where it is already taken, and whether it was free. */
  declare(id: string, path: PlantPath): boolean {
    const first = this.#places.get(id)
    if (first === undefined) {
      this.#places.set(id, path)
      return true
    }
    const message = `the ${this.#kind} id "${id}" is already used in line ${this.#report.lineOf(first)}`
    this.#report.add(path, id, message, 'give one of the two another id')
    return false
  }

  /** Takes note of the `id` of an entry if it has one. */
  declareEntry(entry: unknown, path: PlantPath): void {
    if (isMap(entry) && typeof entry.id === 'string') this.declare(entry.id, [...path, 'id'])
  }

  /** Says so where there is no such id. */
  refer(id: string, path: PlantPath): boolean {
    if (this.#places.has(id)) return true
    const first = [...take(this.#places.keys(), 9)]
    const otherwise =
      first.length === 0
        ? `there is no ${this.#kind} in this file; add it`
        : `add it, or use ${first.slice(0, 8).join(', ')}${first.length > 8 ? ', …' : ''}`
    const fix = this.#report.suggest(id, this.#places.keys(), otherwise)
    this.#report.add(path, id, `there is no ${this.#kind} "${id}"`, fix)
    return false
  }

  get ids(): ReadonlySet<string> {
    return new Set(this.#places.keys())
  }
}

function* take<T>(items: Iterable<T>, count: number): Generator<T> {
  let taken = 0
  for (const item of items) {
    if (taken++ === count) return
    yield item
  }
}
