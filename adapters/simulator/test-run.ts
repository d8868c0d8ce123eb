import { type BehaviorSubject, type Subscription, VirtualTimeScheduler } from 'rxjs'
import type { Plant } from '../../schema/plant.js'
import type { AdapterContext, AdapterDefinition, IndexedSignal, SourceEvent } from '../contract.js'
import type { AdapterHarness } from '../contract-suite.js'
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
  readonly commands?: AdapterContext['commands']
  /** Called at once after each batch with the number of samples so far. */
  readonly onBatch?: (total: number) => void
}

/** Wall, floor and every timer of one source: they move only when the test says so. */
class VirtualTime {
  readonly scheduler = new VirtualTimeScheduler()

  /** Ms since the beginning. */
  get elapsed(): number {
    return this.scheduler.frame
  }

  /** Timers that wait. */
  get open(): number {
    return this.scheduler.actions.length
  }

  pass(ms: number): void {
    this.scheduler.maxFrames = this.scheduler.frame + ms
    this.scheduler.flush()
    this.scheduler.frame = this.scheduler.maxFrames
  }
}

/** The signals of a plant with indexes that have holes and stand in another order than the plant's. */
function indexSignals(plant: Plant): IndexedSignal[] {
  const signals = plant.sites
    .flatMap(site => site.areas)
    .flatMap(area => area.lines)
    .flatMap(line => line.machines)
    .flatMap(machine => machine.signals)
  return signals.map((signal, place) => ({ index: 3 * (signals.length - place), signal }))
}

/**
 * A source in virtual time for the contract suite. It has no link to cut and nobody to write to; `dueAfter` gives the
 * samples due after so many ms, where that is known exactly.
 */
export function virtualHarness<Options>(
  definition: AdapterDefinition<Options>,
  given: Record<string, unknown>,
  plant: Plant,
  dueAfter?: (ms: number) => number,
): AdapterHarness<Options> {
  const signals = indexSignals(plant)
  // Every sensor of the plants used here has a sample a second.
  const perSecond = dueAfter?.(1000) ?? signals.filter(({ signal }) => signal.role === 'sensor').length
  return {
    definition,
    hasLink: false,
    start: async () => {
      const time = new VirtualTime()
      const clock = { now: () => begin + time.elapsed }
      return {
        options: definition.options.parse(given),
        context: testContext({ signals, plant, clock, scheduler: time.scheduler }),
        push: samples => time.pass(1000 * Math.ceil(samples / perSecond)),
        said: () => dueAfter?.(time.elapsed),
        open: () => time.open,
        writes: () => [],
        stop: () => undefined,
      }
    },
  }
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
  readonly #time = new VirtualTime()
  readonly #subscription: Subscription
  readonly #onBatch: TestRunOptions['onBatch']

  constructor(definition: AdapterDefinition, given: Record<string, unknown>, options: TestRunOptions) {
    const { plant, window, accepted, floorBegin = begin } = options
    this.#onBatch = options.onBatch
    this.signals = indexSignals(plant)
    const context = {
      ...testContext({
        signals: this.signals,
        plant,
        window,
        accepted,
        scheduler: this.#time.scheduler,
        clock: { now: () => floorBegin + this.#time.elapsed },
      }),
      wall: { now: () => begin + this.#time.elapsed },
      ...(options.commands && { commands: options.commands }),
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
    this.#time.pass(ms)
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
