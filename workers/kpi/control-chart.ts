/** A point of a control chart with its limits, in the unit of what is charted. */
export interface ChartPoint {
  readonly value: number
  readonly centre: number
  readonly low: number
  readonly high: number
  /** Which run rules it breaks: see `runRules`. */
  readonly breaks: readonly RunRule[]
}

/**
 * What says that a process is not in control (known as Western Electric's rules, and Nelson's of the trend), of the point
 * at which it shows:
 * beyond — one beyond 3 σ; two-of-three — two of three beyond 2 σ on one side; four-of-five — four of five beyond 1 σ
 * on one side; eight — eight in a row on one side; trend — six in a row rising, or falling.
 */
export const runRules = ['beyond', 'two-of-three', 'four-of-five', 'eight', 'trend'] as const
type RunRule = (typeof runRules)[number]

/**
 * Constants by the size of a subgroup, from 2: A2, D3, D4 and d2, to three digits as tables have them. They come from the
 * range of so many normal values, in σ: d2 is its mean and d3 its spread, A2 = 3 / (d2 √n), D3 and D4 = 1 ∓ 3 d3 / d2, not
 * below 0. A test integrates them.
 */
const constants: readonly (readonly [a2: number, d3: number, d4: number, d2: number])[] = [
  [1.88, 0, 3.267, 1.128],
  [1.023, 0, 2.575, 1.693],
  [0.729, 0, 2.282, 2.059],
  [0.577, 0, 2.114, 2.326],
  [0.483, 0, 2.004, 2.534],
  [0.419, 0.076, 1.924, 2.704],
  [0.373, 0.136, 1.864, 2.847],
  [0.337, 0.184, 1.816, 2.97],
  [0.308, 0.223, 1.777, 3.078],
]

/** Largest subgroup that there are constants for. */
export const largestSubgroup = constants.length + 1

/** Individuals: σ is the mean moving range over d2 of two. */
export function individuals(values: readonly number[]): ChartPoint[] {
  const sigma = withinSigma(values)
  const centre = mean(values)
  return judged(values.map(value => ({ value, centre, sigma })))
}

export interface XbarR {
  readonly means: readonly ChartPoint[]
  readonly ranges: readonly ChartPoint[]
}

/** Means and ranges of subgroups of `size` consecutive values, 2 to 10; a rest that fills none is left out. */
export function xbarR(values: readonly number[], size: number): XbarR {
  const [a2, d3, d4] = constantsOf(size)
  const groups = subgroups(values, size)
  const ranges = groups.map(rangeOf)
  const range = mean(ranges)
  const centre = mean(groups.map(mean))
  return {
    means: judged(groups.map(group => ({ value: mean(group), centre, sigma: (a2 * range) / 3 }))),
    ranges: ranges.map(value => {
      const limits = { low: d3 * range, high: d4 * range }
      const isBeyond = value < limits.low || value > limits.high
      return { value, centre: range, ...limits, breaks: isBeyond ? ['beyond'] : [] }
    }),
  }
}

/**
 * Shares of samples of any size above 0; each has limits of its own. A sample with more defective than there were cannot
 * be true: it is shown, beyond the limits, which come from the others.
 */
export function pChart(
  samples: readonly { readonly defective: number; readonly size: number }[],
): ChartPoint[] {
  const sound = samples.filter(({ defective, size }) => defective <= size)
  const total = sound.reduce((sum, { size }) => sum + size, 0)
  const centre = sound.reduce((sum, { defective }) => sum + defective, 0) / (total || 1)
  const points = samples.map(({ defective, size }) => ({
    value: defective / size,
    centre,
    sigma: Math.sqrt((centre * (1 - centre)) / size),
  }))
  return judged(points).map(point => ({
    ...point,
    low: Math.max(0, point.low),
    high: Math.min(1, point.high),
    breaks: point.value > 1 ? [...new Set(['beyond' as const, ...point.breaks])] : point.breaks,
  }))
}

export interface Capability {
  /** By the long-term spread: (USL − LSL) / 6σ, and the smaller of the distances to the limits over 3σ. */
  readonly cp: number | null
  readonly cpk: number | null
  /** The same by the short-term spread (ISO 22400-2: Cm, Cmk). */
  readonly cm: number | null
  readonly cmk: number | null
}

/**
 * How well a process keeps between two limits; null where nothing scatters. The short-term spread is that within
 * subgroups of `size`, as on the chart: mean range over d2, of individuals the mean moving range. Throws RangeError on
 * limits in no order.
 */
export function capability(values: readonly number[], low: number, high: number, size = 1): Capability {
  if (!(low < high)) throw new RangeError(`The lower limit ${low} must lie below the upper one ${high}.`)
  const centre = mean(values)
  const long = Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1))
  const of = (sigma: number): readonly [number | null, number | null] =>
    sigma > 0
      ? [(high - low) / (6 * sigma), Math.min(high - centre, centre - low) / (3 * sigma)]
      : [null, null]
  const [cp, cpk] = of(long)
  const [cm, cmk] = of(size === 1 ? withinSigma(values) : subgroupSigma(values, size))
  return { cp, cpk, cm, cmk }
}

/** Spread within subgroups; 0 where no subgroup is full. */
function subgroupSigma(values: readonly number[], size: number): number {
  return mean(subgroups(values, size).map(rangeOf)) / constantsOf(size)[3]
}

/** Subgroups of consecutive values; a rest that fills none is left out. */
export function subgroups<T>(values: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.floor(values.length / size) }, (_, place) =>
    values.slice(place * size, (place + 1) * size),
  )
}

const rangeOf = (group: readonly number[]): number => Math.max(...group) - Math.min(...group)

function constantsOf(size: number): (typeof constants)[number] {
  const row = constants[size - 2]
  if (row !== undefined) return row
  throw new RangeError(`A subgroup of ${size} has no constants; use 2 to ${largestSubgroup} values.`)
}

/** Spread from one value to the next. */
function withinSigma(values: readonly number[]): number {
  const moves = values.slice(1).map((value, place) => Math.abs(value - values[place]!))
  return mean(moves) / constants[0]![3]
}

const mean = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length

function judged(
  points: readonly { readonly value: number; readonly centre: number; readonly sigma: number }[],
) {
  // Distance from the centre in σ; where nothing scatters, nothing is out of control.
  const scores = points.map(({ value, centre, sigma }) => (sigma > 0 ? (value - centre) / sigma : 0))
  return points.map(({ value, centre, sigma }, place): ChartPoint => {
    const breaks = runRules.filter(rule => isBroken(rule, scores, place, points))
    return { value, centre, low: centre - 3 * sigma, high: centre + 3 * sigma, breaks }
  })
}

function isBroken(
  rule: RunRule,
  scores: readonly number[],
  place: number,
  points: readonly { readonly value: number }[],
): boolean {
  const last = (count: number): readonly number[] => scores.slice(Math.max(0, place - count + 1), place + 1)
  const side = Math.sign(scores[place]!)
  const beyond = (count: number, sigmas: number): number =>
    last(count).filter(score => score * side > sigmas).length
  switch (rule) {
    case 'beyond':
      return Math.abs(scores[place]!) > 3
    case 'two-of-three':
      return scores[place]! * side > 2 && beyond(3, 2) >= 2
    case 'four-of-five':
      return scores[place]! * side > 1 && beyond(5, 1) >= 4
    case 'eight':
      return beyond(8, 0) === 8
    case 'trend': {
      if (place < 5) return false
      const values = points.slice(place - 5, place + 1).map(({ value }) => value)
      const steps = values.slice(1).map((value, i) => Math.sign(value - values[i]!))
      return steps[0] !== 0 && steps.every(step => step === steps[0])
    }
  }
}
