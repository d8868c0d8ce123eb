import { inDatabase } from '../../schema/tables/create-statement.js'
import { databaseName } from '../../schema/tables/definition.js'
import { telemetry1mRollUp } from '../../schema/tables/telemetry.js'
import type { Database } from './database.js'

/** So many samples that were not added up yet are read with every question about minutes. */
const mostSamples = 2_000_000
const longestMs = 5 * 60_000
/** Bounds the memory of one roll-up after a long outage. */
const samplesAtOnce = 20_000_000

/**
 * Adds telemetry up by the minute. Which samples it has seen is in its own rows, a roll-up is one part of the table,
 * and its token is where it begins: it is there whole or not at all, once, whatever dies meanwhile.
 */
export class RollUp {
  readonly #database: Database
  #samples = Number.POSITIVE_INFINITY
  #at = Number.NEGATIVE_INFINITY
  #upTo: number | undefined

  constructor(database: Database) {
    this.#database = database
  }

  /** What readRolledUp tells, as it was a moment ago; undefined before the first roll-up. */
  get upTo(): number | undefined {
    return this.#upTo
  }

  /** More samples are in the database; `now` by any steady clock, ms. Rolls up when it is time. */
  async after(samples: number, now: number): Promise<void> {
    this.#samples += samples
    if (this.#samples < mostSamples && now - this.#at < longestMs) return
    await this.run()
    this.#samples = 0
    this.#at = now
  }

  /** Adds up all that is there and was not yet. */
  async run(): Promise<void> {
    for (;;) {
      const [row] = await this.#database.query<{ after: string; newest: string }>(
        `SELECT (SELECT toString(max(up_to)) FROM ${databaseName}.telemetry_1m_parts) AS after,
          (SELECT toString(max(seq)) FROM ${databaseName}.telemetry) AS newest`,
      )
      const [after, newest] = [Number(row!.after), Number(row!.newest)]
      // As read, not as sent: a roll-up that died on the way may be there under its token with an end of its own.
      this.#upTo = after
      if (newest <= after) return
      const upTo = Math.min(newest, after + samplesAtOnce)
      await this.#database.insertSelect(inDatabase(telemetry1mRollUp), { after, upTo }, `1m-${after}`)
    }
  }
}

/**
 * Arrival of the newest sample that was rolled up, 0 for none. Who reads by it what was rolled up and what was not has
 * each sample once, though a roll-up comes meanwhile.
 */
export async function readRolledUp(database: Database): Promise<number> {
  const [row] = await database.query<{ upTo: string }>(
    `SELECT toString(max(up_to)) AS upTo FROM ${databaseName}.telemetry_1m_parts`,
  )
  return Number(row!.upTo)
}
