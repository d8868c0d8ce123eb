import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import type { WorkerPool } from '../../workers/pool.js'
import type { Floor } from '../floor/floor.js'
import type { DowntimeRegister } from '../kpi/downtime-register.js'
import type { KpiBook } from '../kpi/kpi-book.js'
import type { ProductionDesk } from '../kpi/production-desk.js'
import type { MaintenanceDesk } from '../maintenance/desk.js'
import type { OrderBook } from '../orders/order-book.js'
import type { SourceHealth } from '../pipeline/source-health.js'
import type { Simulation } from '../simulation/simulation.js'
import type { PastPlants } from '../store/past-plants.js'
import type { Store } from '../store/store.js'
import type { IngestContext } from './ingest.js'

/** What REST needs of the store. */
export type HistoryReader = Pick<Store, 'history' | 'exportHistory' | 'textHistory' | 'rejects' | 'floorAt'>

/** What REST needs of the ledgers. */
export type KpiReader = Pick<
  KpiBook,
  'cells' | 'cellsOfEach' | 'plans' | 'stops' | 'isRecomputing' | 'unheard'
>

/** What the routes are made from. */
export interface ApiContext {
  readonly floor: Floor
  readonly store: HistoryReader
  /** How each source does, by id, in the order of the plant. */
  readonly sources: ReadonlyMap<string, SourceHealth>
  /** Without it there are no routes of figures. */
  readonly kpis?: KpiReader
  /** Where faults are put into simulated machines; a floor that only shows values has none. */
  readonly simulation?: Simulation
  /** Where people tell of maintenance; a floor that only shows values has none, and no routes for it. */
  readonly maintenance?: MaintenanceDesk
  readonly downtime?: DowntimeRegister
  /** Orders of the planning system. */
  readonly orders?: OrderBook
  readonly production?: ProductionDesk
  /** Single values, for control charts. */
  readonly values?: Pick<Store, 'query' | 'flush'>
  /** For work that would hold up the main thread: energy. */
  readonly pool?: Pick<WorkerPool, 'run'>
  /** Where programs post values; without it there is no route for it. */
  readonly ingest?: IngestContext
  /** The plants of before; without them the past is shown with the plant of today. */
  readonly plants?: PastPlants
  readonly metrics: Registry
  readonly logger: Logger
  /** What the engine still waits for before it is ready, in words; empty = ready. */
  missing(): readonly string[]
  /** What does not work and does not hold up the floor, in words. */
  readonly warnings?: () => readonly string[]
}
