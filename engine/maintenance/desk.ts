import { faultsOf } from '../../schema/fault-catalogue.js'
import { type Calibration, type Maintenance, maintenanceId } from '../../schema/maintenance.js'
import type { Entry } from '../../schema/records.js'
import type { LiveFloor } from '../floor/live-floor.js'
import type { Moved } from '../floor/maintenance-watch.js'
import { timeText } from '../floor/time-text.js'
import { MaintenanceError } from './maintenance-error.js'

export interface MaintenanceDeskParts {
  readonly floor: Pick<
    LiveFloor,
    'clock' | 'registry' | 'maintain' | 'withdraw' | 'moved' | 'awaitRest' | 'calibrate'
  >
  /** What was told before the start, oldest first. */
  readonly works: readonly Maintenance[]
  readonly calibrations: readonly Calibration[]
  /** The spool takes nothing at present. */
  isBlocked(): boolean
  /** Makes the entry durable; false where the spool did not take it, but will. */
  record(entry: Entry | undefined): boolean
  /**
   * Sends somebody to a simulated machine to mend the fault that the work names; `takes`: how long, ms. The simulation
   * stops the machine and tells how it goes. False: nobody was sent, because the machine is real or has no such fault.
   */
  mend?(work: Maintenance, takes: number): boolean
}

const day = 24 * 3_600_000
/** The longest work, ms: longer is a mistyped date. */
const longest = 90 * day
/** How long ago work may have begun, ms. */
const longAgo = 3_653 * day

/** People's clocks are not the floor's, ms. */
const clockTolerance = 5 * 60_000

/**
 * Where people tell of work on machines and of calibrations. What it takes is in the spool when it answers, and moves
 * the twins. It remembers all that was ever told: a plant of hundreds of machines has some ten thousand works in years.
 */
export class MaintenanceDesk {
  readonly #parts: MaintenanceDeskParts
  /** By machine and by signal, oldest first. */
  readonly #works = new Map<string, Maintenance[]>()
  readonly #calibrations = new Map<string, Calibration[]>()
  /** Work that mends a fault and has not begun. */
  #waiting: Maintenance[] = []

  constructor(parts: MaintenanceDeskParts) {
    this.#parts = parts
    for (const work of parts.works) insert(this.#works, work.machine, work, ({ start }) => start)
    const now = parts.floor.clock.now()
    // What had begun before the start is over: a simulated plant is met anew.
    this.#waiting = parts.works.filter(({ fault, start }) => fault !== null && start > now)
    for (const done of parts.calibrations) insert(this.#calibrations, done.signal, done, ({ time }) => time)
  }

  /** Takes work on a machine. Throws MaintenanceError. */
  maintain(told: Omit<Maintenance, 'id'>): Maintenance {
    const work: Maintenance = { ...told, id: maintenanceId(told.machine, told.start) }
    this.#check(work)
    this.#record(() => this.#parts.floor.maintain(work))
    insert(this.#works, work.machine, work, ({ start }) => start)
    if (work.fault !== null) this.#waiting.push(work)
    this.tick()
    return work
  }

  /** Takes back work that was told by mistake; what it has mended stays mended. Throws MaintenanceError. */
  withdraw(id: string): void {
    const lists = [...this.#works.values()]
    const list = lists.find(works => works.some(work => work.id === id)) ?? []
    const work = list.find(known => known.id === id)
    if (work === undefined) {
      throw new MaintenanceError('unknown-work', `No work '${id}' has been told; see /api/v1/maintenance.`)
    }
    this.#record(() => this.#parts.floor.withdraw(work))
    list.splice(list.indexOf(work), 1)
    this.#waiting = this.#waiting.filter(waiting => waiting !== work)
  }

  /** What work that was just taken has moved on the floor. */
  moved(work: Maintenance): Moved {
    return this.#parts.floor.moved(work)
  }

  /** Once a second or so: sends whoever is due. */
  tick(): void {
    const now = this.#parts.floor.clock.now()
    const due = this.#waiting.filter(({ start }) => start <= now)
    if (due.length === 0) return
    this.#waiting = this.#waiting.filter(({ start }) => start > now)
    for (const work of due) {
      if (this.#parts.mend?.(work, Math.max(0, work.end - now))) this.#parts.floor.awaitRest(work)
    }
  }

  /** Takes the calibration of a sensor. Throws MaintenanceError. */
  calibrate(calibration: Calibration): Calibration {
    this.#checkCalibration(calibration)
    this.#record(() => this.#parts.floor.calibrate(calibration))
    insert(this.#calibrations, calibration.signal, calibration, ({ time }) => time)
    return calibration
  }

  /** Work on one machine, or on all, newest first. Throws MaintenanceError for a machine there is not. */
  works(machine?: string): readonly Maintenance[] {
    if (machine === undefined) {
      return [...this.#works.values()].flat().sort((a, b) => b.start - a.start || (a.id < b.id ? 1 : -1))
    }
    this.#machine(machine)
    return (this.#works.get(machine) ?? []).toReversed()
  }

  /** Calibrations of a sensor, newest first. */
  calibrations(signal: string): readonly Calibration[] {
    return (this.#calibrations.get(signal) ?? []).toReversed()
  }

  #record(move: () => Entry | undefined): void {
    const notNow = 'The spool takes nothing at present (is the disk full?).'
    if (this.#parts.isBlocked()) throw new MaintenanceError('not-now', `${notNow} Tell it again later.`)
    if (this.#parts.record(move())) return
    throw new MaintenanceError('not-now', `${notNow} It was taken and is written as soon as there is room.`)
  }

  #machine(id: string) {
    const machine = this.#parts.floor.registry.machineById(id)
    if (machine !== undefined) return machine.machine
    throw new MaintenanceError(
      'unknown-machine',
      `No machine '${id}' is in the plant; see /api/v1/machines.`,
      'machine',
    )
  }

  #check(work: Maintenance): void {
    const machine = this.#machine(work.machine)
    const { start, end, fault, repair, keeps } = work
    if (!(start < end)) {
      throw wrong('end', `It ends at ${timeText(end)}, not after its start at ${timeText(start)}.`)
    }
    if (end - start > longest) {
      const days = Math.ceil((end - start) / day)
      throw wrong(
        'end',
        `It lasts ${days} days; one work lasts at most ${longest / day}. Tell longer work in parts.`,
      )
    }
    const earliest = this.#parts.floor.clock.now() - longAgo
    if (start < earliest) {
      throw wrong(
        'start',
        `It begins at ${timeText(start)}, more than ten years ago; ${timeText(earliest)} is the earliest.`,
      )
    }
    const possible = faultsOf(machine)
    if (fault !== null && !possible.includes(fault)) {
      throw wrong(
        'fault',
        `A ${machine.type} cannot have the fault "${fault}"; it can have ${possible.join(', ')}.`,
      )
    }
    if ((repair === 'imperfect') !== (keeps !== null)) {
      const needs =
        repair === 'imperfect' ? 'says which share of the damage it keeps' : 'keeps nothing to name'
      throw wrong('keeps', `A repair of kind "${repair}" ${needs}.`)
    }
    const other = this.#works.get(work.machine)?.find(known => known.start < end && start < known.end)
    if (other === undefined) return
    const span = `${timeText(other.start)} to ${timeText(other.end)}`
    throw wrong(
      'start',
      `${work.machine} has other work then: ${other.id}, from ${span}; DELETE withdraws it.`,
    )
  }

  #checkCalibration({ signal: id, time, due, reference, reading }: Calibration): void {
    const { clock, registry } = this.#parts.floor
    const signal = registry.signalById(id)?.signal
    if (signal === undefined) {
      throw new MaintenanceError('unknown-signal', `No signal '${id}' is in the plant.`)
    }
    if (signal.role !== 'sensor' || signal.type !== 'number') {
      throw wrong('', `${id} is no sensor but a ${signal.role} signal: nothing of it can be calibrated.`)
    }
    if (time > clock.now() + clockTolerance) {
      throw wrong('time', `It is of ${timeText(time)}, and now is ${timeText(clock.now())}.`)
    }
    if (!Number.isFinite(reading - reference)) {
      throw wrong('reading', `It is too far from the reference ${reference}: their difference is no number.`)
    }
    if (due !== null && due <= time) {
      throw wrong('due', `The next is due at ${timeText(due)}, not after this one at ${timeText(time)}.`)
    }
    if (this.#calibrations.get(id)?.some(known => known.time === time)) {
      throw wrong('time', `A calibration of ${id} at ${timeText(time)} has been told already.`)
    }
  }
}

const wrong = (path: string, message: string): MaintenanceError =>
  new MaintenanceError('impossible', message, path)

/** Keeps the list of the key in order of time. */
function insert<T>(lists: Map<string, T[]>, key: string, item: T, time: (item: T) => number): void {
  const list = lists.get(key) ?? []
  lists.set(key, list)
  const later = list.findIndex(known => time(known) > time(item))
  list.splice(later === -1 ? list.length : later, 0, item)
}
