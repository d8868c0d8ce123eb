import type { Store } from '../store/store.js'

/** So many are asked of in one statement: each makes it longer to read for the database. */
const wavesAtOnce = 25

/** What is asked of stretches of machines' time. */
export interface StretchQuestion<
  Stretch extends { readonly machine: string } = { readonly machine: string },
> {
  /** Gives a row a machine, for stretches of which no two are of one. */
  readonly sql: string
  readonly stretches: readonly Stretch[]
  parametersOf(stretches: readonly Stretch[]): Readonly<Record<string, unknown>>
}

/**
 * Asks of stretches of machines' time in one statement, though some be of the same machine. What it gives comes back in
 * the order of the stretches, undefined where there was nothing.
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
  const [found] = await queryTogether<Row, [Stretch]>(store, [{ sql, stretches, parametersOf }])
  return found!
}

/** Several questions, all with rows of the same columns, in one statement; what each gives in their order. */
export async function queryTogether<
  Row extends { readonly machine: string },
  Stretches extends readonly { readonly machine: string }[],
>(
  store: Pick<Store, 'query'>,
  questions: { readonly [Place in keyof Stretches]: StretchQuestion<Stretches[Place]> },
): Promise<(Row | undefined)[][]> {
  const found: (Row | undefined)[][] = questions.map(({ stretches }) => stretches.map(() => undefined))
  const waves = questions.flatMap((question: StretchQuestion, at) =>
    wavesOf(question.stretches).map(places => ({ question, at, places })),
  )
  for (let at = 0; at < waves.length; at += wavesAtOnce) {
    const some = waves.slice(at, at + wavesAtOnce)
    const statements = some.map(
      ({ question: { sql } }, wave) =>
        `SELECT *, ${wave} AS wave FROM (${sql.replaceAll(/\{(\w+):/g, `{$1_${wave}:`)})`,
    )
    const parameters = some.flatMap(({ question, places }, wave) => {
      const own = question.parametersOf([...places.values()].map(place => question.stretches[place]!))
      return Object.entries(own).map(([name, value]) => [`${name}_${wave}`, value])
    })
    const rows = await store.query<Row & { readonly wave: number }>(
      statements.join(' UNION ALL '),
      Object.fromEntries(parameters),
    )
    for (const row of rows) {
      const wave = some[row.wave]!
      found[wave.at]![wave.places.get(row.machine)!] = row
    }
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
