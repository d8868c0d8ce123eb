import type { Logger } from 'pino'
import { Subscription } from 'rxjs'
import type { AdapterDefinition } from '../adapters/contract.js'
import { adapterDefinitions } from '../adapters/list.js'
import type { Clock } from '../schema/clock.js'
import type { Config } from '../schema/config.js'
import type { Plant, SourceSpec } from '../schema/plant.js'
import type { Entry } from '../schema/records.js'
import { DataDirectory } from './data-directory.js'
import { EngineError } from './errors.js'
import { Dictionary } from './floor/dictionary.js'
import { FloorClock } from './floor/floor-clock.js'
import { LiveFloor } from './floor/live-floor.js'
import { makeRegistry } from './floor/registry.js'
import { createGateway } from './gateway/gateway.js'
import { engineMetrics } from './metrics.js'
import { Intake } from './pipeline/intake.js'
import { sourceEvents } from './pipeline/source-events.js'
import { openStore, type Store } from './store/store.js'

/** Most samples of a source that may be on their way to the spool. */
const acceptWindow = 20_000
const floorTickMs = 250
const housekeepingMs = 1_000
/** Changed twins are saved over about this many seconds. */
const snapshotSpread = 30
const retryPolicy = { firstDelay: 500, longestDelay: 5_000, random: Math.random }

export interface EngineParts {
  readonly config: Config
  readonly plant: Plant
  readonly logger: Logger
  /** Folder of the built viewer. */
  readonly viewer: string
  readonly wall?: Clock
  /** Kinds of sources beside the shipped ones: a benchmark's, a test's. */
  readonly adapters?: readonly AdapterDefinition[]
}

export interface Engine {
  readonly url: string
  readonly floor: LiveFloor
  readonly store: Store
  readonly intake: Intake
  /** Stops the sources, saves the twins, drains to the store. */
  stop(): Promise<{ readonly rowsWritten: number; readonly segmentsLeft: number }>
}
