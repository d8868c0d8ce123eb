import type { SourceSpec } from '../../schema/plant.js'
import type { SourceState } from '../../schema/source-state.js'
import type { SourceLink } from '../floor/source-watch.js'
import { SourceTime } from './source-time.js'
import { Troubles } from './troubles.js'
import { UnknownTags } from './unknown-tags.js'

/** A source whose notes are all different would fill the memory. */
const mostNotes = 20

/** How a source does, for people and metrics. */
export class SourceHealth {
  readonly spec: SourceSpec
  /** Signals that it reports. */
  readonly signals: number
  readonly time: SourceTime
  readonly unknownTags = new UnknownTags()
  readonly troubles = new Troubles()
  /** Samples: received, taken by the spool, older than the newest of their signal, the same as the newest. */
  samples = 0
  accepted = 0
  /** Samples of impossible times, which are among the rejects. */
  turnedAway = 0
  late = 0
  duplicates = 0
  bytes = 0
  missedPolls = 0
  /** When anything came last, Unix ms by the wall; 0 = never. */
  heardAt = 0
  /** What went wrong last, though it may be mended since. */
  lastError: string | undefined
  readonly #rejects = new Map<string, number>()
  readonly #notes = new Set<string>()
  readonly #link: () => SourceLink | undefined

  constructor(spec: SourceSpec, signals: number, link: () => SourceLink | undefined) {
    this.spec = spec
    this.signals = signals
    this.time = new SourceTime(spec.time ?? 'source', spec.clock === 'source')
    this.#link = link
  }

  get source(): string {
    return this.spec.id
  }

  get link(): SourceLink | undefined {
    return this.#link()
  }

  get state(): SourceState {
    return this.link?.state ?? 'stopped'
  }

  /** Links that stood and were lost. */
  get losses(): number {
    return this.link?.losses ?? 0
  }

  /** How much its clock is ahead of ours, less the quickest delay, ms; a source that brings its own time has none. */
  get clockOffset(): number | undefined {
    return this.spec.clock === 'wall' ? this.time.offset : undefined
  }

  /** From the time that its newest sample bore to its receipt, ms. */
  get lag(): number | undefined {
    return this.spec.clock === 'wall' ? this.time.lag : undefined
  }

  /** Samples of this source that are on their way to the spool. */
  get waiting(): number {
    return this.samples - this.accepted - this.turnedAway
  }

  get rejects(): number {
    let sum = 0
    for (const count of this.#rejects.values()) sum += count
    return sum
  }

  /** How many were rejected, by rule. */
  get rejectsByRule(): ReadonlyMap<string, number> {
    return this.#rejects
  }

  reject(rule: string, count = 1): void {
    this.#rejects.set(rule, (this.#rejects.get(rule) ?? 0) + count)
  }

  /** What a person should know of how it speaks; each once. Returns whether it is new. */
  note(what: string): boolean {
    if (this.#notes.size >= mostNotes || this.#notes.has(what)) return false
    this.#notes.add(what)
    return true
  }

  /** What a person should know: what does not work now, how it is configured, and how it speaks. */
  get warnings(): readonly string[] {
    const { tls } = this.spec.options as { tls?: { rejectUnauthorized?: unknown } }
    const known = [...this.troubles.list, ...this.#notes]
    if (tls?.rejectUnauthorized !== false) return known
    return [
      'Its certificate is not checked (tls.rejectUnauthorized: false): anybody may answer in its place.',
      ...known,
    ]
  }
}
