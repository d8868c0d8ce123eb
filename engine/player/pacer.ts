import type { Clock } from '../../schema/clock.js'

/** `max`: as fast as the reader takes it. */
export type Speed = number | 'max'

/** When a row of a recording is due: at `speed` times the pace of the rows' own times. */
export class Pacer {
  readonly #speed: Speed
  readonly #wall: Clock
  /** Recorded time and wall time that belong together; set by the first paced row. */
  #anchor: { readonly time: number; readonly wall: number } | undefined
  #reached = Number.NEGATIVE_INFINITY

  constructor(speed: Speed, wall: Clock) {
    this.#speed = speed
    this.#wall = wall
  }

  /** Newest recorded time so far, Unix ms UTC. */
  get reached(): number {
    return this.#reached
  }

  /** How long to wait for the row of this time, ms; a row older than one already sent is due at once. */
  wait(time: number): number {
    if (this.#speed === 'max' || time <= this.#reached) return 0
    this.#anchor ??= { time, wall: this.#wall.now() }
    return Math.max(0, this.#anchor.wall + (time - this.#anchor.time) / this.#speed - this.#wall.now())
  }

  sent(time: number): void {
    this.#reached = Math.max(this.#reached, time)
  }

  /** Time stood still (no reader): the next new row is due at once and the pace counts from it. */
  resume(): void {
    this.#anchor = undefined
  }

  /** The recording begins anew. */
  restart(): void {
    this.#anchor = undefined
    this.#reached = Number.NEGATIVE_INFINITY
  }
}
