import type { Clock } from '../../schema/clock.js'
import { Quality } from '../../schema/quality.js'
import { freshCounter } from '../../twins/machine/counter.js'
import type { CounterName, MachineEmitted } from '../../twins/machine/machine.events.js'
import type { RegisteredSignal, Registry } from './floor.js'
import type { LatestSignals } from './latest-table.js'
import type { LineWatch } from './line-watch.js'
import type { MachineTwins } from './machine-twins.js'
import { partCounterOf } from './part-counters.js'
import { leapReject, type PlausibleParts } from './plausible-parts.js'
import type { Turn } from './turn.js'

type PartsCounted = Extract<MachineEmitted, { type: 'parts.counted' }>
type CounterLeapt = Extract<MachineEmitted, { type: 'counter.leapt' }>

export interface PartCountsParts {
  readonly machines: MachineTwins
  readonly registry: Registry
  readonly clock: Clock
  readonly turn: Turn
  readonly lines: LineWatch
  readonly plausible: PlausibleParts
  /** Ids of sources that bring their own time: recordings. */
  readonly ownTime: ReadonlySet<string>
  /** What the signals said before the sample at hand. */
  readonly signals: LatestSignals
}

/** Parts that machines count: their twins are told what counters show, and what those make of it goes on record. */
export class PartCounts {
  readonly #parts: PartCountsParts

  constructor(parts: PartCountsParts) {
    this.#parts = parts
  }

  /** A counter was read in time; `time`: source time, Unix ms. */
  read(registered: RegisteredSignal, counter: CounterName, reading: number, time: number): void {
    const most = this.#most(registered, counter, reading, time)
    const counted = { type: 'COUNTED', counter, reading, time } as const
    this.#parts.machines.send(registered.machine, most === undefined ? counted : { ...counted, most })
  }

  /** A machine's twin spoke. */
  hear(machine: number, emitted: MachineEmitted): void {
    if (emitted.type === 'parts.counted') this.#counted(machine, emitted)
    if (emitted.type === 'counter.leapt') this.#leapt(machine, emitted)
  }

  /**
   * What the machine can have made since the counter was read last; after a bad reading of a new link: any. Undefined
   * where a recording begins anew with less: it may have begun elsewhere.
   */
  #most(of: RegisteredSignal, counter: CounterName, reading: number, time: number): number | undefined {
    const { machines, registry, signals, plausible, ownTime } = this.#parts
    const { machine, line } = registry.machineByIndex(of.machine)!
    const last = machines.shown(of.machine)?.context[counter]
    const isBehind = last?.time === freshCounter.time && reading < (last.reading ?? 0)
    if (isBehind && ownTime.has(of.signal.source)) return undefined
    const heard = signals.quality[of.index] === Quality.bad ? 0 : signals.sourceTime[of.index]!
    const between = Math.max(0, time - (last?.time || heard))
    return isBehind ? plausible.mostBehind(machine, line, between) : plausible.most(machine, line, between)
  }

  #counted(place: number, { time: ts, counter, by: parts, total, cause }: PartsCounted): void {
    const { machines, lines, turn } = this.#parts
    const machine = machines.idOf(place)
    if (counter === 'processed') lines.counted(machine, parts, cause, ts)
    turn.addRow('production_events', { machine, ts, counter, parts, total, cause })
  }

  /** Of several signals that tell the counter the first is named. */
  #leapt(place: number, { time, counter, reading }: CounterLeapt): void {
    const { registry, clock, turn } = this.#parts
    const { machine: of, signals } = registry.machineByIndex(place)!
    const machine = of.id
    turn.addRow('production_events', { machine, ts: time, counter, parts: 0, total: reading, cause: 'leap' })
    const told = signals.find(({ signal }) => partCounterOf(signal) === counter)!
    turn.add('rejects', leapReject(told.signal, { machine, reading, time }, clock.now()))
  }
}
