import { availableParallelism } from 'node:os'
import type { Transferable } from 'node:worker_threads'
import { Piscina } from 'piscina'
import type { Blocks, BlocksTask } from './blocks.js'
import type { EnergyTask } from './energy.js'
import type { EnergyCell } from './kpi/energy.js'
import type { LifeTask } from './life.js'
import { moduleUrl, sourceExecArgv } from './source.js'

/** Every task of the pool: what it takes and what it gives. */
interface Tasks {
  readonly blocks: { readonly task: BlocksTask; readonly result: Blocks }
  readonly energy: { readonly task: EnergyTask; readonly result: EnergyCell[][] }
  readonly life: { readonly task: LifeTask; readonly result: undefined }
}

interface RunOptions {
  /** Aborting stops the task's thread. */
  readonly signal?: AbortSignal
  /** What moves to the worker; it is empty here afterwards. */
  readonly transferList?: readonly Transferable[]
}

/** Worker threads for work that would hold up the main thread. A full queue refuses: see `PoolError`. */
export interface WorkerPool {
  run<K extends keyof Tasks>(
    name: K,
    task: Tasks[K]['task'],
    options?: RunOptions,
  ): Promise<Tasks[K]['result']>
  /** Stops taking tasks, lets the running ones end. */
  close(): Promise<void>
}

export class PoolError extends Error {
  readonly code: 'queue-full' | 'task-failed'

  constructor(code: PoolError['code'], message: string, options: { cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.name = 'PoolError'
    this.code = code
  }
}

interface PoolOptions {
  readonly maxThreads?: number
  /** Most tasks that may wait. */
  readonly maxQueue?: number
}

export function createPool(options: PoolOptions = {}): WorkerPool {
  const maxQueue = options.maxQueue ?? 256
  const piscina = new Piscina({
    minThreads: 0,
    maxThreads: options.maxThreads ?? Math.max(1, availableParallelism() - 1),
    maxQueue,
    idleTimeout: 30_000,
    execArgv: sourceExecArgv(import.meta.url),
  })
  // A result that comes just after its task was aborted; unheard, it would end the process. Failures of tasks do not
  // come this way: their `run` rejects.
  piscina.on('error', () => undefined)
  return {
    async run(name, task, { signal, transferList } = {}) {
      if (piscina.queueSize >= maxQueue)
        throw new PoolError('queue-full', `The worker queue is full (${maxQueue} tasks). Try again later.`)
      try {
        return await piscina.run(task, {
          filename: moduleUrl(`./${name}`, import.meta.url),
          ...(signal === undefined ? {} : { signal }),
          ...(transferList === undefined ? {} : { transferList: [...transferList] }),
        })
      } catch (cause) {
        if (signal?.aborted) throw cause
        throw new PoolError('task-failed', `The task ${name} failed: ${String(cause)}`, { cause })
      }
    },
    close: () => piscina.close(),
  }
}
