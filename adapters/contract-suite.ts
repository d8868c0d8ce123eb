import { setImmediate as nextTurn } from 'node:timers/promises'
import { BehaviorSubject, retry, type Subscription, timer } from 'rxjs'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { SampleBatch } from '../schema/sample-batch.js'
import { type AdapterContext, type AdapterDefinition, AdapterError, type SourceEvent } from './contract.js'

/** One source, running for one test. */
interface RunningSource<Options> {
  readonly options: Options
  /** What the adapter is given besides acceptance and window, which the suite plays itself. */
  readonly context: Omit<AdapterContext, 'accepted' | 'window'>
  /**
   * Makes the source say at least `samples` more samples, each signal's times ascending. Returns when the source has
   * said them, or cannot because the adapter does not listen; does not wait for the adapter to read them.
   */
  push(samples: number): Promise<void> | void
  /** How many samples the source has said since it started, for a source that says each once; else undefined. */
  said(): number | undefined
  /** Cuts the link without a goodbye; absent where there is none to cut. */
  drop?(): Promise<void> | void
  /** Whatever the adapter holds open now: links, timers. */
  open(): number
  /** Everything the adapter sent that is more than a reader must send. */
  writes(): readonly string[]
  stop(): Promise<void> | void
}

export interface AdapterHarness<Options> {
  readonly definition: AdapterDefinition<Options>
  readonly hasLink: boolean
  start(): Promise<RunningSource<Options>>
}

/** An adapter under test: what it told, and what was accepted of it. */
class Listener {
  readonly events: SourceEvent[] = []
  readonly accepted = new BehaviorSubject(0)
  readonly errors: unknown[] = []
  samples = 0
  /** Largest number of samples that waited for acceptance, and the largest batch, counts. */
  mostWaiting = 0
  largestBatch = 0
  readonly #newest = new Map<number, number>()
  /** Signals whose time went back. */
  readonly disordered = new Set<number>()
  isAccepting = true
  #subscription: Subscription | undefined

  listen<Options>(
    definition: AdapterDefinition<Options>,
    source: RunningSource<Options>,
    window: number,
  ): this {
    const context = { ...source.context, accepted: this.accepted, window }
    this.#subscription = definition
      .create(source.options, context)
      .pipe(
        retry({
          delay: error => {
            this.errors.push(error)
            // A new subscription counts from nothing.
            this.samples = 0
            this.accepted.next(0)
            return timer(0)
          },
        }),
      )
      .subscribe(event => this.#take(event))
    return this
  }

  has(kind: SourceEvent['kind']): boolean {
    return this.events.some(event => event.kind === kind)
  }

  stop(): void {
    this.#subscription?.unsubscribe()
  }

  #take(event: SourceEvent): void {
    this.events.push(event)
    if (event.kind !== 'samples') return
    this.#count(event.batch)
    if (this.isAccepting) this.accepted.next(this.samples)
  }

  #count({ count, signal, sourceTime }: SampleBatch): void {
    this.samples += count
    this.largestBatch = Math.max(this.largestBatch, count)
    this.mostWaiting = Math.max(this.mostWaiting, this.samples - this.accepted.value)
    for (let i = 0; i < count; i++) {
      const [index, time] = [signal[i]!, sourceTime[i]!]
      if (time < (this.#newest.get(index) ?? Number.NEGATIVE_INFINITY)) this.disordered.add(index)
      this.#newest.set(index, time)
    }
  }
}

const window = 100
/** Far more than the window and what fits into one read. */
const burst = 20_000
const wholeWindow = Number.MAX_SAFE_INTEGER
/** How long a link may take to come back, ms. */
const linkPatience = 5_000

/** What every adapter owes the engine; see contract.ts. Call it in the adapter's own test file. */
export function describeAdapterContract<Options>(harness: AdapterHarness<Options>): void {
  const { definition } = harness

  describe(`the adapter contract, kept by ${definition.kind}`, () => {
    let source: RunningSource<Options>
    let listener: Listener

    beforeEach(async () => {
      source = await harness.start()
      listener = new Listener()
    })

    afterEach(async () => {
      listener.stop()
      await source.stop()
    })

    const connected = async (limit = wholeWindow) => {
      listener.listen(definition, source, limit)
      await vi.waitFor(() => expect(listener.has('connected')).toBe(true), linkPatience)
    }

    it('opens nothing before somebody subscribes', async () => {
      const context = { ...source.context, accepted: listener.accepted, window }
      definition.create(source.options, context)
      await nextTurn()
      expect(source.open()).toBe(0)
    })

    it('says that it is connected before the first sample', async () => {
      await connected()
      await source.push(10)
      await vi.waitFor(() => expect(listener.samples).toBeGreaterThanOrEqual(10))
      // A service that takes its time to answer first has missed polls by then.
      const first = listener.events.find(({ kind }) => kind !== 'missed')
      expect(first).toEqual({ kind: 'connected' })
      expect(source.open()).toBeGreaterThan(0)
    })

    it('keeps the order of each signal and loses nothing', async () => {
      await connected()
      await source.push(2_000)
      await vi.waitFor(() => expect(listener.samples).toBeGreaterThanOrEqual(2_000))
      expect([...listener.disordered]).toEqual([])
      expect(listener.samples).toBe(source.said() ?? listener.samples)
    })

    it('names only signals it was given', async () => {
      await connected()
      await source.push(100)
      await vi.waitFor(() => expect(listener.samples).toBeGreaterThanOrEqual(100))
      const known = new Set(source.context.signals.map(({ index }) => index))
      const named = listener.events.flatMap(event =>
        event.kind === 'samples' ? [...event.batch.signal.subarray(0, event.batch.count)] : [],
      )
      expect(named.filter(index => !known.has(index))).toEqual([])
    })

    it('stops reading while more than its window waits to be accepted, and goes on after', async () => {
      listener.isAccepting = false
      await connected(window)
      await source.push(burst)
      await vi.waitFor(() => expect(listener.samples).toBeGreaterThan(window))
      const before = listener.samples
      // Were it still reading, these turns of the event loop would bring it more.
      for (let turn = 0; turn < 50; turn++) await nextTurn()
      expect(listener.samples).toBe(before)
      expect(before).toBeLessThan(burst)
      listener.isAccepting = true
      while (listener.samples < burst) {
        listener.accepted.next(listener.samples)
        await source.push(0)
        await nextTurn()
      }
      expect(listener.mostWaiting).toBeLessThanOrEqual(window + listener.largestBatch)
      expect(listener.errors).toEqual([])
    })

    it('leaves nothing open within a second of being unsubscribed', async () => {
      await connected()
      await source.push(10)
      listener.stop()
      await vi.waitFor(() => expect(source.open()).toBe(0), { timeout: 1_000 })
      const before = listener.events.length
      void source.push(10)
      for (let turn = 0; turn < 10; turn++) await nextTurn()
      expect(listener.events).toHaveLength(before)
    })

    it('can be unsubscribed while it still waits to be connected', async () => {
      listener.listen(definition, source, wholeWindow).stop()
      await vi.waitFor(() => expect(source.open()).toBe(0), { timeout: 1_000 })
    })

    it.runIf(harness.hasLink)(
      'tells once that the link is lost, by its one error or as an interruption, and works again',
      async () => {
        await connected()
        await source.push(10)
        await vi.waitFor(() => expect(listener.samples).toBeGreaterThanOrEqual(10))
        listener.events.length = 0
        await source.drop?.()
        await vi.waitFor(() => expect(listener.has('connected')).toBe(true), linkPatience)
        const interruptions = listener.events.filter(({ kind }) => kind === 'interrupted').length
        expect(listener.errors.length + interruptions).toBe(1)
        for (const error of listener.errors) expect(error).toBeInstanceOf(AdapterError)
        await source.push(10)
        await vi.waitFor(() => expect(listener.samples).toBeGreaterThanOrEqual(10))
      },
    )

    it('only reads', async () => {
      await connected()
      await source.push(100)
      await vi.waitFor(() => expect(listener.samples).toBeGreaterThanOrEqual(100))
      listener.stop()
      expect(source.writes()).toEqual([])
    })
  })

  describe(`the examples of ${definition.kind}`, () => {
    it.each(definition.examples.map(example => [example.title, example.options] as const))(
      'fit its options: %s',
      (_, options) => expect(definition.options.safeParse(options).error).toBeUndefined(),
    )
  })
}
