import type { Snapshot } from 'xstate'
import type { TwinSnapshot } from '../../schema/records.js'
import type { TwinDefinition, TwinMessage } from './definition.js'
import { Twin, type TwinListener } from './twin.js'

export type RestoreOutcome = 'restored' | 'fresh' | 'other-version' | 'unreadable'

/**
 * The twins of one floor by address (`sensor:press-01.vibration`, `machine:press-01`). Messages are handled one after
 * another, each to the end before the next, in the order they were sent, also those that twins cause.
 */
export class TwinSystem {
  readonly #twins = new Map<string, Twin>()
  readonly #listen: TwinListener
  readonly #queue: { twin: Twin; message: TwinMessage }[] = []
  readonly #changed = new Set<Twin>()
  readonly #unwell = new Set<Twin>()
  #isDraining = false
  /** Messages to addresses that nobody has. */
  misaddressed = 0

  constructor(listen: TwinListener) {
    this.#listen = listen
  }

  get size(): number {
    return this.#twins.size
  }

  /** Twins that crashed and are not back yet. */
  get unwell(): number {
    return this.#unwell.size
  }

  /** Messages given up by full inboxes and quarantined twins. */
  get lost(): number {
    let lost = 0
    for (const twin of this.#unwell) lost += twin.lost
    return lost
  }

  /** Adds a twin, from its snapshot where there is one of the same definition and version. */
  add<Input>(
    address: string,
    definition: TwinDefinition<Input>,
    input: Input,
    saved?: TwinSnapshot,
  ): RestoreOutcome {
    const { outcome, snapshot } = readSnapshot(definition, saved)
    const twin = new Twin(address, definition, input, this.#listen, snapshot) as unknown as Twin
    this.#twins.set(address, twin)
    return outcome
  }

  get(address: string): Twin | undefined {
    return this.#twins.get(address)
  }

  send(address: string, message: TwinMessage): void {
    const twin = this.#twins.get(address)
    if (twin === undefined) {
      this.misaddressed++
      return
    }
    this.#queue.push({ twin, message })
    if (!this.#isDraining) this.#drain()
  }

  /** Once a second or so: restarts what is due. */
  tick(now: number): void {
    for (const twin of this.#unwell) {
      twin.tick(now)
      if (twin.health === 'running') this.#unwell.delete(twin)
    }
  }

  /** Snapshots of at most `most` twins that changed since their last one. */
  takeSnapshots(time: number, most = Number.POSITIVE_INFINITY): TwinSnapshot[] {
    const taken: TwinSnapshot[] = []
    for (const twin of this.#changed) {
      if (taken.length >= most) break
      this.#changed.delete(twin)
      const { id, version } = twin.definition
      const snapshot = JSON.stringify(twin.persisted())
      taken.push({ address: twin.address, time, definition: id, version, snapshot })
    }
    return taken
  }

  get changedCount(): number {
    return this.#changed.size
  }

  stop(): void {
    for (const twin of this.#twins.values()) twin.stop()
    this.#twins.clear()
  }

  #drain(): void {
    this.#isDraining = true
    try {
      for (let i = 0; i < this.#queue.length; i++) {
        const { twin, message } = this.#queue[i]!
        if (twin.receive(message)) this.#changed.add(twin)
        else this.#unwell.add(twin)
      }
    } finally {
      this.#queue.length = 0
      this.#isDraining = false
    }
  }
}

function readSnapshot<Input>(
  definition: TwinDefinition<Input>,
  saved: TwinSnapshot | undefined,
): { outcome: RestoreOutcome; snapshot?: Snapshot<unknown> } {
  if (saved === undefined) return { outcome: 'fresh' }
  if (saved.definition !== definition.id || saved.version !== definition.version)
    return { outcome: 'other-version' }
  try {
    return { outcome: 'restored', snapshot: JSON.parse(saved.snapshot) as Snapshot<unknown> }
  } catch {
    return { outcome: 'unreadable' }
  }
}
