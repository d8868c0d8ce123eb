/** A bar of a Pareto chart. */
export interface ParetoBar {
  readonly key: string
  readonly value: number
  readonly count: number
  /** Of the whole, and of the whole together with all larger ones; 0 to 1. */
  readonly share: number
  readonly cumulated: number
}

/** The largest first, with shares; equal ones in the order of their keys. Values are 0 or more. */
export function pareto(
  items: Iterable<{ readonly key: string; readonly value: number; readonly count: number }>,
): ParetoBar[] {
  const sums = new Map<string, { value: number; count: number }>()
  for (const { key, value, count } of items) {
    const sum = sums.get(key) ?? { value: 0, count: 0 }
    sums.set(key, { value: sum.value + value, count: sum.count + count })
  }
  const sorted = [...sums].sort(([a, x], [b, y]) => y.value - x.value || (a < b ? -1 : 1))
  const total = sorted.reduce((sum, [, { value }]) => sum + value, 0)
  let before = 0
  return sorted.map(([key, { value, count }]) => {
    before += value
    const of = (part: number): number => (total > 0 ? part / total : 0)
    return { key, value, count, share: of(value), cumulated: of(before) }
  })
}
