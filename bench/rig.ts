import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import { loadSource } from '../adapters/simulator/load.js'
import { type Engine, startEngine } from '../engine/engine.js'
import { configSchema } from '../schema/config.js'
import type { Plant } from '../schema/plant.js'
import type { ProbeReport } from './stream-probe.js'

const here = dirname(fileURLToPath(import.meta.url))

/** An engine on a folder that goes with it. */
export interface Rig {
  readonly engine: Engine
  stop(): Promise<void>
}

/** `data`: a folder with a past; a fresh one if left out. */
export async function startRig(
  plant: Plant,
  data: string = mkdtempSync(join(tmpdir(), 'gemba-bench-')),
): Promise<Rig> {
  const engine = await startEngine({
    config: configSchema.parse({ data, port: 0 }),
    plant,
    logger: pino({ level: 'warn' }),
    viewer: join(here, '../viz'),
    adapters: [loadSource],
  })
  return {
    engine,
    async stop() {
      await engine.stop()
      rmSync(data, { recursive: true, force: true })
    },
  }
}

/** A client of the whole floor in a process of its own. */
export class Probe {
  readonly #child: ChildProcess

  private constructor(child: ChildProcess) {
    this.#child = child
  }

  static async start(url: string): Promise<Probe> {
    const child = fork(join(here, 'stream-probe.js'), [new URL(url).port])
    await once(child, 'message')
    return new Probe(child)
  }

  /** What it has seen; ends it. */
  async report(): Promise<ProbeReport> {
    const answer = once(this.#child, 'message')
    this.#child.send('report')
    const [report] = (await answer) as [ProbeReport]
    this.#child.kill()
    return report
  }
}

/** CPU seconds of this process, all its threads, and its embedded store, from /proc; no counterpart's. */
export function cpuOfEngine(): number {
  let seconds = 0
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const times = processTimes(Number(name))
    if (times === undefined) continue
    if (Number(name) === process.pid || (times.isStore && times.parent === process.pid)) seconds += times.cpu
  }
  return seconds
}

/** CPU seconds of one process, all its threads. */
export function cpuOfProcess(pid: number): number {
  return processTimes(pid)?.cpu ?? Number.NaN
}

const ticksPerSecond = 100

function processTimes(pid: number): { parent: number; cpu: number; isStore: boolean } | undefined {
  try {
    // The name in the second field may hold spaces; what follows its bracket does not (proc(5)).
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ')
    const isStore = readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('embedded/child')
    return {
      parent: Number(fields[1]),
      cpu: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond,
      isStore,
    }
  } catch {
    return undefined
  }
}
