import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Plant } from '../../schema/plant.js'
import type { Entry } from '../../schema/records.js'
import { Dictionary } from '../floor/dictionary.js'
import { FloorClock } from '../floor/floor-clock.js'
import { LiveFloor } from '../floor/live-floor.js'
import { decodeMemory } from '../floor/memory.js'
import { type IndexBook, makeRegistry } from '../floor/registry.js'
import { tellAgain } from '../floor/told.js'
import { FloorRecord, type PlacedTurn, type RecordedMemory, type RecordStore, type Round } from './record.js'
import { ReplayError } from './replay-error.js'

export interface ReplayGround {
  readonly store: RecordStore
  /** The plant of a version; undefined where there is none. */
  plantOf(hash: string): Promise<Plant | undefined>
  /** Every index that was ever given. */
  indexes(): IndexBook
  /** Every text that has a code. */
  texts(): Iterable<readonly [code: number, text: string]>
  /** Ids of the sources of a plant whose machines are simulated. */
  simulated(plant: Plant): ReadonlySet<string>
  /** Real time, ms: how long a slice takes. */
  readonly wall: { now(): number }
}

export interface ReplayWindow {
  /** Unix ms, by the floor's clock. */
  readonly from: number
  /** Exclusive. */
  readonly to: number
}

/** What comes next of the record: a turn, or a memory to be taken up. */
type Step =
  | { readonly seq: number; readonly ts: number; readonly turn: PlacedTurn }
  | { readonly seq: number; readonly ts: number; readonly memory: RecordedMemory }

/** A slice of work on the way to the begin of the window, ms; others may run between two. */
const sliceMs = 8
/** The next page is asked for when so many steps are left. */
const nearEnd = 6_000

/**
 * A floor of the past that lives again, apart from everything: it goes on from the newest checkpoint before the window,
 * is told what the floor was told then, in the order of arrival and by the clock of then, and what it makes of it goes
 * nowhere. The caller says how far time has come.
 */
export class Replayer {
  readonly window: ReplayWindow
  readonly #ground: ReplayGround
  readonly #record: FloorRecord
  readonly #round: Round
  readonly #onEntry: (entry: Entry) => void
  #floor!: LiveFloor
  #plant = ''
  /** Where the clock of the floor stands, unless its sources drive it. */
  #time: number
  #steps: Step[] = []
  #at = 0
  /** The record has been read up to here. */
  #read: number
  #isRead = false
  #reading: Promise<void> | undefined
  #failure: unknown
  /** The begin of the window is reached. */
  #isThere = false
  #isOver = false

  private constructor(
    ground: ReplayGround,
    window: ReplayWindow,
    record: FloorRecord,
    round: Round,
    onEntry: (entry: Entry) => void,
  ) {
    this.window = window
    this.#ground = ground
    this.#record = record
    this.#round = round
    this.#onEntry = onEntry
    this.#time = round.time
    this.#read = round.first - 1
  }

  /**
   * Brings a floor to the begin of the window. `onEntry` hears what it makes from there on. Throws ReplayError, and what
   * the store throws.
   */
  static async begin(
    ground: ReplayGround,
    window: ReplayWindow,
    {
      onEntry = () => undefined,
      signal,
    }: { readonly onEntry?: (entry: Entry) => void; readonly signal?: AbortSignal } = {},
  ): Promise<Replayer> {
    const { from, to } = window
    if (!(to > from)) {
      throw new ReplayError(
        'bad-window',
        `The window ends at ${shown(to)}, before it begins at ${shown(from)}.`,
      )
    }
    await ground.store.flush()
    const record = new FloorRecord(ground.store)
    const span = await record.span()
    const round = await record.roundBefore(from)
    const goesOn = round !== undefined && (await record.hasTurns(round.first, from, to))
    if (round === undefined || !goesOn) {
      const there =
        span === undefined
          ? 'nothing is on record yet'
          : `the record goes from ${shown(span.from)} to ${shown(span.to)}`
      throw new ReplayError('no-record', `Nothing is on record from ${shown(from)} on: ${there}.`)
    }
    const replayer = new Replayer(ground, window, record, round, onEntry)
    await replayer.#build(round.plant)
    await replayer.#bringTo(from, signal)
    return replayer
  }

  /** Another one once the engine of then was started with another plant. */
  get floor(): LiveFloor {
    return this.#floor
  }

  /** The window is through, or the record is. */
  get isOver(): boolean {
    return this.#isOver
  }

  /**
   * Lets all happen that happened before `until` (floor time), for at most `budgetMs`. Answers how far it came: `until`,
   * or less where there was more than that to do, or where the next page of the record is still on its way. Throws what
   * reading the record threw.
   */
  advance(until: number, budgetMs = Number.POSITIVE_INFINITY): number {
    const target = Math.min(until, this.window.to)
    const deadline = this.#ground.wall.now() + budgetMs
    for (let done = 0; ; done++) {
      if (this.#failure !== undefined) throw this.#failure
      const step = this.#steps[this.#at]
      this.#readAhead()
      if (step === undefined) {
        if (!this.#isRead) return this.#time
        this.#isOver = true
        return this.#time
      }
      if (step.ts >= target) {
        this.#isOver = target >= this.window.to
        this.#time = Math.max(this.#time, target)
        return this.#time
      }
      if (done > 0 && this.#ground.wall.now() >= deadline) return this.#time
      if (!this.#take(step)) return this.#time
      this.#at++
    }
  }

  /** Resolves when the page that is on its way has come. */
  async read(): Promise<void> {
    await this.#reading
  }

  /** Whether it happened; not yet where the plant of a new start is still on its way. */
  #take(step: Step): boolean {
    this.#time = step.ts
    if ('turn' in step) {
      const { samples, ...turn } = step.turn
      const entry = tellAgain(this.#floor, samples === undefined ? turn : { ...turn, batch: samples() })
      if (entry !== undefined && this.#isThere) this.#onEntry(entry)
      return true
    }
    const { plant, memory } = step.memory
    if (plant !== this.#plant) {
      this.#reading ??= this.#build(plant).then(
        () => {
          this.#reading = undefined
        },
        (error: unknown) => {
          this.#failure = error
        },
      )
      return false
    }
    this.#floor.recall(decodeMemory(memory))
    return true
  }

  async #build(hash: string): Promise<void> {
    const { plantOf, indexes, texts, simulated } = this.#ground
    const plant = await plantOf(hash)
    if (plant === undefined) {
      const message = `The plant of then (${hash}) is not in the store, so that nobody can say what its record means.`
      throw new ReplayError('unreadable', message)
    }
    const wall = { now: () => this.#time }
    const driven = plant.sources.some(({ clock }) => clock === 'source') ? 'source' : 'wall'
    const pieces = LiveFloor.inPieces({
      plant,
      registry: makeRegistry(plant, indexes()).registry,
      dictionary: new Dictionary(texts()),
      clock: new FloorClock(wall, driven),
      wall: this.#ground.wall,
      simulated: simulated(plant),
    })
    this.#floor = await this.#inSlices(pieces)
    this.#plant = hash
  }

  /** Others have their turn between two slices of the work. */
  async #inSlices<T>(work: Generator<undefined, T>): Promise<T> {
    const { wall } = this.#ground
    for (let until = wall.now() + sliceMs; ; ) {
      const piece = work.next()
      if (piece.done === true) return piece.value
      if (wall.now() < until) continue
      await nextTurn()
      until = wall.now() + sliceMs
    }
  }

  async #bringTo(from: number, signal: AbortSignal | undefined): Promise<void> {
    while (this.advance(from, sliceMs) < from && !this.#isOver) {
      signal?.throwIfAborted()
      await this.read()
      await nextTurn()
    }
    this.#isThere = true
  }

  #readAhead(): void {
    if (this.#reading !== undefined || this.#isRead || this.#steps.length - this.#at > nearEnd) return
    this.#reading = this.#readPage().then(
      () => {
        this.#reading = undefined
      },
      (error: unknown) => {
        this.#failure = error
      },
    )
  }

  async #readPage(): Promise<void> {
    const turns = await this.#record.turns(this.#read)
    const last = turns.at(-1)?.seq
    if (last === undefined) {
      this.#isRead = true
      return
    }
    const memories = await this.#record.memories(this.#round.round, this.#read + 1, last)
    const steps: Step[] = [
      ...turns.map(turn => ({ seq: turn.seq, ts: turn.ts, turn })),
      ...memories.map(memory => ({ seq: memory.seq, ts: memory.ts, memory })),
    ]
    this.#steps = [...this.#steps.slice(this.#at), ...steps.sort((a, b) => a.seq - b.seq)]
    this.#at = 0
    this.#read = last
  }
}

const shown = (time: number): string => (Number.isFinite(time) ? new Date(time).toISOString() : String(time))
