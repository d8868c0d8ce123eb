import { setTimeout as wait } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { LinkFaultKind } from '../../schema/link-fault.js'
import type { Plant } from '../../schema/plant.js'
import type { HiddenFaults, Outlet } from './outlet.js'
import type { ServedFloor } from './served-floor.js'
import { runSimulators } from './simulated-signals.js'

/** How long, ms, the outlets wait at most for every signal to show something: births and registers are whole from the start. */
const patienceMs = 2_000

export interface ServedPlant {
  /** Where faults are injected; undefined where nobody may. */
  readonly api: string | undefined
  stop(): Promise<void>
}

/** Where to listen for who injects faults; port 0 = any free one. */
export interface ServedApi {
  readonly port: number
  readonly logger: Logger
}

/**
 * Runs a simulated plant behind outlets, which it opens, until `stop`; with `api` faults may be injected. Throws
 * EngineError where the plant cannot be simulated, or an outlet or the port of the API not be opened; then all are
 * closed.
 */
export async function servePlant(
  plant: Plant,
  outlets: readonly Outlet[],
  api?: ServedApi,
): Promise<ServedPlant> {
  const close = async (): Promise<void> => {
    await Promise.all(outlets.map(outlet => outlet.close()))
  }
  try {
    const awaited = new Set<string>()
    for (const site of plant.sites)
      for (const { lines } of site.areas)
        for (const { machines } of lines)
          for (const { signals } of machines) for (const { id } of signals) awaited.add(id)
    const complete = new AbortController()
    // One after the other, whatever comes meanwhile.
    let turn: Promise<unknown> = Promise.resolve()
    const inTurn = (what: (outlet: Outlet) => Promise<void>): Promise<void> => {
      const done = turn.then(() => Promise.all(outlets.map(what)))
      turn = done.catch(error => api?.logger.error({ error }, 'what is served did not restart'))
      return turn.then(() => undefined)
    }
    const outlet: Pick<Outlet, 'set' | 'flush' | 'goDown' | 'comeBack'> = {
      goDown: () => inTurn(each => each.goDown()),
      comeBack: () => inTurn(each => each.comeBack()),
      set(signal, value, quality, time) {
        for (const outlet of outlets) outlet.set(signal, value, quality, time)
        if (awaited.delete(signal.id) && awaited.size === 0) complete.abort()
      },
      flush() {
        for (const outlet of outlets) outlet.flush()
      },
    }
    const running = runSimulators(plant, outlet, api && hiddenOf(outlets))
    let door: Awaited<ReturnType<ServedFloor['open']>> | undefined
    try {
      if (api !== undefined) door = await running.floor!.open(api.port, api.logger)
      if (awaited.size > 0)
        await wait(patienceMs, undefined, { signal: complete.signal }).catch(() => undefined)
      const opened = await Promise.allSettled(outlets.map(outlet => outlet.open()))
      for (const each of opened) if (each.status === 'rejected') throw each.reason
    } catch (error) {
      running.stop()
      door?.close()
      throw error
    }
    let stopped: Promise<void> | undefined
    return {
      api: door?.url,
      stop() {
        running.stop()
        door?.close()
        stopped ??= turn.then(close)
        return stopped
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** What nobody sees over any of the protocols. */
function hiddenOf(outlets: readonly Outlet[]): HiddenFaults {
  const [first, ...others] = outlets.map(({ hidden }) => Object.entries(hidden) as [LinkFaultKind, string][])
  const hidden = first?.flatMap(([kind, why]) => {
    const reasons = others.map(each => each.find(([other]) => other === kind)?.[1])
    return reasons.includes(undefined) ? [] : [[kind, [...new Set([why, ...reasons])].join('; ')]]
  })
  return Object.fromEntries(hidden ?? [])
}
