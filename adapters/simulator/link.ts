import type { LinkFault, LinkFaultKind } from '../../schema/link-fault.js'
import type { Signal } from '../../schema/plant.js'
import { Quality } from '../../schema/quality.js'
import type { Reject } from '../../schema/records.js'
import type { LinkCommand } from '../../schema/simulation-command.js'
import { toAnotherUnit } from '../../schema/unit-conversion.js'
import { RandomStream } from '../../twins/flow/random.js'
import type { SourceEvent } from '../contract.js'

/** Takes a sample as the link delivers it: place of the signal, source time in Unix ms, value, quality. */
export type Deliver = (signal: number, time: number, value: number, quality: Quality) => void

interface HeldSample {
  readonly signal: number
  readonly time: number
  readonly value: number
  readonly quality: Quality
  readonly due: number
}

/** A fault and what it has to remember. */
interface Active {
  /** In the time of the machines. */
  readonly fault: LinkFault
  readonly chance: RandomStream
  /** Places of the signals that it meets; undefined = all. */
  readonly places: ReadonlySet<number> | undefined
  /** Of frozen signals: the value that they keep. */
  readonly frozen: Map<number, number>
  hasBegun: boolean
  onOver(): void
}

export interface LinkOptions {
  readonly source: string
  readonly seed: number
  /** By the place that names them. */
  readonly signals: readonly Signal[]
}

/**
 * The link between the simulated machines and whoever listens: a seeded operator that spoils what passes, as people
 * want it. Undisturbed, it hands everything on as it is.
 */
export class Link {
  readonly #options: LinkOptions
  #active: Active[] = []
  #held: HeldSample[] = []
  #events: SourceEvent[] = []
  #rejects: Reject[] = []
  /** Of counters after a restart: where they begin anew. */
  readonly #zero: Float64Array
  readonly #last: Float64Array
  #down = 0

  constructor(options: LinkOptions) {
    this.#options = options
    this.#zero = new Float64Array(options.signals.length)
    this.#last = new Float64Array(options.signals.length).fill(Number.NaN)
  }

  /** While the server restarts nothing is heard, not even that it lives. */
  get isDown(): boolean {
    return this.#down > 0
  }

  obey(command: LinkCommand): void {
    const { fault } = command
    if (command.kind === 'restore') {
      this.#end(this.#active.filter(({ fault: { id } }) => id === fault.id))
      return
    }
    const { seed, signals } = this.#options
    const ids = new Set(fault.signals)
    const places = signals.flatMap(({ id }, place) => (ids.has(id) ? [place] : []))
    this.#active.push({
      fault,
      chance: new RandomStream(seed, 'link', fault.id),
      places: ids.size === 0 ? undefined : new Set(places),
      frozen: new Map(),
      hasBegun: false,
      onOver: () => command.onOver?.(),
    })
  }

  /** Time has come to `now`, Unix ms: begins and ends what is due, and delivers what was held back until now. */
  advance(now: number, deliver: Deliver): void {
    for (const active of this.#active) {
      if (active.hasBegun || active.fault.start > now) continue
      active.hasBegun = true
      if (active.fault.kind === 'server-restart') this.#goDown()
    }
    const over = this.#active.filter(({ fault }) => fault.start + (fault.clearAfter ?? Infinity) <= now)
    this.#end(over)
    for (const active of over) active.onOver()
    if (this.#held.length === 0 || this.isDown) return
    const due = this.#held.filter(sample => sample.due <= now)
    this.#held = this.#held.filter(sample => sample.due > now)
    for (const { signal, time, value, quality } of due) deliver(signal, time, value, quality)
  }

  /** A sample passes, at its time. */
  pass(signal: number, at: number, truth: number, deliver: Deliver): void {
    this.#last[signal] = truth
    let value = truth - this.#zero[signal]!
    if (this.#active.length === 0) {
      deliver(signal, at, value, Quality.good)
      return
    }
    let time = at
    let quality: Quality = Quality.good
    let copies = 1
    let lateness = 0
    for (const active of this.#active) {
      if (!active.hasBegun || !this.#meets(active, signal)) continue
      const { kind, shift } = active.fault
      switch (kind) {
        case 'server-restart':
        case 'dropout':
          return
        case 'text':
          if (this.#options.signals[signal]!.type === 'text') break
          this.#reject(kind, signal, time)
          return
        case 'missing':
          this.#reject(kind, signal, time)
          return
        case 'bad-quality':
          quality = Quality.bad
          break
        case 'duplicate':
          copies = 2
          break
        case 'late':
          lateness = Math.max(lateness, shift)
          break
        case 'clock-jump':
          time += shift
          break
        case 'frozen':
          value = active.frozen.get(signal) ?? value
          active.frozen.set(signal, value)
          break
        default:
          value = this.#spoil(kind, signal, value)
      }
    }
    for (let i = 0; i < copies; i++) {
      if (lateness > 0) this.#held.push({ signal, time, value, quality, due: at + lateness })
      else deliver(signal, time, value, quality)
    }
  }

  /** What the link itself has to say since last asked. */
  takeEvents(): readonly SourceEvent[] {
    const events = this.#events
    if (this.#rejects.length > 0) events.push({ kind: 'rejects', rejects: this.#rejects })
    this.#events = []
    this.#rejects = []
    return events
  }

  #meets({ fault, chance, places }: Active, signal: number): boolean {
    if (places !== undefined && !places.has(signal)) return false
    return fault.share >= 1 || chance.uniform() < fault.share
  }

  #spoil(
    kind: Extract<LinkFaultKind, 'wrong-unit' | 'outlier' | 'negative'>,
    place: number,
    value: number,
  ): number {
    const signal = this.#options.signals[place]!
    if (signal.type === 'text') return value
    if (kind === 'outlier') return value * 10
    if (kind === 'negative') return -value
    const other = toAnotherUnit(signal)
    return other === undefined ? value : value * other.scale + other.offset
  }

  #reject(kind: 'missing' | 'text', place: number, time: number): void {
    const { id, tag } = this.#options.signals[place]!
    const raw = JSON.stringify({ tag, value: kind === 'missing' ? null : 'n/a' })
    const what = kind === 'missing' ? 'has no value' : 'is the text "n/a" where a number belongs'
    this.#rejects.push({
      source: this.#options.source,
      time,
      rule: kind === 'missing' ? 'value.missing' : 'value.not-a-number',
      reason: `A sample of ${id} ${what}.`,
      raw,
    })
  }

  #goDown(): void {
    this.#down++
    if (this.#down === 1) this.#events.push({ kind: 'interrupted', reason: 'The simulated server restarts.' })
  }

  #end(ended: readonly Active[]): void {
    if (ended.length === 0) return
    this.#active = this.#active.filter(active => !ended.includes(active))
    for (const { fault, hasBegun } of ended) {
      if (fault.kind !== 'server-restart' || !hasBegun) continue
      this.#down--
      if (this.#down > 0) continue
      this.#events.push({ kind: 'connected' })
      for (const [place, { quantity, unit }] of this.#options.signals.entries()) {
        // A meter keeps its register without power.
        if (quantity === 'counter' && unit !== 'kWh' && !Number.isNaN(this.#last[place]!))
          this.#zero[place] = this.#last[place]!
      }
    }
  }
}
