import type { StateMap } from '../../schema/plant.js'
import { isOuter } from '../../schema/state-maps.js'
import type { RegisteredMachine, RegisteredSignal } from './floor.js'
import type { LatestSignals } from './latest-table.js'
import type { MachineObserver, Observation } from './machine-observer.js'

/** What a sample says of its machine's state, and since when, Unix ms. */
interface Settled {
  readonly observation: Observation
  readonly time: number
}

/**
 * State machines within one another, as PackML has them over OPC UA (OPC 30050: BaseStateMachine, MachineState,
 * ExecuteState): several state signals of a machine, outermost first as they stand in the plant file. A word of an outer
 * one that is `inner` leaves the state to the next; what a machine within an inactive one says, or does not say, counts
 * for nothing (OPC 10000-16, 4.4.4: its CurrentState is null).
 */
export class NestedStates {
  readonly #maps: Readonly<Record<string, StateMap>>
  readonly #observer: MachineObserver
  readonly #signals: LatestSignals
  /** Of each signal that is one of several levels: all of them, outermost first. */
  readonly #levels = new Map<number, readonly RegisteredSignal[]>()

  /** `signals`: what they said before the sample at hand. */
  constructor(maps: Readonly<Record<string, StateMap>>, observer: MachineObserver, signals: LatestSignals) {
    this.#maps = maps
    this.#observer = observer
    this.#signals = signals
  }

  add({ signals }: RegisteredMachine): void {
    const levels = signals.filter(({ signal }) => signal.quantity === 'state')
    const isNested = levels
      .slice(0, -1)
      .some(({ signal }) => isOuter(this.#maps[signal.stateMap ?? ''] ?? none))
    if (isNested) for (const { index } of levels) this.#levels.set(index, levels)
  }

  /** What a word says together with what the other levels say. What is late says only what it says by itself. */
  settle(index: number, own: Observation, time: number, isLate: boolean): Settled {
    const levels = this.#levels.get(index)
    if (levels === undefined) return { observation: own, time }
    const place = levels.findIndex(level => level.index === index)
    const nothing = { observation: { ...own, ...nothingSaid }, time }
    if (own.word === '' && place > 0) return nothing
    if (isLate) return { observation: own, time }
    let since = time
    for (const [depth, level] of levels.entries()) {
      const isOwn = level.index === index
      const said = isOwn ? own : this.#latestOf(level)
      if (said.isInner) {
        if (!isOwn) since = Math.max(since, this.#signals.sourceTime[level.index]!)
        continue
      }
      // An enclosing machine tells the state, or has not spoken yet; or the one within is still to speak.
      if (depth < place || said.word === '') return isOwn ? { observation: said, time } : nothing
      return {
        observation: said,
        time: isOwn ? since : Math.max(since, this.#signals.sourceTime[level.index]!),
      }
    }
    return nothing
  }

  #latestOf({ index, signal }: RegisteredSignal): Observation {
    const { value, quality } = this.#signals
    return this.#observer.observe(signal, value[index]!, quality[index]!)
  }
}

const none: StateMap = { words: {} }
const nothingSaid = { state: undefined, mode: undefined, reason: 'none', isUnknownWord: false } as const
