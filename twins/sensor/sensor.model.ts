import { type LimitName, type Limits, limitNames } from '../../schema/sensor-state.js'
import type { SensorEvent } from './sensor.events.js'

interface Watch {
  readonly limit: number
  readonly on: number
  readonly off: number
  since: number | undefined
}

/**
 * The sensor twin in plain words, to hold the statechart against: no XState, no typed arrays, no numbers for names.
 * It is slow and says what the standard says: a level is entered when its limit has been reached for the on-delay, and
 * left when the value has been back by the deadband for the off-delay.
 */
export class SensorModel {
  connection: 'live' | 'stale' | 'lost' = 'lost'
  quality: 'good' | 'uncertain' | 'bad' = 'bad'
  health = 'ok'
  score = 100
  calibratedAt = 0
  readonly moves: { to: string; time: number }[] = []
  #side: 'high' | 'low' | undefined
  #isCritical = false
  #movedAt = 0
  readonly #deadband: number
  readonly #watches: Partial<Record<LimitName, Watch>> = {}

  constructor(limits: Limits) {
    this.#deadband = limits.deadband ?? 0
    for (const name of limitNames) {
      const limit = limits[name]
      if (limit === undefined) continue
      const on = limits.delays?.[name]?.onDelay ?? limits.onDelay ?? 0
      const off = limits.delays?.[name]?.offDelay ?? limits.offDelay ?? 0
      this.#watches[name] = { limit, on, off, since: undefined }
    }
  }

  get level(): string {
    if (this.#side === undefined) return 'normal'
    return `${this.#isCritical ? 'critical' : 'warning'}-${this.#side}`
  }

  take(event: SensorEvent): void {
    switch (event.type) {
      case 'SAMPLE':
        this.connection = 'live'
        this.#sample(event.value, event.quality, event.time)
        return
      case 'TICK':
        this.#settle(event.time)
        return
      case 'SILENT':
        if (this.connection === 'live') this.connection = 'stale'
        this.#stop()
        return
      case 'SOURCE_LOST':
        this.connection = 'lost'
        this.#stop()
        return
      case 'SOURCE_FOUND':
        if (this.connection === 'lost') this.connection = 'stale'
        this.#stop()
        this.#movedAt = 0
        return
      case 'HEALTH':
        this.health = event.condition
        this.score = event.score
        return
      case 'CALIBRATED':
        this.calibratedAt = event.time
        if (this.health !== 'drifting' && this.health !== 'calibration-due') return
        this.health = 'ok'
        this.score = 100
    }
  }

  #sample(value: number, quality: number, time: number): void {
    const names = ['good', 'uncertain', 'bad'] as const
    this.quality = Number.isFinite(value) ? names[quality]! : 'bad'
    this.#settle(time)
    if (this.quality === 'bad') {
      this.#stop()
      return
    }
    const at = Math.max(time, this.#movedAt)
    const isBeyond = (name: LimitName): boolean => {
      const watch = this.#watches[name]
      if (watch === undefined) return false
      const slack = this.#holds(name) ? this.#deadband : 0
      return name.endsWith('High') ? value >= watch.limit - slack : value <= watch.limit + slack
    }
    const isHigh = isBeyond('warningHigh') || isBeyond('criticalHigh')
    const beyond = limitNames.filter(name => (name.endsWith('High') || !isHigh) && isBeyond(name))
    for (const name of limitNames) {
      const watch = this.#watches[name]
      if (watch === undefined) continue
      const isRunning = beyond.includes(name) !== this.#holds(name)
      watch.since = isRunning ? (watch.since ?? at) : undefined
    }
    this.#settle(time)
  }

  /** A critical level holds the warning of its side as well. */
  #holds(name: LimitName): boolean {
    if (this.#side === undefined || !name.toLowerCase().endsWith(this.#side)) return false
    return name.startsWith('warning') || this.#isCritical
  }

  #settle(time: number): void {
    const now = Math.max(time, this.#movedAt)
    for (;;) {
      const held = limitNames.filter(name => this.#holds(name))
      const entries = (['criticalHigh', 'criticalLow', 'warningHigh', 'warningLow'] as const)
        .filter(name => !held.includes(name))
        .map(name => ({ name, due: due(this.#watches[name], 'on') }))
      const own = held.find(name => name.startsWith(this.#isCritical ? 'critical' : 'warning'))
      const leaving = own && { name: undefined, due: due(this.#watches[own], 'off') }
      const next = [...entries, ...(leaving ? [leaving] : [])]
        .filter(move => move.due <= now)
        .reduce<(typeof entries)[number] | typeof leaving>(
          (first, move) => (first === undefined || move.due < first.due ? move : first),
          undefined,
        )
      if (next === undefined) return
      if (next.name !== undefined) {
        this.#side = next.name.endsWith('High') ? 'high' : 'low'
        this.#isCritical = next.name.startsWith('critical')
      } else this.#leave(next.due)
      for (const name of limitNames) {
        const watch = this.#watches[name]
        if (watch !== undefined && held.includes(name) !== this.#holds(name)) watch.since = undefined
      }
      this.#movedAt = next.due
      this.moves.push({ to: this.level, time: next.due })
    }
  }

  #leave(time: number): void {
    const warning = this.#watches[this.#side === 'high' ? 'warningHigh' : 'warningLow']
    const isWarned = this.#isCritical && warning !== undefined && due(warning, 'off') > time
    this.#isCritical = false
    if (!isWarned) this.#side = undefined
  }

  #stop(): void {
    for (const name of limitNames) {
      const watch = this.#watches[name]
      if (watch !== undefined) watch.since = undefined
    }
  }
}

const due = (watch: Watch | undefined, kind: 'on' | 'off'): number =>
  watch?.since === undefined ? Number.POSITIVE_INFINITY : watch.since + watch[kind]
