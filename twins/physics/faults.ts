import type { DamageReport } from '../../schema/damage-report.js'
import { power } from '../../schema/elementary.js'
import { type FaultPatternId, faultPattern } from '../../schema/fault-catalogue.js'
import type { Flow } from '../flow/flow.js'
import { RandomStream } from '../flow/random.js'
import { DamageBank, type DamageMachine } from './damage-bank.js'
import { faultNatures } from './effects.js'
import { type FaultCase, hasBegun, never, newCase, type Repair } from './fault-case.js'
import { drawBetween, drawLife, growingShare, lifeOf } from './life.js'

/** A fault put into a machine on purpose. */
export interface Injection {
  readonly pattern: FaultPatternId
  /** Damage that it grows to, 0 to 1; at 1 the machine fails. */
  readonly severity: number
  /** Its onset, Unix ms; missing: now. */
  readonly start?: number
  /** From onset to failure, ms, taken literally; missing: drawn from the pattern's range, and faster under load. */
  readonly timeToFailure?: number
  /** The fault is gone so long after its onset, ms; missing: it stays until it is cleared or repaired. */
  readonly clearAfter?: number
  /** Who injected it and why. */
  readonly note?: string
}

export interface FaultMachine extends DamageMachine {
  /** How many sensors it has: any of them may drift. */
  readonly sensors: number
}

export interface FaultOptions {
  readonly seed: number
  /** Unix ms. */
  readonly start: number
  /** Share of machines that carry a fault of their own at any time, 0 to 1; 0 = only what is injected. */
  readonly share: number
  /** Hears how damage comes and goes. */
  readonly onReport?: (report: DamageReport) => void
}

/** Damage is told, and obeyed by the flow, in steps of this. */
const tellingStep = 0.05
/** What waits for a machine to work again is looked at after this, ms. */
const patience = 1000
/** A part that is only made to run again has almost failed. */
const almostFailed = 0.98
/** What the crew of the plant does by itself: mostly well. */
const perfectShare = 0.85
const imperfectShare = 0.97
const crew = 'repair crew'

/**
 * The faults of simulated machines from onset to repair. The owner keeps one event for each machine: it calls `handle`
 * when that is due, and asks `due` for the next. Damage itself is a closed form between events (see `DamageBank`); what
 * production notices of it (cycle time, rejects, the stop) is written into the flow.
 */
export class Faults {
  readonly bank: DamageBank
  /** By slot of the bank. */
  readonly cases: readonly FaultCase[]
  /** How many faults of each machine have damage now. */
  readonly active: Uint8Array
  readonly #machines: readonly FaultMachine[]
  readonly #flow: Flow
  readonly #onReport: (report: DamageReport) => void
  /** How hard each machine is worked: 1 = as planned. */
  readonly #workload: Float64Array
  /** The sum of `growingShare` over the patterns that a machine may have. */
  readonly #growing: Float64Array

  constructor(machines: readonly FaultMachine[], flow: Flow, options: FaultOptions) {
    const { seed, share, start } = options
    this.bank = new DamageBank(machines, flow)
    this.active = new Uint8Array(machines.length)
    this.#machines = machines
    this.#flow = flow
    this.#onReport = options.onReport ?? (() => undefined)
    this.#workload = Float64Array.from(machines, ({ id }) =>
      new RandomStream(seed, id, 'workload').between(0.9, 1.1),
    )
    this.cases = this.bank.patterns.map((pattern, slot) => {
      const m = this.bank.machine[slot]!
      const patterns = this.bank.first[m + 1]! - this.bank.first[m]!
      const chance = new RandomStream(seed, machines[m]!.id, pattern)
      return newCase(chance, share > 0 ? lifeOf(pattern, share, patterns) : undefined)
    })
    this.#growing = new Float64Array(machines.length)
    for (const [slot, pattern] of this.bank.patterns.entries())
      this.#growing[this.bank.machine[slot]!]! += growingShare(pattern)
    if (share === 0) return
    for (let slot = 0; slot < this.cases.length; slot++) this.#meet(slot, start, share)
  }

  /** When `handle` is to be called for a machine, Unix ms; infinite where nothing will happen by itself. */
  due(machine: number, time: number): number {
    let due = never
    for (let slot = this.bank.first[machine]!; slot < this.bank.first[machine + 1]!; slot++) {
      due = Math.min(due, this.#dueOf(slot, time))
    }
    return due
  }

  /** Lets happen to a machine's faults what is due. */
  handle(machine: number, time: number): void {
    for (let slot = this.bank.first[machine]!; slot < this.bank.first[machine + 1]!; slot++) {
      const it = this.cases[slot]!
      if (it.clearAt <= time) this.clear(slot, time, { who: 'the simulator', note: 'its time was over' })
      else if (it.repairAt <= time) this.#goOnRepairing(slot, time)
      else if (it.phase === 'pending' && it.startAt <= time) this.#begin(slot, time)
      else if (it.phase === 'dormant' && it.onset <= this.#flow.operatingTime(machine, time)) {
        it.cause = 'random'
        it.note = undefined
        this.bank.goal[slot] = 1
        this.#setSpan(slot, undefined)
        this.#begin(slot, time)
      } else if (it.phase === 'growing') this.#grow(slot, time)
    }
  }

  /** Puts a fault into a slot; one that was there already, shown or not, goes on as the injected one. */
  inject(slot: number, time: number, injection: Injection): void {
    const it = this.cases[slot]!
    const damage = this.bank.damage(slot, time)
    const wasThere = hasBegun(it)
    it.cause = 'injected'
    it.note = injection.note
    it.clearAfter = injection.clearAfter ?? never
    this.bank.goal[slot] = Math.max(injection.severity, damage)
    this.#setSpan(slot, injection.timeToFailure)
    if (wasThere) {
      it.phase = 'growing'
      it.isPaused = false
      it.clearAt = time + it.clearAfter
      this.bank.set(slot, time, damage, true)
      return
    }
    it.phase = 'pending'
    it.startAt = Math.max(time, injection.start ?? time)
    if (it.startAt <= time) this.#begin(slot, time)
  }

  /** Halts the growth of a fault, or lets it go on. */
  pause(slot: number, time: number, isPaused: boolean): void {
    const it = this.cases[slot]!
    if (it.phase === (isPaused ? 'pending' : 'held')) {
      it.phase = isPaused ? 'held' : 'pending'
      if (it.startAt <= time && !isPaused) this.#begin(slot, time)
      return
    }
    if (it.phase !== (isPaused ? 'growing' : 'paused')) return
    it.phase = isPaused ? 'paused' : 'growing'
    it.isPaused = isPaused
    const { workRate, idleRate } = this.bank
    this.bank.setRates(slot, time, !isPaused, workRate[slot]!, idleRate[slot]!)
  }

  /** The fault was never there: at once, without work on the machine. */
  clear(slot: number, time: number, by: { readonly who: string; readonly note?: string }): void {
    if (this.cases[slot]!.phase === 'dormant') return
    const wasThere = hasBegun(this.cases[slot]!)
    this.#leave(slot, time, 0)
    if (wasThere) this.#report(slot, time, { kind: 'cleared', who: by.who, ...noted(by.note) })
    this.#letGo(slot, time)
  }

  /** Work on a fault, which stands the machine still for so long, ms. */
  startRepair(slot: number, time: number, repair: Repair, takes: number): void {
    const it = this.cases[slot]!
    if (!hasBegun(it)) return
    if (it.phase !== 'in-repair') this.#tellRepairStarted(slot, time, repair)
    this.bank.set(slot, time, this.bank.damage(slot, time), false)
    it.phase = 'in-repair'
    it.repair = repair
    it.repairAt = time + takes
    if (takes > 0) this.#flow.trip(this.bank.machine[slot]!, time, 'repair')
    else this.#mend(slot, time, repair)
  }

  /** A plant is met at work: some machines already carry what will make them fail. */
  #meet(slot: number, start: number, share: number): void {
    const it = this.cases[slot]!
    const machine = this.bank.machine[slot]!
    const pattern = this.bank.patterns[slot]!
    // Nobody is at work on one yet: so they are all among those that grow, the more of them the slower they grow.
    const isCarrying = it.chance.uniform() < (share * growingShare(pattern)) / this.#growing[machine]!
    const gone = 0.9 * it.chance.uniform()
    it.onset = drawLife(it.life!, it.chance)
    if (!isCarrying) return
    this.bank.goal[slot] = 1
    this.#setSpan(slot, undefined)
    this.#begin(slot, start)
    this.bank.setProgress(slot, gone)
    this.#grow(slot, start)
  }

  #setSpan(slot: number, told: number | undefined): void {
    const it = this.cases[slot]!
    const drawn = drawBetween(faultPattern(this.bank.patterns[slot]!).takes, it.chance)
    this.bank.span[slot] = told ?? drawn
    it.isLiteral = told !== undefined
    const { work, idle } = this.#ratesOf(slot)
    this.bank.workRate[slot] = work
    this.bank.idleRate[slot] = idle
  }

  /** How fast a fault grows by its machine's load, apart from what hastens it. */
  #ratesOf(slot: number): { readonly work: number; readonly idle: number } {
    if (this.cases[slot]!.isLiteral) return { work: 1, idle: 1 }
    const { loadExponent, idleRate } = faultNatures[this.bank.patterns[slot]!]
    const workload = this.#workload[this.bank.machine[slot]!]!
    return { work: power(workload, loadExponent), idle: idleRate }
  }

  #begin(slot: number, time: number): void {
    const it = this.cases[slot]!
    const machine = this.bank.machine[slot]!
    it.phase = 'growing'
    it.isPaused = false
    it.onset = never
    it.startAt = never
    it.clearAt = time + it.clearAfter
    it.isLow = it.chance.uniform() < 0.75
    it.sensor = Math.floor(it.chance.uniform() * this.#machines[machine]!.sensors)
    it.told = 0
    this.bank.set(slot, time, 0, true)
    this.active[machine]!++
  }

  #dueOf(slot: number, time: number): number {
    const it = this.cases[slot]!
    const machine = this.bank.machine[slot]!
    const fixed = Math.min(it.phase === 'held' ? never : it.startAt, it.clearAt, it.repairAt)
    if (it.phase === 'dormant' && it.onset < never) {
      const left = it.onset - this.#flow.operatingTime(machine, time)
      return Math.min(fixed, time + this.#wait(machine, left, 0))
    }
    if (it.phase !== 'growing') return fixed
    const left = this.bank.earliest(slot, this.#nextTold(slot), time) - time
    return Math.min(fixed, time + this.#wait(machine, left, this.bank.idleRate[slot]!))
  }

  /** Something is `left` ms of work away: no sooner than that, and not asked for again and again while work rests. */
  #wait(machine: number, left: number, idleRate: number): number {
    const isMoving = idleRate > 0 || this.#flow.isWorking(machine)
    return Math.max(1, Math.ceil(left), isMoving ? 0 : patience)
  }

  /** The next damage to be told of: a step on, the first stage, or where it ends. */
  #nextTold(slot: number): number {
    const { told } = this.cases[slot]!
    const { incipient } = faultPattern(this.bank.patterns[slot]!).stages
    const next = told < incipient ? incipient : (Math.floor(told / tellingStep + 1e-9) + 1) * tellingStep
    return Math.min(next, this.bank.goal[slot]!)
  }

  #grow(slot: number, time: number): void {
    const it = this.cases[slot]!
    const damage = this.bank.damage(slot, time)
    const goal = this.bank.goal[slot]!
    if (damage < this.#nextTold(slot) && damage < goal) return
    this.#tell(slot, time, damage)
    if (damage < goal) return
    it.phase = damage >= 1 ? 'failed' : 'grown'
    this.bank.set(slot, time, damage, false)
    if (damage < 1) return
    const pattern = this.bank.patterns[slot]!
    if (faultNatures[pattern].trips) {
      this.#flow.trip(this.bank.machine[slot]!, time, faultPattern(pattern).code)
    }
    if (it.cause === 'random') this.#callCrew(slot, time)
  }

  /** Somebody comes after a while. */
  #callCrew(slot: number, time: number): void {
    const it = this.cases[slot]!
    const luck = it.chance.uniform()
    const kind = luck < perfectShare ? 'perfect' : luck < imperfectShare ? 'imperfect' : 'minimal'
    const keeps = it.chance.between(0.1, 0.4)
    it.repair = { kind, who: crew, ...(kind === 'imperfect' && { keeps }) }
    it.repairAt = time + Math.round(it.chance.skewed(60_000, 900_000))
  }

  #goOnRepairing(slot: number, time: number): void {
    const it = this.cases[slot]!
    const repair = it.repair!
    if (it.phase === 'in-repair') {
      this.#mend(slot, time, repair)
      return
    }
    const takes = drawBetween(faultNatures[this.bank.patterns[slot]!].repair, it.chance)
    this.#tellRepairStarted(slot, time, repair)
    it.phase = 'in-repair'
    it.repairAt = time + Math.round(takes)
  }

  #mend(slot: number, time: number, repair: Repair): void {
    const keeps = repair.kind === 'perfect' ? 0 : repair.kind === 'minimal' ? 1 : (repair.keeps ?? 0.3)
    this.#leave(slot, time, keeps)
    const { kind, who, note } = repair
    const told = kind === 'imperfect' ? keeps : null
    this.#report(slot, time, { kind: 'repaired', who, repair: kind, keeps: told, ...noted(note) })
    this.cases[slot]!.told *= keeps
    this.#letGo(slot, time)
  }

  /** Leaves a share of a fault's damage, which grows on where nobody has halted it; without any the fault is gone. */
  #leave(slot: number, time: number, keeps: number): void {
    const it = this.cases[slot]!
    const machine = this.bank.machine[slot]!
    const wasThere = hasBegun(it)
    const damage = this.bank.damage(slot, time)
    it.repair = undefined
    it.repairAt = never
    it.startAt = never
    if (keeps === 0) {
      it.phase = 'dormant'
      it.clearAt = never
      it.clearAfter = never
      this.bank.set(slot, time, 0, false)
      if (wasThere) this.active[machine]!--
      if (it.life !== undefined) {
        it.onset = this.#flow.operatingTime(machine, time) + drawLife(it.life, it.chance)
      }
    } else {
      it.phase = it.isPaused ? 'paused' : 'growing'
      this.bank.set(slot, time, Math.min(damage * keeps, almostFailed), !it.isPaused)
    }
  }

  /** The machine goes on with what is left of its faults. */
  #letGo(slot: number, time: number): void {
    const machine = this.bank.machine[slot]!
    this.#oblige(machine, time)
    if (!this.#isDown(machine)) this.#flow.repair(machine, time)
  }

  /** Whether a fault, or work on one, keeps the machine down. */
  #isDown(machine: number): boolean {
    for (let slot = this.bank.first[machine]!; slot < this.bank.first[machine + 1]!; slot++) {
      const { phase } = this.cases[slot]!
      const trips = faultNatures[this.bank.patterns[slot]!].trips
      if (phase === 'in-repair' || (phase === 'failed' && trips)) return true
    }
    return false
  }

  #tell(slot: number, time: number, damage: number): void {
    const it = this.cases[slot]!
    this.#oblige(this.bank.machine[slot]!, time)
    // After a minimal repair the damage told before was greater.
    if (damage < it.told) return
    it.told = damage
    const severity = this.bank.goal[slot]!
    const progress = it.isLiteral ? { progress: this.bank.progress(slot, time) } : {}
    this.#report(slot, time, {
      kind: 'damage',
      damage,
      severity,
      cause: it.cause,
      ...progress,
      ...noted(it.note),
    })
  }

  #tellRepairStarted(slot: number, time: number, { who, note }: Pick<Repair, 'who' | 'note'>): void {
    if (!hasBegun(this.cases[slot]!)) return
    this.#report(slot, time, { kind: 'repair-started', who, ...noted(note) })
  }

  #report(slot: number, time: number, what: ReportBody): void {
    const machine = this.#machines[this.bank.machine[slot]!]!.id
    this.#onReport({ machine, pattern: this.bank.patterns[slot]!, time, ...what })
  }

  /** One fault may make another grow faster. */
  #hasten(machine: number, time: number): void {
    for (let slot = this.bank.first[machine]!; slot < this.bank.first[machine + 1]!; slot++) {
      const { hastens } = faultNatures[this.bank.patterns[slot]!]
      if (hastens === undefined) continue
      const other = this.bank.slotOf(machine, hastens.pattern)
      if (other === undefined || this.cases[other]!.phase !== 'growing' || this.cases[other]!.isLiteral)
        continue
      const factor = 1 + (hastens.by - 1) * this.bank.damage(slot, time)
      const { work, idle } = this.#ratesOf(other)
      this.bank.setRates(other, time, true, work * factor, idle * factor)
    }
  }

  /** What production notices of a machine's damage. */
  #oblige(machine: number, time: number): void {
    let cycle = 1
    let rejects = 0
    this.#hasten(machine, time)
    for (let slot = this.bank.first[machine]!; slot < this.bank.first[machine + 1]!; slot++) {
      const damage = this.bank.damage(slot, time)
      const nature = faultNatures[this.bank.patterns[slot]!]
      cycle *= 1 + (nature.cycleFactor - 1) * damage
      rejects += nature.rejects * damage * damage
    }
    this.#flow.cycleFactor[machine] = cycle
    this.#flow.extraReject[machine] = Math.min(rejects, 0.9)
  }
}

type OfKind<Kind extends DamageReport['kind']> = Omit<
  Extract<DamageReport, { kind: Kind }>,
  'machine' | 'pattern' | 'time'
>
type ReportBody = { [Kind in DamageReport['kind']]: OfKind<Kind> }[DamageReport['kind']]

const noted = (note: string | undefined) => (note === undefined ? {} : { note })
