import type { Distribution } from '../../schema/distribution.js'
import { exp, log } from '../../schema/elementary.js'
import type { RandomStream } from './random.js'

export const constant = (value: number): Distribution => ({ kind: 'constant', value })
export const exponential = (mean: number): Distribution => ({ kind: 'exponential', mean })

const kinds = [
  'constant',
  'uniform',
  'exponential',
  'weibull',
  'lognormal',
  'normal',
  'geometric',
  'empirical',
] as const satisfies readonly Distribution['kind'][]
const [constantKind, uniformKind, exponentialKind, weibullKind, lognormalKind, normalKind, geometricKind] =
  kinds.map((_, place) => place)

/**
 * Draws from a distribution: one number of the stream for each time (two for `normal`), so that two runs with other
 * parameters and the same stream stay comparable. Milliseconds, whole.
 */
export class Sampler {
  readonly #kind: number
  readonly #a: number
  readonly #b: number
  readonly #values: Float64Array

  constructor(given: Distribution) {
    this.#kind = kinds.indexOf(given.kind)
    const [a, b] = parametersOf(given)
    this.#a = a
    this.#b = b
    const values = given.kind === 'empirical' ? [...given.values].sort((x, y) => x - y) : []
    this.#values = Float64Array.from(values, value => value * 1000)
  }

  /** At least 1 ms, `factor` times what is drawn. */
  draw(stream: RandomStream, factor = 1): number {
    return wholeTime(factor * this.#time(stream))
  }

  /** Draws many times at once, not rounded yet. */
  fill(times: Float64Array, stream: RandomStream): void {
    for (let i = 0; i < times.length; i++) times[i] = this.#time(stream)
  }

  #time(stream: RandomStream): number {
    const a = this.#a
    const b = this.#b
    switch (this.#kind) {
      case constantKind:
        return a
      case uniformKind:
        return a + b * stream.uniform()
      case exponentialKind:
        return a * stream.exponential()
      case weibullKind:
        return a * exp(log(stream.exponential()) / b)
      case lognormalKind:
        return exp(a + b * normalQuantile(stream.inside()))
      case normalKind:
        return a + b * stream.noise()
      case geometricKind:
        return a * Math.ceil(stream.exponential() / b)
      default:
        return this.#values[Math.floor(stream.uniform() * this.#values.length)]!
    }
  }
}

const drawnAhead = 32

/** Draws from a stream that nobody else draws from, some ahead: the same times as a sampler's, sooner. */
export class Draws {
  readonly #sampler: Sampler
  readonly #stream: RandomStream
  readonly #times = new Float64Array(drawnAhead)
  #next = drawnAhead

  constructor(given: Distribution, stream: RandomStream) {
    this.#sampler = new Sampler(given)
    this.#stream = stream
  }

  /** At least 1 ms, `factor` times what is drawn. */
  next(factor: number): number {
    if (this.#next === drawnAhead) {
      this.#sampler.fill(this.#times, this.#stream)
      this.#next = 0
    }
    return wholeTime(factor * this.#times[this.#next++]!)
  }
}

const wholeTime = (time: number): number => Math.max(1, Math.round(time))

function parametersOf(given: Distribution): readonly [number, number] {
  switch (given.kind) {
    case 'constant':
      return [given.value * 1000, 0]
    case 'uniform':
      return [given.low * 1000, (given.high - given.low) * 1000]
    case 'exponential':
      return [given.mean * 1000, 0]
    case 'weibull':
      return [given.scale * 1000, given.shape]
    case 'lognormal': {
      const variance = log(1 + (given.deviation / given.mean) ** 2)
      return [log(given.mean * 1000) - variance / 2, Math.sqrt(variance)]
    }
    case 'normal':
      return [given.mean * 1000, given.deviation * 1000]
    case 'geometric':
      // The chance that a step is not the last is 1 - step / mean; where there is none, every draw is one step.
      return [given.step * 1000, given.mean > given.step ? -log(1 - given.step / given.mean) : 1e9]
    case 'empirical':
      return [0, 0]
  }
}

/**
 * The number below which a standard normal one lies with chance `p`, to about 7 digits (Wichura 1988, Algorithm
 * AS 241, PPND7).
 */
export function normalQuantile(p: number): number {
  const q = p - 0.5
  if (Math.abs(q) <= 0.425) {
    const r = 0.180625 - q * q
    return (
      (q * (((59.10937472 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179)) /
      (((67.1875636 * r + 78.757757664) * r + 17.895169469) * r + 1)
    )
  }
  const r = Math.sqrt(-log(q < 0 ? p : 1 - p))
  const z =
    r <= 5
      ? (((0.17023821103 * (r - 1.6) + 1.3067284816) * (r - 1.6) + 2.75681539) * (r - 1.6) + 1.4234372777) /
        ((0.12021132975 * (r - 1.6) + 0.7370016425) * (r - 1.6) + 1)
      : (((0.017337203997 * (r - 5) + 0.42868294337) * (r - 5) + 3.081226386) * (r - 5) + 6.657905115) /
        ((0.012258202635 * (r - 5) + 0.24197894225) * (r - 5) + 1)
  return q < 0 ? -z : z
}
