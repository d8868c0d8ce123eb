import type { MachineConfig, Mode } from '../../schema/machine-config.js'
import type { PackmlState } from '../../schema/packml.js'
import type { CounterName, MachineEvent } from './machine.events.js'

/** The transition table of TR88.00.02-2022, written down by hand: from, command or SC, to. */
export const standardTable: readonly (readonly [PackmlState, string, PackmlState])[] = [
  ['Aborted', 'CLEAR', 'Clearing'],
  ['Clearing', 'STATE_COMPLETE', 'Stopped'],
  ['Stopped', 'RESET', 'Resetting'],
  ['Resetting', 'STATE_COMPLETE', 'Idle'],
  ['Idle', 'START', 'Starting'],
  ['Starting', 'STATE_COMPLETE', 'Execute'],
  ['Execute', 'COMPLETE', 'Completing'],
  ['Execute', 'HOLD', 'Holding'],
  ['Execute', 'SUSPEND', 'Suspending'],
  ['Suspending', 'STATE_COMPLETE', 'Suspended'],
  ['Suspended', 'UNSUSPEND', 'Unsuspending'],
  ['Suspended', 'HOLD', 'Holding'],
  ['Suspended', 'COMPLETE', 'Completing'],
  ['Unsuspending', 'STATE_COMPLETE', 'Execute'],
  ['Holding', 'STATE_COMPLETE', 'Held'],
  ['Held', 'UNHOLD', 'Unholding'],
  ['Held', 'COMPLETE', 'Completing'],
  ['Unholding', 'STATE_COMPLETE', 'Execute'],
  ['Completing', 'STATE_COMPLETE', 'Complete'],
  ['Complete', 'RESET', 'Resetting'],
  ['Stopping', 'STATE_COMPLETE', 'Stopped'],
  ['Aborting', 'STATE_COMPLETE', 'Aborted'],
  ...(
    [
      'Resetting',
      'Idle',
      'Starting',
      'Execute',
      'Completing',
      'Complete',
      'Holding',
      'Held',
      'Unholding',
      'Suspending',
      'Suspended',
      'Unsuspending',
    ] as const
  ).flatMap(state => [[state, 'STOP', 'Stopping'] as const, [state, 'ABORT', 'Aborting'] as const]),
  ['Clearing', 'ABORT', 'Aborting'],
  ['Stopping', 'ABORT', 'Aborting'],
  ['Stopped', 'ABORT', 'Aborting'],
]

/** Where an acting state ends. */
const ends: Readonly<Record<string, PackmlState>> = Object.fromEntries(
  standardTable.filter(([, by]) => by === 'STATE_COMPLETE').map(([from, , to]) => [from, to]),
)

const priority = [
  'ABORT',
  'STOP',
  'HOLD',
  'SUSPEND',
  'COMPLETE',
  'UNHOLD',
  'UNSUSPEND',
  'START',
  'RESET',
  'CLEAR',
  'STATE_COMPLETE',
]

interface ModelCounter {
  count: number
  reading: number | undefined
  time: number
}

/**
 * What a machine twin should be, in plain words and mutable fields: the other side of every property. It knows nothing
 * of the statechart; both know only the standard.
 */
export class MachineModel {
  state: PackmlState = 'Undefined'
  mode: Mode = 'Production'
  reason = 'none'
  word = ''
  stopReason = ''
  since = 0
  /** Time passed on the machine's clock since it was first heard of, ms. */
  elapsed = 0
  readonly counters: Record<CounterName, ModelCounter> = {
    processed: { count: 0, reading: undefined, time: 0 },
    defective: { count: 0, reading: undefined, time: 0 },
  }
  readonly times = new Map<string, number>()
  #clock: number | undefined
  #stateTime = 0
  #modeTime = 0
  #runSince = 0
  readonly #config: MachineConfig

  constructor(config: MachineConfig) {
    this.#config = config
  }

  take(event: MachineEvent): void {
    switch (event.type) {
      case 'OBSERVED':
        if (event.time < this.#stateTime) return
        this.#pass(event.time)
        this.#observe(event)
        return
      case 'MODE_OBSERVED':
        if (event.time < this.#modeTime) return
        this.#pass(event.time)
        this.#changeMode(event.mode, event.time)
        return
      case 'SET_MODE':
        if (!this.#mayHaveMode(event.mode)) return
        this.#pass(event.time)
        this.#changeMode(event.mode, event.time)
        return
      case 'SOURCE_FOUND':
        this.#begin(event.time, event.hasOwnClock ?? false)
        return
      case 'SCAN': {
        const asked = new Set<string>(event.commands)
        if (event.stateComplete) asked.add('STATE_COMPLETE')
        const legal = priority.find(move => asked.has(move) && this.target(move) !== undefined)
        if (legal !== undefined) this.#move(legal, event)
        return
      }
      case 'INTERLOCK':
        if (!this.#isSuspending() || event.reason === this.reason) return
        this.#pass(event.time)
        this.reason = event.reason
        this.since = event.time
        return
      case 'STOP_REASON':
        if (this.stopReason !== '' || event.time < this.#runSince) return
        this.#pass(event.time)
        this.stopReason = event.stopReason
        return
      case 'COUNTED':
        this.#count(this.counters[event.counter], event.reading, event.time, event.most)
        return
      default:
        this.#move(event.type, event)
    }
  }

  /** Where a command or SC leads now, if anywhere. */
  target(move: string): PackmlState | undefined {
    const to = this.#inTable(move)
    if (to === undefined) return undefined
    const end = ends[to] ?? to
    if (this.#lacks(end)) return undefined
    return this.#lacks(to) ? end : to
  }

  #inTable(move: string): PackmlState | undefined {
    if (move === 'HOLD') return this.#config.holdFrom.includes(this.state) ? 'Holding' : undefined
    if (move === 'STATE_COMPLETE' && this.state === 'Execute' && this.#config.executeCompletes)
      return 'Completing'
    return standardTable.find(([from, by]) => from === this.state && by === move)?.[2]
  }

  #lacks(state: PackmlState, mode = this.mode): boolean {
    return this.#config.modes.some(spec => spec.mode === mode && spec.disabled.includes(state))
  }

  #isSuspending(): boolean {
    return ['Suspending', 'Suspended', 'Unsuspending'].includes(this.state)
  }

  #pass(time: number): void {
    if (this.#clock === undefined) this.#clock = time
    const passed = Math.max(0, time - this.#clock)
    this.#clock += passed
    this.elapsed += passed
    const key = `${this.mode} ${this.state}`
    if (passed > 0) this.times.set(key, (this.times.get(key) ?? 0) + passed)
  }

  #observe(event: MachineEvent & { type: 'OBSERVED' }): void {
    this.#stateTime = event.time
    if (this.state === event.state && this.reason === event.reason && this.word === event.sourceState) {
      return
    }
    if (event.state === 'Execute' && this.state !== 'Execute') {
      this.stopReason = ''
      this.#runSince = event.time
    }
    this.state = event.state
    this.reason = event.reason
    this.word = event.sourceState
    this.since = event.time
  }

  #move(move: string, event: { time: number; reason?: string; stopReason?: string }): void {
    const to = this.target(move)
    if (to === undefined) return
    this.#pass(event.time)
    this.state = to
    this.word = ''
    this.since = event.time
    this.#stateTime = event.time
    if (!this.#isSuspending()) this.reason = 'none'
    else if (event.reason !== undefined) this.reason = event.reason
    if (to === 'Execute') {
      this.stopReason = ''
      this.#runSince = event.time
    } else if (this.stopReason === '') this.stopReason = event.stopReason ?? ''
  }

  #mayHaveMode(mode: Mode): boolean {
    return (
      mode !== this.mode &&
      this.#config.modes.some(spec => spec.mode === mode) &&
      this.#config.modeChangeIn.includes(this.state) &&
      !this.#lacks(this.state) &&
      !this.#lacks(this.state, mode)
    )
  }

  #changeMode(mode: Mode, time: number): void {
    this.mode = mode
    this.#modeTime = time
  }

  #begin(time: number, hasOwnClock: boolean): void {
    this.#pass(time)
    if (hasOwnClock) this.#clock = undefined
    this.#stateTime = 0
    this.#modeTime = 0
    for (const counter of Object.values(this.counters)) counter.time = 0
  }

  #count(counter: ModelCounter, reading: number, time: number, given?: number): void {
    if (time < counter.time) return
    this.#pass(time)
    const width = this.#config.counterWidth
    if (counter.reading !== undefined) {
      const isRollover =
        reading < counter.reading && width > counter.reading && reading + width - counter.reading < width / 8
      const most = given ?? Number.POSITIVE_INFINITY
      let made = 0
      if (reading >= counter.reading) made = reading - counter.reading
      else {
        if (isRollover) made = reading + width - counter.reading
        else if (2 * reading < counter.reading) made = reading
        if (counter.time === 0 && given === undefined) made = 0
      }
      if (made <= most) counter.count += made
    }
    counter.reading = reading
    counter.time = time
  }
}
