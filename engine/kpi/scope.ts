import type { Line, Plant } from '../../schema/plant.js'

const scopeKinds = ['machine', 'line', 'area', 'site'] as const
type ScopeKind = (typeof scopeKinds)[number]

/** A part of the plant that figures are asked for. */
export interface Scope {
  /** As it was asked for: `enterprise`, or `line:press-1`. */
  readonly name: string
  readonly lines: readonly Line[]
  /** Ids, in the order of the plant. */
  readonly machines: readonly string[]
  /** Of the site, or the first of the sites. */
  readonly timeZone: string
}

/** The part of the plant with that name; undefined where there is none. */
export function findScope(plant: Plant, name: string): Scope | undefined {
  const [kind, id] =
    name === 'enterprise' ? (['site', undefined] as const) : (name.split(/:(.*)/) as [string, string])
  if (!scopeKinds.includes(kind as ScopeKind)) return undefined
  const is = (level: ScopeKind, own: string): boolean => id === undefined || kind !== level || own === id
  const found: { line: Line; machines: string[]; timeZone: string }[] = []
  for (const site of plant.sites) {
    if (!is('site', site.id)) continue
    for (const area of site.areas) {
      if (!is('area', area.id)) continue
      for (const line of area.lines) {
        if (!is('line', line.id)) continue
        const machines = line.machines.flatMap(machine => (is('machine', machine.id) ? [machine.id] : []))
        if (machines.length > 0) found.push({ line, machines, timeZone: site.timeZone })
      }
    }
  }
  if (found.length === 0) return undefined
  return {
    name,
    lines: found.map(({ line }) => line),
    machines: found.flatMap(({ machines }) => machines),
    timeZone: found[0]!.timeZone,
  }
}
