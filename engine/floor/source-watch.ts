import type { SourceState } from '../../schema/source-state.js'
import type { ShownLink } from '../../schema/stream/protocol.js'
import type { SourceTwinEvent } from '../../twins/source/source.events.js'
import type { SourceContext } from '../../twins/source/source.machine.js'
import type { TwinSystem } from '../twin-system/twin-system.js'
import type { FloorLinks } from './floor.js'
import { sourceAddress, sourceKind } from './twin-kinds.js'

/** How the link to a source stands, for people and metrics. */
export interface SourceLink extends SourceContext {
  readonly state: SourceState
}

/** Keeps the twins of the sources. A link begins anew with each start, so they have no snapshots to go on from. */
export class SourceWatch implements FloorLinks {
  readonly #twins: TwinSystem
  readonly #sources: readonly string[]
  #version = 0

  constructor(twins: TwinSystem, sources: readonly { readonly id: string }[]) {
    this.#twins = twins
    this.#sources = sources.map(({ id }) => id)
    for (const { id } of sources) twins.add(sourceAddress(id), sourceKind, undefined)
  }

  get version(): number {
    return this.#version
  }

  list(): readonly ShownLink[] {
    return this.#sources.flatMap(source => {
      const link = this.link(source)
      return link === undefined ? [] : [{ source, state: link.state, since: link.since }]
    })
  }

  tell(source: string, event: SourceTwinEvent): void {
    const before = this.#snapshot(source)?.value
    this.#twins.send(sourceAddress(source), { ...event })
    if (this.#snapshot(source)?.value !== before) this.#version++
  }

  /** The twins were put into other states. */
  recalled(): void {
    this.#version++
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
