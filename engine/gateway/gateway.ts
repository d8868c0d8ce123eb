import { App, us_listen_socket_close, us_socket_local_port } from 'uWebSockets.js'
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import type { WorkerPool } from '../../workers/pool.js'
import { createApi } from '../api/api.js'
import type { HistoryReader, KpiReader } from '../api/context.js'
import type { IngestContext } from '../api/ingest.js'
import { ManifestBook, manifestDocument } from '../api/manifest.js'
import { problemResponse } from '../api/problem.js'
import { refuseOtherMethods } from '../api/router.js'
import type { Floor } from '../floor/floor.js'
import type { DowntimeRegister } from '../kpi/downtime-register.js'
import type { ProductionDesk } from '../kpi/production-desk.js'
import type { MaintenanceDesk } from '../maintenance/desk.js'

import type { OrderBook } from '../orders/order-book.js'
import type { SourceHealth } from '../pipeline/source-health.js'
import type { ReplayGround } from '../replay/replayer.js'
import type { Simulation } from '../simulation/simulation.js'
import type { PastPlants } from '../store/past-plants.js'
import type { Store } from '../store/store.js'
import type { FigureFeed } from './figure-board.js'
import { bridge } from './http-bridge.js'
import { listen } from './listen.js'
import { ReplayDesk } from './replay-desk.js'
import { streamEndpoint, upgradeRequired } from './stream-endpoint.js'
import { StreamHub } from './stream-hub.js'
import { createStreamMetrics } from './stream-metrics.js'
import { isTrustedHost } from './trusted-host.js'
import { addViewerRoutes } from './viewer-routes.js'

/** Calls back at an interval until the answer is called; real by default, by hand in tests. */
type Repeat = (callback: () => void, ms: number) => () => void

export interface GatewayOptions {
  readonly floor: Floor
  readonly store: HistoryReader
  readonly sources: ReadonlyMap<string, SourceHealth>
  readonly kpis?: KpiReader
  /** What the topic `kpi` of the stream shows. */
  readonly figures?: FigureFeed
  readonly simulation?: Simulation
  readonly maintenance?: MaintenanceDesk
  readonly downtime?: DowntimeRegister
  readonly orders?: OrderBook
  readonly production?: ProductionDesk
  readonly values?: Pick<Store, 'query' | 'flush'>
  readonly pool?: Pick<WorkerPool, 'run'>
  readonly ingest?: IngestContext
  readonly plants?: PastPlants
  readonly logger: Logger
  /** The gateway adds its own figures. */
  readonly metrics: Registry
  /** The built viewer. */
  readonly staticDir: string
  /** What the engine still waits for before it is ready, in words; empty = ready. */
  readonly missing: () => readonly string[]
  readonly warnings?: () => readonly string[]
  readonly host?: string
  /** 0 = any free one. */
  readonly port?: number
  /** Distance of the stream's ticks, ms. */
  readonly tickMs?: number
  /** Most stream clients at once. */
  readonly maxClients?: number
  readonly repeat?: Repeat
  /** The record of the past; without it the stream replays nothing. */
  readonly past?: ReplayGround
  /** Most replays at once, of all clients together. */
  readonly maxReplays?: number
  /** Calls back when others have had their turn. */
  readonly later?: (callback: () => void) => void
}

export interface Gateway {
  readonly port: number
  /** Where a person finds it. */
  readonly url: string
  /** Brings the stream's clients up to the floor; called every tickMs, and by tests. */
  tick(): void
  /** Tells the clients, then closes everything; a second call does nothing. */
  close(): void
}

const every: Repeat = (callback, ms) => {
  const timer = setInterval(callback, ms)
  return () => clearInterval(timer)
}

/** Opens the one port: viewer, REST, metrics and stream. Throws GatewayError where the port cannot be had. */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const { floor, logger, host = '127.0.0.1', port: wanted = 8080, tickMs = 100, repeat = every } = options
  const manifest = manifestDocument(floor)
  const manifests = new ManifestBook(manifest, floor.plant)
  const metrics = createStreamMetrics(options.metrics)
  const hub: StreamHub = new StreamHub({
    floor,
    manifest: manifest.hash,
    tickMs,
    ...(options.figures !== undefined && { figures: options.figures }),
    metrics,
    onReplay: (socket, frame) => desk.ask(socket, frame),
  })
  const desk = new ReplayDesk({
    ...{ floor, live: hub, manifests, tickMs, metrics, most: options.maxReplays ?? 4 },
    later: options.later ?? (callback => void setImmediate(callback)),
    ...(options.past !== undefined && { ground: options.past }),
  })
  const tick = (): void => {
    hub.tick()
    desk.tick()
  }

  const api = createApi(options, manifest, manifests)
  api.get('/api/v1/stream', () => upgradeRequired())
  addViewerRoutes(api, options.staticDir)
  refuseOtherMethods(api)
  const answer = (request: Request): Response | Promise<Response> =>
    isTrustedHost(request.headers.get('host') ?? '', host)
      ? api.fetch(request)
      : problemResponse(421, `This gateway answers to loopback names such as localhost only.`)

  const app = App()
    .ws('/api/v1/stream', streamEndpoint({ hub, desk, host, maxClients: options.maxClients ?? 1_000 }))
    .any('/*', bridge({ answer, logger }))
  const listening = await listen(app, host, wanted)
  const port = us_socket_local_port(listening)
  let isClosed = false
  const stop = repeat(tick, tickMs)

  return {
    port,
    url: `http://${host === '0.0.0.0' || host === '::' ? 'localhost' : host}:${port}/`,
    tick,
    close: () => {
      // The socket is native and unchecked: closing it twice would bring the process down.
      if (isClosed) return
      isClosed = true
      stop()
      us_listen_socket_close(listening)
      desk.close()
      hub.close()
      app.close()
    },
  }
}
