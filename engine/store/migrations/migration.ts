/**
 * One step of the database's shape. The first makes everything as it is defined today; each later one brings a
 * database made before it to the same shape, with statements that do no harm where that is already so
 * (`ADD COLUMN IF NOT EXISTS`, say). A step is never changed after it was released.
 */
export interface Migration {
  readonly number: number
  readonly name: string
  readonly statements: readonly string[]
  /**
   * By table: what alters how its rows are kept. Left out where the table only stands for those of a cluster, which are
   * altered there.
   */
  readonly storage?: Readonly<Record<string, readonly string[]>>
}
