import { databaseName as db } from '../../../schema/tables/definition.js'
import type { Migration } from './migration.js'

/** Rejects tell which sample it was. */
export const rejectedSamples: Migration = {
  number: 4,
  name: 'rejected samples',
  statements: [
    `ALTER TABLE ${db}.rejects
      ADD COLUMN IF NOT EXISTS signal LowCardinality(String) COMMENT 'id of the signal, where it was a sample; else empty' AFTER raw,
      ADD COLUMN IF NOT EXISTS value Nullable(Float64) COMMENT 'value of the sample; NULL: none, or a text' AFTER signal,
      ADD COLUMN IF NOT EXISTS source_time Nullable(DateTime64(3, 'UTC')) COMMENT 'when the source says the value was true; NULL: no such time' AFTER value`,
  ],
}
