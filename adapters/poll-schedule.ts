import type { SchedulerLike, Subscription } from 'rxjs'

/** What is read together, part by part, once a period. */
export interface PollGroup<Part> {
  readonly periodMs: number
  readonly parts: readonly Part[]
}

export interface ScheduleActions<Part> {
  /** Reads this part now, then calls `done` of the schedule. */
  read(part: Part): void
  /** So many polls were due and could not begin. */
  missed(polls: number): void
}

/** A group while it runs. `next` is the place of the part to be read next; the poll is over at the end of the list. */
interface RunningGroup<Part> {
  readonly periodMs: number
  parts: Part[]
  next: number
  /** When the present poll should be over, because the next is due. */
  deadline: number
}

/**
 * When which part is read. Each group is due once a period, counted from the beginning, so that a slow device does
 * not shift it. One read is under way at a time; the next is of the group that must be over first. A poll that is due
 * while the one before still runs is missed, counted, and never made up for.
 */
export class PollSchedule<Part extends object> {
  readonly #scheduler: SchedulerLike
  readonly #actions: ScheduleActions<Part>
  readonly #groups: readonly RunningGroup<Part>[]
  readonly #timers = new Set<Subscription>()
  /** Parts that are left out, and until when. */
  readonly #resting = new WeakMap<Part, number>()
  /** The group of which a part is being read. */
  #reading: RunningGroup<Part> | undefined
  #isPaused = false

  constructor(groups: readonly PollGroup<Part>[], scheduler: SchedulerLike, actions: ScheduleActions<Part>) {
    this.#scheduler = scheduler
    this.#actions = actions
    this.#groups = groups.map(({ periodMs, parts }) => ({
      periodMs,
      parts: [...parts],
      next: parts.length,
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

  /** From now on these parts are read in place of those, of which one was just read, and at once. */
  replace(those: readonly Part[], parts: readonly Part[]): void {
    for (const group of this.#groups) {
      const place = group.parts.findIndex(part => those.includes(part))
      if (place === -1) continue
      const rest = group.parts.slice(place).filter(part => !those.includes(part))
      group.parts = [...group.parts.slice(0, place), ...parts, ...rest]
      group.next = place
      return
    }
  }

  /** Leaves the part out for so long. */
  rest(part: Part, ms: number): void {
    this.#resting.set(part, this.#scheduler.now() + ms)
  }

  #due(group: RunningGroup<Part>, at: number): void {
    const now = this.#scheduler.now()
    // A timer may come a little early: that is no reason to be due twice.
    const behind = Math.max(0, Math.floor((now - at) / group.periodMs))
    const due = at + behind * group.periodMs
    const isRunning = group.next < group.parts.length || this.#reading === group
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
    let urgent: RunningGroup<Part> | undefined
    for (const group of this.#groups) {
      if (group.next < group.parts.length && group.deadline < (urgent?.deadline ?? Number.POSITIVE_INFINITY))
        urgent = group
    }
    if (urgent === undefined) return
    const part = urgent.parts[urgent.next++]!
    if (this.#isResting(part)) {
      this.#pump()
      return
    }
    this.#reading = urgent
    this.#actions.read(part)
  }

  #isResting(part: Part): boolean {
    const until = this.#resting.get(part)
    if (until === undefined) return false
    if (until > this.#scheduler.now()) return true
    this.#resting.delete(part)
    return false
  }
}
