import type { SampleBatch } from '../../schema/sample-batch.js'
import type { SourceTwinEvent } from '../../twins/source/source.events.js'
import type { RegisteredSignal } from './floor.js'
import type { Turn } from './turn.js'
import type { Watches } from './watches.js'

const endsLink: ReadonlySet<SourceTwinEvent['type']> = new Set(['INTERRUPTED', 'LOST', 'ENDED', 'STOP'])

/** Hears what sources say, and tells those of the watches whom it concerns. */
export class SourceEar {
  readonly counts = { samples: 0, late: 0, duplicate: 0, classified: 0 }
  readonly #watches: Watches
  readonly #turn: Turn
  readonly #bySource = new Map<string, RegisteredSignal[]>()

  constructor(watches: Watches, turn: Turn) {
    this.#watches = watches
    this.#turn = turn
    for (const registered of watches.registry.machines.flatMap(({ signals }) => signals)) {
      const { source } = registered.signal
      const ofSource = this.#bySource.get(source)
      if (ofSource === undefined) this.#bySource.set(source, [registered])
      else ofSource.push(registered)
    }
  }

  /** Whether a source brings its own time. */
  isOwnTime(source: string): boolean {
    return this.#watches.ownTime.has(source)
  }

  /** How the link does, as its twin is told. Where it no longer stands nobody knows what the machines do. */
  link(source: string, event: SourceTwinEvent): void {
    this.#watches.sources.tell(source, event)
    if (endsLink.has(event.type)) this.lose(source)
  }

  lose(source: string): void {
    const time = this.#watches.clock.now()
    const isOwnTime = this.#watches.ownTime.has(source)
    this.#watches.sensors.settleDelays(time)
    for (const { index, machine, signal } of this.#bySource.get(source) ?? []) {
      this.#watches.sensors.lost(index, time)
      this.#watches.health.lost(index)
      if (signal.quantity === 'state') this.#watches.machines.lost(machine, time, isOwnTime)
    }
  }

  /** Returns the batch as it is believed. */
  take(source: string, arrived: SampleBatch, isHistory: boolean): SampleBatch {
    const { batch, rejects } = this.#watches.gate.judge(source, arrived, this.#watches.clock.now())
    this.#turn.add('rejects', ...rejects)
    const { count, signal, sourceTime, receiveTime, value, quality } = batch
    const isOwnTime = this.#watches.ownTime.has(source)
    const machines = this.#watches.machines
    const sensors = this.#watches.sensors
    const { latest } = sensors
    this.counts.samples += count
    for (let i = 0; i < count; i++) {
      const index = signal[i]!
      const time = sourceTime[i]!
      if (isOwnTime) this.#watches.clock.advance(source, time)
      const newest = latest.sourceTime[index]!
      const isLate = isHistory || time < newest
      // Kept all the same: a source that comes back says again what is still true.
      if (time === newest && quality[i] === latest.quality[index] && Object.is(value[i], latest.value[index]))
        this.counts.duplicate++
      if (machines.isObserved(index)) {
        const sample = { source, index, value: value[i]!, quality: quality[i]!, time, isLate, isHistory }
        machines.observe(sample)
      }
      if (isLate) {
        this.counts.late++
        machines.listenLate(index, value[i]!, quality[i]!, time)
        continue
      }
      machines.listen(index, value[i]!, quality[i]!, time)
      if (machines.isHolding) machines.heard(index)
      // As it came: a value out of range tells of the instrument, though nobody believes it.
      this.#watches.health.take(index, value[i]!, arrived.quality[i]!, time)
      if (sensors.take(index, value[i]!, quality[i]!, time, receiveTime[i]!)) this.counts.classified++
    }
    return batch
  }

  found(source: string): void {
    const isOwnTime = this.#watches.ownTime.has(source)
    if (isOwnTime) this.#watches.clock.restart(source)
    const time = this.#watches.clock.now()
    this.#watches.sources.tell(source, { type: 'CONNECTED', time })
    for (const { index, machine } of this.#bySource.get(source) ?? []) {
      this.#watches.gate.forget(index)
      this.#watches.sensors.found(index, time, isOwnTime)
      if (this.#watches.machines.isLink(index)) this.#watches.machines.found(machine, time, isOwnTime)
    }
  }

  alive(source: string): void {
    const time = this.#watches.clock.now()
    this.#watches.sources.heard(source, time)
    for (const { index } of this.#bySource.get(source) ?? []) this.#watches.sensors.confirm(index, time)
  }

  stale(source: string, signals: readonly number[], since = Number.POSITIVE_INFINITY): void {
    // A source whose clock is ahead cannot know what will be.
    const time = Math.min(since, this.#watches.clock.now())
    const isOwnTime = this.#watches.ownTime.has(source)
    for (const index of signals) {
      const registered = this.#watches.registry.signalByIndex(index)
      if (registered === undefined) continue
      this.#watches.sensors.stale(index, time)
      if (registered.signal.quantity === 'state')
        this.#watches.machines.lost(registered.machine, time, isOwnTime)
    }
  }
}
