import { Quality } from '../../schema/quality.js'
import type { Reject } from '../../schema/records.js'
import { type SampleBatch, SampleBatchBuilder } from '../../schema/sample-batch.js'
import type { AdapterContext, UnknownTag } from '../contract.js'
import { guarded } from '../guarded.js'
import { Items } from '../mtconnect/items.js'
import { nothingOf, type RowSink, readItem } from '../mtconnect/row-reader.js'
import { parseIsoTime } from '../mtconnect/time.js'
import type { Observation } from './codec.js'

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
    const { device, id, name, timestamp, fields } = observation
    this.#items.selectDevice(device)
    this.#raw = [timestamp, `${device}:${name ?? id}`, ...fields].join('|').slice(0, maxRaw)
    const item = this.#items.find(id) ?? (name === undefined ? undefined : this.#items.find(name))
    const time = parseIsoTime(timestamp)
    if (item === undefined) unknown.push({ tag: `${device}:${name ?? id}`, raw: this.#raw })
    else if (time === undefined) {
      this.#sink.reject('shdr.bad-time', `"${timestamp}" is not a time`)
      readItem(item, fields, this.#receiveTime, this.#items, nothingOf(this.#sink, this.#receiveTime))
    } else readItem(item, fields, time, this.#items, this.#sink)
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
