import type { Archetype } from './plant.js'
import type { Limits } from './sensor-state.js'

/**
 * What the stream's indexes mean; fetched once by hash (`GET /api/v1/manifest/{hash}`) and immutable under it.
 * Machine and signal indexes are places in the engine's registries: they survive edits of the plant and may have holes.
 */
export interface Manifest {
  readonly plant: string
  readonly enterprise: string
  readonly sites: readonly { readonly id: string; readonly name: string }[]
  readonly areas: readonly { readonly id: string; readonly name: string; readonly site: string }[]
  readonly lines: readonly {
    readonly id: string
    readonly name: string
    readonly kind: string
    readonly area: string
  }[]
  readonly machines: readonly ManifestMachine[]
  readonly signals: readonly ManifestSignal[]
}

export interface ManifestMachine {
  readonly index: number
  readonly id: string
  readonly name: string
  readonly type: string
  readonly typeName: string
  readonly archetype: Archetype
  readonly line: string
  /** Place in the flow of its line, from 0. */
  readonly order: number
  readonly feeds: readonly string[]
  readonly position?: { readonly x: number; readonly y: number }
}

export interface ManifestSignal {
  readonly index: number
  readonly id: string
  readonly name: string
  /** Index of its machine. */
  readonly machine: number
  readonly role: 'sensor' | 'status'
  readonly quantity: string
  readonly unit: string
  readonly type: 'number' | 'text'
  readonly period: number
  readonly range: readonly [number, number]
  readonly resolution: number
  readonly limits: Limits
}
