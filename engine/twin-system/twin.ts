import { __unsafe_getAllOwnEventDescriptors as acceptedTypes, isMachineSnapshot, type Snapshot } from 'xstate'
import type { TwinProblemCode } from '../../twins/twin-problem.js'
import { problemOf } from './check.js'
import type { TwinDefinition, TwinEmitted, TwinMessage } from './definition.js'
import { TwinSystemError } from './errors.js'
import { type EventOutcome, EventRing, type PastEvent } from './event-ring.js'
import type { Stage } from './stage.js'
import { Supervision, type TwinHealth } from './supervision.js'

/** What a twin tells its surroundings: emitted by its statechart, or about it by the system. */
export type TwinListener = (address: string, emitted: TwinEmitted) => void

/** What all twins of a system share. */
export interface TwinHost {
  readonly stage: Stage
  readonly listen: TwinListener
  readonly refused: Record<TwinProblemCode, number>
  lost: number
  /** Floor time of the newest tick, Unix ms; infinite before the first. */
  now: number
}

/** A twin as somebody from outside sees it. */
export interface TwinInspection {
  readonly address: string
  readonly definition: string
  readonly version: number
  readonly health: TwinHealth
  /** Messages that wait for the restart. */
  readonly waiting: number
  /** The state value, nested as the statechart is. */
  readonly state: unknown
  /** What the statechart remembers, as far as its kind shows it. */
  readonly context: unknown
  /** The types of events that it would take now. */
  readonly accepts: readonly string[]
  /** The last events, oldest first. */
  readonly lastEvents: readonly PastEvent[]
}

/**
 * One statechart under supervision: fed, held in its last good state when it throws, quarantined when it keeps
 * throwing. It has no children and no timers of its own; time comes with each message.
 */
export class Twin<Input = unknown> {
  readonly address: string
  readonly definition: TwinDefinition<Input>
  readonly input: Input
  readonly #host: TwinHost
  #snapshot: Snapshot<unknown>
  #supervision: Supervision | undefined = undefined
  #past: EventRing | undefined = undefined

  /** Throws TwinSystemError `cannot-start`. */
  constructor(
    address: string,
    definition: TwinDefinition<Input>,
    input: Input,
    host: TwinHost,
    restored?: Snapshot<unknown>,
  ) {
    this.address = address
    this.definition = definition
    this.input = input
    this.#host = host
    this.#snapshot = restored ?? this.#begin()
  }

  get health(): TwinHealth {
    return this.#supervision?.health ?? 'running'
  }

  get snapshot(): Snapshot<unknown> {
    return this.#snapshot
  }

  /** When it must be told that time has passed, Unix ms; infinite where it need not, or cannot hear. */
  get nextDue(): number {
    if (this.definition.nextDue === undefined || this.health !== 'running') return Number.POSITIVE_INFINITY
    return this.definition.nextDue((this.#snapshot as unknown as { context: never }).context)
  }

  /** Ready for JSON. */
  persisted(): Snapshot<unknown> {
    return this.definition.logic.getPersistedSnapshot(this.#snapshot)
  }

  /** Puts the twin into another state of its statechart, as if it had always been there. What waited for it is lost. */
  adopt(snapshot: Snapshot<unknown>): void {
    this.#snapshot = snapshot
    for (const inVain of this.#supervision?.quarantine() ?? []) this.#lose(inVain)
    this.#supervision = undefined
  }

  /** Starts anew. */
  reset(): void {
    this.adopt(this.#begin())
  }

  /** Handles the message to the end, refuses it, or keeps it for after the restart. */
  receive(message: TwinMessage): EventOutcome | 'kept' {
    if (this.health !== 'running') return this.#whileUnwell(message)
    const problem = problemOf(this.definition, message, this.#snapshot)
    if (problem !== undefined) {
      this.#host.refused[problem.code]++
      return this.#remember(message, 'refused')
    }
    const before = this.#snapshot
    try {
      const { snapshot, emitted } = this.#host.stage.move(this.definition.logic, before, message)
      this.#snapshot = snapshot
      this.#remember(message, snapshot === before ? 'ignored' : 'handled')
      for (const said of emitted) this.#host.listen(this.address, said)
      return snapshot === before ? 'ignored' : 'handled'
    } catch (error) {
      if (this.#snapshot !== before) throw error
      return this.#crashed(message, error)
    }
  }

  /** Brings a crashed twin back when its delay has passed: first what waited for it is given, then it is announced. */
  restart(now: number, give: (message: TwinMessage) => void): void {
    const waiting = this.#supervision?.restart(now)
    if (waiting === undefined) return
    for (const message of waiting) give(message)
    this.#host.listen(this.address, { type: 'twin.restarted', time: now })
  }

  inspect(): TwinInspection {
    const snapshot = this.#snapshot
    const { value, context } = snapshot as unknown as { value: unknown; context: never }
    return {
      address: this.address,
      definition: this.definition.id,
      version: this.definition.version,
      health: this.health,
      waiting: this.#supervision?.waiting ?? 0,
      state: shownState(value),
      context: this.definition.show?.(context) ?? context,
      accepts: this.#accepts(),
      lastEvents: this.#past?.list() ?? [],
    }
  }

  #accepts(): readonly string[] {
    const snapshot = this.#snapshot
    if (this.definition.accepts !== undefined) return this.definition.accepts(snapshot as never)
    return isMachineSnapshot(snapshot) ? acceptedTypes(snapshot).sort() : []
  }

  #begin(): Snapshot<unknown> {
    const { snapshot, emitted } = this.#host.stage.begin(this.definition.logic, this.input)
    if (snapshot.status === 'error') {
      const why = `${this.address} cannot start: its statechart "${this.definition.id}" threw in its first state. Check its input.`
      throw new TwinSystemError('cannot-start', why, { cause: snapshot.error })
    }
    for (const said of emitted) this.#host.listen(this.address, said)
    return snapshot
  }

  #whileUnwell(message: TwinMessage): 'kept' | 'lost' {
    const supervision = this.#supervision!
    if (supervision.health === 'quarantined') {
      this.#lose(message)
      return 'lost'
    }
    const givenUp = supervision.keep(message)
    if (givenUp !== undefined) this.#lose(givenUp)
    if (supervision.isOverrun) {
      for (const inVain of supervision.quarantine()) this.#lose(inVain)
      this.#tell('twin.quarantined', message, 'too many messages waited for its restart')
    }
    return givenUp === message ? 'lost' : 'kept'
  }

  #lose(message: TwinMessage): void {
    this.#host.lost++
    this.#remember(message, 'lost')
  }

  #crashed(message: TwinMessage, error: unknown): 'crashed' {
    this.#remember(message, 'crashed')
    this.#supervision ??= new Supervision()
    this.#supervision.crash(this.#host.now)
    const type = this.#supervision.health === 'quarantined' ? 'twin.quarantined' : 'twin.crashed'
    this.#tell(type, message, error instanceof Error ? error.message : String(error))
    return 'crashed'
  }

  #tell(type: string, { type: message, time }: TwinMessage, error: string): void {
    this.#host.listen(this.address, { type, time, ...{ message, error } })
  }

  #remember<Outcome extends EventOutcome>(message: TwinMessage, outcome: Outcome): Outcome {
    this.#past ??= new EventRing()
    this.#past.add(message.type, message.time, outcome, saidBy(message))
    return outcome
  }
}

/** The state value without regions that have no states: what they do happens in the others as well, and says nothing. */
function shownState(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  const regions = Object.entries(value).filter(([, inner]) => !isEmpty(inner))
  return Object.fromEntries(regions.map(([region, inner]) => [region, shownState(inner)]))
}

const isEmpty = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length === 0

/** Where an event has one of these, it is what the event is about. */
const tellingFields = ['state', 'display', 'mode', 'reason', 'stopReason', 'level', 'condition'] as const

/** What an event told, in a word. */
function saidBy(message: TwinMessage): string {
  for (const field of tellingFields) {
    const said = message[field]
    if (typeof said === 'string') return said
  }
  return ''
}
