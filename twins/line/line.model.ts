import type { DisplayState } from '../../schema/display-state.js'
import type { LineMachine } from './constraint.js'
import type { LineEvent } from './line.events.js'

interface Told {
  readonly display: DisplayState
  readonly reason: string
  readonly cycleTime: number | null
  readonly since: number
  readonly toldAt: number
}

/** The line twin in plain words, to hold the statechart against. It asks each machine in turn whom it waits for. */
export class LineModel {
  readonly #machines: readonly LineMachine[]
  readonly #told = new Map<string, Told>()

  constructor(machines: readonly LineMachine[]) {
    this.#machines = machines
  }

  take(event: LineEvent): void {
    const before = this.#told.get(event.machine)
    if (event.type === 'SOURCE_FOUND') {
      if (before !== undefined) this.#told.set(event.machine, { ...before, toldAt: 0 })
      return
    }
    if (!this.#machines.some(({ id }) => id === event.machine)) return
    if (before !== undefined && event.time < before.toldAt) return
    const { display, reason, cycleTime, time } = event
    const isSame = before !== undefined && before.display === display && before.toldAt > 0
    this.#told.set(event.machine, {
      display,
      reason,
      cycleTime,
      since: isSame ? before.since : time,
      toldAt: time,
    })
  }

  get view(): { state: string; machine: string | undefined; cause: string | undefined } {
    const shown = this.#machines.map(({ id }) => this.#shows(id))
    const root = this.#root()
    const isRunning = shown.includes('running')
    if (root === undefined) {
      return { state: isRunning ? 'running' : 'unknown', machine: undefined, cause: undefined }
    }
    const { machine, cause } = root
    if (cause === 'idle') {
      return isRunning
        ? { state: 'running', machine: undefined, cause: undefined }
        : { state: 'no-demand', machine, cause }
    }
    const givesParts = this.#machines.some(
      ({ id }) => this.#shows(id) === 'running' && this.#takers(id).length === 0,
    )
    if (givesParts || cause === 'slow') return { state: 'slowed', machine, cause }
    const states = { stopped: 'down', 'blocked-outside': 'blocked', 'starved-outside': 'starved' }
    return { state: states[cause], machine, cause }
  }

  #root() {
    const suspects = this.#machines.flatMap(({ id }, place) => {
      const cause = this.#cause(id)
      if (cause === undefined) return []
      const waiting = this.#machines.filter(other => other.id !== id && this.#waitsFor(other.id).includes(id))
      const { since } = this.#told.get(id)!
      return [{ machine: id, cause, waiting: waiting.length, slowness: this.#slowness(id), since, place }]
    })
    const weight = { stopped: 0, slow: 1, 'blocked-outside': 2, 'starved-outside': 2, idle: 3 }
    return suspects.sort(
      (a, b) =>
        weight[a.cause] - weight[b.cause] ||
        b.waiting - a.waiting ||
        b.slowness - a.slowness ||
        a.since - b.since ||
        a.place - b.place,
    )[0]
  }

  #cause(id: string) {
    const display = this.#shows(id)
    if (display === 'down' || display === 'maintenance' || display === 'setup') return 'stopped' as const
    if (display === 'idle' || display === 'off-shift') return 'idle' as const
    if (display === 'running') return this.#slowness(id) > 1.1 ? ('slow' as const) : undefined
    if (display === 'unknown' || !this.#waitsFor(id).includes(id)) return undefined
    return display === 'blocked' ? ('blocked-outside' as const) : ('starved-outside' as const)
  }

  /** Itself = somebody outside the line. */
  #waitsFor(id: string): string[] {
    const display = this.#shows(id)
    if (display !== 'starved' && display !== 'blocked') return []
    const neighbours = display === 'starved' ? this.#feeders(id) : this.#takers(id)
    if (neighbours.length === 0) return [id]
    return neighbours.flatMap(next => (this.#shows(next) === display ? this.#waitsFor(next) : [next]))
  }

  #feeders(id: string): string[] {
    return this.#machines.filter(({ feeds }) => feeds.includes(id)).map(machine => machine.id)
  }

  #takers(id: string): string[] {
    const feeds = this.#machines.find(machine => machine.id === id)?.feeds ?? []
    return feeds.filter(fed => this.#machines.some(machine => machine.id === fed))
  }

  #shows(id: string): DisplayState {
    return this.#told.get(id)?.display ?? 'unknown'
  }

  #slowness(id: string): number {
    const cycleTime = this.#told.get(id)?.cycleTime ?? null
    const ideal = this.#machines.find(machine => machine.id === id)!.idealCycleTime
    return this.#shows(id) === 'running' && cycleTime !== null && ideal > 0 ? cycleTime / ideal : 1
  }
}
