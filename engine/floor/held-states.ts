import type { PackmlState, SuspendReason } from '../../schema/packml.js'

/** After its link stands a source has so long to tell the state anew by itself, ms: most do at once. */
const patienceMs = 10_000
/** Over an absence that was longer no state is held to, ms: too much may have happened that nobody saw. */
const longestAbsenceMs = 10 * 60_000

/** What a machine did when the floor went away. */
export interface HeldState {
  readonly state: PackmlState
  readonly reason: SuspendReason
  readonly sourceState: string
  /** When the floor went away, Unix ms. */
  readonly lost: number
  /** Since when the link to its source stands again; undefined: it does not. */
  readonly found?: number | undefined
  /** Another of its signals has told something since. */
  readonly isHeard: boolean
}

/**
 * The states in which machines stood when the floor went away, of machines whose source tells a state only when it
 * changes. Where the machine's other data go on after a short absence and nobody tells its state anew, it did not change.
 */
export class HeldStates {
  readonly #held = new Map<number, HeldState>()

  get size(): number {
    return this.#held.size
  }

  hold(machine: number, held: HeldState): void {
    this.#held.set(machine, held)
  }

  /** Its state was told, or its source is lost again. */
  drop(machine: number): void {
    this.#held.delete(machine)
  }

  found(machine: number, time: number): void {
    const held = this.#held.get(machine)
    if (held === undefined) return
    if (time - held.lost > longestAbsenceMs) this.#held.delete(machine)
    else this.#held.set(machine, { ...held, found: time, isHeard: false })
  }

  heard(machine: number): void {
    const held = this.#held.get(machine)
    if (held?.found !== undefined && !held.isHeard) this.#held.set(machine, { ...held, isHeard: true })
  }

  of(machine: number): HeldState | undefined {
    return this.#held.get(machine)
  }

  /** Takes those that hold on by now, each once. */
  takeDue(now: number): [machine: number, held: HeldState & { readonly found: number }][] {
    const due: [number, HeldState & { readonly found: number }][] = []
    for (const [machine, held] of this.#held) {
      const { found, isHeard } = held
      if (found !== undefined && isHeard && now - found >= patienceMs) due.push([machine, { ...held, found }])
    }
    for (const [machine] of due) this.#held.delete(machine)
    return due
  }
}
