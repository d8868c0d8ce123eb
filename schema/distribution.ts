import { exp, log } from './elementary.js'

/** How long something takes: seconds, drawn anew each time. */
export type Distribution =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'uniform'; readonly low: number; readonly high: number }
  | { readonly kind: 'exponential'; readonly mean: number }
  | { readonly kind: 'weibull'; readonly scale: number; readonly shape: number }
  /** Mean and standard deviation of the times themselves, not of their logarithms. */
  | { readonly kind: 'lognormal'; readonly mean: number; readonly deviation: number }
  /** Nearly normal and never further than 3.47 deviations from the mean. */
  | { readonly kind: 'normal'; readonly mean: number; readonly deviation: number }
  /** A whole number of steps, at least one; each is the last with the same chance. For lines in slotted time. */
  | { readonly kind: 'geometric'; readonly step: number; readonly mean: number }
  /** Measured times, each as likely as the others. */
  | { readonly kind: 'empirical'; readonly values: readonly number[] }

/** Simulated time goes by whole milliseconds: what is less is none, s. */
const leastTime = 0.001
/** What takes longer is never, s: a hundred years. */
const longestTime = 100 * 365.25 * 86_400
/**
 * The greatest deviation, over the mean: measured lengths of stops have 1 to 3. Beyond it next to all times are nothing,
 * and the rest centuries.
 */
const widestSpread = 10
/** Weibull's own measure of that: here its deviation is 8.3 times its mean, and lives that machines have are above 0.5. */
const leastShape = 0.25

/**
 * Whether every time that it can give is less than a millisecond: what takes so long happens without end in the same
 * moment.
 */
export function isNothing(given: Distribution): boolean {
  const { kind: _, ...parameters } = given.kind === 'weibull' ? { ...given, shape: 0 } : given
  return Object.values(parameters)
    .flat()
    .every(each => each < leastTime)
}

/** What is wrong with a distribution, and undefined where nothing is. */
export function distributionProblem(given: Distribution): string | undefined {
  const { kind, ...parameters } = given
  const numbers = Object.values(parameters).flat()
  if (numbers.length === 0) return `${kind} needs at least one value`
  if (!numbers.every(each => Number.isFinite(each) && each >= 0)) {
    return `${kind} has ${numbers.find(each => !(Number.isFinite(each) && each >= 0))}; times are finite and from 0 s`
  }
  const times = given.kind === 'weibull' ? [given.scale] : numbers
  const longest = Math.max(...times)
  if (longest > longestTime) return `${kind} has ${longest} s, which is more than a hundred years`
  switch (given.kind) {
    case 'uniform':
      return given.low <= given.high
        ? undefined
        : `uniform begins at ${given.low} s and ends at ${given.high} s`
    case 'exponential':
      return given.mean > 0 ? undefined : 'exponential needs a mean above 0 s'
    case 'lognormal':
      if (given.mean <= 0) return 'lognormal needs a mean above 0 s'
      return tooWide(kind, given.mean, given.deviation)
    case 'weibull':
      if (given.scale <= 0) return 'weibull needs a scale above 0 s'
      return given.shape >= leastShape
        ? undefined
        : `weibull with shape ${given.shape}: a shape is from ${leastShape}; below that next to all times are nothing`
    case 'normal':
      return given.mean >= 3.47 * given.deviation
        ? undefined
        : `normal with mean ${given.mean} s and deviation ${given.deviation} s would give times below 0 s`
    case 'geometric':
      return given.step >= leastTime && given.mean >= given.step
        ? undefined
        : `geometric needs a step from ${leastTime} s and a mean of at least one step`
    case 'empirical': {
      const mean = meanOf(given)
      const squares = given.values.reduce((sum, each) => sum + (each - mean) ** 2, 0)
      return tooWide(kind, mean, Math.sqrt(squares / given.values.length))
    }
    default:
      return undefined
  }
}

function tooWide(kind: string, mean: number, deviation: number): string | undefined {
  if (deviation <= widestSpread * mean) return undefined
  return `${kind} with mean ${mean} s and deviation ${deviation} s: a deviation is at most ${widestSpread} times the mean`
}

/** Mean, seconds. */
export function meanOf(given: Distribution): number {
  switch (given.kind) {
    case 'constant':
      return given.value
    case 'uniform':
      return (given.low + given.high) / 2
    case 'weibull':
      return given.scale * gamma(1 + 1 / given.shape)
    case 'geometric':
      return Math.max(given.mean, given.step)
    case 'empirical':
      return given.values.reduce((sum, each) => sum + each, 0) / given.values.length
    default:
      return given.mean
  }
}

/** Lanczos' series for Γ(x), x ≥ 1, to 15 digits (g = 7, 9 terms). */
function gamma(x: number): number {
  const terms = [
    676.5203681218851, -1259.1392167224028, 771.3234287776531, -176.6150291621406, 12.507343278686905,
    -0.13857109526572012, 9.984369578019572e-6, 1.5056327351493116e-7,
  ]
  const t = x + 6.5
  const series = terms.reduce((sum, term, i) => sum + term / (x + i), 0.9999999999998099)
  return Math.sqrt(2 * Math.PI) * exp((x - 0.5) * log(t) - t) * series
}
