import { modeOf, packmlStates } from '../../schema/packml.js'
import { qualityNames } from '../../schema/quality.js'
import { connectionOf } from '../../schema/sensor-state.js'
import type { Floor } from '../floor/floor.js'

/** A message for a unified namespace; all are retained, since they say what is. */
export interface NamespaceMessage {
  readonly topic: string
  readonly payload: string
  /** States may not be missed, values are told again. */
  readonly qos: 0 | 1
}

/** A level of a topic: no separators, no wildcards, no spaces. */
const level = (name: string): string => name.replaceAll(/[\s/+#$]+/g, '-')

/**
 * What the floor says northward: the state of each machine at `{enterprise}/{site}/{area}/{line}/{machine}/state`, each
 * signal at `…/{machine}/edge/{signal}` (ISA-95 levels as a path). Pure: each look gives what has changed since the
 * last, so how often one looks is how often a topic is published at most.
 */
export class Namespace {
  readonly #floor: Floor
  readonly #places: readonly string[]
  readonly #states: string[] = []
  readonly #told: Float64Array
  readonly #values: Float64Array
  readonly #statuses: Int16Array

  constructor(floor: Floor) {
    this.#floor = floor
    const { enterprise } = floor.plant
    const places: string[] = []
    for (const { index, machine, site, area, line } of floor.registry.machines) {
      places[index] = [enterprise, site, area, line, machine.id].map(level).join('/')
    }
    this.#places = places
    const { signalCapacity } = floor.registry
    this.#told = new Float64Array(signalCapacity)
    this.#values = new Float64Array(signalCapacity)
    this.#statuses = new Int16Array(signalCapacity)
    this.forget()
  }

  /** The next look tells everything: nobody knows what a new broker has. */
  forget(): void {
    this.#states.length = 0
    this.#told.fill(Number.NEGATIVE_INFINITY)
    this.#values.fill(Number.NaN)
    this.#statuses.fill(-1)
  }

  /** What is news since the last look. */
  look(): NamespaceMessage[] {
    const messages: NamespaceMessage[] = []
    for (const { index } of this.#floor.registry.machines) this.#state(index, messages)
    for (const { index, machine } of this.#floor.registry.signals) this.#signal(index, machine, messages)
    return messages
  }

  #state(index: number, messages: NamespaceMessage[]): void {
    const { state, mode, since } = this.#floor.machines
    const value = packmlStates[state[index]!] ?? 'Undefined'
    const payload = JSON.stringify({
      value,
      mode: modeOf(mode[index]!),
      timestamp: Math.round(since[index]!),
    })
    if (this.#states[index] === payload) return
    this.#states[index] = payload
    messages.push({ topic: `${this.#places[index]}/state`, payload, qos: 1 })
  }

  #signal(index: number, machine: number, messages: NamespaceMessage[]): void {
    const { value, quality, status, sourceTime } = this.#floor.signals
    // Before its first value a signal has nothing to say.
    if (sourceTime[index] === 0) return
    const mark = (status[index]! << 2) | quality[index]!
    const isNews =
      sourceTime[index] !== this.#told[index] ||
      !Object.is(value[index], this.#values[index]) ||
      mark !== this.#statuses[index]
    if (!isNews) return
    this.#told[index] = sourceTime[index]!
    this.#values[index] = value[index]!
    this.#statuses[index] = mark
    const { signal } = this.#floor.registry.signalByIndex(index)!
    const number = Number.isFinite(value[index]!) ? value[index]! : null
    const payload = JSON.stringify({
      value: signal.type === 'text' ? (this.#floor.text(value[index]!) ?? null) : number,
      timestamp: sourceTime[index],
      quality: qualityNames[quality[index]!]?.toUpperCase(),
      unit: signal.unit,
      connection: connectionOf(status[index]!),
    })
    messages.push({ topic: `${this.#places[machine]}/edge/${level(signal.name)}`, payload, qos: 0 })
  }
}
