import { behaviourOptions } from '../../adapters/simulator/adapter.js'
import { simulatorOptions } from '../../adapters/simulator/config.js'
import type { SourceSpec } from '../../schema/plant.js'
import { Quality } from '../../schema/quality.js'
import type { SampleBatch } from '../../schema/sample-batch.js'
import { type BehaviourMachine, behaviourMachines } from '../../twins/behaviour/behaviour.js'
import type { LifeOptions } from '../../workers/life.js'
import type { SourceLife } from '../../workers/lives.js'
import type { Stretch } from '../../workers/stretch.js'
import type { LiveFloor } from '../floor/live-floor.js'

/** A source of a past: what is simulated behind it, and what it says as the floor takes it. Its options name a start. */
export class SimulatedSource implements SourceLife {
  readonly id: string
  readonly machines: readonly BehaviourMachine[]
  readonly options: LifeOptions
  readonly #floor: Pick<LiveFloor, 'intern'>
  /** The floor's index of each signal, by its place. */
  readonly #index: Uint32Array
  readonly #isText: Uint8Array
  /** The floor's codes of words, by their place; given as they come up. */
  readonly #codes: number[] = []

  constructor({ id, options }: SourceSpec, floor: Pick<LiveFloor, 'intern' | 'plant' | 'registry'>) {
    this.id = id
    this.#floor = floor
    const own = floor.registry.signals.filter(({ signal }) => signal.source === id)
    const indexes = new Map(own.map(({ index, signal }) => [signal.id, index]))
    this.machines = behaviourMachines(floor.plant, signal => indexes.has(signal.id))
    const signals = this.machines.flatMap(machine => machine.signals)
    this.#index = Uint32Array.from(signals, signal => indexes.get(signal.id)!)
    this.#isText = Uint8Array.from(signals, ({ type }) => (type === 'text' ? 1 : 0))
    const told = simulatorOptions.parse(options)
    this.options = behaviourOptions(told, floor.plant, Date.parse(told.start!))
  }

  /** A stretch as samples that are received at `receiveTime`, Unix ms. */
  batch(
    { signal, time, value }: Pick<Stretch, 'signal' | 'time' | 'value'>,
    words: readonly string[],
    receiveTime: number,
  ): SampleBatch {
    const count = signal.length
    const values = value.map((each, i) => (this.#isText[signal[i]!] === 1 ? this.#codeOf(words, each) : each))
    return {
      count,
      signal: signal.map(place => this.#index[place]!),
      sourceTime: time,
      receiveTime: new Float64Array(count).fill(receiveTime),
      value: values,
      quality: new Uint8Array(count).fill(Quality.good),
    }
  }

  #codeOf(words: readonly string[], word: number): number {
    this.#codes[word] ??= this.#floor.intern(words[word]!)
    return this.#codes[word]
  }
}
