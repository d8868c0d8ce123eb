import { packmlNumber } from '../../schema/packml.js'
import { increment } from './counter.js'
import type { CounterName } from './machine.events.js'
import { type MachineTable, moveCount, refused, stateCount } from './table.js'

const isSuspendBranch = new Uint8Array(stateCount)
for (const state of ['Suspending', 'Suspended', 'Unsuspending'] as const)
  isSuspendBranch[packmlNumber[state]] = 1

interface CounterColumns {
  readonly count: Float64Array
  /** NaN = never read. */
  readonly reading: Float64Array
  readonly time: Float64Array
}

const counterColumns = (size: number): CounterColumns => ({
  count: new Float64Array(size),
  reading: new Float64Array(size).fill(Number.NaN),
  time: new Float64Array(size),
})

/**
 * Many machines run on the compiled table, in typed arrays: state, mode, reason, counters and cumulative times exactly
 * as the statechart has them (held by a property test), without its words, stop reasons and emitted events. Reasons
 * by their place in `suspendReasons`, everything else as in the table. Times are Unix ms.
 */
export class MachineBank {
  readonly table: MachineTable
  readonly state: Uint8Array
  readonly mode: Uint8Array
  readonly reason: Uint8Array
  readonly since: Float64Array
  /** Newest time of any event; -Infinity = none yet. */
  readonly newest: Float64Array
  readonly processed: CounterColumns
  readonly defective: CounterColumns
  readonly #bookedTo: Float64Array
  readonly #stateTime: Float64Array
  readonly #modeTime: Float64Array
  readonly #times: Float64Array
  readonly #timesPerMachine: number

  /** Machines begin Undefined, in the first mode of the table. */
  constructor(table: MachineTable, size: number) {
    this.table = table
    this.state = new Uint8Array(size)
    this.mode = new Uint8Array(size)
    this.reason = new Uint8Array(size)
    this.since = new Float64Array(size)
    this.newest = new Float64Array(size).fill(Number.NEGATIVE_INFINITY)
    this.processed = counterColumns(size)
    this.defective = counterColumns(size)
    this.#bookedTo = new Float64Array(size).fill(Number.NaN)
    this.#stateTime = new Float64Array(size)
    this.#modeTime = new Float64Array(size)
    this.#timesPerMachine = table.modes.length * stateCount
    this.#times = new Float64Array(size * this.#timesPerMachine)
  }

  /** A command or SC; false where it is not legal now. `reason` < 0: none given. */
  move(machine: number, move: number, time: number, reason = -1): boolean {
    const row = this.mode[machine]! * stateCount + this.state[machine]!
    const next = this.table.next[row * moveCount + move]!
    if (next === refused) return false
    const at = this.#book(machine, time)
    this.state[machine] = next
    this.since[machine] = at
    this.#stateTime[machine] = at
    if (isSuspendBranch[next] === 0) this.reason[machine] = 0
    else if (reason >= 0) this.reason[machine] = reason
    return true
  }

  /** The moves asked for in one scan, as a mask with bit n for move n; the first legal one is taken. */
  scan(machine: number, asked: number, time: number, reason = -1): boolean {
    for (let move = 0, rest = asked; rest !== 0; move++, rest >>>= 1) {
      if ((rest & 1) === 1 && this.move(machine, move, time, reason)) return true
    }
    return false
  }

  setMode(machine: number, mode: number, time: number): boolean {
    const { modes, modeChange } = this.table
    const row = this.mode[machine]! * stateCount + this.state[machine]!
    if (modeChange[row * modes.length + mode] !== 1) return false
    this.#book(machine, time)
    this.mode[machine] = mode
    this.#modeTime[machine] = time
    return true
  }

  /** Seen in a state, from any to any; false where the observation is late. */
  observe(machine: number, state: number, reason: number, time: number): boolean {
    if (time < this.#stateTime[machine]!) return false
    this.#stateTime[machine] = time
    if (state === this.state[machine] && reason === this.reason[machine]) {
      this.#see(machine, time)
      return true
    }
    this.#book(machine, time)
    this.state[machine] = state
    this.reason[machine] = reason
    this.since[machine] = time
    return true
  }

  observeMode(machine: number, mode: number, time: number): boolean {
    if (time < this.#modeTime[machine]!) return false
    this.#modeTime[machine] = time
    if (mode === this.mode[machine]) this.#see(machine, time)
    else {
      this.#book(machine, time)
      this.mode[machine] = mode
    }
    return true
  }

  interlock(machine: number, reason: number, time: number): boolean {
    if (isSuspendBranch[this.state[machine]!] === 0 || reason === this.reason[machine]) return false
    this.reason[machine] = reason
    this.since[machine] = time
    this.#see(machine, time)
    return true
  }

  count(machine: number, counter: CounterName, reading: number, time: number, most?: number): boolean {
    const columns = this[counter]
    if (time < columns.time[machine]!) return false
    const before = columns.reading[machine]!
    const isAnew = columns.time[machine] === 0
    const last = Number.isNaN(before) ? null : before
    const { by } = increment(last, reading, this.table.counterWidth, isAnew, most)
    columns.count[machine] = columns.count[machine]! + by
    columns.reading[machine] = reading
    columns.time[machine] = time
    this.#see(machine, time)
    return true
  }

  /** Milliseconds in a state of a mode until the newest event (PackTag Admin.StateCumulativeTime[mode, state]). */
  cumulativeTime(machine: number, mode: number, state: number): number {
    const booked = this.#times[machine * this.#timesPerMachine + mode * stateCount + state]!
    const isPresent = mode === this.mode[machine] && state === this.state[machine]
    const open = this.newest[machine]! - this.#bookedTo[machine]!
    return isPresent && open > 0 ? booked + open : booked
  }

  #see(machine: number, time: number): number {
    const at = Math.max(this.newest[machine]!, time)
    this.newest[machine] = at
    if (Number.isNaN(this.#bookedTo[machine])) this.#bookedTo[machine] = at
    return at
  }

  /** As `book` in cumulative-time: time is booked once, to the state and mode that are left. */
  #book(machine: number, time: number): number {
    const at = this.#see(machine, time)
    const bookedTo = this.#bookedTo[machine]!
    if (at > bookedTo) {
      const cell = machine * this.#timesPerMachine + this.mode[machine]! * stateCount + this.state[machine]!
      this.#times[cell] = this.#times[cell]! + at - bookedTo
    }
    this.#bookedTo[machine] = at
    return at
  }
}
