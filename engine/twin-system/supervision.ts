import type { TwinMessage } from './definition.js'

export const twinHealths = ['running', 'restarting', 'quarantined'] as const
export type TwinHealth = (typeof twinHealths)[number]

/** Above this many waiting messages, older levels make room. */
const inboxLimit = 64
/** More commands than this can only come from something that has gone wrong itself. */
const hardLimit = 1_024
const firstDelay = 1_000
const longestDelay = 60_000
const crashWindow = 60_000
const crashesToQuarantine = 3

/** Messages that say how things are: a newer one says it again, better. All others say what happened. */
const levelTypes: ReadonlySet<string> = new Set(['SAMPLE', 'TICK'])

/**
 * What a twin that has ever crashed carries: when it comes back, and what waits for it. Times are the floor's, ms, as
 * its ticks tell it: that of the message it crashed of may be late or far ahead.
 */
export class Supervision {
  health: TwinHealth = 'running'
  #inbox: TwinMessage[] = []
  #crashes: number[] = []

  get waiting(): number {
    return this.#inbox.length
  }

  /** Another crash: back after 1 s, 2 s, 4 s; the third within a minute is the last. `now`: infinite = not known yet. */
  crash(now: number): void {
    // One of before the clock was set back, by more than that, is no longer near.
    this.#crashes = [...this.#crashes.filter(time => Math.abs(now - time) < crashWindow), now]
    if (this.#crashes.length >= crashesToQuarantine) this.quarantine()
    else this.health = 'restarting'
  }

  /** Gives up; answers with what waited in vain. */
  quarantine(): readonly TwinMessage[] {
    this.health = 'quarantined'
    return this.#takeAll()
  }

  /** What came meanwhile, once the delay has passed; undefined before. */
  restart(now: number): readonly TwinMessage[] | undefined {
    if (this.health !== 'restarting') return undefined
    // Of a clock that was set back, or that tells time only now: the delay begins here.
    this.#crashes = this.#crashes.map(time => Math.min(time, now))
    const delay = Math.min(longestDelay, firstDelay * 2 ** (this.#crashes.length - 1))
    if (now - this.#crashes.at(-1)! < delay) return undefined
    this.health = 'running'
    return this.#takeAll()
  }

  /**
   * Keeps a message for after the restart and answers with the one given up for it, if any. A full inbox gives up the
   * oldest level; commands, alarm actions and counts are never given up.
   */
  keep(message: TwinMessage): TwinMessage | undefined {
    const isLevel = levelTypes.has(message.type)
    let givenUp: TwinMessage | undefined
    if (this.#inbox.length >= inboxLimit) {
      const oldest = this.#inbox.findIndex(({ type }) => levelTypes.has(type))
      if (oldest === -1 && isLevel) return message
      if (oldest !== -1) givenUp = this.#inbox.splice(oldest, 1)[0]
    }
    this.#inbox.push(message)
    return givenUp
  }

  /** So many commands wait that only quarantine is left. */
  get isOverrun(): boolean {
    return this.#inbox.length > hardLimit
  }

  #takeAll(): readonly TwinMessage[] {
    const waiting = this.#inbox
    this.#inbox = []
    return waiting
  }
}
