import type { Clock } from '../../schema/clock.js'

export interface ClockMemory {
  readonly now: number
  readonly reached: readonly (readonly [source: string, time: number])[]
}

/**
 * The clock of a floor. Either the wall's, or driven by sources that bring their own time (a recording): then now is
 * the newest time any connected one of them has reached, and stands still while none of them speaks.
 */
export class FloorClock implements Clock {
  readonly #wall: Clock
  readonly #reached = new Map<string, number>()
  readonly #isSourceDriven: boolean
  #now: number
  #held: number | undefined

  /** `startAt`: where a source-driven clock stood when the engine last stopped; 0 = never ran. */
  constructor(wall: Clock, driven: 'wall' | 'source', startAt = 0) {
    this.#wall = wall
    this.#isSourceDriven = driven === 'source'
    this.#now = startAt
  }

  now(): number {
    return this.#isSourceDriven ? this.#now : (this.#held ?? this.#wall.now())
  }

  /**
   * A turn of the floor begins: all of it happens at one moment, so that the same turn told again comes to the same.
   * Sources that bring their own time move it within a turn.
   */
  hold(): void {
    this.#held = this.#wall.now()
  }

  release(): void {
    this.#held = undefined
  }

  /** What is remembered of it, ready for JSON. */
  remember(): ClockMemory {
    return { now: this.#now, reached: [...this.#reached] }
  }

  recall({ now, reached }: ClockMemory): void {
    this.#now = now
    this.#reached.clear()
    for (const [source, time] of reached) this.#reached.set(source, time)
  }

  /** A source with a time of its own has reached `time`. */
  advance(source: string, time: number): void {
    if (!(time > (this.#reached.get(source) ?? Number.NEGATIVE_INFINITY))) return
    this.#reached.set(source, time)
    this.#settle()
  }

  /** The source begins anew, perhaps with an earlier day: what it reached before no longer counts. */
  restart(source: string): void {
    this.#reached.delete(source)
  }

  #settle(): void {
    let newest = Number.NEGATIVE_INFINITY
    for (const time of this.#reached.values()) newest = Math.max(newest, time)
    this.#now = newest
  }
}
