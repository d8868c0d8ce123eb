import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Machine, Plant, Signal } from '../schema/plant.js'
import { referencePlant } from '../schema/reference-plant/reference-plant.js'
import type { ListenerReport } from './mqtt-listener.js'
import type { TalkerOrder } from './mqtt-talker.js'

const here = dirname(fileURLToPath(import.meta.url))
const signalsPerMachine = 10

/** A plant of `tags`, ten a machine, from one source; each sample's value is its running number. */
export function plantOf(adapter: string, options: Record<string, unknown>, tags: readonly string[]): Plant {
  const reference = referencePlant()
  const machines: Machine[] = []
  for (let from = 0; from < tags.length; from += signalsPerMachine) {
    const id = `machine-${machines.length}`
    const signals = tags.slice(from, from + signalsPerMachine).map(
      (tag, i): Signal => ({
        id: `${id}.s${i}`,
        name: `s${i}`,
        role: 'sensor',
        quantity: 'number',
        unit: '',
        type: 'number',
        period: 0,
        range: [-1, Number.MAX_SAFE_INTEGER],
        resolution: 0,
        limits: {},
        source: 'broker',
        tag,
      }),
    )
    machines.push({ id, name: id, type: 'press', source: 'broker', feeds: [], idealCycleTime: 10, signals })
  }
  const lines = [{ id: 'line', name: 'Line', kind: 'forming', machines }]
  return {
    ...reference,
    shifts: [],
    crews: [],
    products: [],
    customers: [],
    sites: [{ id: 'site', name: 'Site', timeZone: 'UTC', areas: [{ id: 'area', name: 'Area', lines }] }],
    sources: [{ id: 'broker', adapter, clock: 'wall', options }],
  }
}

/** Publishes; resolves when all has been said. */
export async function talk(order: TalkerOrder): Promise<{ readonly seconds: number; end(): void }> {
  const child = fork(join(here, 'mqtt-talker.js'), [JSON.stringify(order)])
  const [{ seconds }] = (await once(child, 'message')) as [{ seconds: number }]
  return { seconds, end: () => child.disconnect() }
}

/** A bare mqtt.js subscriber in a process of its own. */
export class Listener {
  readonly #child: ChildProcess

  private constructor(child: ChildProcess) {
    this.#child = child
  }

  /** `warmUp`: messages that it hears before its cost is counted. */
  static async start(port: number, qos: 0 | 1, warmUp: number): Promise<Listener> {
    const child = fork(join(here, 'mqtt-listener.js'), [port, qos, warmUp].map(String))
    await once(child, 'message')
    return new Listener(child)
  }

  async report(): Promise<ListenerReport> {
    const answer = once(this.#child, 'message')
    this.#child.send('report')
    const [report] = (await answer) as [ListenerReport]
    return report
  }

  stop(): void {
    this.#child.kill()
  }
}

/** Waits until `read` gives `target`, or has not grown for `patienceMs`; the value it gave last. */
export async function settled(
  read: () => number | Promise<number>,
  target: number,
  patienceMs = 3_000,
): Promise<number> {
  let value = await read()
  let grewAt = performance.now()
  while (value < target && performance.now() - grewAt < patienceMs) {
    await wait(20)
    const next = await read()
    if (next > value) grewAt = performance.now()
    value = next
  }
  return value
}
