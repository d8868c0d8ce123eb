import type { PageMessage, WorkerMessage } from './worker-messages.js'

export interface ConnectionEvents {
  readonly received: (message: WorkerMessage) => void
  /** The worker broke down for good; the reason, for a person. */
  readonly broken: (reason: string) => void
}

/** The page's end of the stream's worker. A worker that breaks down is started once more. */
export class Connection {
  readonly #events: ConnectionEvents
  readonly #start: PageMessage
  #worker: Worker
  #hasRestarted = false

  constructor(base: string, pace: number, events: ConnectionEvents) {
    this.#events = events
    this.#start = { kind: 'start', base, pace }
    this.#worker = this.#launch()
    document.addEventListener('visibilitychange', () => {
      this.#post({ kind: 'visible', isVisible: document.visibilityState === 'visible' })
    })
    addEventListener('online', () => this.retry())
  }

  retry(): void {
    this.#post({ kind: 'retry' })
  }

  #launch(): Worker {
    const worker = new Worker(new URL('./stream-worker.ts', import.meta.url), { type: 'module' })
    worker.onmessage = ({ data: message }: MessageEvent<WorkerMessage>) => {
      this.#events.received(message)
      if (message.kind === 'update') {
        const spare = message.update.buffer
        worker.postMessage({ kind: 'ready', spare } satisfies PageMessage, [spare])
      }
    }
    worker.onerror = event => this.#failed(event.message)
    worker.postMessage(this.#start)
    return worker
  }

  #failed(reason: string): void {
    this.#worker.terminate()
    if (this.#hasRestarted) {
      this.#events.broken(reason)
      return
    }
    this.#hasRestarted = true
    this.#worker = this.#launch()
  }

  #post(message: PageMessage): void {
    this.#worker.postMessage(message)
  }
}
