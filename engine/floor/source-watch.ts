import type { SourceState } from '../../schema/source-state.js'
import type { SourceTwinEvent } from '../../twins/source/source.events.js'
import type { SourceContext } from '../../twins/source/source.machine.js'
import type { TwinSystem } from '../twin-system/twin-system.js'
import { sourceAddress, sourceKind } from './twin-kinds.js'

/** How the link to a source stands, for people and metrics. */
export interface SourceLink extends SourceContext {
  readonly state: SourceState
}

/** Keeps the twins of the sources. A link begins anew with each start, so they have no snapshots to go on from. */
export class SourceWatch {
  readonly #twins: TwinSystem

  constructor(twins: TwinSystem, sources: readonly { readonly id: string }[]) {
    this.#twins = twins
    for (const { id } of sources) twins.add(sourceAddress(id), sourceKind, undefined)
  }

  tell(source: string, event: SourceTwinEvent): void {
    this.#twins.send(sourceAddress(source), { ...event })
  }

  /** Something came: news only for one that was silent. */
  heard(source: string, time: number): void {
    if (this.#snapshot(source)?.value === 'degraded') this.tell(source, { type: 'HEARD', time })
  }

  link(source: string): SourceLink | undefined {
    const snapshot = this.#snapshot(source)
    return snapshot && { state: snapshot.value, ...snapshot.context }
  }

  #snapshot(source: string): { readonly value: SourceState; readonly context: SourceContext } | undefined {
    const snapshot: unknown = this.#twins.get(sourceAddress(source))?.snapshot
    return snapshot as { value: SourceState; context: SourceContext } | undefined
  }
}
