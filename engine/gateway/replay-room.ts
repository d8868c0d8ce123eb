import type { Clock } from '../../schema/clock.js'
import type { ReplayStage } from '../../schema/stream/protocol.js'
import type { Floor } from '../floor/floor.js'
import type { Replayer, ReplayWindow } from '../replay/replayer.js'
import { StreamHub, type StreamHubOptions } from './stream-hub.js'

export interface ReplayRoomParts {
  readonly replayer: Replayer
  /** Real time, ms. */
  readonly wall: Clock
  readonly speed: number
  readonly isHeld: boolean
}

/** What is due for longer, in real ms, is let go: the replay is slower from then on. */
const mostDebtMs = 250

/** What a slice of work has led to. */
export type RoomNews = 'in-time' | 'behind' | 'over' | 'new-plant'

/**
 * A floor of the past with a stream of its own for one client. Its time follows the wall's at its speed; where there is
 * more to do than there is time for, it is slower, and skips nothing.
 */
export class ReplayRoom {
  readonly #replayer: Replayer
  readonly #wall: Clock
  #hub: StreamHub | undefined
  #shown: Floor
  #speed: number
  #isHeld: boolean
  /** At this time of the wall the floor's time was to be `due`; where it is, is `at`. */
  #since: number
  #due: number
  #at: number
  #isOver = false

  constructor({ replayer, wall, speed, isHeld }: ReplayRoomParts) {
    this.#replayer = replayer
    this.#wall = wall
    this.#speed = speed
    this.#isHeld = isHeld
    this.#since = wall.now()
    this.#due = replayer.window.from
    this.#at = this.#due
    this.#shown = replayer.floor
  }

  get window(): ReplayWindow {
    return this.#replayer.window
  }

  get floor(): Floor {
    return this.#replayer.floor
  }

  /** Where the floor's time stands, Unix ms. */
  get at(): number {
    return this.#at
  }

  get speed(): number {
    return this.#speed
  }

  get stage(): ReplayStage {
    if (this.#isOver) return 'over'
    return this.#isHeld ? 'held' : 'playing'
  }

  get hub(): StreamHub {
    return this.#hub!
  }

  /** Opens the stream of the floor that there is now. */
  open(options: Omit<StreamHubOptions, 'floor'>): void {
    this.#shown = this.#replayer.floor
    this.#hub = new StreamHub({ ...options, floor: this.#shown })
  }

  pace(speed: number, isHeld: boolean): void {
    const now = this.#wall.now()
    this.#due = this.#target(now)
    this.#since = now
    this.#speed = speed
    this.#isHeld = isHeld
  }

  /** Lets happen what is due, for at most `budgetMs`. Throws what reading the record threw. */
  advance(budgetMs: number): RoomNews {
    if (this.#isHeld || this.#isOver) return 'in-time'
    const now = this.#wall.now()
    const target = this.#target(now)
    const reached = this.#replayer.advance(target, budgetMs)
    this.#isOver = this.#replayer.isOver
    this.#at = this.#isOver ? this.window.to : reached
    if (target - reached > mostDebtMs * this.#speed) {
      this.#due = reached
      this.#since = now
    }
    if (this.#replayer.floor !== this.#shown) return 'new-plant'
    if (this.#isOver) return 'over'
    return reached < target ? 'behind' : 'in-time'
  }

  #target(now: number): number {
    if (this.#isHeld || this.#isOver) return this.#due
    return Math.min(this.window.to, this.#due + Math.max(0, now - this.#since) * this.#speed)
  }
}
