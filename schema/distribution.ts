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
  switch (given.kind) {
    case 'uniform':
      return given.low <= given.high
        ? undefined
        : `uniform begins at ${given.low} s and ends at ${given.high} s`
    case 'exponential':
    case 'lognormal':
      return given.mean > 0 ? undefined : `${kind} needs a mean above 0 s`
    case 'weibull':
      return given.scale > 0 && given.shape > 0 ? undefined : 'weibull needs a scale and a shape above 0'
    case 'normal':
      return given.mean >= 3.47 * given.deviation
        ? undefined
        : `normal with mean ${given.mean} s and deviation ${given.deviation} s would give times below 0 s`
    case 'geometric':
      return given.step > 0 && given.mean >= given.step
        ? undefined
        : 'geometric needs a step above 0 s and a mean of at least one step'
    default:
      return undefined
  }
}
