import type { Delta, Snapshot } from './protocol.js'

/**
 * How long a client waits for a snapshot before it asks again (twice as long each time, up to the longest), and how
 * much of later deltas it keeps meanwhile; see SPEC.md, S14.
 */
export const resyncLimits = { firstWaitMs: 2_000, longestWaitMs: 16_000, bytes: 256 * 1024 } as const

export interface SyncOutcome {
  /** Frames to apply, in this order. */
  readonly apply: readonly (Snapshot | Delta)[]
  /** Ask the server for a snapshot. */
  readonly askResync: boolean
}

const nothing: SyncOutcome = { apply: [], askResync: false }

interface Waiting {
  askedAt: number
  patienceMs: number
  bytes: number
  deltas: Delta[]
}

const waitingSince = (now: number): Waiting => ({
  askedAt: now,
  patienceMs: resyncLimits.firstWaitMs,
  bytes: 0,
  deltas: [],
})

/** Where a client stands in one topic: in step at a sequence number, or waiting for a snapshot. */
export class TopicSync {
  #lastSeq = 0
  #waiting: Waiting | undefined
  gaps = 0
  /** Frames that brought nothing new. */
  old = 0

  /** A new subscription: the server sends a snapshot unasked. */
  constructor(now: number) {
    this.#waiting = waitingSince(now)
  }

  get lastSeq(): number {
    return this.#lastSeq
  }

  get isWaiting(): boolean {
    return this.#waiting !== undefined
  }

  /** A snapshot is on its way for another reason (subscribed anew, resumed). */
  await(now: number): void {
    this.#waiting = waitingSince(now)
  }

  snapshot(frame: Snapshot, now: number): SyncOutcome {
    const waiting = this.#waiting
    if (waiting === undefined && frame.seq < this.#lastSeq) {
      this.old++
      return nothing
    }
    this.#lastSeq = frame.seq
    this.#waiting = undefined
    const apply: (Snapshot | Delta)[] = [frame]
    let askResync = false
    for (const delta of waiting?.deltas ?? []) {
      const outcome = this.delta(delta, 0, now)
      apply.push(...outcome.apply)
      askResync ||= outcome.askResync
    }
    return { apply, askResync }
  }

  /** `bytes`: size of the frame on the wire. */
  delta(frame: Delta, bytes: number, now: number): SyncOutcome {
    const waiting = this.#waiting
    if (waiting !== undefined) return this.#keep(waiting, frame, bytes, now)
    if (frame.seq <= this.#lastSeq) {
      this.old++
      return nothing
    }
    if (frame.fromSeq === this.#lastSeq) {
      this.#lastSeq = frame.seq
      return { apply: [frame], askResync: false }
    }
    this.gaps++
    this.#waiting = waitingSince(now)
    this.#keep(this.#waiting, frame, bytes, now)
    return { apply: [], askResync: true }
  }

  /** Time passes: a snapshot that does not come is asked for again, on a slow link ever more patiently. */
  tick(now: number): SyncOutcome {
    const waiting = this.#waiting
    if (waiting === undefined || now - waiting.askedAt < waiting.patienceMs) return nothing
    const patienceMs = Math.min(resyncLimits.longestWaitMs, waiting.patienceMs * 2)
    this.#waiting = { ...waitingSince(now), patienceMs }
    return { apply: [], askResync: true }
  }

  #keep(waiting: Waiting, frame: Delta, bytes: number, now: number): SyncOutcome {
    // What came before the snapshot is part of it, so a full buffer may be dropped: at worst it is one more gap.
    if (waiting.bytes + bytes > resyncLimits.bytes) {
      waiting.deltas = []
      waiting.bytes = 0
    }
    waiting.deltas.push(frame)
    waiting.bytes += bytes
    return this.tick(now)
  }
}
