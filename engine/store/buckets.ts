import type { Database } from './database.js'
import { type BucketPlan, type BucketRow, bucketQueries, type Span } from './history-sql.js'

/** The samples of one stretch of time. Bad values count in `count` and `badShare` and in nothing else. */
export interface Bucket {
  /** Unix ms. */
  readonly start: number
  readonly count: number
  /** Null where no value counts. */
  readonly min: number | null
  readonly max: number | null
  readonly mean: number | null
  /** Newest by source time. */
  readonly last: number | null
  /** 0 to 1. */
  readonly badShare: number
}

/** Of each of `signals` what is found of its buckets, in order of time. `rolledUp` as in bucketQueries. */
export async function readBuckets(
  database: Database,
  span: Span,
  plan: BucketPlan,
  rolledUp: number,
): Promise<ReadonlyMap<number, readonly BucketRow[]>> {
  const answers = await Promise.all(
    bucketQueries(span, plan, rolledUp).map(({ sql, parameters }) =>
      database.query<BucketRow>(sql, parameters),
    ),
  )
  const found = new Map<number, BucketRow[]>(span.signals.map(signal => [signal, []]))
  for (const row of answers.flat()) found.get(row.signal)?.push(row)
  for (const rows of found.values()) rows.sort((a, b) => a.place - b.place)
  return found
}

/** Rows in order of time as buckets; several of one bucket are parts of it. */
export function bucketsOf(rows: readonly BucketRow[], from: number, { origin, width }: BucketPlan): Bucket[] {
  const whole: BucketRow[] = []
  for (const row of rows) {
    const before = whole.at(-1)
    if (before?.place === row.place) whole[whole.length - 1] = together(before, row)
    else whole.push(row)
  }
  return whole.map(({ place, count, bad, valued, min, max, sum, last }) => ({
    start: Math.max(Math.floor(from), origin + place * width),
    count,
    ...(valued === 0
      ? { min: null, max: null, mean: null, last: null }
      : { min, max, mean: sum === null ? null : sum / valued, last }),
    badShare: bad / count,
  }))
}

function together(a: BucketRow, b: BucketRow): BucketRow {
  const [older, newer] = BigInt(a.newest) < BigInt(b.newest) ? [a, b] : [b, a]
  const counts = { count: a.count + b.count, bad: a.bad + b.bad }
  if (older.valued === 0) return { ...newer, ...counts }
  return {
    ...newer,
    ...counts,
    valued: a.valued + b.valued,
    min: Math.min(a.min, b.min),
    max: Math.max(a.max, b.max),
    sum: a.sum === null || b.sum === null ? null : a.sum + b.sum,
  }
}
