import { type LinkFault, type LinkFaultKind, usualShare } from '../../schema/link-fault.js'
import type { Signal } from '../../schema/plant.js'
import type { LinkCommand } from '../../schema/simulation-command.js'
import { toAnotherUnit } from '../../schema/unit-conversion.js'
import type { Floor } from '../floor/floor.js'
import type { By, SimulationChannel } from './channel.js'
import { SimulationError } from './simulation-error.js'
import { startOf } from './start-of.js'

export interface LinkFaultWish extends By {
  readonly kind: LinkFaultKind
  /** Missing: always for faults of the link, one in a hundred for those of values. */
  readonly share?: number
  /** Unix ms; missing: now; see startOf. */
  readonly start?: number
  /** Ms; missing: until it is cleared, a restart half a minute. */
  readonly clearAfter?: number
  readonly signals?: readonly string[]
  /** Ms. */
  readonly shift?: number
}

/** A disturbance of a link that somebody wanted and that is not over. */
export interface LinkDisturbance extends By {
  readonly source: string
  readonly fault: LinkFault
}

/** A server that restarts is away so long, ms. */
const restart = 30_000
/** Samples are late by this, and clocks off by that, ms. */
const usualShift: Partial<Record<LinkFaultKind, number>> = { late: 10_000, 'clock-jump': 3_600_000 }

/** Kinds that leave texts as they are. */
const ofNumbers: ReadonlySet<LinkFaultKind> = new Set(['wrong-unit', 'text', 'outlier', 'negative'])

/** Why nobody would see the fault on this signal; undefined where somebody would. */
function whyUnseen(kind: LinkFaultKind, signal: Signal): string | undefined {
  if (!ofNumbers.has(kind)) return undefined
  if (signal.type === 'text') return `is a text, and the link fault "${kind}" is one of numbers`
  if (kind !== 'wrong-unit' || toAnotherUnit(signal) !== undefined) return undefined
  return `is told in ${signal.unit || 'no unit'}, and there is no other for it`
}

export interface LinkControlParts {
  readonly floor: Floor
  readonly channel: SimulationChannel
  /** Kinds that nobody would see, and why. */
  readonly hidden?: Readonly<Partial<Record<LinkFaultKind, string>>>
}

/** Lets people disturb the links to simulated sources. */
export class LinkControl {
  readonly #parts: LinkControlParts
  #disturbances: LinkDisturbance[] = []
  #count = 0

  constructor(parts: LinkControlParts) {
    this.#parts = parts
  }

  /** What disturbs a link now, or will. Throws SimulationError where there is no such source. */
  disturbances(source: string): readonly LinkDisturbance[] {
    this.#find(source)
    return this.#disturbances.filter(disturbance => disturbance.source === source)
  }

  /** Throws SimulationError. */
  disturb(source: string, wish: LinkFaultWish): LinkDisturbance {
    this.#require(source)
    const { kind, who, reason, signals = [] } = wish
    const why = this.#parts.hidden?.[kind]
    if (why !== undefined)
      throw new SimulationError('not-shown', `Nobody would see the link fault "${kind}" here: ${why}.`)
    for (const id of signals) {
      const signal = this.#parts.floor.registry.signalById(id)?.signal
      if (signal?.source !== source) {
        const message = `Source ${source} has no signal '${id}'; see /api/v1/plant.`
        throw new SimulationError('unknown-signal', message)
      }
      const why = whyUnseen(kind, signal)
      if (why === undefined) continue
      throw new SimulationError('not-shown', `${id} ${why}: name other signals, or none.`)
    }
    const now = this.#parts.floor.clock.now()
    const fault: LinkFault = {
      id: `${kind}-${++this.#count}`,
      kind,
      share: wish.share ?? usualShare[kind],
      start: startOf(wish.start, now),
      clearAfter: wish.clearAfter ?? (kind === 'server-restart' ? restart : null),
      signals,
      shift: wish.shift ?? usualShift[kind] ?? 0,
    }
    const disturbance = { source, fault, who, reason }
    this.#disturbances.push(disturbance)
    const isNow = wish.start === undefined && ({ isNow: true } as const)
    const onOver = (): void => {
      this.#disturbances = this.#disturbances.filter(other => other !== disturbance)
    }
    this.#send(source, { kind: 'disturb', fault, who, reason, ...isNow, onOver })
    return disturbance
  }

  /** Ends one disturbance of a link, or all; returns how many. Throws SimulationError. */
  restore(source: string, id: string | undefined, { who, reason }: By): number {
    this.#require(source)
    const present = this.disturbances(source)
    const ended = present.filter(({ fault }) => id === undefined || fault.id === id)
    if (id !== undefined && ended.length === 0) {
      const others = present.map(({ fault }) => fault.id).join(', ') || 'none'
      throw new SimulationError('not-there', `The link to ${source} has no fault '${id}'; it has ${others}.`)
    }
    this.#disturbances = this.#disturbances.filter(disturbance => !ended.includes(disturbance))
    for (const { fault } of ended) this.#send(source, { kind: 'restore', fault, who, reason })
    return ended.length
  }

  #send(source: string, command: LinkCommand): void {
    const { fault } = command
    const { kind: pattern, share, start, clearAfter, signals, shift } = fault
    this.#parts.channel.send(source, command, {
      machine: '',
      pattern,
      severity: share,
      start,
      time_to_failure: null,
      clear_after: clearAfter,
      repair: '',
      keeps: null,
      takes: null,
      parameters: JSON.stringify({ id: fault.id, signals, shift }),
    })
  }

  #find(source: string): void {
    if (this.#parts.floor.plant.sources.some(({ id }) => id === source)) return
    throw new SimulationError('unknown-source', `No source '${source}' is in the plant; see /api/v1/sources.`)
  }

  #require(source: string): void {
    this.#find(source)
    this.#parts.channel.require(source, `The link to ${source} is a real one`)
  }
}
