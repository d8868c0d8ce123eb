import { type AnyActor, createActor, type Snapshot } from 'xstate'
import type { TwinDefinition, TwinMessage } from './definition.js'

/** What a twin tells its surroundings: emitted by its statechart, or about it by the system. */
export type TwinListener = (
  address: string,
  emitted: { readonly type: string; readonly time: number },
) => void

const inboxLimit = 64
const firstDelay = 1_000
const longestDelay = 60_000
const crashWindow = 60_000
const crashesToQuarantine = 3

export type TwinHealth = 'running' | 'restarting' | 'quarantined'

/**
 * One XState actor under supervision: started, fed, restarted from its last good snapshot when it throws, quarantined
 * when it keeps throwing. It has no children and no timers of its own; time comes with each message.
 */
export class Twin<Input = unknown> {
  readonly address: string
  readonly definition: TwinDefinition<Input>
  health: TwinHealth = 'running'
  /** Messages given up because the inbox was full or the twin is quarantined. */
  lost = 0
  readonly #input: Input
  readonly #listen: TwinListener
  #actor: AnyActor
  #error: unknown
  #inbox: TwinMessage[] = []
  #crashes: number[] = []
  #restartAt = 0

  constructor(
    address: string,
    definition: TwinDefinition<Input>,
    input: Input,
    listen: TwinListener,
    restored?: Snapshot<unknown>,
  ) {
    this.address = address
    this.definition = definition
    this.#input = input
    this.#listen = listen
    this.#actor = this.#start(restored && (definition.revive?.(restored, input) ?? restored))
  }

  get snapshot(): Snapshot<unknown> {
    return this.#actor.getSnapshot()
  }

  /** Ready for JSON. */
  persisted(): Snapshot<unknown> {
    return this.#actor.getPersistedSnapshot()
  }

  /** Handles the message to the end, or keeps it for after the restart. Returns whether it was handled now. */
  receive(message: TwinMessage): boolean {
    if (this.health === 'quarantined') {
      this.lost++
      return false
    }
    if (this.health === 'restarting') {
      this.#keep(message)
      return false
    }
    const lastGood = this.#actor.getSnapshot()
    this.#actor.send(message)
    if (this.#error === undefined) return true
    this.#crashed(message, this.definition.logic.getPersistedSnapshot(lastGood))
    return false
  }

  /** Brings a crashed twin back when its delay has passed, and hands it what came meanwhile. */
  tick(now: number): void {
    if (this.health !== 'restarting' || now < this.#restartAt) return
    this.health = 'running'
    this.#listen(this.address, { type: 'twin.restarted', time: now })
    const waiting = this.#inbox
    this.#inbox = []
    for (const message of waiting) this.receive(message)
  }

  stop(): void {
    this.#actor.stop()
  }

  #start(snapshot: Snapshot<unknown> | undefined): AnyActor {
    const actor = createActor(this.definition.logic, { input: this.#input, ...(snapshot && { snapshot }) })
    this.#error = undefined
    actor.subscribe({
      error: error => {
        this.#error = error
      },
    })
    actor.on('*', emitted => this.#listen(this.address, emitted as { type: string; time: number }))
    actor.start()
    return actor
  }

  #crashed(message: TwinMessage, lastGood: Snapshot<unknown>): void {
    const error = this.#error
    const now = message.time
    this.#crashes = [...this.#crashes.filter(time => now - time < crashWindow), now]
    this.health = this.#crashes.length >= crashesToQuarantine ? 'quarantined' : 'restarting'
    this.#restartAt = now + Math.min(longestDelay, firstDelay * 2 ** (this.#crashes.length - 1))
    this.#actor.stop()
    this.#actor = this.#start(this.definition.revive?.(lastGood, this.#input) ?? lastGood)
    this.#listen(this.address, {
      type: this.health === 'quarantined' ? 'twin.quarantined' : 'twin.crashed',
      time: now,
      ...{ message: message.type, error: error instanceof Error ? error.message : String(error) },
    })
  }

  /** A full inbox gives up the oldest level-type message (a newer sample says the same, better), never another kind. */
  #keep(message: TwinMessage): void {
    if (this.#inbox.length >= inboxLimit) {
      const oldest = this.#inbox.findIndex(({ type }) => type === 'SAMPLE')
      if (oldest === -1 && message.type === 'SAMPLE') {
        this.lost++
        return
      }
      if (oldest !== -1) {
        this.#inbox.splice(oldest, 1)
        this.lost++
      }
    }
    this.#inbox.push(message)
  }
}
