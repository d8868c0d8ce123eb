import { faultPattern, type RepairKind } from '../../schema/fault-catalogue.js'
import type { FaultEvent, FaultInput, FaultState } from './fault.events.js'

/** What the model says of a transition. */
export interface ModelRecord {
  readonly time: number
  readonly from: FaultState
  readonly to: FaultState
  readonly occurrence: number
  readonly severity: number
  readonly progress: number
}

const bySeverity: readonly (readonly [least: number, state: FaultState])[] = [
  [0.75, 'severe'],
  [0.5, 'developing'],
  [Number.MIN_VALUE, 'incipient'],
  [0, 'dormant'],
]
const evidenceStates = {
  none: 'dormant',
  warning: 'incipient',
  alert: 'developing',
  critical: 'severe',
} as const
const severities: Readonly<Partial<Record<FaultState, number>>> = {
  dormant: 0,
  incipient: 0.25,
  developing: 0.5,
  severe: 0.75,
  failed: 1,
}

type Damage = Extract<FaultEvent, { type: 'DAMAGE' }>

/** A fault in plain code, to hold the statechart against. */
export class FaultModel {
  readonly #input: FaultInput
  /** From onset to failure, ms. */
  readonly #span: number
  state: FaultState = 'dormant'
  damage = 0
  severity = 0
  occurrence = 0
  /** How far it had come at `#countedFrom`; it goes on from there while the machine is in use. */
  #progress = 0
  #countedFrom: number | undefined
  /** Whether the event that it hears says how far it is. */
  #isTold = false
  #records: ModelRecord[] = []

  constructor(input: FaultInput) {
    this.#input = input
    const [least, greatest] = faultPattern(input.pattern).takes
    this.#span = Math.sqrt(least * greatest)
  }

  progressAt(time: number): number {
    if (this.#countedFrom === undefined) return this.#progress
    return Math.min(0.99, this.#progress + (time - this.#countedFrom) / this.#span)
  }

  apply(event: FaultEvent): ModelRecord[] {
    this.#records = []
    this.#isTold = false
    const isInRepair = this.state === 'underRepair' || this.state === 'repaired'
    switch (event.type) {
      case 'DAMAGE':
        if (this.state === 'underRepair') break
        if (this.state === 'repaired') this.#growAgain(event)
        else {
          this.damage = event.damage
          this.#hearProgress(event)
          this.#toStage(this.#stageByDamage(), event.time)
        }
        break
      case 'CLEARED':
        this.damage = 0
        this.#toStage('dormant', event.time)
        break
      case 'EVIDENCE':
        if (isInRepair || this.state === 'failed') break
        this.severity = event.severity
        this.#toStage(evidenceStates[event.level], event.time)
        break
      case 'BREAKDOWN':
        if (!isInRepair) this.#toStage('failed', event.time)
        break
      case 'REPAIR_STARTED':
        if (this.state === 'underRepair') break
        this.#progress = this.progressAt(event.time)
        this.#countedFrom = undefined
        this.#move('underRepair', event.time)
        break
      case 'REPAIR_ENDED':
        if (this.state === 'underRepair') this.#repair(event.kind, event.keeps, event.time)
        break
      case 'RESTARTED':
        if (this.state === 'repaired') this.#toStage(this.#stageLeft(), event.time)
        else if (this.state === 'failed' && this.#input.estimated) this.#toStage('dormant', event.time)
        break
      case 'TICK':
        break
    }
    return this.#records
  }

  #repair(kind: RepairKind, keeps: number | null, time: number): void {
    const kept = kind === 'perfect' ? 0 : kind === 'minimal' ? 1 : (keeps ?? Number.NaN)
    this.damage *= kept
    this.severity *= kept
    this.#progress *= kept
    this.#move('repaired', time)
  }

  #growAgain(event: Damage): void {
    const left = this.#stageLeft()
    this.damage = event.damage
    const stage = this.#stageByDamage()
    if (stage === left) {
      this.#hearProgress(event)
      return
    }
    if (left === 'dormant') {
      this.occurrence += 1
      this.#progress = 0
    }
    this.#hearProgress(event)
    this.#toStage(stage, event.time)
  }

  /** Told progress stands until the next is told. */
  #hearProgress({ progress, time }: Damage): void {
    this.#isTold = progress !== undefined
    if (progress === undefined || this.#stageByDamage() === 'dormant') return
    this.#progress = Math.max(this.progressAt(time), Math.min(0.99, progress))
    this.#countedFrom = undefined
  }

  #stageByDamage(): FaultState {
    const { incipient, developing, severe } = faultPattern(this.#input.pattern).stages
    const passed = [incipient, developing, severe, 1].filter(threshold => this.damage >= threshold).length
    return (['dormant', 'incipient', 'developing', 'severe', 'failed'] as const)[passed] ?? 'failed'
  }

  #stageLeft(): FaultState {
    if (this.#input.estimated) return bySeverity.find(([least]) => this.severity >= least)?.[1] ?? 'dormant'
    const stage = this.#stageByDamage()
    return stage === 'failed' ? 'severe' : stage
  }

  #toStage(to: FaultState, time: number): void {
    if (to === this.state) return
    if (this.state === 'dormant') this.occurrence += 1
    if (!this.#input.estimated || to === 'dormant' || to === 'failed') this.severity = severities[to] ?? 0
    if (to === 'dormant' || to === 'failed') {
      this.#progress = to === 'failed' ? 1 : 0
      this.#countedFrom = undefined
    } else {
      if (this.#countedFrom === undefined && !this.#isTold) {
        this.#progress = Math.min(0.99, this.#progress)
        this.#countedFrom = time
      }
    }
    this.#move(to, time)
  }

  #move(to: FaultState, time: number): void {
    const { state: from, occurrence, severity } = this
    this.#records.push({ time, from, to, occurrence, severity, progress: this.progressAt(time) })
    this.state = to
  }
}
