import { Quality } from '../../schema/quality.js'
import type { Reject } from '../../schema/records.js'
import { type SampleBatch, SampleBatchBuilder } from '../../schema/sample-batch.js'
import type { AdapterContext, UnknownTag } from '../contract.js'
import { guarded } from '../guarded.js'
import { type Item, Items } from '../mtconnect/items.js'
import { nothingOf, type RowSink, readItem } from '../mtconnect/row-reader.js'
import { parseIsoTime } from '../mtconnect/time.js'
import type { Observation } from './codec.js'
import { DataSet } from './data-set.js'

/** What a document's observations are to the engine. */
export interface TakenObservations {
  readonly samples: SampleBatch
  readonly rejects: readonly Reject[]
  readonly unknown: readonly UnknownTag[]
}

const unavailableText = 'UNAVAILABLE'
const maxRaw = 4096

/** Finds the signals of an agent's observations. Tags name an item by its id or its name, with or without its device. */
export class ObservationTaker {
  readonly #context: Pick<AdapterContext, 'source' | 'intern'>
  readonly #items: Items
  readonly #sets = new Map<Item, DataSet>()
  readonly #samples = new SampleBatchBuilder()
  readonly #unavailable: number
  #rejects: Reject[] = []
  #receiveTime = 0
  #raw = ''

  constructor(context: Pick<AdapterContext, 'source' | 'intern' | 'signals'>, device: string | undefined) {
    this.#context = context
    this.#items = new Items(context.signals, device)
    this.#unavailable = context.intern(unavailableText)
  }

  /** Whether there is anything of which only the changes are told: conditions, data sets. */
  get addsUp(): boolean {
    return this.#items.hasConditions || this.#sets.size > 0
  }

  /** What was told so far says nothing of what is told next: the agent was started anew, or some was lost. */
  forget(): void {
    this.#items.clearConditions()
    this.#sets.clear()
  }

  /** What is now of data sets of which nothing is known; what is told of them next changes it, or was changed by then. */
  begin(observations: readonly Observation[]): void {
    for (const { device, id, name, change } of observations) {
      this.#items.selectDevice(device)
      const item = change && this.#itemOf(id, name)
      if (item !== undefined && !this.#sets.has(item)) this.#setOf(item).take(change!)
    }
  }

  /** `receiveTime`: Unix ms UTC by the floor's clock. */
  take(observations: readonly Observation[], receiveTime: number): TakenObservations {
    this.#receiveTime = receiveTime
    this.#rejects = []
    const unknown: UnknownTag[] = []
    const { source } = this.#context
    for (const observation of observations) {
      const failure = guarded(source, receiveTime, observation, () => this.#read(observation, unknown))
      if (failure !== undefined) this.#rejects.push(failure)
    }
    return { samples: this.#samples.take(), rejects: this.#rejects, unknown }
  }

  #read(observation: Observation, unknown: UnknownTag[]): void {
    const { device, id, name, timestamp, conditionId, change } = observation
    this.#items.selectDevice(device)
    this.#raw = [timestamp, `${device}:${name ?? id}`, ...observation.fields].join('|').slice(0, maxRaw)
    const item = this.#itemOf(id, name)
    const time = parseIsoTime(timestamp)
    const fields = item && change ? [this.#setOf(item).take(change)] : observation.fields
    if (item !== undefined && change === undefined) this.#sets.delete(item)
    if (item === undefined) unknown.push({ tag: `${device}:${name ?? id}`, raw: this.#raw })
    else if (time === undefined) {
      this.#sink.reject('shdr.bad-time', `"${timestamp}" is not a time`)
      const nothing = nothingOf(this.#sink, this.#receiveTime)
      readItem(item, fields, this.#receiveTime, this.#items, nothing, conditionId)
    } else readItem(item, fields, time, this.#items, this.#sink, conditionId)
  }

  #itemOf(id: string, name: string | undefined): Item | undefined {
    return this.#items.find(id) ?? (name === undefined ? undefined : this.#items.find(name))
  }

  #setOf(item: Item): DataSet {
    const known = this.#sets.get(item) ?? new DataSet()
    this.#sets.set(item, known)
    return known
  }

  readonly #sink: RowSink = {
    number: (signal, value, time) => this.#samples.push(signal, time, this.#receiveTime, value, Quality.good),
    text: (signal, text, time) =>
      this.#samples.push(signal, time, this.#receiveTime, this.#context.intern(text), Quality.good),
    unavailable: (signal, type, time) => {
      const value = type === 'number' ? Number.NaN : this.#unavailable
      this.#samples.push(signal, time, this.#receiveTime, value, Quality.bad)
    },
    none: (signal, time) => this.#samples.pushNone(signal, time, this.#receiveTime),
    reject: (rule, reason) => {
      const { source } = this.#context
      // The same rules as in an SHDR row, under the name of what was spoken.
      const agentRule = rule.replace(/^shdr\./, 'agent.')
      this.#rejects.push({ source, time: this.#receiveTime, rule: agentRule, reason, raw: this.#raw })
    },
  }
}
