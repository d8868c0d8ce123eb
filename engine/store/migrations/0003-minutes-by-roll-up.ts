import { createStatement } from '../../../schema/tables/create-statement.js'
import { databaseName as db } from '../../../schema/tables/definition.js'
import { telemetry, telemetry1m, telemetry1mParts } from '../../../schema/tables/telemetry.js'
import type { Migration } from './migration.js'

const again = `${db}.telemetry_again`

/** Telemetry finds its newest rows by their arrival; minutes are added up from there and not from each block. */
export const minutesByRollUp: Migration = {
  number: 3,
  name: 'minutes by roll-up',
  statements: [
    `DROP VIEW IF EXISTS ${db}.telemetry_1m_feed`,
    `DROP VIEW IF EXISTS ${db}.telemetry_1m`,
    `DROP TABLE IF EXISTS ${db}.telemetry_1m_parts`,
    // A partition key cannot be changed where it is.
    `DROP TABLE IF EXISTS ${again}`,
    createStatement({ ...telemetry, name: 'telemetry_again' }),
    `INSERT INTO ${again} SELECT * FROM ${db}.telemetry`,
    `EXCHANGE TABLES ${again} AND ${db}.telemetry`,
    `DROP TABLE ${again}`,
    createStatement(telemetry1mParts),
    createStatement(telemetry1m),
  ],
}
