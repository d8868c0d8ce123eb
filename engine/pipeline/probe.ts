import { randomBytes } from 'node:crypto'
import { BehaviorSubject, NEVER, type Subscription } from 'rxjs'
import type { AdapterDefinition, IndexedSignal, SourceEvent } from '../../adapters/contract.js'
import type { Clock } from '../../schema/clock.js'
import type { Plant, SourceSpec } from '../../schema/plant.js'
import { qualityNames } from '../../schema/quality.js'
import type { Reject } from '../../schema/records.js'
import type { SampleBatch } from '../../schema/sample-batch.js'
import type { ReadSecret } from '../../schema/secret.js'
import { Dictionary } from '../floor/dictionary.js'
import { MachineObserver, unknownWord } from '../floor/machine-observer.js'
import { QualityGate } from '../floor/quality-gate.js'

/** A bad value is found, but the engine would not believe it: out of range, a word that its map does not know. */
export const tagOutcomes = ['found', 'missing', 'wrong type', 'bad value'] as const
type TagOutcome = (typeof tagOutcomes)[number]

/** What a source says of the tag of a signal. */
interface TagReport {
  readonly signal: string
  readonly tag: string
  readonly outcome: TagOutcome
  /** The value found, or what is wrong. */
  readonly detail: string
}

export interface SourceReport {
  readonly source: string
  readonly tags: readonly TagReport[]
  /** Why nothing, or nothing more, could be asked. */
  readonly trouble: string | undefined
}

export interface ProbeParts {
  readonly plant: Plant
  readonly wall: Clock
  readonly folder: string
  readonly readSecret: ReadSecret
  /** How long to listen for tags that say nothing, ms. */
  readonly patienceMs: number
  readonly signal: AbortSignal
}

/** Rules by which adapters reject what does not fit the signal. */
const isTypeRule = (rule: string): boolean =>
  /unfit|type|array|not-a-number|not-text|not-exact|wrong-value|unit/.test(rule)

/**
 * Connects to a source as the engine would, listens until every signal has had a value or the patience is over, and
 * leaves. Nothing is accepted, so that a broker keeps its messages for the engine.
 */
export async function probeSource(
  definition: AdapterDefinition,
  spec: SourceSpec,
  parts: ProbeParts,
): Promise<SourceReport> {
  const signals = signalsOf(parts.plant, spec.id)
  const listening = new Listening(spec.id, signals, parts)
  if (definition.probe === undefined) {
    const trouble = `a source of the kind ${definition.kind} cannot be asked beside a running engine; start it and see /api/v1/sources/${spec.id}`
    return { source: spec.id, tags: [], trouble }
  }
  // What a source knows us by is nobody else's: not the running engine's, not another probe's.
  const installation = `probe-${randomBytes(4).toString('hex')}`
  const options = definition.probe(definition.options.parse(spec.options))
  const events = definition.create(options, {
    source: spec.id,
    clock: parts.wall,
    wall: parts.wall,
    plant: parts.plant,
    signals,
    installation,
    folder: parts.folder,
    readSecret: parts.readSecret,
    intern: text => listening.texts.intern(text),
    received: () => undefined,
    accepted: new BehaviorSubject(0),
    window: Number.POSITIVE_INFINITY,
    posts: NEVER,
  })
  let subscription: Subscription | undefined
  let trouble: string | undefined
  await new Promise<void>(resolve => {
    const done = (): void => {
      clearTimeout(patience)
      parts.signal.removeEventListener('abort', done)
      resolve()
    }
    const patience = setTimeout(done, parts.patienceMs)
    parts.signal.addEventListener('abort', done, { once: true })
    subscription = events.subscribe({
      next: event => {
        listening.hear(event)
        if (listening.isComplete) done()
      },
      error: (error: unknown) => {
        trouble = error instanceof Error ? error.message : String(error)
        done()
      },
      complete: done,
    })
  })
  subscription?.unsubscribe()
  if (listening.isConnected) return { source: spec.id, tags: listening.report(), trouble }
  trouble ??= `did not connect within ${parts.patienceMs / 1000} s; give it longer with --wait.`
  return { source: spec.id, tags: [], trouble: `${trouble} None of its tags was asked for.` }
}

function signalsOf(plant: Plant, source: string): IndexedSignal[] {
  const lines = plant.sites.flatMap(({ areas }) => areas.flatMap(({ lines }) => lines))
  const signals = lines.flatMap(({ machines }) => machines.flatMap(machine => machine.signals))
  return signals.filter(signal => signal.source === source).map((signal, index) => ({ index, signal }))
}

/** What was heard of each signal of a source. */
class Listening {
  readonly texts = new Dictionary()
  readonly #signals: readonly IndexedSignal[]
  readonly #source: string
  readonly #clock: Clock
  readonly #gate: QualityGate
  readonly #observer: MachineObserver
  readonly #values = new Map<number, string>()
  /** Why the engine would not believe the newest value of a signal. */
  readonly #unbelieved = new Map<number, string>()
  /** Signals of which the source said that it has no value. */
  readonly #empty = new Set<number>()
  readonly #rejects: Reject[] = []
  /** Tags that no signal has. */
  readonly #unknown = new Set<string>()
  /** Of a source that is not there nothing can be missing. */
  isConnected = false

  constructor(source: string, signals: readonly IndexedSignal[], { plant, wall }: ProbeParts) {
    this.#source = source
    this.#signals = signals
    this.#clock = wall
    const registered = signals.map(signal => ({ ...signal, machine: 0 }))
    this.#gate = new QualityGate({
      signals: registered,
      signalCapacity: registered.length,
      signalByIndex: index => registered[index],
    })
    this.#observer = new MachineObserver(plant.stateMaps, code => this.texts.text(code))
  }

  /** Whether of each signal it is known how it stands. */
  get isComplete(): boolean {
    return this.#signals.every(
      ({ index, signal }) =>
        this.#values.has(index) || this.#empty.has(index) || this.#rejectOf(signal) !== undefined,
    )
  }

  hear(event: SourceEvent): void {
    if (event.kind === 'connected') this.isConnected = true
    if (event.kind === 'rejects') this.#rejects.push(...event.rejects)
    if (event.kind === 'unknown-tags') for (const { tag } of event.values) this.#unknown.add(tag)
    if (event.kind !== 'samples') return
    const { count, signal, value, quality } = event.batch
    for (let i = 0; i < count; i++) {
      const index = signal[i]!
      const type = this.#signals[index]?.signal.type
      const shown = type === 'text' ? JSON.stringify(this.texts.text(value[i]!)) : String(value[i])
      if (Number.isNaN(value[i])) this.#empty.add(index)
      else {
        this.#values.set(index, `${shown}, ${qualityNames[quality[i]!]}`)
        this.#unbelieved.delete(index)
      }
    }
    this.#judge(event.batch)
  }

  /** As the engine would: by the ranges and the state maps of the plant file. */
  #judge(batch: SampleBatch): void {
    const now = this.#clock.now()
    const { rejects } = this.#gate.judge(this.#source, batch, now)
    for (const { signal: id, reason } of rejects) {
      const judged = this.#signals.find(({ signal }) => signal.id === id)
      if (judged !== undefined) this.#unbelieved.set(judged.index, reason)
    }
    for (let i = 0; i < batch.count; i++) {
      const { index, signal } = this.#signals[batch.signal[i]!]!
      if (signal.quantity !== 'state' && signal.quantity !== 'mode') continue
      const { isUnknownWord, word } = this.#observer.observe(signal, batch.value[i]!, batch.quality[i]!)
      if (isUnknownWord) this.#unbelieved.set(index, unknownWord(this.#source, signal, word, now).reason)
    }
  }

  report(): TagReport[] {
    return this.#signals.map(({ index, signal }) => {
      const { id, tag, unit } = signal
      const value = this.#values.get(index)
      const reject = this.#rejectOf(signal)
      const unbelieved = this.#unbelieved.get(index)
      if (value !== undefined && unbelieved !== undefined)
        return { signal: id, tag, outcome: 'bad value', detail: unbelieved }
      if (value !== undefined) {
        const [shown, quality] = [value.slice(0, value.lastIndexOf(',')), value.slice(value.lastIndexOf(','))]
        return { signal: id, tag, outcome: 'found', detail: `${shown}${unit && ` ${unit}`}${quality}` }
      }
      if (reject !== undefined) {
        const outcome = isTypeRule(reject.rule) ? 'wrong type' : 'missing'
        return { signal: id, tag, outcome, detail: reject.reason }
      }
      const near = this.#withUnit(tag)
      const unheard =
        near === undefined
          ? 'nothing was heard of it'
          : `nothing was heard of it, but of ${near}, another tag`
      const detail = this.#empty.has(index) ? 'the source has no value for it' : unheard
      return { signal: id, tag, outcome: 'missing', detail }
    })
  }

  /** A tag of the source that nobody has, which is this one with perhaps a unit behind it. */
  #withUnit(tag: string): string | undefined {
    const dotted = `${tag.replaceAll('/', '.')}_`
    return [...this.#unknown].find(each => each.replaceAll('/', '.').startsWith(dotted))
  }

  #rejectOf({ id, tag }: IndexedSignal['signal']): Reject | undefined {
    return this.#rejects.find(
      ({ raw, reason }) =>
        raw === tag || reason.includes(id) || reason.startsWith(`${tag}: `) || raw.includes(`"${tag}"`),
    )
  }
}
