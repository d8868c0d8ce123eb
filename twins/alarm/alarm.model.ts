import type { AlarmCause, AlarmSettings, AlarmState } from '../../schema/alarm.js'
import type { AlarmEvent } from './alarm.events.js'

/** What the model says of a record; the rest is copied, not decided. */
export interface ModelRecord {
  readonly time: number
  readonly occurrence: number
  readonly from: AlarmState
  readonly to: AlarmState
  readonly cause: AlarmCause
}

/** States A to F without their names: what the alarm would be if nothing suppressed it. */
type Letter = 'A' | 'B' | 'C' | 'D' | 'E' | 'F'

const names: Readonly<Record<Letter, AlarmState>> = {
  A: 'Normal',
  B: 'Unacknowledged',
  C: 'Acknowledged',
  D: 'ReturnedUnacknowledged',
  E: 'LatchedUnacknowledged',
  F: 'LatchedAcknowledged',
}

/**
 * An alarm in plain code, to hold the statechart against. Where the chart has a place to be in, this has a letter
 * and three reasons for suppression, and works the state out of them each time: I before H before G before the letter.
 */
export class AlarmModel {
  readonly #settings: AlarmSettings
  #letter: Letter = 'A'
  #isActive = false
  /** What the condition waits to become, and when. */
  #pending: { readonly isActive: boolean; readonly at: number } | undefined
  #shelfUntil: number | undefined
  #isOneShot = false
  #isByDesign = false
  #isOutOfService = false
  #reAlarmAt: number | undefined
  #isConfirmed = true
  #occurrence = 0
  #records: ModelRecord[] = []

  constructor(settings: AlarmSettings) {
    this.#settings = settings
  }

  get state(): AlarmState {
    if (this.#isOutOfService) return 'OutOfService'
    if (this.#isByDesign) return 'SuppressedByDesign'
    if (this.#shelfUntil !== undefined) return 'Shelved'
    return names[this.#letter]
  }

  get isActive(): boolean {
    return this.#isActive
  }

  get isConfirmed(): boolean {
    return this.#isConfirmed
  }

  /** Takes an event and gives back what it records, late delays first. */
  apply(event: AlarmEvent): ModelRecord[] {
    this.#records = []
    for (;;) {
      const due = Math.min(
        this.#pending?.at ?? Infinity,
        this.#shelfUntil ?? Infinity,
        this.#reAlarmAt ?? Infinity,
      )
      if (due > event.time) break
      this.#passTime(due)
    }
    this.#take(event)
    return this.#records
  }

  #passTime(time: number): void {
    if (this.#reAlarmAt === time) this.#become('B', time, 're-alarm')
    if (this.#shelfUntil === time) this.#endShelf(time, 'shelving-ended')
    if (this.#pending?.at === time) {
      const { isActive } = this.#pending
      this.#pending = undefined
      this.#conditionIs(isActive, time)
    }
  }

  #take(event: AlarmEvent): void {
    const { time } = event
    const settings = this.#settings
    switch (event.type) {
      case 'CONDITION': {
        if (event.isActive === this.#isActive) {
          this.#pending = undefined
        } else if (this.#pending === undefined) {
          const delay = event.isActive ? settings.onDelay : settings.offDelay
          if (delay === 0) this.#conditionIs(event.isActive, time)
          else this.#pending = { isActive: event.isActive, at: time + delay }
        }
        return
      }
      case 'ACKNOWLEDGE': {
        const next = ({ B: 'C', D: 'A', E: 'F' } as const)[this.#letter as string]
        if (this.#isSuppressed || next === undefined) return
        this.#isConfirmed = !settings.needsConfirmation
        this.#become(next, time, 'acknowledged')
        return
      }
      case 'UNACKNOWLEDGE':
        if (!this.#isSuppressed && this.#letter === 'C') this.#become('B', time, 'unacknowledged')
        return
      case 'CONFIRM':
        if (this.#isConfirmed) return
        this.#isConfirmed = true
        this.#record(time, this.state, 'confirmed')
        return
      case 'RESET':
        if (!this.#isSuppressed && this.#letter === 'F') this.#become('A', time, 'reset')
        return
      case 'SHELVE':
      case 'SHELVE_ONCE':
        this.#change(time, 'shelved', () => {
          this.#isOneShot = event.type === 'SHELVE_ONCE'
          this.#shelfUntil = time + (event.type === 'SHELVE' ? event.duration : settings.maximumShelvingTime)
        })
        return
      case 'UNSHELVE':
        if (this.#shelfUntil !== undefined) this.#endShelf(time, 'unshelved')
        return
      case 'SUPPRESS':
        if (this.#isByDesign) return
        this.#change(time, 'suppressed', () => {
          this.#isByDesign = true
        })
        return
      case 'UNSUPPRESS':
        if (!this.#isByDesign) return
        this.#change(time, 'unsuppressed', () => {
          this.#isByDesign = false
        })
        return
      case 'REMOVE_FROM_SERVICE':
        if (this.#isOutOfService) return
        this.#change(time, 'removed-from-service', () => {
          this.#isOutOfService = true
        })
        return
      case 'RETURN_TO_SERVICE':
        if (!this.#isOutOfService) return
        this.#change(time, 'returned-to-service', () => {
          this.#isOutOfService = false
        })
        return
      case 'TICK':
        return
    }
  }

  get #isSuppressed(): boolean {
    return this.#isOutOfService || this.#isByDesign || this.#shelfUntil !== undefined
  }

  #endShelf(time: number, cause: AlarmCause): void {
    this.#change(time, cause, () => {
      this.#shelfUntil = undefined
      this.#isOneShot = false
    })
  }

  /** Whatever changes in suppression: under it the letter follows the condition, so that nothing comes back as C. */
  #change(time: number, cause: AlarmCause, change: () => void): void {
    const from = this.state
    change()
    this.#reAlarmAt = undefined
    this.#letter = this.#isActive ? 'B' : 'A'
    this.#record(time, from, cause)
  }

  #conditionIs(isActive: boolean, time: number): void {
    this.#isActive = isActive
    const isLatched = this.#letter === 'E' || this.#letter === 'F'
    if (isActive && !isLatched) this.#occurrence += 1
    if (this.#isSuppressed) {
      this.#letter = isActive ? 'B' : 'A'
      this.#record(time, this.state, isActive ? 'activated' : 'cleared')
      if (!isActive && this.#isOneShot) this.#endShelf(time, 'shelving-ended')
      return
    }
    const wasSeen = this.#letter === 'F' && !this.#settings.isAutoAcknowledged
    if (isActive) this.#become(wasSeen ? 'C' : 'B', time, 'activated')
    else this.#become(this.#letterAfterClearing(), time, 'cleared')
  }

  #letterAfterClearing(): Letter {
    const isAcknowledged = this.#letter === 'C' || this.#settings.isAutoAcknowledged
    if (this.#settings.isLatching) return isAcknowledged ? 'F' : 'E'
    return isAcknowledged ? 'A' : 'D'
  }

  #become(letter: Letter, time: number, cause: AlarmCause): void {
    const from = this.state
    this.#letter = letter
    const { reAlarmTime } = this.#settings
    this.#reAlarmAt = letter === 'C' && reAlarmTime > 0 ? time + reAlarmTime : undefined
    this.#record(time, from, cause)
  }

  #record(time: number, from: AlarmState, cause: AlarmCause): void {
    this.#records.push({ time, occurrence: this.#occurrence, from, to: this.state, cause })
  }
}
