/** Items by what they have in common, in the order in which each is met first. */
export function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const same = groups.get(keyOf(item))
    if (same === undefined) groups.set(keyOf(item), [item])
    else same.push(item)
  }
  return groups
}

/** The same in the order of the keys. */
export const groupsInOrder = <T>(items: readonly T[], keyOf: (item: T) => string): [string, T[]][] =>
  [...groupBy(items, keyOf)].sort(([a], [b]) => (a < b ? -1 : 1))

export const sumOf = <T>(items: readonly T[], of: (item: T) => number): number =>
  items.reduce((sum, item) => sum + of(item), 0)
