import type { SchedulerLike, Subscription } from 'rxjs'

/** Bounds of what a source may ask for, ms: not a flood, not a silence nobody notices. */
const shortest = 100
const longest = 600_000

export interface HeartbeatActions {
  /** Time for the next `* PING`. */
  ping(): void
  /** Nothing was heard for `silenceMs`: twice the heartbeat. */
  lost(silenceMs: number): void
}

/**
 * Keeps the pulse of one connection: pings, and declares the peer lost when nothing at all was heard of it for twice
 * the interval. While we do not listen ourselves (back-pressure) nobody is declared lost.
 */
export class Heartbeat {
  readonly #scheduler: SchedulerLike
  readonly #actions: HeartbeatActions
  #intervalMs: number
  #nextPing: Subscription | undefined
  #deadline: Subscription | undefined
  #isListening = true

  constructor(intervalMs: number, scheduler: SchedulerLike, actions: HeartbeatActions) {
    this.#intervalMs = intervalMs
    this.#scheduler = scheduler
    this.#actions = actions
  }

  start(): void {
    this.#ping()
    this.#restartDeadline()
  }

  stop(): void {
    this.#nextPing?.unsubscribe()
    this.#deadline?.unsubscribe()
  }

  /** Something came from the peer; `intervalMs` where it asked for another distance of pings. */
  heard(intervalMs?: number): void {
    if (intervalMs !== undefined) this.#setInterval(Math.min(longest, Math.max(shortest, intervalMs)))
    this.#restartDeadline()
  }

  /** Whether we read what the peer sends. */
  listen(isListening: boolean): void {
    this.#isListening = isListening
    this.#restartDeadline()
  }

  #setInterval(intervalMs: number): void {
    if (intervalMs === this.#intervalMs) return
    this.#intervalMs = intervalMs
    this.#nextPing?.unsubscribe()
    this.#nextPing = this.#scheduler.schedule(() => this.#ping(), intervalMs)
  }

  #ping(): void {
    this.#nextPing = this.#scheduler.schedule(() => this.#ping(), this.#intervalMs)
    this.#actions.ping()
  }

  #restartDeadline(): void {
    this.#deadline?.unsubscribe()
    if (!this.#isListening) return
    const silenceMs = 2 * this.#intervalMs
    this.#deadline = this.#scheduler.schedule(() => {
      // A process that was held up finds its timers due before it has read its sockets: let it read them first.
      this.#deadline = this.#scheduler.schedule(() => this.#actions.lost(silenceMs), 1)
    }, silenceMs)
  }
}
