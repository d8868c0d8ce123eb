import { setTimeout as wait } from 'node:timers/promises'
import type { Plant } from '../../schema/plant.js'
import type { Outlet } from './outlet.js'
import { runSimulators } from './simulated-signals.js'

/** How long, ms, the outlets wait at most for every signal to show something: births and registers are whole from the start. */
const patienceMs = 2_000

/**
 * Runs a simulated plant behind outlets, which it opens, until `stop`. Throws EngineError where the plant cannot be
 * simulated or an outlet not be opened; then all are closed.
 */
export async function servePlant(
  plant: Plant,
  outlets: readonly Outlet[],
): Promise<{ stop(): Promise<void> }> {
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
    const running = runSimulators(plant, {
      set(signal, value, quality, time) {
        for (const outlet of outlets) outlet.set(signal, value, quality, time)
        if (awaited.delete(signal.id) && awaited.size === 0) complete.abort()
      },
      flush() {
        for (const outlet of outlets) outlet.flush()
      },
    })
    try {
      if (awaited.size > 0)
        await wait(patienceMs, undefined, { signal: complete.signal }).catch(() => undefined)
      const opened = await Promise.allSettled(outlets.map(outlet => outlet.open()))
      for (const each of opened) if (each.status === 'rejected') throw each.reason
    } catch (error) {
      running.unsubscribe()
      throw error
    }
    let stopped: Promise<void> | undefined
    return {
      stop() {
        running.unsubscribe()
        stopped ??= close()
        return stopped
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}
