import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus'
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator'
import { log } from '../../schema/elementary.js'

/**
 * One stream of chance. Each machine and purpose has its own, so that what one machine draws never depends on
 * whether another one exists.
 *
 * Only additions, multiplications, divisions and square roots are used, here and in the rest of this folder: IEEE 754
 * defines them to the last bit, so a seed gives the same bytes on every processor and release of the runtime, which
 * `Math.exp` and `Math.log` do not promise (see elementary.ts).
 */
export class RandomStream {
  readonly #generator: RandomGenerator

  /** The stream named by `seed` and `names`, e.g. a machine's id and a purpose. */
  constructor(seed: number, ...names: readonly string[]) {
    this.#generator = xoroshiro128plusFromState(hash128([String(seed), ...names].join('\u0000')))
    // The first outputs are sums of hash words; a few steps mix all 128 bits.
    for (let i = 0; i < 8; i++) this.#generator.next()
  }

  /** Uniform in [0, 1), in steps of 2^-32. */
  uniform(): number {
    return (this.#generator.next() >>> 0) * 2 ** -32
  }

  /** Uniform in (0, 1), never either end: for functions that are infinite there. */
  inside(): number {
    return ((this.#generator.next() >>> 0) + 0.5) * 2 ** -32
  }

  /** Exponential with mean 1: minus the logarithm of a number that is uniform in (0, 1). */
  exponential(): number {
    const bits = this.#generator.next() >>> 0
    // The number is m / 2^zeros with m from 1/2 to 1, and m close to a number whose logarithm is known.
    const zeros = Math.clz32(bits)
    const m = (bits + 0.5) * scale[zeros]!
    const near = (m * steps) | 0
    const r = m * reciprocal[near]! - 1
    return zeros * Math.LN2 + minusLog[near]! - r * (1 - r * (1 / 2 - r * (1 / 3 - r * (1 / 4))))
  }

  /** Uniform in [low, high). */
  between(low: number, high: number): number {
    return low + (high - low) * this.uniform()
  }

  /**
   * In [low, high), most draws near `low` and few near `high`, as the lengths of stops are. The mean lies a quarter
   * of the way up.
   */
  skewed(low: number, high: number): number {
    const u = this.uniform()
    return low + (high - low) * u * u * u
  }

  /**
   * Mean 0, standard deviation 1, near enough to normal for noise: the sum of four uniform 16-bit numbers
   * (Irwin–Hall). Never beyond ±3.47, so that no single draw throws a healthy sensor over its limit.
   */
  noise(): number {
    const a = this.#generator.next()
    const b = this.#generator.next()
    return ((a >>> 16) + (a & 0xffff) + (b >>> 16) + (b & 0xffff) - 131070) * noiseScale
  }
}

/** 2^(zeros - 32) for each number of leading zeros. */
const scale = Float64Array.from({ length: 33 }, (_, zeros) => 2 ** (zeros - 32))

/** Numbers from 1/2 to 1 in so many steps, by the middle of each: r stays below 1/512, and r^5 / 5 below 1e-14. */
const steps = 512
const middles = Array.from({ length: steps + 1 }, (_, i) => (i + 0.5) / steps)
const reciprocal = Float64Array.from(middles, middle => 1 / middle)
const minusLog = Float64Array.from(middles, middle => -log(middle))

/** One over the standard deviation of the sum: four times the variance (2^32 - 1) / 12. */
const noiseScale = 1 / Math.sqrt((2 ** 32 - 1) / 3)

/** A share in [0, 1) that belongs to a name for good, whatever the seed; e.g. a machine's place within a period. */
export function shareOf(name: string): number {
  return ((hash128(name)[0] ?? 0) >>> 0) * 2 ** -32
}

/** Four words of FNV-1a with different bases, each finished as MurmurHash3 does so that near names lie far apart. */
function hash128(text: string): number[] {
  return [0x811c9dc5, 0x01000193, 0x9e3779b9, 0x85ebca6b].map(basis => {
    let h = basis
    for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
    // An all-zero state would stay zero for ever.
    return (h ^ (h >>> 16)) | 0 || 1
  })
}
