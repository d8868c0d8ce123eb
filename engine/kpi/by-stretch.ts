import type { Store } from '../store/store.js'

/** So many are asked of in one statement: each makes it longer to read for the database. */
const wavesAtOnce = 25

/**
 * Asks of stretches of machines' time in one statement, though some be of the same machine. `sql` gives a row a machine
 * for stretches of which no two are of one; what it gives comes back in the order of the stretches, undefined where there
 * was nothing.
 */
export async function queryByStretch<
  Row extends { readonly machine: string },
  Stretch extends { readonly machine: string },
>(
  store: Pick<Store, 'query'>,
  sql: string,
  stretches: readonly Stretch[],
  parametersOf: (stretches: readonly Stretch[]) => Readonly<Record<string, unknown>>,
): Promise<(Row | undefined)[]> {
  const found: (Row | undefined)[] = stretches.map(() => undefined)
  const waves = wavesOf(stretches)
  for (let at = 0; at < waves.length; at += wavesAtOnce) {
    const some = waves.slice(at, at + wavesAtOnce)
    const statements = some.map(
      (_, wave) => `SELECT *, ${wave} AS wave FROM (${sql.replaceAll(/\{(\w+):/g, `{$1_${wave}:`)})`,
    )
    const parameters = some.flatMap((places, wave) => {
      const own = parametersOf([...places.values()].map(place => stretches[place]!))
      return Object.entries(own).map(([name, value]) => [`${name}_${wave}`, value])
    })
    const rows = await store.query<Row & { readonly wave: number }>(
      statements.join(' UNION ALL '),
      Object.fromEntries(parameters),
    )
    for (const row of rows) found[some[row.wave]!.get(row.machine)!] = row
  }
  return found
}

/** By machine the places of stretches: the first of each, the second of each that has two, and so on. */
function wavesOf(stretches: readonly { readonly machine: string }[]): ReadonlyMap<string, number>[] {
  const waves: Map<string, number>[] = []
  const counts = new Map<string, number>()
  for (const [place, { machine }] of stretches.entries()) {
    const count = counts.get(machine) ?? 0
    counts.set(machine, count + 1)
    waves[count] ??= new Map()
    waves[count].set(machine, place)
  }
  return waves
}
