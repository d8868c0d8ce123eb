import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { payloadType } from '../adapters/sparkplug/definition.js'

/**
 * Publishes numbered messages to a broker at a rate, in a process of its own: MQTT 3.1.1 packets straight into the
 * socket, so that it takes as little as it can of the machine that it shares with what is measured.
 */
export interface TalkerOrder {
  readonly port: number
  readonly kind: 'json' | 'sparkplug'
  readonly qos: 0 | 1
  /** Messages a second. */
  readonly rate: number
  readonly total: number
  /** Signals that take turns: `bench/{n}`; or, with Sparkplug, the metrics of a message. */
  readonly signals: number
}

const tickMs = 5

function packet(type: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts)
  const length: number[] = []
  let rest = body.length
  do {
    length.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0))
    rest >>= 7
  } while (rest > 0)
  return Buffer.concat([Buffer.from([type, ...length]), body])
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes])
}

const [order] = process.argv.slice(2).map(argument => JSON.parse(argument) as TalkerOrder)
const { port, kind, qos, rate, total, signals } = order!
const topics = Array.from({ length: signals }, (_, i) => text(`bench/${i}`))
const dataTopic = text('spBv1.0/bench/NDATA/node')

/** The `number`th message. */
function message(number: number): Buffer {
  const id =
    qos === 1
      ? Buffer.from([((number % 65_535) >> 8) & 0xff, ((number % 65_535) + 1) & 0xff])
      : Buffer.alloc(0)
  if (qos === 1) id.writeUInt16BE((number % 65_535) + 1)
  if (kind === 'json') {
    const payload = Buffer.from(`{"value":${number},"timestamp":${Date.now()}}`)
    return packet(0x30 | (qos << 1), topics[number % signals]!, id, payload)
  }
  const timestamp = Date.now()
  const metrics = Array.from({ length: signals }, (_, alias) => ({
    alias,
    timestamp,
    double_value: number * signals + alias,
  }))
  const payload = payloadType.encode({ timestamp, seq: (number + 1) % 256, metrics }).finish()
  return packet(0x30, dataTopic, payload)
}

const socket = connect({ port, host: '127.0.0.1', noDelay: true })
await once(socket, 'connect')
socket.on('data', () => undefined)
// Clean session, a keep-alive that outlasts any run (MQTT 3.1.1, 3.1).
socket.write(packet(0x10, text('MQTT'), Buffer.from([4, 2, 0xff, 0xff]), text(`talker-${process.pid}`)))
await once(socket, 'data')
if (kind === 'sparkplug') {
  const timestamp = Date.now()
  const metrics = Array.from({ length: signals }, (_, alias) => ({
    name: `m${alias}`,
    alias,
    timestamp,
    datatype: 10,
    double_value: -1,
  }))
  const bdSeq = { name: 'bdSeq', timestamp, datatype: 4, long_value: 0 }
  const payload = payloadType.encode({ timestamp, seq: 0, metrics: [bdSeq, ...metrics] }).finish()
  socket.write(packet(0x30, text('spBv1.0/bench/NBIRTH/node'), payload))
}
const began = performance.now()
let said = 0
while (said < total) {
  const due = Math.min(total, Math.ceil(((performance.now() - began) / 1000) * rate))
  const burst: Buffer[] = []
  while (said < due) burst.push(message(said++))
  if (burst.length > 0 && !socket.write(Buffer.concat(burst))) await once(socket, 'drain')
  await wait(tickMs)
}
process.send?.({ seconds: (performance.now() - began) / 1000 })
// Whoever started it ends it: what it has said may still be on its way.
await once(process, 'disconnect')
socket.destroy()
