import type { SourceEvent } from '../../adapters/contract.js'
import type { Entry } from '../../schema/records.js'
import type { LiveFloor } from '../floor/live-floor.js'
import type { SourceSignal } from './source-events.js'
import { gateTimes } from './time-gate.js'

type LinkState = 'connecting' | 'connected' | 'waiting' | 'ended'

/** How a source does, for people and metrics. */
export interface SourceHealth {
  readonly source: string
  state: LinkState
  samples: number
  accepted: number
  rejects: number
  losses: number
  lastError: string | undefined
}

export interface IntakeParts {
  readonly floor: LiveFloor
  /** Makes the entry durable; throws when it cannot be taken now. */
  append(entry: Entry): void
  /** Called once when appending begins to fail, and once when it works again. */
  onBlocked?(error: unknown): void
  onUnblocked?(): void
  onConnected?(source: string): void
  onLost?(source: string, error: unknown): void
}

/**
 * The one way in. A batch goes through the floor and, with all that followed from it, into the spool; only then is
 * it accepted. What the spool cannot take (a full disk) waits here in order, and since nothing of it is accepted, the
 * sources stop reading by themselves.
 */
export class Intake {
  readonly health = new Map<string, SourceHealth>()
  readonly #parts: IntakeParts
  #isReported = false
  #waiting: { readonly entry: Entry; readonly accept: () => void }[] = []

  constructor(parts: IntakeParts, sources: readonly string[]) {
    this.#parts = parts
    for (const source of sources) {
      this.health.set(source, {
        source,
        state: 'connecting',
        samples: 0,
        accepted: 0,
        rejects: 0,
        losses: 0,
        lastError: undefined,
      })
    }
  }

  get isBlocked(): boolean {
    return this.#waiting.length > 0
  }

  /** The subscriber of a source's signals. */
  take(source: string, signal: SourceSignal): void {
    const health = this.health.get(source)!
    const { floor } = this.#parts
    switch (signal.kind) {
      case 'event':
        this.#count(health, signal.event)
        this.#append(floor.ingest(source, this.#gated(health, signal.event)), acceptance(health, signal))
        return
      case 'lost':
        this.#lose(health, signal.error)
        this.#append(floor.sourceLost(source), () => {})
        return
      case 'ended':
        health.state = 'ended'
        this.#append(floor.sourceLost(source), () => {})
    }
  }

  /** What the floor itself has to say: the silent, the snapshots. */
  record(entry: Entry | undefined): void {
    this.#append(entry, () => {})
  }

  /** Tries again what the spool could not take. */
  retry(): void {
    if (this.#waiting.length === 0) return
    const waiting = this.#waiting
    this.#waiting = []
    for (const { entry, accept } of waiting) this.#append(entry, accept)
    if (this.#waiting.length > 0) return
    this.#isReported = false
    this.#parts.onUnblocked?.()
  }

  /** The event with samples of impossible times taken out and put into rejects. */
  #gated(health: SourceHealth, event: SourceEvent): SourceEvent {
    if (event.kind !== 'samples') return event
    const { floor } = this.#parts
    const { batch, rejects } = gateTimes(floor, health.source, event.batch)
    if (rejects.length > 0) {
      health.rejects += rejects.length
      this.record(floor.ingest(health.source, { kind: 'rejects', rejects }))
    }
    return { kind: 'samples', batch }
  }

  #append(entry: Entry | undefined, accept: () => void): void {
    if (entry === undefined) return
    if (this.#waiting.length > 0) {
      this.#waiting.push({ entry, accept })
      return
    }
    try {
      this.#parts.append(entry)
    } catch (error) {
      this.#waiting.push({ entry, accept })
      if (!this.#isReported) this.#parts.onBlocked?.(error)
      this.#isReported = true
      return
    }
    accept()
  }

  #lose(health: SourceHealth, error: unknown): void {
    health.losses++
    health.state = 'waiting'
    health.lastError = error instanceof Error ? error.message : String(error)
    this.#parts.onLost?.(health.source, error)
  }

  #count(health: SourceHealth, event: SourceEvent): void {
    if (event.kind === 'interrupted') {
      this.#lose(health, new Error(event.reason))
      return
    }
    if (event.kind === 'samples') health.samples += event.batch.count
    else if (event.kind === 'rejects') health.rejects += event.rejects.length
    if (health.state === 'connected') return
    health.state = 'connected'
    this.#parts.onConnected?.(health.source)
  }
}

function acceptance(health: SourceHealth, signal: SourceSignal & { kind: 'event' }): () => void {
  if (signal.event.kind !== 'samples') return () => {}
  const { count } = signal.event.batch
  return () => {
    health.accepted += count
    signal.accept(count)
  }
}
