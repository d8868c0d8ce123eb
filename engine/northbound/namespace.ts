import { type AlarmState, alarmStates } from '../../schema/alarm.js'
import { modeOf, packmlStates } from '../../schema/packml.js'
import type { Plant } from '../../schema/plant.js'
import { qualityNames } from '../../schema/quality.js'
import type { TwinEvent } from '../../schema/records.js'
import type { SampleBatch } from '../../schema/sample-batch.js'
import { connectionOf } from '../../schema/sensor-state.js'
import type { AlarmContext } from '../../twins/alarm/alarm.events.js'
import type { Floor } from '../floor/floor.js'
import { alarmAddress, alarmKind } from '../floor/twin-kinds.js'
import type { FigureFeed, ShownFigures } from '../gateway/figure-board.js'

/** A message for a unified namespace; all are retained, since they say what is. */
export interface NamespaceMessage {
  readonly topic: string
  readonly payload: string
  /** States may not be missed, values are told again. */
  readonly qos: 0 | 1
}

export interface NamespaceOptions {
  /** What the OEE of machines is made from; without it no KPI is told. */
  readonly figures?: FigureFeed
  /** Tell each n-th value of a signal, at once, instead of the newest at each look. */
  readonly everyNth?: number | undefined
}

/** KPIs are told at most so often, ms: they move with every second, and nobody steers by that. */
const kpiMs = 10_000

/**
 * Signals without a value told at one look at most. What an earlier run has retained of them is to be replaced, but not
 * of a hundred thousand at once.
 */
const mostUnheard = 1_000

/** Where a publisher says whether it is there: what it told before holds only as long as it is. */
export const statusTopic = ({ enterprise, name }: Pick<Plant, 'enterprise' | 'name'>): string =>
  [enterprise, 'gemba', name, 'status'].map(level).join('/')

/** A level of a topic: no separators, no wildcards, no spaces. */
const level = (name: string): string => name.replaceAll(/[\s/+#$]+/g, '-')

/**
 * What the floor says northward: the state of each machine at `{enterprise}/{site}/{area}/{line}/{machine}/state`, each
 * signal at `…/{machine}/edge/{signal}`, the OEE at `…/{machine}/kpi/oee`, each alarm at `…/alarm/{alarm}` below the machine
 * by whose id its own begins, else the enterprise (ISA-95 levels as a path). Pure: each look
 * gives what has changed since the last, so how often one looks is how often a topic is published at most.
 */
export class Namespace {
  readonly #floor: Floor
  readonly #figures: FigureFeed | undefined
  readonly #everyNth: number | undefined
  readonly #places: readonly string[]
  readonly #placeOf = new Map<string, string>()
  readonly #states: string[] = []
  /** Addresses of alarms of which something is to be told. */
  #alarms = new Set<string>()
  readonly #kpis: string[] = []
  /** Values of each signal since one was told, where each n-th is. */
  readonly #passed: Uint32Array
  #kpisAt = Number.NEGATIVE_INFINITY
  readonly #told: Float64Array
  readonly #values: Float64Array
  /** Connection and quality as told; -1 = nothing was told yet. */
  readonly #statuses: Int16Array
  /** Signals without a value that this look may still tell. */
  #unheard = 0

  constructor(floor: Floor, { figures, everyNth }: NamespaceOptions = {}) {
    this.#floor = floor
    this.#figures = figures
    this.#everyNth = everyNth
    const { enterprise } = floor.plant
    const places: string[] = []
    for (const { index, machine, site, area, line } of floor.registry.machines) {
      const place = [enterprise, site, area, line, machine.id].map(level).join('/')
      places[index] = place
      this.#placeOf.set(machine.id, place)
    }
    this.#places = places
    const { signalCapacity } = floor.registry
    this.#told = new Float64Array(signalCapacity)
    this.#values = new Float64Array(signalCapacity)
    this.#statuses = new Int16Array(signalCapacity)
    this.#passed = new Uint32Array(signalCapacity)
    this.forget()
  }

  /** The next look tells everything: nobody knows what a new broker has. */
  forget(): void {
    this.#states.length = 0
    this.#kpis.length = 0
    this.#kpisAt = Number.NEGATIVE_INFINITY
    this.#alarms = new Set(this.#floor.twinsOf?.(alarmKind.id))
    this.#told.fill(Number.NEGATIVE_INFINITY)
    this.#values.fill(Number.NaN)
    this.#statuses.fill(-1)
  }

  /** What is news since the last look. */
  look(): NamespaceMessage[] {
    const messages: NamespaceMessage[] = []
    this.#unheard = mostUnheard
    for (const { index } of this.#floor.registry.machines) this.#state(index, messages)
    for (const { index } of this.#floor.registry.signals) this.#signal(index, messages)
    for (const address of this.#alarms) this.#alarm(address, messages)
    this.#alarms.clear()
    const now = this.#floor.wall.now()
    if (this.#figures !== undefined && now - this.#kpisAt >= kpiMs) {
      this.#kpisAt = now
      for (const { index, machine } of this.#floor.registry.machines) this.#kpi(index, machine.id, messages)
    }
    return messages
  }

  /** What twins said: the alarms among them are told at the next look. */
  hear(events: readonly TwinEvent[]): void {
    for (const { address } of events) if (address.startsWith(alarmAddress(''))) this.#alarms.add(address)
  }

  /** Each n-th value of what came; nothing where the newest is told at each look. */
  pass({ count, signal, sourceTime, value, quality }: SampleBatch): NamespaceMessage[] {
    const messages: NamespaceMessage[] = []
    if (this.#everyNth === undefined) return messages
    const { signals } = this.#floor
    for (let i = 0; i < count; i++) {
      const index = signal[i]!
      // What is late is not what is.
      if (sourceTime[i]! < this.#told[index]!) continue
      this.#passed[index] = this.#passed[index]! + 1
      if (this.#passed[index]! < this.#everyNth && this.#told[index]! > Number.NEGATIVE_INFINITY) continue
      this.#passed[index] = 0
      this.#told[index] = sourceTime[i]!
      const status = signals.status[index]!
      this.#statuses[index] = (status << 2) | quality[i]!
      messages.push(this.#message(index, value[i]!, sourceTime[i]!, quality[i]!, status))
    }
    return messages
  }

  #kpi(index: number, machine: string, messages: NamespaceMessage[]): void {
    const figures = this.#figures?.of(machine)
    if (figures === undefined || figures.busy <= 0) return
    const shown = JSON.stringify(oeeOf(figures))
    if (this.#kpis[index] === shown) return
    this.#kpis[index] = shown
    const timestamp = toldTime(this.#floor.clock.now())
    const payload = `${shown.slice(0, -1)},"since":${toldTime(figures.since)},"timestamp":${timestamp}}`
    messages.push({ topic: `${this.#places[index]}/kpi/oee`, payload, qos: 1 })
  }

  #state(index: number, messages: NamespaceMessage[]): void {
    const { state, mode, since } = this.#floor.machines
    const value = packmlStates[state[index]!] ?? 'Undefined'
    const payload = JSON.stringify({
      value,
      mode: modeOf(mode[index]!),
      timestamp: toldTime(since[index]!),
    })
    if (this.#states[index] === payload) return
    this.#states[index] = payload
    messages.push({ topic: `${this.#places[index]}/state`, payload, qos: 1 })
  }

  #alarm(address: string, messages: NamespaceMessage[]): void {
    const context = this.#floor.inspect?.(address)?.context as AlarmContext | undefined
    if (context === undefined) return
    const { alarm, state, since, isActive, isAcknowledged, occurrence, settings, value, limit, comment } =
      context
    const place = this.#placeOf.get(alarm.split('.')[0]!) ?? level(this.#floor.plant.enterprise)
    const payload = JSON.stringify({
      value: state satisfies AlarmState,
      ...{ active: isActive, acknowledged: isAcknowledged, suppressed: alarmStates[state].isSuppressed },
      ...{ priority: settings.priority, occurrence, reading: value, limit, comment },
      timestamp: toldTime(since),
    })
    messages.push({ topic: `${place}/alarm/${level(alarm)}`, payload, qos: 1 })
  }

  #signal(index: number, messages: NamespaceMessage[]): void {
    const { value, quality, status, sourceTime } = this.#floor.signals
    // Before its first value a signal has no time, but something to say: what an earlier run retained holds no longer.
    const time = sourceTime[index] || Number.NEGATIVE_INFINITY
    const mark = (status[index]! << 2) | quality[index]!
    const isNewer = time !== this.#told[index] || !Object.is(value[index], this.#values[index])
    const isFirst = this.#statuses[index] === -1
    // Where each n-th value is told, only what became of the connection is news here.
    const isNews =
      isFirst ||
      (this.#everyNth === undefined
        ? isNewer || mark !== this.#statuses[index]
        : status[index] !== this.#statuses[index]! >> 2)
    if (isFirst && sourceTime[index] === 0 && this.#unheard-- <= 0) return
    if (!isNews) return
    this.#told[index] = time
    this.#values[index] = value[index]!
    this.#statuses[index] = mark
    messages.push(this.#message(index, value[index]!, sourceTime[index]!, quality[index]!, status[index]!))
  }

  #message(
    index: number,
    value: number,
    timestamp: number,
    quality: number,
    status: number,
  ): NamespaceMessage {
    const { signal, machine } = this.#floor.registry.signalByIndex(index)!
    const number = Number.isFinite(value) ? value : null
    const payload = JSON.stringify({
      value: signal.type === 'text' ? (this.#floor.text(value) ?? null) : number,
      timestamp: toldTime(timestamp),
      quality: qualityNames[quality]?.toUpperCase(),
      unit: signal.unit,
      connection: connectionOf(status),
    })
    return { topic: `${this.#places[machine]}/edge/${level(signal.name)}`, payload, qos: 0 }
  }
}

/** Whole Unix ms, as store and API tell a time that is kept with its fraction; null where it never happened. */
const toldTime = (time: number): number | null => Math.floor(time) || null

/** OEE index and its factors (ISO 22400-2), shares of 1; null where there is nothing yet to divide by. */
function oeeOf({ busy, running, ideal, idealGood, produced, good, recomputing }: ShownFigures) {
  const share = (part: number, whole: number): number | null =>
    whole > 0 ? Math.round((part / whole) * 1e4) / 1e4 : null
  return {
    value: share(idealGood, busy),
    availability: share(running, busy),
    effectiveness: share(ideal, running),
    quality: share(idealGood, ideal),
    produced,
    good,
    recomputing: recomputing === 1,
  }
}
