import type { TwinSnapshot } from '../../schema/records.js'
import { type TwinProblemCode, twinProblemCodes } from '../../twins/twin-problem.js'
import type { TwinDefinition, TwinMessage } from './definition.js'
import { TwinSystemError } from './errors.js'
import { type RestoreOutcome, readSnapshot } from './read-snapshot.js'
import { Stage } from './stage.js'
import { Twin, type TwinHost, type TwinInspection, type TwinListener } from './twin.js'

export type { RestoreOutcome } from './read-snapshot.js'

/** All twins' states at one moment, sharing nothing with the twins: ready to send to a worker. */
export interface TwinFork {
  /** Floor time, Unix ms. */
  readonly time: number
  readonly twins: readonly TwinSnapshot[]
}

/** A snapshot that no twin could go on from, and why. */
export interface UnusedSnapshot {
  readonly address: string
  readonly outcome: RestoreOutcome
  readonly detail: string
}

/**
 * Makes the twin of a snapshot (`add`) whose kind comes into being while the floor runs, as a fault does when it first
 * shows; undefined where the plant has no such address.
 */
export type TwinMaker = (saved: TwinSnapshot) => RestoreOutcome | undefined

/** How many unused snapshots are named; the rest is in the counts. */
const namedUnused = 100

/**
 * The twins of one floor by address (`sensor:press-01.vibration`, `machine:press-01`). Messages are handled one after
 * another, each to the end before the next, in the order they were sent, also those that twins cause.
 */
export class TwinSystem {
  readonly #twins = new Map<string, Twin>()
  readonly #host: TwinHost
  readonly #queue: { twin: Twin; message: TwinMessage }[] = []
  readonly #changed = new Set<Twin>()
  readonly #unwell = new Set<Twin>()
  /** Twins of which something will be due by itself. */
  readonly #timed = new Set<Twin>()
  readonly #unused: UnusedSnapshot[] = []
  readonly #makers = new Map<string, TwinMaker>()
  /** Ids of the definitions of which there is, was or may be a twin. */
  readonly #definitions = new Set<string>()
  #isDraining = false
  /** Messages to addresses that nobody has. */
  misaddressed = 0

  constructor(listen: TwinListener) {
    const refused = Object.fromEntries(twinProblemCodes.map(code => [code, 0])) as TwinHost['refused']
    this.#host = { stage: new Stage(), listen, refused, lost: 0, now: Number.POSITIVE_INFINITY }
  }

  get size(): number {
    return this.#twins.size
  }

  /** Twins that crashed and are not back yet. */
  get unwell(): number {
    return this.#unwell.size
  }

  /** Messages given up by full inboxes and quarantined twins. */
  get lost(): number {
    return this.#host.lost
  }

  /** Messages that twins did not take, by reason. */
  get refused(): Readonly<Record<TwinProblemCode, number>> {
    return this.#host.refused
  }

  /** The first of the snapshots that could not be used. */
  get unused(): readonly UnusedSnapshot[] {
    return this.#unused
  }

  /** From now on a snapshot of this definition, whose twin is not there yet, brings its twin with it. */
  makes(definition: string, maker: TwinMaker): void {
    this.#makers.set(definition, maker)
    this.#definitions.add(definition)
  }

  /** Adds a twin, from its snapshot where it can be read. Throws TwinSystemError. */
  add<Input>(
    address: string,
    definition: TwinDefinition<Input>,
    input: Input,
    saved?: TwinSnapshot,
  ): RestoreOutcome {
    if (this.#twins.has(address)) {
      throw new TwinSystemError('address-taken', `${address} is there already; a twin is added once.`)
    }
    const { outcome, snapshot, detail } = readSnapshot(this.#host.stage, definition, input, saved)
    const twin = new Twin(address, definition, input, this.#host, snapshot) as unknown as Twin
    this.#twins.set(address, twin)
    this.#definitions.add(definition.id)
    this.#settle(twin, outcome, detail)
    return outcome
  }

  get(address: string): Twin | undefined {
    return this.#twins.get(address)
  }

  /** The addresses of the twins of a definition. */
  addressesOf(definition: string): string[] {
    if (!this.#definitions.has(definition)) return []
    return [...this.#twins].flatMap(([address, twin]) => (twin.definition.id === definition ? [address] : []))
  }

  /** A twin for a person to look at; undefined where nobody has the address. */
  inspect(address: string): TwinInspection | undefined {
    return this.#twins.get(address)?.inspect()
  }

  send(address: string, message: TwinMessage): void {
    const twin = this.#twins.get(address)
    if (twin === undefined) {
      this.misaddressed++
      return
    }
    this.#queue.push({ twin, message })
    if (!this.#isDraining) this.#drain()
  }

  /**
   * A few times a second: tells twins of what has become due, each at its own time, and restarts those that crashed.
   * Their delays are counted by `now`, floor time, and by no message's time, which may be late or far ahead.
   */
  tick(now: number): void {
    this.#host.now = now
    for (const twin of this.#timed) this.#tickTwin(twin, now)
    if (this.#unwell.size === 0 || this.#isDraining) return
    // Closed while twins come back, so that nothing overtakes what waited for them.
    this.#isDraining = true
    for (const twin of this.#unwell) {
      twin.restart(now, message => this.#queue.push({ twin, message }))
      if (twin.health === 'running') this.#unwell.delete(twin)
    }
    this.#drain()
  }

  /** Snapshots of at most `most` twins that changed since their last one. */
  takeSnapshots(time: number, most = Number.POSITIVE_INFINITY): TwinSnapshot[] {
    const taken: TwinSnapshot[] = []
    for (const twin of this.#changed) {
      if (taken.length >= most) break
      this.#changed.delete(twin)
      taken.push(snapshotOf(twin, time))
    }
    return taken
  }

  /** Snapshots of those twins that there are, now; they need no other until they change again. */
  takeSnapshotsOf(addresses: Iterable<string>, time: number): TwinSnapshot[] {
    return [...addresses].flatMap(address => {
      const twin = this.#twins.get(address)
      if (twin === undefined) return []
      this.#changed.delete(twin)
      return [snapshotOf(twin, time)]
    })
  }

  get changedCount(): number {
    return this.#changed.size
  }

  /** The whole floor at this moment; `restore` of another system of the same plant takes it. */
  fork(time: number): TwinFork {
    const twins: TwinSnapshot[] = []
    for (const twin of this.#twins.values()) twins.push(snapshotOf(twin, time))
    return { time, twins }
  }

  /** Snapshots of these twins, whether or not they changed; an address that nobody has is left out. */
  snapshotsOf(addresses: Iterable<string>, time: number): TwinSnapshot[] {
    return [...addresses].flatMap(address => {
      const twin = this.#twins.get(address)
      return twin === undefined ? [] : [snapshotOf(twin, time)]
    })
  }

  /**
   * Puts all twins into the states of the fork: those that are not there yet are made, those that it does not have start
   * anew, as does one whose snapshot cannot be used. A twin that had crashed is back.
   */
  restore(fork: TwinFork): Record<RestoreOutcome, number> {
    const outcomes = noOutcomes()
    const others = new Map(this.#twins)
    for (const saved of fork.twins) {
      outcomes[this.bringBack(saved)]++
      others.delete(saved.address)
      const twin = this.#twins.get(saved.address)
      if (twin !== undefined) this.#changed.add(twin)
    }
    for (const twin of others.values()) {
      twin.reset()
      this.#settle(twin, 'fresh')
      this.#changed.add(twin)
      outcomes.fresh++
    }
    return outcomes
  }

  /** Puts one twin into the state of its snapshot; one that is not there is made, where somebody makes its kind. */
  bringBack(saved: TwinSnapshot): RestoreOutcome {
    const twin = this.#twins.get(saved.address)
    if (twin === undefined) return this.#make(saved)
    const { outcome, snapshot, detail } = readSnapshot(this.#host.stage, twin.definition, twin.input, saved)
    if (snapshot === undefined) twin.reset()
    else twin.adopt(snapshot)
    this.#settle(twin, outcome, detail)
    return outcome
  }

  stop(): void {
    this.#twins.clear()
    this.#changed.clear()
    this.#unwell.clear()
    this.#timed.clear()
  }

  #make(saved: TwinSnapshot): RestoreOutcome {
    const { address, definition } = saved
    const made = this.#makers.get(definition)?.(saved)
    if (made !== undefined) return made
    if (this.#definitions.has(definition)) {
      this.#name(address, 'unknown-address', `this plant has no ${definition} of that address`)
      return 'unknown-address'
    }
    this.#name(address, 'unknown-definition', `nobody here knows the definition "${definition}"`)
    return 'unknown-definition'
  }

  /** Twice at one time nothing is due: what does not move on has crashed, or is told something it refuses. */
  #tickTwin(twin: Twin, now: number): void {
    for (
      let due = twin.nextDue, last = Number.NEGATIVE_INFINITY;
      due <= now && due > last;
      due = twin.nextDue
    ) {
      last = due
      this.send(twin.address, { type: 'TICK', time: due })
    }
    if (twin.nextDue === Number.POSITIVE_INFINITY && twin.health === 'running') this.#timed.delete(twin)
  }

  /** A twin stands in a state that was not reached by messages. One migrated is kept in its new form. */
  #settle(twin: Twin, outcome: RestoreOutcome, detail?: string): void {
    this.#unwell.delete(twin)
    if (outcome === 'migrated') this.#changed.add(twin)
    if (twin.definition.nextDue !== undefined) this.#timed.add(twin)
    if (detail !== undefined) this.#name(twin.address, outcome, detail)
  }

  #name(address: string, outcome: RestoreOutcome, detail: string): void {
    if (this.#unused.length < namedUnused) this.#unused.push({ address, outcome, detail })
  }

  #drain(): void {
    this.#isDraining = true
    const failures: unknown[] = []
    for (let i = 0; i < this.#queue.length; i++) {
      const { twin, message } = this.#queue[i]!
      try {
        const outcome = twin.receive(message)
        if (outcome === 'crashed') this.#unwell.add(twin)
        if (outcome === 'handled') this.#hasMoved(twin)
      } catch (error) {
        // Who listens threw: the twin has moved all the same, and what others wait for is no less theirs.
        this.#hasMoved(twin)
        failures.push(error)
      }
    }
    this.#queue.length = 0
    this.#isDraining = false
    if (failures.length > 0) throw failures[0]
  }

  #hasMoved(twin: Twin): void {
    this.#changed.add(twin)
    if (twin.definition.nextDue !== undefined) this.#timed.add(twin)
  }
}

/** A count for each way a twin may come to its state. */
export const noOutcomes = (): Record<RestoreOutcome, number> => ({
  restored: 0,
  migrated: 0,
  fresh: 0,
  'other-version': 0,
  unreadable: 0,
  'migration-failed': 0,
  'unknown-definition': 0,
  'unknown-address': 0,
})

function snapshotOf(twin: Twin, time: number): TwinSnapshot {
  const { id, version } = twin.definition
  const snapshot = JSON.stringify(twin.persisted())
  return { address: twin.address, time, definition: id, version, snapshot }
}
