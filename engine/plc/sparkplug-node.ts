import {
  encodePayload,
  type OutgoingMetric,
  type OutgoingProperty,
  rebirthMetric,
} from '../../adapters/sparkplug/codec.js'
import { codeOf, type Datatype, writeValue } from '../../adapters/sparkplug/datatype.js'
import { commandTopic, edgeTopic } from '../../adapters/sparkplug/topic.js'
import type { Line, Signal } from '../../schema/plant.js'
import { Quality } from '../../schema/quality.js'
import { countsParts } from './outlet.js'

/** What a node wants published, at QoS 0 and not retained. */
export interface NodeMessage {
  readonly topic: string
  readonly payload: Buffer
}

/** What a signal shows. */
interface Shown {
  readonly value: number | string
  readonly quality: number
  /** Unix ms UTC. */
  readonly time: number
}

/** A signal as a metric of its device. */
interface Metric {
  readonly signal: Signal
  readonly alias: number
  readonly type: Datatype
  readonly device: Device
  shown: Shown | undefined
}

interface Device {
  readonly id: string
  readonly metrics: Metric[]
  /** Changes that the hosts have not been told, in the order of time. */
  changes: OutgoingMetric[]
}

/** Property `Quality` by Quality (Sparkplug 3.0, 6.4.9): good is not said, and of what is uncertain it knows only the stale. */
const qualities = [192, 500, 0]
/** bdSeq and seq count from 0 to 255 and begin again. */
const round = 256

/**
 * An edge node for a line, a device for each of its machines (Sparkplug 3.0, 5.3–5.8 and 6.4): what its signals show in,
 * messages out. Reports by exception: data tell only what has changed. Pure; time comes with each call.
 */
export class SparkplugNode {
  readonly #group: string
  readonly #id: string
  readonly #devices: readonly Device[]
  readonly #metrics = new Map<string, Metric>()
  #seq = 0
  #bdSeq = -1

  constructor(group: string, line: Line) {
    this.#group = group
    this.#id = line.id
    this.#devices = line.machines.map(machine => {
      const device: Device = { id: machine.id, metrics: [], changes: [] }
      for (const signal of machine.signals) {
        // An alias is one of its node, devices included (6.4.5).
        const metric = { signal, alias: this.#metrics.size, type: typeOf(signal), device, shown: undefined }
        this.#metrics.set(signal.id, metric)
        device.metrics.push(metric)
      }
      return device
    })
  }

  get id(): string {
    return `${this.#group}/${this.#id}`
  }

  /** The topic of commands, to be subscribed to before the birth. */
  get commands(): string {
    return commandTopic(this.#group, this.#id)
  }

  /** Changes that wait to be told. */
  get waiting(): number {
    return this.#devices.reduce((sum, { changes }) => sum + changes.length, 0)
  }

  set({ id }: Signal, value: number | string, quality: number, time: number): void {
    const metric = this.#metrics.get(id)
    if (metric === undefined) return
    const { shown } = metric
    metric.shown = { value, quality, time }
    if (shown !== undefined && Object.is(shown.value, value) && shown.quality === quality) return
    metric.device.changes.push({ alias: metric.alias, ...told(metric) })
  }

  /** They need not be told any more. */
  forget(): void {
    for (const device of this.#devices) device.changes = []
  }

  /** The will of a new session, for its CONNECT; the birth of that session names it. */
  will(now: number): NodeMessage {
    this.#bdSeq = (this.#bdSeq + 1) % round
    return this.death(now)
  }

  /** Said by the broker when the link is lost, and by the node before it leaves. */
  death(now: number): NodeMessage {
    return this.#message('NDEATH', '', encodePayload({ timestamp: now, metrics: [this.#session(now)] }))
  }

  /** NBIRTH and a DBIRTH for each device: names, aliases, types and what all show now; nothing else is left to tell. */
  births(now: number): NodeMessage[] {
    const rebirth = { name: rebirthMetric, timestamp: now, datatype: codeOf('Boolean'), boolean_value: false }
    this.#seq = 0
    const births = [this.#numbered('NBIRTH', '', [this.#session(now), rebirth], now)]
    for (const device of this.#devices) {
      device.changes = []
      births.push(
        this.#numbered(
          'DBIRTH',
          device.id,
          device.metrics.map(metric => born(metric, now)),
          now,
        ),
      )
    }
    return births
  }

  /** A DDATA for each device of which something has changed since it was last told. */
  data(now: number): NodeMessage[] {
    const changed = this.#devices.filter(({ changes }) => changes.length > 0)
    return changed.map(device => {
      const { changes } = device
      device.changes = []
      return this.#numbered('DDATA', device.id, changes, now)
    })
  }

  #session(timestamp: number): OutgoingMetric {
    return { name: 'bdSeq', timestamp, datatype: codeOf('Int64'), long_value: this.#bdSeq }
  }

  #numbered(
    type: 'NBIRTH' | 'DBIRTH' | 'DDATA',
    device: string,
    metrics: readonly OutgoingMetric[],
    timestamp: number,
  ): NodeMessage {
    const payload = encodePayload({ timestamp, seq: this.#seq, metrics })
    this.#seq = (this.#seq + 1) % round
    return this.#message(type, device, payload)
  }

  #message(type: 'NBIRTH' | 'NDEATH' | 'DBIRTH' | 'DDATA', device: string, payload: Buffer): NodeMessage {
    return { topic: edgeTopic({ type, group: this.#group, node: this.#id, device }), payload }
  }
}

/** Parts are whole; what is measured has all the digits that there are. */
function typeOf(signal: Signal): Datatype {
  if (signal.type === 'text') return 'String'
  return countsParts(signal) ? 'Int64' : 'Double'
}

/** A metric as a birth tells it. */
function born(metric: Metric, now: number): OutgoingMetric {
  const { signal, alias, type, shown } = metric
  const { keys, values } = propertiesOf(signal)
  const said = shown === undefined ? { timestamp: now, is_null: true } : told(metric)
  const properties = {
    keys: [...keys, ...(said.properties?.keys ?? [])],
    values: [...values, ...(said.properties?.values ?? [])],
  }
  return { name: signal.name, alias, datatype: codeOf(type), ...said, properties }
}

/** Value, time and quality of a metric: what data tell of it. */
function told({ type, shown }: Metric): OutgoingMetric {
  const { value, quality, time } = shown!
  const isNull = typeof value === 'number' && !Number.isFinite(value)
  return {
    timestamp: time,
    ...(isNull ? { is_null: true } : writeValue(type, value)),
    ...(quality !== Quality.good && {
      properties: {
        keys: ['Quality'],
        values: [{ type: codeOf('Int32'), int_value: qualities[quality] ?? 0 }],
      },
    }),
  }
}

function propertiesOf({ type, unit, range }: Signal): {
  readonly keys: readonly string[]
  readonly values: readonly OutgoingProperty[]
} {
  if (type === 'text') return { keys: [], values: [] }
  const double = codeOf('Double')
  const [low, high] = range
  return {
    keys: ['engUnit', 'engLow', 'engHigh'],
    values: [
      { type: codeOf('String'), string_value: unit },
      { type: double, double_value: low },
      { type: double, double_value: high },
    ],
  }
}
