import { connect } from 'mqtt'

/** What the engine's cost is measured against: mqtt.js and JSON.parse, and nothing done with what they give. */
export interface ListenerReport {
  readonly messages: number
  /** CPU of the process for the messages after the first `warmUp`, s. */
  readonly cpu: number
}

const [port, qos, warmUp] = process.argv.slice(2).map(Number)
const client = connect(`mqtt://127.0.0.1:${port}`, {
  clientId: 'bare',
  protocolVersion: 5,
  reconnectPeriod: 0,
})
let messages = 0
let sum = 0
let before = process.cpuUsage()
client.on('message', (_, payload) => {
  if (++messages === warmUp) before = process.cpuUsage()
  sum += (JSON.parse(payload.toString()) as { value: number }).value
})
client.on('connect', () =>
  client.subscribe('bench/#', { qos: qos === 1 ? 1 : 0 }, () => process.send?.('listening')),
)
process.on('message', () => {
  const { user, system } = process.cpuUsage(before)
  const report: ListenerReport = { messages: Number.isNaN(sum) ? 0 : messages, cpu: (user + system) / 1e6 }
  process.send?.(report)
})
