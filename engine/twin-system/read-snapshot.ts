import type { Snapshot } from 'xstate'
import type { TwinSnapshot } from '../../schema/records.js'
import type { TwinDefinition } from './definition.js'
import type { Stage } from './stage.js'

/**
 * How a twin came to the state it starts in. All but `restored` and `migrated` start fresh; of the last two there is no
 * twin: nobody here knows such a definition, or the plant has no such address.
 */
export type RestoreOutcome =
  | 'restored'
  | 'migrated'
  | 'fresh'
  | 'other-version'
  | 'unreadable'
  | 'migration-failed'
  | 'unknown-definition'
  | 'unknown-address'

/** A snapshot brought back to life, or why not. */
export interface ReadSnapshot {
  readonly outcome: RestoreOutcome
  readonly snapshot?: Snapshot<unknown>
  /** Why a saved snapshot could not be used. */
  readonly detail?: string
}

/** Reads a saved snapshot for a definition: migrates it step by step, revives it, restores it. Never throws. */
export function readSnapshot<Input>(
  stage: Stage,
  definition: TwinDefinition<Input>,
  input: Input,
  saved: TwinSnapshot | undefined,
): ReadSnapshot {
  if (saved === undefined) return { outcome: 'fresh' }
  const { id, version, migrations = {} } = definition
  if (saved.definition !== id) {
    return { outcome: 'other-version', detail: `it is of "${saved.definition}", the twin is of "${id}"` }
  }
  let persisted: Snapshot<unknown>
  try {
    persisted = JSON.parse(saved.snapshot) as Snapshot<unknown>
  } catch (error) {
    return { outcome: 'unreadable', detail: textOf(error) }
  }
  if (saved.version > version) {
    return { outcome: 'other-version', detail: `version ${saved.version} is newer than ${version}` }
  }
  for (let from = saved.version; from < version; from++) {
    const migrate = migrations[from]
    if (migrate === undefined) {
      return { outcome: 'other-version', detail: `nothing migrates version ${from} to ${from + 1}` }
    }
    try {
      persisted = migrate(persisted) as Snapshot<unknown>
    } catch (error) {
      return { outcome: 'migration-failed', detail: `from version ${from} to ${from + 1}: ${textOf(error)}` }
    }
  }
  const isMigrated = saved.version !== version
  try {
    const snapshot = stage.restore(definition.logic, definition.revive?.(persisted, input) ?? persisted)
    if (snapshot.status !== 'active') throw new Error(`its status is ${snapshot.status}`)
    return { outcome: isMigrated ? 'migrated' : 'restored', snapshot }
  } catch (error) {
    return { outcome: isMigrated ? 'migration-failed' : 'unreadable', detail: textOf(error) }
  }
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
