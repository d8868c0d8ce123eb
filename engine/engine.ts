import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { AdapterDefinition } from '../adapters/contract.js'
import { adapterDefinitions } from '../adapters/list.js'
import { push } from '../adapters/push/adapter.js'
import type { Clock } from '../schema/clock.js'
import type { Config } from '../schema/config.js'
import type { Plant } from '../schema/plant.js'
import type { Entry } from '../schema/records.js'
import { plainOrderFiles, type WorkOrderSources } from '../schema/work-order-sources.js'
import { createPool, type WorkerPool } from '../workers/pool.js'
import { DataDirectory } from './data-directory.js'
import { diskFull, waitForRoom } from './disk-room.js'
import { EngineError } from './errors.js'
import { Dictionary } from './floor/dictionary.js'
import { FloorClock } from './floor/floor-clock.js'
import { LiveFloor } from './floor/live-floor.js'
import { createGateway, type Gateway, type GatewayOptions } from './gateway/gateway.js'
import { GatewayError } from './gateway/gateway-error.js'
import { aliveNote, keepHouse } from './house.js'
import { receiveImports } from './import/handover.js'
import { ImportDesk } from './import/import-desk.js'
import { openIndexes } from './known-indexes.js'
import { costRates } from './kpi/cost-rates.js'
import { DowntimeRegister } from './kpi/downtime-register.js'
import { KpiBook } from './kpi/kpi-book.js'
import { keepKpis } from './kpi/kpi-keeper.js'
import { LateCounts } from './kpi/late-counts.js'
import { LiveFigures } from './kpi/live-figures.js'
import { ProductionDesk } from './kpi/production-desk.js'
import { MaintenanceDesk } from './maintenance/desk.js'
import { readMaintenance } from './maintenance/read-records.js'
import { simulatedRepair } from './maintenance/simulated-repair.js'
import { engineMetrics } from './metrics.js'
import { publishNorthbound } from './northbound/publisher.js'
import { keepOrders } from './orders/keep-orders.js'
import { OrderBook } from './orders/order-book.js'
import { keepPast } from './past-values.js'
import { Inbox } from './pipeline/inbox.js'
import { Intake } from './pipeline/intake.js'
import { secretReader } from './pipeline/read-secret.js'
import { retryDelays } from './pipeline/source-events.js'
import { Sources } from './pipeline/sources.js'
import { Checkpoints } from './replay/checkpoints.js'
import { reportRestored } from './report-restored.js'
import { createSimulation, type Simulation } from './simulation/simulation.js'
import { Copies } from './store/copies.js'
import { isDiskFull } from './store/disk-full.js'
import { StoreError } from './store/errors.js'
import { PastPlants } from './store/past-plants.js'
import { plantVersion } from './store/plant-versions.js'
import { openStore, type Store } from './store/store.js'
import { TokenBook } from './tokens/token-book.js'
import { storeReady, untilStopped } from './wait-for-store.js'

const housekeepingMs = 1_000
/** Between two looks whether something is to be archived or backed up. */
const copiesMs = 5 * 60_000
/** Of a very large floor all at once would be more than an entry may hold. */
const snapshotsAtOnce = 10_000
/** How long a stop waits for figures that late data changed. */
const kpiPatienceMs = 5_000
/** How long a start waits for ClickHouse, and for room on a full disk. */
const storePatienceMs = 30_000
const retry = { ...retryDelays, random: Math.random }

export interface EngineParts {
  readonly config: Config
  readonly plant: Plant
  readonly logger: Logger
  /** Folder of the built viewer. */
  readonly viewer: string
  readonly wall?: Clock
  /** Kinds of sources beside the shipped ones: a benchmark's, a test's. */
  readonly adapters?: readonly AdapterDefinition[]
  /** Gives up starting. */
  readonly signal?: AbortSignal
}

export interface Engine {
  readonly url: string
  readonly floor: LiveFloor
  readonly store: Store
  readonly intake: Intake
  /** Stops the sources, saves the twins, drains to the store. */
  stop(): Promise<{ readonly rowsWritten: number; readonly segmentsLeft: number }>
}

/** Puts the engine together and starts it; the only place that knows every part. Throws EngineError. */
export async function startEngine(parts: EngineParts): Promise<Engine> {
  const { config, plant, logger, wall = Date } = parts
  const data = await DataDirectory.open(config.data)
  const undo: (() => Promise<unknown> | unknown)[] = [() => data.close()]
  try {
    await waitForRoom(data.path, logger, storePatienceMs, parts.signal)
    await ensurePortFree(config.host, config.port)
    const pool = createPool()
    undo.unshift(() => pool.close())
    const store = await openStoreIn(data, parts, wall, pool)
    undo.unshift(() => store.close())
    await storeReady(store, storePatienceMs, parts.signal)
    logger.info({ clickhouse: store.url }, `ClickHouse answers at ${store.url}`)
    const { registry, book } = await untilStopped(openIndexes(data, store, plant), parts.signal)

    const adapters = [...(parts.adapters ?? []), ...adapterDefinitions]
    const alive = data.readLastAlive()
    const driven = plant.sources.some(({ clock }) => clock === 'source') ? 'source' : 'wall'
    const simulated = simulatedSources(plant, adapters)
    const dictionary = new Dictionary(data.readTexts())
    const floor = new LiveFloor({
      plant,
      registry,
      dictionary,
      clock: new FloorClock(wall, driven, alive?.floorTime),
      wall,
      snapshots: await untilStopped(store.latestSnapshots(), parts.signal),
      simulated,
      savesTwinsWithEntries: true,
    })
    reportRestored(floor, logger)
    const kpis = new KpiBook({ plant, store, wall, clock: floor.clock })
    const simulation: Simulation = createSimulation({
      floor,
      simulated,
      isBlocked: () => intake.isBlocked,
      record: entry => intake.record(entry),
    })
    // What is recorded before anything is published is told when the publisher looks for the first time.
    let publish = (_: Entry): void => undefined
    const pass = (entry: Entry): void => publish(entry)
    let publishWarnings = (): readonly string[] => []
    const intake = makeIntake(floor, store, data, kpis, simulation, pass, logger)
    const told = await readMaintenance(store)
    const maintenance = new MaintenanceDesk({
      floor,
      ...told,
      isBlocked: () => intake.isBlocked,
      record: entry => intake.record(entry),
      mend: simulatedRepair(simulation.faults, logger),
    })
    // Before the floor is told anything: replays go on from here.
    const version = plantVersion(plant)
    await store.keepPlant(version, floor.clock.now())
    const plants = new PastPlants(store, floor, () => book)
    const checkpoints = new Checkpoints(floor, version.hash, wall)
    for (const entry of checkpoints.start()) intake.record(entry)
    if (alive !== undefined) {
      intake.record(floor.wake(alive.floorTime))
      intake.record(floor.resumeMaintenance(told.works, alive.floorTime))
    }
    await kpis.start()
    const recordKpis = (entry: Entry): boolean => intake.record(entry)
    const orders = new OrderBook({ store, wall, clock: floor.clock, record: recordKpis })
    await orders.start()
    const rates = costRates(plant, kpis.plans, orders)
    const desk = { plant, book: kpis, rates, store, clock: floor.clock, record: recordKpis }
    const downtime = new DowntimeRegister(desk)
    const production = new ProductionDesk(desk)

    const inbox = new Inbox(plant.sources.filter(({ adapter }) => adapter === push.kind).map(({ id }) => id))

    const missing = new Set(['sources'])
    const copies = new Copies({
      url: store.url,
      dataDir: data.path,
      ...(config.archive !== undefined && { archive: config.archive }),
      ...(config.backups !== undefined && {
        backups: {
          folder: config.backups,
          everyMs: config.backupHours * 3_600_000,
          keep: config.backupKeep,
        },
      }),
      waitingSince: () => store.status().waitingSince,
      whyWaiting: () => store.status().lastError,
      wall,
      logger,
    })
    const metrics = engineMetrics(floor, intake, store, copies)
    const figures = new LiveFigures(plant, kpis, floor.clock)
    const gateway = await openGateway({
      host: config.host,
      port: config.port,
      staticDir: parts.viewer,
      floor,
      store,
      kpis,
      figures,
      downtime,
      production,
      orders,
      values: store,
      pool,
      sources: intake.health,
      simulation,
      maintenance,
      plants,
      past: {
        store,
        plantOf: async hash => (await plants.of(hash))?.plant,
        indexes: () => book,
        texts: () => data.readTexts(),
        simulated: then => simulatedSources(then, adapters),
        wall,
      },
      ingest: { inbox, tokens: new TokenBook(data.path) },
      metrics,
      logger,
      missing: () => [...missing],
      warnings: () => [...copies.warnings, ...publishWarnings()],
    })
    undo.unshift(() => gateway.close())

    const folder = (kind: string): string => data.folder(kind)
    const commands = (source: string) => simulation.channel.commands(source)
    const sources = new Sources({
      ...{ floor, intake, adapters, wall, logger, retry, folder, commands, inbox },
      installation: data.installation(),
      lastAlive: alive?.floorTime,
      commit: () => store.commit(),
    })
    for (const { id } of plant.sources) {
      intake.record(floor.ingest(id, { kind: 'damage', reports: simulation.faults.metAnew(id) }))
    }
    // Before the sources: some bring samples as soon as they are asked.
    const publishing = publishNorthbound(config, floor, figures, logger, metrics)
    publish = entry => publishing.pass(entry)
    publishWarnings = () => publishing.warnings
    sources.start()
    missing.delete('sources')
    const noteAlive = aliveNote(data, wall, logger)
    const timers = keepHouse({ floor, intake, sources, maintenance, checkpoints, noteAlive })
    const stopPast = keepPast(floor, store, plants, entry => void intake.record(entry), logger)
    const lateCounts = new LateCounts({ plant, registry, store, clock: floor.clock, record: recordKpis })
    const keeping = keepKpis(kpis, lateCounts, recordKpis, logger)

    const stopOrders = keepOrders({
      book: orders,
      sources: orderSourcesOf(config, plant),
      readSecret: secretReader(process.env),
      wall,
      logger,
      isBlocked: () => intake.isBlocked,
    })

    const imports = new ImportDesk({
      store,
      dictionary,
      clock: floor.clock,
      async record(entry) {
        // What the spool cannot take now waits in its place; only when it has gone in is it safe.
        if (!intake.record(entry)) while (intake.isBlocked) await pause(housekeepingMs)
      },
    })
    const stopImports = receiveImports(
      data.folder('import'),
      imports,
      () => intake.isBlocked,
      logger,
      () => kpis.reread(),
    )

    void copies.tick()
    timers.push(setInterval(() => void copies.tick(), copiesMs))

    const stop: Engine['stop'] = async () => {
      for (const timer of timers) clearInterval(timer)
      await stopImports()
      await copies.stop()
      stopOrders()
      stopPast()
      sources.stop()
      // What a database that is away cannot tell now is found owed at the next start.
      await Promise.race([keeping.stop(), pause(kpiPatienceMs, undefined, { ref: false })])
      await publishing.stop()
      for (let entry = floor.snapshot(snapshotsAtOnce); entry; entry = floor.snapshot(snapshotsAtOnce)) {
        intake.record(entry)
      }
      noteAlive(floor.clock.now())
      gateway.close()
      const report = await store.close()
      await pool.close()
      await data.close()
      return report
    }
    return { url: gateway.url.replace(/\/$/, ''), floor, store, intake, stop }
  } catch (error) {
    for (const step of undo) await step()
    // It filled up meanwhile, or a quota did.
    if (isDiskFull(error))
      throw diskFull(data.path, error instanceof Error ? error.message.trim() : '', error)
    throw error
  }
}

/** Asks before anything is made: a second start in the wrong window should leave no trace. */
async function ensurePortFree(host: string, port: number): Promise<void> {
  if (port === 0) return
  const probe = createServer()
  try {
    probe.listen(port, host)
    await once(probe, 'listening')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') return
    const message = `Port ${port} on ${host} is in use. Stop what listens there, or choose another with --port (GEMBA_PORT).`
    throw new EngineError('port-in-use', message, { cause })
  }
  probe.close()
  await once(probe, 'close')
}

async function openGateway(options: GatewayOptions): Promise<Gateway> {
  try {
    return await createGateway(options)
  } catch (cause) {
    if (!(cause instanceof GatewayError)) throw cause
    throw new EngineError(cause.code, cause.message, { cause })
  }
}

function makeIntake(
  floor: LiveFloor,
  store: Store,
  data: DataDirectory,
  kpis: KpiBook,
  simulation: Simulation,
  pass: (entry: Entry) => void,
  logger: Logger,
): Intake {
  const append = (entry: Entry): void => {
    // Before the samples that use them: a code without its text would be a loss.
    if (entry.texts !== undefined) data.appendTexts(entry.texts)
    store.append(entry)
  }
  const onKept = (entry: Entry): void => {
    kpis.take(entry)
    pass(entry)
  }
  return new Intake({
    floor,
    append,
    onKept,
    onDeaf: error => logger.error({ err: error }, 'what was kept did not reach the figures or the publisher'),
    onDamage: reports => simulation.faults.hear(reports),
    onNoted: (source, what) => logger.warn({ source }, `source ${source}: ${what}`),
    onBlocked: error => logger.error({ err: error }, 'the spool takes nothing more: the sources wait'),
    onUnblocked: () => logger.info('the spool takes samples again'),
  })
}

function simulatedSources(plant: Plant, adapters: readonly AdapterDefinition[]): ReadonlySet<string> {
  const kinds = new Set(adapters.filter(({ isSimulation }) => isSimulation).map(({ kind }) => kind))
  return new Set(plant.sources.filter(({ adapter }) => kinds.has(adapter)).map(({ id }) => id))
}

/** The folder may be named by a setting, as for a plant that has no file. */
function orderSourcesOf({ ordersFolder }: Config, { workOrders = {} }: Plant): WorkOrderSources {
  if (ordersFolder === undefined) return workOrders
  return { ...workOrders, folder: { ...plainOrderFiles, ...workOrders.folder, path: ordersFolder } }
}

async function openStoreIn(
  data: DataDirectory,
  parts: EngineParts,
  wall: Clock,
  pool: WorkerPool,
): Promise<Store> {
  const { config, logger } = parts
  try {
    return await openStore({
      dataDir: data.path,
      ...(config.clickhouseUrl !== undefined && { clickhouseUrl: config.clickhouseUrl }),
      clickhousePort: config.clickhousePort,
      logger,
      wall,
      pool,
    })
  } catch (cause) {
    if (
      cause instanceof StoreError &&
      (cause.code === 'data-dir-locked' || cause.code === 'data-dir-not-writable')
    ) {
      throw new EngineError(cause.code, cause.message, { cause })
    }
    throw new EngineError('store-unavailable', cause instanceof Error ? cause.message : String(cause), {
      cause,
    })
  }
}
