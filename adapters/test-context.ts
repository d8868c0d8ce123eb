import { type Observable, of, type SchedulerLike } from 'rxjs'
import type { Clock } from '../schema/clock.js'
import type { Plant, Signal } from '../schema/plant.js'
import type { ReadSecret } from '../schema/secret.js'
import type { AdapterContext, IndexedSignal, SourceMemory } from './contract.js'

/** A plant without machines: what an adapter under test needs of one. */
const emptyPlant: Plant = {
  name: 'test',
  enterprise: 'test',
  sites: [],
  sources: [],
  machineTypes: [],
  shifts: [],
  products: [],
  customers: [],
  crews: [],
  stateMaps: {},
}

/** A signal of the source `test` with the tag as its name; what matters to a test is said, the rest is plain. */
export function testSignal(index: number, tag: string, given: Partial<Signal> = {}): IndexedSignal {
  return {
    index,
    signal: {
      id: `machine.${tag}`,
      name: tag,
      role: 'sensor',
      quantity: 'number',
      unit: '',
      type: 'number',
      period: 0,
      range: [0, 1],
      resolution: 0,
      limits: {},
      source: 'test',
      tag,
      ...given,
    },
  }
}

export interface TestContextOptions {
  readonly signals: readonly IndexedSignal[]
  readonly plant?: Plant
  readonly clock?: Clock
  readonly scheduler?: SchedulerLike
  readonly accepted?: Observable<number>
  readonly window?: number
  readonly folder?: string
  readonly installation?: string
  readonly readSecret?: ReadSecret
  received?(bytes: number): void
  /** In place of the dictionary of the context. */
  intern?(text: string): number
  onDisk?(): Promise<void>
  readonly memory?: SourceMemory
}

export interface TestContext extends AdapterContext {
  /** The text of a dictionary code. */
  text(code: number): string | undefined
}

/** What the engine would hand an adapter; without back-pressure unless `accepted` and `window` say otherwise. */
export function testContext(options: TestContextOptions): TestContext {
  const clock = options.clock ?? { now: () => Date.UTC(2026, 0, 1) }
  const codes = new Map<string, number>()
  return {
    source: 'test',
    clock,
    wall: clock,
    scheduler: options.scheduler,
    onDisk: options.onDisk,
    ...(options.memory && { memory: options.memory }),
    plant: options.plant ?? emptyPlant,
    signals: options.signals,
    installation: options.installation ?? 'test',
    folder: options.folder ?? '',
    readSecret:
      options.readSecret ??
      (place => {
        throw new Error(`the test has no secret at ${JSON.stringify(place)}`)
      }),
    intern(text) {
      if (options.intern !== undefined) return options.intern(text)
      const code = codes.get(text) ?? codes.size
      codes.set(text, code)
      return code
    },
    received: bytes => options.received?.(bytes),
    accepted: options.accepted ?? of(0),
    window: options.window ?? Number.POSITIVE_INFINITY,
    text: code => [...codes.keys()][code],
  }
}
