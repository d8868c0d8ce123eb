import type { Clock } from '../../schema/clock.js'
import { Quality } from '../../schema/quality.js'
import type { Reject, StateChange, TwinSnapshot } from '../../schema/records.js'
import type { CounterName, MachineEmitted } from '../../twins/machine/machine.events.js'
import type { TwinEmitted } from '../twin-system/definition.js'
import type { RestoreOutcome, TwinSystem } from '../twin-system/twin-system.js'
import type { RegisteredMachine, RegisteredSignal, Registry } from './floor.js'
import { type HeldState, HeldStates } from './held-states.js'
import { interlockOf } from './interlocks.js'
import { LateTold } from './late-told.js'
import type { LatestMachines, LatestSignals } from './latest-table.js'
import type { LineWatch } from './line-watch.js'
import { type MachineObserver, unknownWord } from './machine-observer.js'
import { MachineTwins } from './machine-twins.js'
import type { ModeHolds } from './mode-holds.js'
import type { NestedStates } from './nested-states.js'
import { partCounterOf } from './part-counters.js'
import { PartCounts } from './part-counts.js'
import type { PlausibleParts } from './plausible-parts.js'
import { isStopReason, stopReasonOf } from './stop-reasons.js'
import type { Turn } from './turn.js'
import { unknownState } from './unknown-state.js'
import { type WaitMemory, WaitReasons } from './wait-reasons.js'

export interface MachineWatchParts {
  readonly twins: TwinSystem
  readonly registry: Registry
  readonly clock: Clock
  readonly turn: Turn
  readonly lines: LineWatch
  readonly observer: MachineObserver
  readonly nested: NestedStates
  readonly holds: ModeHolds
  readonly plausible: PlausibleParts
  /** Ids of sources that bring their own time: recordings. */
  readonly ownTime: ReadonlySet<string>
  /** Text of a dictionary code. */
  text(code: number): string | undefined
  /** What the signals said before the sample at hand. */
  readonly signals: LatestSignals
}

/** A sample of a signal that the machine's twin listens to. */
interface ObservedSample {
  readonly source: string
  readonly index: number
  readonly value: number
  readonly quality: number
  /** Source time, Unix ms. */
  readonly time: number
  readonly isLate: boolean
  /** For the record only, whatever its time. */
  readonly isHistory: boolean
}

export interface MachineMemory extends WaitMemory {
  /** Since when nobody has told its state, Unix ms. */
  readonly untold?: number | undefined
  /** Ids of counters that have not been heard since the link began. */
  readonly unread: readonly string[]
  /** In what state it stood when the floor went away, while nobody has told it anew. */
  readonly held?: HeldState | undefined
}

/** Tells the machine twins of a floor what signals of state, mode, counters and interlocks say, and when links are lost. */
export class MachineWatch {
  readonly latest: LatestMachines
  readonly #parts: MachineWatchParts
  readonly #machines: MachineTwins
  readonly #waits: WaitReasons
  readonly #counts: PartCounts
  readonly #signals: (RegisteredSignal | undefined)[] = []
  /** Of each signal: whether its machine's twin listens to it. */
  readonly #isObserved: Uint8Array
  /** What else a signal tells the machine's twin: how many parts, why it stops, or why it waits. */
  readonly #told: (CounterName | 'stop-reason' | 'blocked' | 'starved' | undefined)[] = []
  /** Machines with a signal of their own for the mode. */
  readonly #tellsMode = new Set<number>()
  /** Of each signal: whether the link to its source is that to the machine. */
  readonly #isLink: Uint8Array
  /** Counters whose twin has not heard from them since the link began: what they showed before may be theirs no more. */
  readonly #isUnread: Uint8Array
  readonly #held = new HeldStates()
  /** Machines whose state nobody has told since their source was lost, and since when. */
  readonly #untold = new Map<number, number>()
  readonly #wordsReported = new Set<string>()
  readonly #lateTold: LateTold
  /** Of each machine the signals of its interlocks; none where it has none. */
  readonly #interlocksOf = new Map<number, readonly number[]>()
  /** Of each signal: whether it tells its machine's state. */
  readonly #isState: Uint8Array
  constructor(parts: MachineWatchParts) {
    this.#parts = parts
    this.#machines = new MachineTwins(parts)
    this.#waits = new WaitReasons(this.#machines, parts.turn)
    this.#counts = new PartCounts({ ...parts, machines: this.#machines })
    this.#lateTold = new LateTold(parts.turn)
    this.latest = this.#machines.latest
    this.#isObserved = new Uint8Array(parts.registry.signalCapacity)
    this.#isLink = new Uint8Array(parts.registry.signalCapacity)
    this.#isState = new Uint8Array(parts.registry.signalCapacity)
    this.#isUnread = new Uint8Array(parts.registry.signalCapacity)
  }

  add(registered: RegisteredMachine, saved: ReadonlyMap<string, TwinSnapshot>): RestoreOutcome {
    const { index, signals } = registered
    this.#parts.nested.add(registered)
    const outcome = this.#machines.add(registered, saved)
    const tellsState = signals.some(({ signal }) => signal.quantity === 'state')
    for (const each of signals) {
      const { signal } = each
      this.#signals[each.index] = each
      this.#told[each.index] = isStopReason(signal)
        ? 'stop-reason'
        : (interlockOf(signal) ?? partCounterOf(signal))
      const isObserved = signal.quantity === 'state' || signal.quantity === 'mode'
      this.#isObserved[each.index] = isObserved ? 1 : 0
      this.#isState[each.index] = signal.quantity === 'state' ? 1 : 0
      if (signal.quantity === 'mode') this.#tellsMode.add(index)
      const isLink = tellsState ? signal.quantity === 'state' : partCounterOf(signal) !== undefined
      this.#isLink[each.index] = isLink ? 1 : 0
    }
    const interlocks = signals.filter(({ signal }) => interlockOf(signal) !== undefined)
    if (interlocks.length > 0)
      this.#interlocksOf.set(
        index,
        interlocks.map(each => each.index),
      )
    return outcome
  }

  /** Shows the state that the twin stands in; it is no news. */
  adopt(machine: number): void {
    this.#machines.adopt(machine)
  }

  isObserved(signal: number): boolean {
    return this.#isObserved[signal] === 1
  }

  /** Whether the machine is found with this signal's source: that of its state, of its counters where it tells none. */
  isLink(signal: number): boolean {
    return this.#isLink[signal] === 1
  }

  /** Takes what a signal of state or mode says, late or not. */
  observe({ source, index, value, quality, time: at, isLate, isHistory }: ObservedSample): void {
    const { clock, turn, observer, nested, holds, signals } = this.#parts
    const { signal, machine } = this.#signals[index]!
    const before = this.#machines.shown(machine)?.state ?? 'Undefined'
    const isUntold = before === 'Undefined' && this.#untold.has(machine)
    // A polled signal repeats itself; one that reports changes says something new each time, even when late.
    const isRepeat = value === signals.value[index] && quality === signals.quality[index]
    if (signal.period > 0 && isRepeat && !isLate && !isUntold) return
    const own = observer.observe(signal, value, quality)
    if (own.isUnknownWord) this.#rejectOnce(unknownWord(source, signal, own.word, at))
    const { observation, time } = nested.settle(index, own, at, isLate)
    const id = this.#machines.idOf(machine)
    const { state, word } = observation
    const interlocks = this.#interlocksOf.get(machine)
    if (state !== undefined && interlocks !== undefined)
      if (isLate || interlocks.some(each => signals.sourceTime[each]! > time)) this.#lateTold.waited(id, time)
    const reason = this.#waits.reasonOf(machine, observation, isLate)
    // A word for the state may imply a mode; a machine that tells its mode is taken at that word alone.
    const isImplied = signal.quantity === 'state' && this.#tellsMode.has(machine)
    const said = isImplied ? undefined : observation.mode
    const isHeld = !isHistory && said !== undefined && holds.holdsBack(id, said, time)
    const mode = isHeld && holds.covers(id, time) ? undefined : said
    if (state !== undefined) {
      const change = { machine: id, state, mode: mode ?? '', reason, sourceState: word, observed: true }
      if (!isHistory) this.#held.drop(machine)
      // First what nobody saw and the machine must have passed, so that of one moment the observed state stands.
      if (!isHistory)
        this.#machines.observe(machine, { type: 'OBSERVED', state, reason, sourceState: word, time })
      turn.add('stateChanges', { ...change, time })
      const lostAt = isHistory ? undefined : this.#untold.get(machine)
      if (lostAt !== undefined) {
        if (time >= lostAt) this.#untold.delete(machine)
        // The source is back and tells states older than the loss: the last is true now, not of the silence between. What the
        // twin takes for late, since the link stood all along, says nothing of now.
        else if (state !== before && this.#machines.shown(machine)?.state === state)
          turn.add('stateChanges', { ...change, time: clock.now() })
      }
    }
    if (mode !== undefined) {
      if (state === undefined) {
        const change: StateChange = {
          machine: id,
          time,
          state: '',
          mode,
          reason: '',
          sourceState: '',
          observed: true,
        }
        turn.add('stateChanges', change)
      }
      if (!isHistory && !isHeld) this.#machines.send(machine, { type: 'MODE_OBSERVED', mode, time })
    }
  }

  /**
   * Takes what a signal that counts parts, or names the reason of a stop, says in time. What it said before, and what
   * cannot be believed, tells nothing; an interlock that cannot be believed is no reason to wait.
   */
  listen(index: number, value: number, quality: number, time: number): void {
    const told = this.#told[index]
    if (told === undefined) return
    const { signals, text } = this.#parts
    const registered = this.#signals[index]!
    const { signal, machine } = registered
    const isInterlock = told === 'blocked' || told === 'starved'
    const isNew = value !== signals.value[index] || quality !== signals.quality[index]
    if (isInterlock && isNew && time < this.#stateHeard(machine))
      this.#lateTold.waited(this.#machines.idOf(machine), time)
    if (quality === Quality.bad || Number.isNaN(value)) {
      if (!isInterlock) return
      // Nobody knows what it says: it is no reason until it is told again, be it as before.
      this.#isUnread[index] = 1
      this.#waits.tell(machine, told, false, time)
      return
    }
    const isRepeat = value === signals.value[index] && this.#isUnread[index] === 0
    if (isRepeat && (told !== 'stop-reason' || !this.#isToldAgain(index, registered))) return
    if (told === 'stop-reason') {
      const stopReason = stopReasonOf(signal.type === 'text' ? text(value) : String(value))
      this.#recordStopReason(machine, stopReason, time)
      if (stopReason !== undefined) this.#machines.send(machine, { type: 'STOP_REASON', stopReason, time })
    } else if (isInterlock) {
      this.#isUnread[index] = 0
      this.#waits.tell(machine, told, value !== 0, time)
    } else if (value >= 0) {
      this.#isUnread[index] = 0
      this.#counts.read(registered, told, value, time)
    }
  }

  /** A counter, an interlock, or the reason of a stop, was read too late for its twin. */
  listenLate(index: number, value: number, quality: number, time: number): void {
    const told = this.#told[index]
    if (told === undefined) return
    const { signal, machine: place } = this.#signals[index]!
    const machine = this.#machines.idOf(place)
    if (told === 'blocked' || told === 'starved') this.#lateTold.waited(machine, time)
    else if (quality === Quality.bad) return
    else if (told === 'stop-reason') {
      if (!this.#lateTold.isNew(index, value) && signal.period > 0) return
      const word = signal.type === 'text' ? this.#parts.text(value) : String(value)
      this.#recordStopReason(place, stopReasonOf(word), time)
    } else if (value >= 0) this.#lateTold.counted({ machine, counter: told, value, time })
  }

  /** The newest that signals of the machine's state have told, source time, Unix ms. */
  #stateHeard(machine: number): number {
    const { registry, signals } = this.#parts
    const states = registry.machineByIndex(machine)!.signals.filter(({ index }) => this.#isState[index] === 1)
    return Math.max(0, ...states.map(({ index }) => signals.sourceTime[index]!))
  }

  /**
   * Whether a code that was told before may be that of another stop. Who reports changes has a reason to say it again;
   * who is polled says it all the time, and is heard once in each state that is no work.
   */
  #isToldAgain(index: number, { signal, machine }: RegisteredSignal): boolean {
    if (signal.period === 0) return true
    const shown = this.#machines.shown(machine)
    if (shown === undefined || shown.state === 'Execute') return false
    return this.#parts.signals.sourceTime[index]! <= shown.context.since
  }

  /** What a source says of why its machine stops is a word without a state; empty: nothing any more. */
  #recordStopReason(machine: number, stopReason: string | undefined, time: number): void {
    const said = { state: '', mode: '', reason: '', sourceState: stopReason ?? '', observed: true }
    this.#parts.turn.add('stateChanges', { machine: this.#machines.idOf(machine), time, ...said })
  }

  /** The floor was away since `time`: nobody knows what the machine did meanwhile. */
  wake(machine: number, time: number, isOwnTime: boolean): void {
    const shown = this.#machines.shown(machine)
    this.lost(machine, time, isOwnTime)
    const { signals } = this.#parts.registry.machineByIndex(machine)!
    const states = signals.filter(({ signal }) => signal.quantity === 'state')
    // What is polled is told anew by itself; a recording's time has stood still.
    if (isOwnTime || states.some(({ signal }) => signal.period > 0)) return
    if (shown === undefined || shown.state === 'Undefined') return
    const { reason, sourceState } = shown.context
    this.#held.hold(machine, { state: shown.state, reason, sourceState, lost: time, isHeard: false })
  }

  /** Whether machines wait to hear whether their data go on. */
  get isHolding(): boolean {
    return this.#held.size > 0
  }

  /** A signal told something in time. */
  heard(index: number): void {
    const registered = this.#signals[index]
    if (registered !== undefined && registered.signal.quantity !== 'state')
      this.#held.heard(registered.machine)
  }

  /** Machines whose data go on as before, and whose state nobody has told anew, still do what they did. */
  tick(now: number): void {
    for (const [machine, { state, reason, sourceState, lost, found }] of this.#held.takeDue(now)) {
      // For the twin from the loss on, so that a state of the time between is news still when it is told at last.
      this.#machines.observe(machine, { type: 'OBSERVED', state, reason, sourceState, time: lost })
      this.#untold.set(machine, now)
      const held = {
        machine: this.#machines.idOf(machine),
        state,
        mode: '',
        reason,
        sourceState,
        observed: false,
      }
      this.#parts.turn.add('stateChanges', { ...held, time: found })
    }
  }

  /**
   * Nobody knows what the machine does. With a clock of its own (`isOwnTime`), the floor's time stands still without
   * the source: nothing passes that could be counted.
   */
  lost(machine: number, time: number, isOwnTime: boolean): void {
    if (!isOwnTime && !this.#untold.has(machine)) this.#untold.set(machine, time)
    this.#waits.forget(machine)
    this.#held.drop(machine)
    if ((this.#machines.shown(machine)?.state ?? 'Undefined') === 'Undefined') return
    const nobodyKnows = { state: 'Undefined', reason: 'none', sourceState: '', time } as const
    this.#machines.send(machine, { type: 'OBSERVED', ...nobodyKnows })
    if (isOwnTime) return
    this.#parts.turn.add('stateChanges', { machine: this.#machines.idOf(machine), time, ...unknownState })
  }

  /** The link to the machine's source stands again. */
  found(machine: number, time: number, isOwnTime: boolean): void {
    const { lines, registry } = this.#parts
    for (const { index } of registry.machineByIndex(machine)!.signals) {
      if (this.#told[index] !== undefined && this.#told[index] !== 'stop-reason') this.#isUnread[index] = 1
    }
    this.#machines.send(machine, { type: 'SOURCE_FOUND', time, hasOwnClock: isOwnTime })
    lines.sourceFound(this.#machines.idOf(machine), time)
    this.#held.found(machine, time)
  }

  /** A twin spoke; its machine is shown at the end of the turn, and what it counted goes on record. */
  hear(address: string, emitted: TwinEmitted): void {
    const machine = this.#machines.indexOf(address)
    if (machine === undefined) return
    this.#counts.hear(machine, emitted as MachineEmitted)
    this.#machines.hear(machine, emitted as MachineEmitted)
  }

  /** What is remembered of a machine beside its twin. */
  remember({ index, signals }: RegisteredMachine): MachineMemory {
    return {
      ...this.#waits.remember(index),
      untold: this.#untold.get(index),
      held: this.#held.of(index),
      unread: signals.filter(signal => this.#isUnread[signal.index] === 1).map(({ signal }) => signal.id),
    }
  }

  /** Takes it up again, after the twin is as it was. */
  recall({ index, signals }: RegisteredMachine, memory: MachineMemory): void {
    const { untold, unread, held } = memory
    if (held === undefined) this.#held.drop(index)
    else this.#held.hold(index, held)
    this.#waits.recall(index, memory)
    if (untold === undefined) this.#untold.delete(index)
    else this.#untold.set(index, untold)
    for (const signal of signals) this.#isUnread[signal.index] = unread.includes(signal.signal.id) ? 1 : 0
    this.#machines.adopt(index)
  }

  /** The turn is over: shows the machines whose twins spoke in it, and tells which of them are in a new state. */
  settle(onChange: (machine: number, state: number) => void): void {
    this.#machines.settle(onChange)
    this.#lateTold.settle()
  }

  /** A word that no map knows is told once for each signal, not with every sample. */
  #rejectOnce(reject: Reject): void {
    if (this.#wordsReported.has(reject.reason)) return
    this.#wordsReported.add(reject.reason)
    this.#parts.turn.add('rejects', reject)
  }
}
