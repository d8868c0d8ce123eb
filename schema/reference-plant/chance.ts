import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

/** A seeded stream of choices. Streams of different purposes are independent of each other. */
export class Chance {
  readonly #generator: ReturnType<typeof xoroshiro128plus>

  /** The stream of `seed` for one purpose, e.g. the sensors of one machine. */
  constructor(seed: number, purpose: string) {
    this.#generator = xoroshiro128plus(fnv1a(`${seed}:${purpose}`))
  }

  /** A whole number from `least` to `most`, both included. */
  integer(least: number, most: number): number {
    return uniformInt(this.#generator, least, most)
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.integer(0, items.length - 1)]
    if (item === undefined) throw new RangeError('Nothing to pick from: the list is empty.')
    return item
  }

  /** `count` different items (all if there are fewer), in the order of the list. */
  sample<T>(items: readonly T[], count: number): T[] {
    const places = items.map((_, place) => place)
    const taken: number[] = []
    while (taken.length < count && places.length > 0) {
      taken.push(...places.splice(this.integer(0, places.length - 1), 1))
    }
    return taken.sort((a, b) => a - b).flatMap(place => items.slice(place, place + 1))
  }

  /**
   * How to give `total` to shares of which each lies within its bounds: one at a time, to a share drawn from those
   * that still take some.
   */
  distribute(total: number, bounds: readonly { readonly least: number; readonly most: number }[]): number[] {
    const shares = bounds.map(bound => bound.least)
    let left = total - shares.reduce((sum, share) => sum + share, 0)
    const open = bounds.map((_, place) => place).filter(place => shares[place]! < bounds[place]!.most)
    while (left > 0 && open.length > 0) {
      const at = this.integer(0, open.length - 1)
      const place = open[at]!
      shares[place]!++
      left--
      if (shares[place] === bounds[place]!.most) open.splice(at, 1)
    }
    if (left !== 0)
      throw new RangeError(`A total of ${total} does not fit the bounds of its ${bounds.length} shares.`)
    return shares
  }
}

/** FNV-1a of the text's UTF-16 units, 32 bits, unsigned. */
export function fnv1a(text: string): number {
  let hash = 0x811c9dc5
  for (let place = 0; place < text.length; place++) {
    hash = Math.imul(hash ^ text.charCodeAt(place), 0x01000193)
  }
  return hash >>> 0
}
