import type { Table } from './definition.js'

/** What a column of a ClickHouse type takes; times are Unix ms. */
type ValueOf<Type extends string> = Type extends `Nullable(${infer Inner})`
  ? ValueOf<Inner> | null
  : Type extends `Array(${infer Inner})`
    ? readonly ValueOf<Inner>[]
    : Type extends 'Bool'
      ? boolean
      : Type extends `${'DateTime64' | 'Float' | 'UInt'}${string}`
        ? number
        : string

/** What the store itself gives to each row. */
type Given = 'seq' | 'stored' | 'first_sample'

/** A row of a table, column by column. */
export type RowOf<T extends Table> = {
  readonly [C in T['columns'][number] as Exclude<C['name'], Given>]: ValueOf<C['type']>
}
