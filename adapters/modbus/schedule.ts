import type { SchedulerLike, Subscription } from 'rxjs'
import type { Block } from './plan.js'

export interface PollGroup {
  readonly periodMs: number
  readonly blocks: readonly Block[]
}

export interface ScheduleActions {
  /** Reads this block now, then calls `done` of the schedule. */
  read(block: Block): void
  /** So many polls were due and could not begin. */
  missed(polls: number): void
}

/** A group while it runs. `next` is the place of the block to be read next; the poll is over at the end of the list. */
interface RunningGroup {
  readonly periodMs: number
  blocks: Block[]
  next: number
  /** When the present poll should be over, because the next is due. */
  deadline: number
}

/**
 * When which block is read. Each group is due once a period, counted from the beginning, so that a slow device does
 * not shift it. One read is under way at a time; the next is of the group that must be over first. A poll that is due
 * while the one before still runs is missed, counted, and never made up for.
 */
export class PollSchedule {
  readonly #scheduler: SchedulerLike
  readonly #actions: ScheduleActions
  readonly #groups: readonly RunningGroup[]
  readonly #timers = new Set<Subscription>()
  /** Blocks that are left out, and until when. */
  readonly #resting = new Map<Block, number>()
  /** The group of which a block is being read. */
  #reading: RunningGroup | undefined
  #isPaused = false

  constructor(groups: readonly PollGroup[], scheduler: SchedulerLike, actions: ScheduleActions) {
    this.#scheduler = scheduler
    this.#actions = actions
    this.#groups = groups.map(({ periodMs, blocks }) => ({
      periodMs,
      blocks: [...blocks],
      next: blocks.length,
      deadline: Number.NEGATIVE_INFINITY,
    }))
  }

  start(): void {
    const now = this.#scheduler.now()
    for (const group of this.#groups) this.#due(group, now)
  }

  stop(): void {
    for (const timer of this.#timers) timer.unsubscribe()
    this.#timers.clear()
    this.#isPaused = true
  }

  /** While paused nothing is read, and what is due is missed. */
  pause(isPaused: boolean): void {
    this.#isPaused = isPaused
    if (!isPaused) this.#pump()
  }

  /** The read is over. */
  done(): void {
    this.#reading = undefined
    this.#pump()
  }

  /** From now on these blocks are read in place of the one just read, and at once. */
  replace(block: Block, blocks: readonly Block[]): void {
    for (const group of this.#groups) {
      const place = group.blocks.indexOf(block)
      if (place === -1) continue
      group.blocks.splice(place, 1, ...blocks)
      group.next = place
      return
    }
  }

  /** Leaves the block out for so long. */
  rest(block: Block, ms: number): void {
    this.#resting.set(block, this.#scheduler.now() + ms)
  }

  #due(group: RunningGroup, at: number): void {
    const now = this.#scheduler.now()
    // A timer may come a little early: that is no reason to be due twice.
    const behind = Math.max(0, Math.floor((now - at) / group.periodMs))
    const due = at + behind * group.periodMs
    const isRunning = group.next < group.blocks.length || this.#reading === group
    const missed = behind + (isRunning || this.#isPaused ? 1 : 0)
    if (missed > 0) this.#actions.missed(missed)
    if (!isRunning && !this.#isPaused) {
      group.next = 0
      group.deadline = due + group.periodMs
    }
    const timer = this.#scheduler.schedule(
      () => {
        this.#timers.delete(timer)
        this.#due(group, due + group.periodMs)
      },
      due + group.periodMs - now,
    )
    this.#timers.add(timer)
    this.#pump()
  }

  #pump(): void {
    if (this.#reading !== undefined || this.#isPaused) return
    let urgent: RunningGroup | undefined
    for (const group of this.#groups) {
      if (group.next < group.blocks.length && group.deadline < (urgent?.deadline ?? Number.POSITIVE_INFINITY))
        urgent = group
    }
    if (urgent === undefined) return
    const block = urgent.blocks[urgent.next++]!
    if (this.#isResting(block)) {
      this.#pump()
      return
    }
    this.#reading = urgent
    this.#actions.read(block)
  }

  #isResting(block: Block): boolean {
    const until = this.#resting.get(block)
    if (until === undefined) return false
    if (until > this.#scheduler.now()) return true
    this.#resting.delete(block)
    return false
  }
}
