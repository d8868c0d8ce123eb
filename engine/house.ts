import type { Logger } from 'pino'
import type { Clock } from '../schema/clock.js'
import type { DataDirectory } from './data-directory.js'
import type { LiveFloor } from './floor/live-floor.js'
import type { MaintenanceDesk } from './maintenance/desk.js'
import type { Intake } from './pipeline/intake.js'
import type { Sources } from './pipeline/sources.js'
import type { Checkpoints } from './replay/checkpoints.js'

const floorTickMs = 250
const housekeepingMs = 1_000
/** Changed twins are saved over about this many seconds. */
const snapshotSpread = 30

/** Who has something to do as time goes on. */
export interface House {
  readonly floor: LiveFloor
  readonly intake: Intake
  readonly sources: Sources
  readonly maintenance: MaintenanceDesk
  readonly checkpoints: Checkpoints
  /** `floorTime`: by when all that happened is on record, Unix ms. */
  noteAlive(floorTime: number): void
}

/** Writes down that the floor runs; a disk that is full just then must not end it. */
export function aliveNote(data: DataDirectory, wall: Clock, logger: Logger): House['noteAlive'] {
  let isTold = false
  return floorTime => {
    try {
      data.writeLastAlive({ floorTime, wallTime: wall.now() })
      isTold = false
    } catch (error) {
      if (!isTold) logger.warn({ err: error }, 'that the floor runs could not be written down; trying again')
      isTold = true
    }
  }
}

/** Lets time go on: the floor ticks, what waits is tried again, what changed is saved. Returns the timers to be cleared. */
export function keepHouse({
  floor,
  intake,
  sources,
  maintenance,
  checkpoints,
  noteAlive,
}: House): NodeJS.Timeout[] {
  return [
    setInterval(() => {
      intake.record(floor.tick())
      sources.tick()
    }, floorTickMs),
    setInterval(() => {
      intake.retry()
      maintenance.tick()
      intake.record(floor.snapshot(Math.ceil(floor.twins.changedCount / snapshotSpread)))
      intake.record(checkpoints.step())
      // What was due by then has happened and is on record: after a crash nothing of it is told again.
      const now = floor.clock.now()
      intake.record(floor.tick())
      if (!intake.isBlocked) noteAlive(now)
    }, housekeepingMs),
  ]
}
