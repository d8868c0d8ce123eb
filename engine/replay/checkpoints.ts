import type { Clock } from '../../schema/clock.js'
import type { Entry } from '../../schema/records.js'
import type { CheckpointRow } from '../../schema/tables/turns.js'
import type { LiveFloor } from '../floor/live-floor.js'
import { encodeMemory } from '../floor/memory.js'

/** From the begin of one round to that of the next, ms: a replay lives through half of that before it can show anything. */
const roundPeriod = 10 * 60_000
/** Machines in one entry: some ten milliseconds of work, and far less than an entry may hold. */
const machinesAtOnce = 100

interface Round {
  readonly id: number
  readonly isStart: boolean
  /** Place of the next memory. */
  next: number
}

/** Writes down all that a floor remembers: at its start, and then every few minutes, a piece at a time. */
export class Checkpoints {
  readonly #floor: LiveFloor
  readonly #plant: string
  readonly #wall: Clock
  #round: Round | undefined
  #begunAt = Number.NEGATIVE_INFINITY

  /** `plant`: the hash of its version; `wall` names the rounds. */
  constructor(floor: LiveFloor, plant: string, wall: Clock) {
    this.#floor = floor
    this.#plant = plant
    this.#wall = wall
  }

  /** The whole floor before it is told anything: replays go on from here, whatever was before. */
  start(): Generator<Entry> {
    return this.#whole(true)
  }

  /** A round at once, between turns. */
  round(): Generator<Entry> {
    return this.#whole(false)
  }

  *#whole(isStart: boolean): Generator<Entry> {
    this.#begin(isStart)
    for (let entry = this.#piece(); entry !== undefined; entry = this.#piece()) yield entry
  }

  /** About once a second: the next piece, where a round is due or under way. */
  step(): Entry | undefined {
    if (this.#round === undefined && Math.abs(this.#wall.now() - this.#begunAt) >= roundPeriod)
      this.#begin(false)
    return this.#piece()
  }

  #begin(isStart: boolean): void {
    this.#begunAt = this.#wall.now()
    this.#round = { id: this.#begunAt, isStart, next: 0 }
  }

  #piece(): Entry | undefined {
    const round = this.#round
    if (round === undefined) return undefined
    const floor = this.#floor
    const { id, isStart: start, next } = round
    const parts = floor.memory.count
    const end = Math.min(parts, next + machinesAtOnce)
    const ts = floor.clock.now()
    const rows: CheckpointRow[] = []
    for (let part = next; part < end; part++) {
      const memory = encodeMemory(floor.memory.take(part))
      rows.push({ round: id, part, parts, start, ts, plant: this.#plant, memory })
    }
    round.next = end
    if (end === parts) this.#round = undefined
    return floor.writeDown(rows)
  }
}
