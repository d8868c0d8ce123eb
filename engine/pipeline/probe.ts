import { randomBytes } from 'node:crypto'
import { BehaviorSubject, NEVER, type Subscription } from 'rxjs'
import type { AdapterDefinition, IndexedSignal, SourceEvent } from '../../adapters/contract.js'
import type { Clock } from '../../schema/clock.js'
import type { Plant, SourceSpec } from '../../schema/plant.js'
import { qualityNames } from '../../schema/quality.js'
import type { Reject } from '../../schema/records.js'
import type { ReadSecret } from '../../schema/secret.js'
import { Dictionary } from '../floor/dictionary.js'

export const tagOutcomes = ['found', 'missing', 'wrong type'] as const
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
  const listening = new Listening(signals)
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
  readonly #values = new Map<number, string>()
  /** Signals of which the source said that it has no value. */
  readonly #empty = new Set<number>()
  readonly #rejects: Reject[] = []
  /** Of a source that is not there nothing can be missing. */
  isConnected = false

  constructor(signals: readonly IndexedSignal[]) {
    this.#signals = signals
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
    if (event.kind !== 'samples') return
    const { count, signal, value, quality } = event.batch
    for (let i = 0; i < count; i++) {
      const index = signal[i]!
      const type = this.#signals[index]?.signal.type
      const shown = type === 'text' ? JSON.stringify(this.texts.text(value[i]!)) : String(value[i])
      if (Number.isNaN(value[i])) this.#empty.add(index)
      else this.#values.set(index, `${shown}, ${qualityNames[quality[i]!]}`)
    }
  }

  report(): TagReport[] {
    return this.#signals.map(({ index, signal }) => {
      const { id, tag, unit } = signal
      const value = this.#values.get(index)
      const reject = this.#rejectOf(signal)
      if (value !== undefined) {
        const [shown, quality] = [value.slice(0, value.lastIndexOf(',')), value.slice(value.lastIndexOf(','))]
        return { signal: id, tag, outcome: 'found', detail: `${shown}${unit && ` ${unit}`}${quality}` }
      }
      if (reject !== undefined) {
        const outcome = isTypeRule(reject.rule) ? 'wrong type' : 'missing'
        return { signal: id, tag, outcome, detail: reject.reason }
      }
      const detail = this.#empty.has(index) ? 'the source has no value for it' : 'nothing was heard of it'
      return { signal: id, tag, outcome: 'missing', detail }
    })
  }

  #rejectOf({ id, tag }: IndexedSignal['signal']): Reject | undefined {
    return this.#rejects.find(
      ({ raw, reason }) =>
        raw === tag || reason.includes(id) || reason.startsWith(`${tag}: `) || raw.includes(`"${tag}"`),
    )
  }
}
