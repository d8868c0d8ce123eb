import type { SourceEvent, UnknownTag } from '../../adapters/contract.js'
import type { DamageReport } from '../../schema/damage-report.js'
import type { Entry, Reject } from '../../schema/records.js'
import type { SampleBatch } from '../../schema/sample-batch.js'
import type { LiveFloor } from '../floor/live-floor.js'
import { timeText } from '../floor/time-text.js'
import type { SourceSignal } from './source-events.js'
import { SourceHealth } from './source-health.js'
import { TimeGate } from './time-gate.js'

export interface IntakeParts {
  readonly floor: LiveFloor
  /** Makes the entry durable; throws when it cannot be taken now. */
  append(entry: Entry): void
  /** Hears each entry once, after it is durable. What it throws is told to `onDeaf` and undoes nothing. */
  onKept?(entry: Entry): void
  onDeaf?(error: unknown): void
  /** Hears what simulations tell of damage, once the floor has. */
  onDamage?(reports: readonly DamageReport[]): void
  /** Hears what a person should know of how a source speaks, each once. */
  onNoted?(source: string, what: string): void
  /** Called once when appending begins to fail, and once when it works again. */
  onBlocked?(error: unknown): void
  onUnblocked?(): void
}

/**
 * The one way in. A batch goes through the floor and, with all that followed from it, into the spool; only then is
 * it accepted. What the spool cannot take (a full disk) waits here in order, and since nothing of it is accepted, the
 * sources stop reading by themselves.
 */
export class Intake {
  readonly health: ReadonlyMap<string, SourceHealth>
  readonly #parts: IntakeParts
  readonly #gates: ReadonlyMap<string, TimeGate>
  /** Sources of which it was told that times are taken back. */
  readonly #takenBack = new Set<string>()
  /** Sources of which it was told that they are behind, while they are. */
  readonly #behind = new Set<string>()
  #isReported = false
  #waiting: { readonly entry: Entry; readonly accept: () => void }[] = []

  constructor(parts: IntakeParts) {
    this.#parts = parts
    const { plant, registry } = parts.floor
    const signals = new Map<string, number>()
    for (const { signal } of registry.signals)
      signals.set(signal.source, (signals.get(signal.source) ?? 0) + 1)
    this.#gates = new Map(plant.sources.map(({ id }) => [id, new TimeGate(parts.floor, id)]))
    this.health = new Map(
      plant.sources.map(spec => [
        spec.id,
        new SourceHealth(spec, signals.get(spec.id) ?? 0, () => parts.floor.link(spec.id)),
      ]),
    )
  }

  get isBlocked(): boolean {
    return this.#waiting.length > 0
  }

  /** The subscriber of a source's signals. */
  take(source: string, signal: SourceSignal): void {
    const health = this.health.get(source)!
    const { floor } = this.#parts
    const time = floor.clock.now()
    switch (signal.kind) {
      case 'connecting':
        this.record(floor.tellSource(source, { type: 'CONNECT', time }))
        return
      case 'event':
        // What does not work is news of the adapter's, not of the source.
        if (signal.event.kind !== 'trouble') health.heardAt = floor.wall.now()
        this.#takeEvent(health, signal.event, signal.accept)
        return
      case 'lost': {
        const reason = signal.error instanceof Error ? signal.error.message : String(signal.error)
        health.troubles.clear()
        health.lastError = reason
        this.record(floor.tellSource(source, { type: 'LOST', reason, retryAt: time + signal.waitMs, time }))
        return
      }
      case 'ended':
        health.troubles.clear()
        this.record(floor.tellSource(source, { type: 'ENDED', time }))
    }
  }

  /** What the floor itself has to say: the silent, the snapshots. Returns whether the spool took it; if not, it will. */
  record(entry: Entry | undefined): boolean {
    return this.#append(entry, () => {})
  }

  /** Tries again what the spool could not take. */
  retry(): void {
    if (this.#waiting.length === 0) return
    const waiting = this.#waiting
    this.#waiting = []
    for (const { entry, accept } of waiting) this.#append(entry, accept)
    if (this.#waiting.length > 0) return
    this.#isReported = false
    this.#parts.onUnblocked?.()
  }

  #takeEvent(health: SourceHealth, event: SourceEvent, accept: (samples: number) => void): void {
    const { floor } = this.#parts
    switch (event.kind) {
      case 'unknown-tags':
        this.#reject(health, this.#unknown(health, event.values))
        return
      case 'repeated':
        health.reject(event.rule, event.count)
        return
      case 'noted':
        this.#note(health, event.what)
        return
      case 'trouble':
        if (health.troubles.set(event.of, event.what, floor.wall.now()))
          this.#parts.onNoted?.(health.source, event.what!)
        return
      case 'missed':
        health.missedPolls += event.polls
        return
      case 'rejects':
        this.#reject(health, event.rejects)
        return
      case 'samples': {
        const { count } = event.batch
        health.samples += count
        // Samples of impossible times are taken out and answered for among the rejects.
        const gate = this.#gates.get(health.source)!
        const { batch, rejects, turnedAway, outdated, lastTrue } = gate.gate(
          health.time.apply(event.batch, event.isHistory),
          event.isHistory,
        )
        if (!event.isHistory) health.time.measureLag(event.batch, lastTrue)
        for (const [rule, reason] of firstByRule(rejects)) {
          if (!health.rejectsByRule.has(rule))
            this.#note(health, `Samples are rejected (${rule}); the first: ${reason}`)
        }
        this.#reject(health, rejects)
        for (const { place, reject } of turnedAway) event.turnedAway?.(place, reject)
        const behind = event.isHistory ? [] : this.#hearBehind(health, batch)
        const { late, duplicate } = floor.counts
        const entry = floor.ingest(health.source, { ...event, batch })
        health.late += floor.counts.late - late
        this.#noteTakenBack(health)
        health.duplicates += floor.counts.duplicate - duplicate
        this.#appendOf(health, entry, () => {
          health.accepted += batch.count
          health.turnedAway += count - batch.count
          accept(count)
        })
        const signals = [...new Set([...outdated, ...behind])]
        if (signals.length > 0)
          this.#appendOf(health, floor.ingest(health.source, { kind: 'stale', signals }), () => {})
        return
      }
      case 'connected':
        this.#gates.get(health.source)!.connected()
        this.#appendOf(health, floor.ingest(health.source, event), () => {})
        return
      case 'interrupted':
        health.lastError = event.reason
        this.#appendOf(health, floor.ingest(health.source, event), () => {})
        return
      case 'damage':
        this.#appendOf(health, floor.ingest(health.source, event), () => {})
        this.#parts.onDamage?.(event.reports)
        return
      default:
        this.#appendOf(health, floor.ingest(health.source, event), () => {})
    }
  }

  #note(health: SourceHealth, what: string): void {
    if (health.note(what)) this.#parts.onNoted?.(health.source, what)
  }

  /** Signals whose shown value is not the newest, since the clock of their source was set back; the source is warned of. */
  #hearBehind(health: SourceHealth, batch: SampleBatch): Iterable<number> {
    const { spec, time } = health
    if (spec.clock !== 'wall') return []
    const { floor } = this.#parts
    const outdated = time.hearBehind(batch, floor.signals.sourceTime, floor.wall.now())
    const { behindMs } = time
    if (behindMs !== undefined && !this.#behind.has(health.source)) {
      this.#note(
        health,
        `What it tells bears times ${spanText(behindMs)} before their receipt: its clock is behind, or was set back. What it tells is late beside what it told before, and signals that it tells so are stale. Set the clock of the source, or take time: receive or time: corrected.`,
      )
      this.#behind.add(health.source)
    } else if (behindMs === undefined) this.#behind.delete(health.source)
    return outdated
  }

  #noteTakenBack(health: SourceHealth): void {
    const { takenBack } = health.time
    if (takenBack === undefined || this.#takenBack.has(health.source)) return
    this.#takenBack.add(health.source)
    const { signal, sourceTime, aheadMs } = takenBack
    const id = this.#parts.floor.registry.signalByIndex(signal)?.signal.id ?? 'a signal'
    const ahead = (aheadMs / 1000).toFixed(1)
    const what = `${id} says it is of ${timeText(sourceTime)}, ${ahead} s ahead of the clock of this floor; times that are ahead are taken back to their receipt. Set the clock of the source, or take time: corrected.`
    this.#note(health, what)
  }

  #unknown(health: SourceHealth, values: readonly UnknownTag[]): Reject[] {
    const time = this.#parts.floor.clock.now()
    return health.unknownTags.take(values).map(({ tag, raw }) => ({
      source: health.source,
      time,
      rule: 'tag.unknown',
      reason: `No signal has the tag "${tag}"; told once, counted from now on. Add it to the plant file, or leave it.`,
      raw,
    }))
  }

  #reject(health: SourceHealth, rejects: readonly Reject[]): void {
    if (rejects.length === 0) return
    this.#appendOf(health, this.#parts.floor.ingest(health.source, { kind: 'rejects', rejects }), () => {})
  }

  #appendOf(health: SourceHealth, entry: Entry | undefined, accept: () => void): void {
    for (const { rule } of entry?.rejects ?? []) health.reject(rule)
    this.#append(entry, accept)
  }

  #append(entry: Entry | undefined, accept: () => void): boolean {
    if (entry === undefined) return true
    if (this.#waiting.length > 0) {
      this.#waiting.push({ entry, accept })
      return false
    }
    try {
      this.#parts.append(entry)
    } catch (error) {
      this.#waiting.push({ entry, accept })
      if (!this.#isReported) this.#parts.onBlocked?.(error)
      this.#isReported = true
      return false
    }
    try {
      this.#parts.onKept?.(entry)
    } catch (error) {
      // The entry is in the spool: to try it again would keep it twice.
      this.#parts.onDeaf?.(error)
    }
    accept()
    return true
  }
}

/** A span of at least a minute, for people. */
function spanText(ms: number): string {
  const hours = ms / 3_600_000
  if (hours >= 48) return `${Math.round(hours / 24)} days`
  return hours >= 1 ? `${hours.toFixed(1)} h` : `${(hours * 60).toFixed(1)} min`
}

function firstByRule(rejects: readonly Reject[]): ReadonlyMap<string, string> {
  const first = new Map<string, string>()
  for (const { rule, reason } of rejects) if (!first.has(rule)) first.set(rule, reason)
  return first
}
