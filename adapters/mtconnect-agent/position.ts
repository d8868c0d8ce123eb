import { z } from 'zod'
import type { SourceMemory } from '../contract.js'

/** Where we are in an agent's buffer. */
export interface Position {
  readonly instanceId: string
  /** The sequence number that is asked for next. */
  readonly next: number
}

const remembered = z.object({ url: z.string(), instanceId: z.string(), next: z.int().min(0) })

/**
 * The position in the agent's buffer that the next life begins at: behind what was accepted, and not behind what was
 * only read.
 */
export class KeptPosition {
  readonly #memory: SourceMemory | undefined
  readonly #url: string
  /** Positions not yet accepted, each with the samples that were told until it was reached. */
  #reached: { readonly samples: number; readonly position: Position }[] = []
  #accepted = 0

  /** `url`: of the agent; the numbers of one say nothing of another's. */
  constructor(memory: SourceMemory | undefined, url: string) {
    this.#memory = memory
    this.#url = url
  }

  /** Where an earlier life was; undefined where none was with this agent. */
  recall(): Position | undefined {
    const { data } = remembered.safeParse(this.#memory?.recall())
    return data?.url === this.#url ? { instanceId: data.instanceId, next: data.next } : undefined
  }

  /** All before `position` has been told, in so many samples of this life. */
  reach(position: Position, samples: number): void {
    if (this.#memory === undefined) return
    this.#reached.push({ samples, position })
    this.#keep()
  }

  /** So many samples of this life have been accepted. */
  accept(samples: number): void {
    this.#accepted = samples
    this.#keep()
  }

  #keep(): void {
    const waiting = this.#reached.findIndex(({ samples }) => samples > this.#accepted)
    const done = this.#reached.splice(0, waiting === -1 ? this.#reached.length : waiting)
    const last = done.at(-1)
    if (last !== undefined) this.#memory?.remember({ url: this.#url, ...last.position })
  }
}
