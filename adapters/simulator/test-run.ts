import { type BehaviorSubject, type Subscription, VirtualTimeScheduler } from 'rxjs'
import type { Plant } from '../../schema/plant.js'
import type { AdapterDefinition, IndexedSignal, SourceEvent } from '../contract.js'
import { testContext } from '../test-context.js'

export const begin = Date.UTC(2026, 0, 5, 6)

/** A sample as the tests compare it: without its receive time. */
export interface SeenSample {
  readonly index: number
  readonly time: number
  readonly value: number
}

export interface TestRunOptions {
  readonly plant: Plant
  readonly window?: number
  readonly accepted?: BehaviorSubject<number>
  /** Unix ms at which the floor's clock begins; the wall's by default. */
  readonly floorBegin?: number
  /** Called at once after each batch with the number of samples so far. */
  readonly onBatch?: (total: number) => void
}

/** A source in virtual time: the wall, the floor and every timer move only when the test says so. */
export class TestRun {
  readonly events: SourceEvent[] = []
  readonly samples: SeenSample[] = []
  readonly batches: number[] = []
  readonly texts: string[] = []
  readonly signals: readonly IndexedSignal[]
  error: unknown
  isComplete = false
  readonly #timers = new VirtualTimeScheduler()
  readonly #subscription: Subscription
  readonly #onBatch: TestRunOptions['onBatch']

  constructor(definition: AdapterDefinition, given: Record<string, unknown>, options: TestRunOptions) {
    const { plant, window, accepted, floorBegin = begin } = options
    this.#onBatch = options.onBatch
    this.signals = plant.sites
      .flatMap(site => site.areas)
      .flatMap(area => area.lines)
      .flatMap(line => line.machines)
      .flatMap(machine => machine.signals)
      // Indexes with holes, in another order than the plant's.
      .map((signal, place) => ({ index: 1000 - 3 * place, signal }))
    const context = {
      ...testContext({
        signals: this.signals,
        plant,
        window,
        accepted,
        scheduler: this.#timers,
        clock: { now: () => floorBegin + this.#timers.frame },
      }),
      wall: { now: () => begin + this.#timers.frame },
      intern: (text: string) => {
        if (!this.texts.includes(text)) this.texts.push(text)
        return this.texts.indexOf(text)
      },
    }
    this.#subscription = definition.create(definition.options.parse(given), context).subscribe({
      next: event => this.#see(event),
      error: error => {
        this.error = error
      },
      complete: () => {
        this.isComplete = true
      },
    })
  }

  /** Real time passes, ms. */
  pass(ms: number): void {
    this.#timers.maxFrames = this.#timers.frame + ms
    this.#timers.flush()
    this.#timers.frame = this.#timers.maxFrames
  }

  stop(): void {
    this.#subscription.unsubscribe()
  }

  signalOf(sample: SeenSample): string {
    return this.signals.find(({ index }) => index === sample.index)?.signal.id ?? ''
  }

  #see(event: SourceEvent): void {
    this.events.push(event)
    if (event.kind !== 'samples') return
    const { batch } = event
    this.batches.push(batch.count)
    for (let i = 0; i < batch.count; i++) {
      this.samples.push({ index: batch.signal[i]!, time: batch.sourceTime[i]!, value: batch.value[i]! })
    }
    this.#onBatch?.(this.samples.length)
  }
}
