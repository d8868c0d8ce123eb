import { App, us_listen_socket_close, us_socket_local_port } from 'uWebSockets.js'
import type { Logger } from 'pino'
import type { Observable } from 'rxjs'
import type { FloorEvent, SourceEvent } from '../../adapters/contract.js'
import type { Plant } from '../../schema/plant.js'
import type { SimulationCommand } from '../../schema/simulation-command.js'
import { addFaultRoutes } from '../api/faults.js'
import { addLinkRoutes } from '../api/links.js'
import { addMachineRoutes } from '../api/machines.js'
import { addPlantRoutes } from '../api/plant.js'
import { problemResponse } from '../api/problem.js'
import { createRouter, refuseOtherMethods } from '../api/router.js'
import { EngineError } from '../errors.js'
import type { Dictionary } from '../floor/dictionary.js'
import type { Registry } from '../floor/floor.js'
import { FloorClock } from '../floor/floor-clock.js'
import { LiveFloor } from '../floor/live-floor.js'
import { GatewayError } from '../gateway/gateway-error.js'
import { bridge } from '../gateway/http-bridge.js'
import { listen } from '../gateway/listen.js'
import { isTrustedHost } from '../gateway/trusted-host.js'
import { createSimulation, type Simulation } from '../simulation/simulation.js'
import type { HiddenFaults } from './outlet.js'

const host = '127.0.0.1'
/** Time passes for silent machines this often, ms. */
const tickMs = 1_000

/**
 * The twins of served machines, which know of their faults, and the way in for who injects some. Whoever reads the
 * machines over their protocols sees none of this. Nothing is kept: it is gone with the machines.
 */
export class ServedFloor {
  readonly #floor: LiveFloor
  readonly #simulation: Simulation

  constructor(plant: Plant, registry: Registry, dictionary: Dictionary, hidden: HiddenFaults) {
    const simulated = new Set(plant.sources.map(({ id }) => id))
    const clock = new FloorClock(Date, 'wall')
    this.#floor = new LiveFloor({ plant, registry, dictionary, clock, wall: Date, simulated })
    this.#simulation = createSimulation({
      floor: this.#floor,
      simulated,
      isBlocked: () => false,
      record: () => undefined,
      hidden,
    })
  }

  /** What people want of the machines of a source. */
  commands(source: string): Observable<SimulationCommand> {
    return this.#simulation.channel.commands(source)!
  }

  /** Hears what a source tells. */
  take(source: string, event: SourceEvent): void {
    switch (event.kind) {
      case 'unknown-tags':
      case 'missed':
      case 'repeated':
      case 'noted':
      case 'trouble':
        return
    }
    this.#floor.ingest(source, event satisfies FloorEvent)
    if (event.kind === 'damage') this.#simulation.faults.hear(event.reports)
  }

  /** Answers on loopback until it is closed; port 0 = any free one. Throws EngineError where it cannot be had. */
  async open(wanted: number, logger: Logger): Promise<{ readonly url: string; close(): void }> {
    const router = createRouter(logger)
    addPlantRoutes(router, { floor: this.#floor })
    addMachineRoutes(router, { floor: this.#floor })
    addFaultRoutes(router, { simulation: this.#simulation })
    addLinkRoutes(router, { simulation: this.#simulation })
    refuseOtherMethods(router)
    const answer = (request: Request): Response | Promise<Response> =>
      isTrustedHost(request.headers.get('host') ?? '', host)
        ? router.fetch(request)
        : problemResponse(421, 'This port answers to loopback names such as localhost only.')
    const app = App().any('/*', bridge({ answer, logger }))
    const socket = await listen(app, host, wanted, '--api-port').catch((cause: unknown) => {
      if (!(cause instanceof GatewayError)) throw cause
      throw new EngineError(cause.code, cause.message, { cause })
    })
    const ticking = setInterval(() => this.#floor.tick(), tickMs)
    let isClosed = false
    return {
      url: `http://${host}:${us_socket_local_port(socket)}/`,
      close: () => {
        if (isClosed) return
        isClosed = true
        clearInterval(ticking)
        us_listen_socket_close(socket)
        app.close()
      },
    }
  }
}
