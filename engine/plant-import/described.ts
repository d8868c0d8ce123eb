import type { ImportedMachine } from '../../adapters/imported-machine.js'
import type { SourceSpec } from '../../schema/plant.js'

/** What a source says of itself, and how a plant file names it. */
export interface Described {
  readonly machines: readonly ImportedMachine[]
  readonly adapter: string
  readonly options: SourceSpec['options']
}
