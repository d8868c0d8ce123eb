import { Broker } from '../adapters/mqtt/broker.js'
import { Listener, plantOf, settled, talk } from './mqtt-rig.js'
import type { Benchmark, Figure } from './report.js'
import { cpuOfEngine, Probe, startRig } from './rig.js'

const rate = 40_000
const signals = 1_000
/** Share of the messages that pass before costs are counted, here and at the bare subscriber. */
const warmUpShare = 0.3
const tags = Array.from({ length: signals }, (_, i) => `bench/${i}`)

export function mqttBenchmark(isQuick: boolean): Benchmark {
  const seconds = isQuick ? 5 : 12
  return {
    name: 'mqtt',
    title: `MQTT: ${rate.toLocaleString('en')} one-value JSON messages/s for ${seconds} s, through mosquitto`,
    async run(say) {
      const figures = [...(await atQos0(seconds, say))]
      for (const inFlight of [20, 1_000]) figures.push(...(await atQos1(seconds, inFlight, say)))
      return figures
    },
  }
}

/** Lets mosquitto hold what it must; its default drops what exceeds 1,000 messages. */
const broker = (inFlight: number): Promise<Broker> => Broker.start([`max_inflight_messages ${inFlight}`])

async function bareCost(port: number, qos: 0 | 1, total: number): Promise<number> {
  const warmUp = total * warmUpShare
  const listener = await Listener.start(port, qos, warmUp)
  const { end } = await talk({ port, kind: 'json', qos, rate, total, signals })
  await settled(async () => (await listener.report()).messages, total)
  const { messages, cpu } = await listener.report()
  listener.stop()
  end()
  return (cpu / (messages - warmUp)) * 1e6
}

async function atQos0(seconds: number, say: (line: string) => void): Promise<readonly Figure[]> {
  const total = rate * seconds
  const mosquitto = await broker(20)
  const { port, url } = mosquitto
  const bare = await bareCost(port, 0, total)
  say(`bare mqtt.js with JSON.parse: ${bare.toFixed(2)} µs a message`)
  const { engine, stop } = await startRig(
    plantOf('mqtt', { url, topics: [{ topic: 'bench/#' }], qos: 0 }, tags),
  )
  try {
    const health = engine.intake.health.get('broker')!
    await settled(() => (health.state === 'connected' ? 1 : 0), 1)
    const probe = await Probe.start(engine.url)
    const talking = talk({ port, kind: 'json', qos: 0, rate, total, signals })
    const before = await settled(() => health.accepted, total * warmUpShare)
    const [own, all] = [process.cpuUsage(), cpuOfEngine()]
    const { seconds: took, end } = await talking
    const accepted = await settled(() => health.accepted, total)
    const { user, system } = process.cpuUsage(own)
    const counted = accepted - before
    await engine.store.flush()
    const whole = cpuOfEngine() - all
    end()
    const [row] = await engine.store.query<{ rows: string; different: string }>(
      'SELECT count() AS rows, uniqExact(value) AS different FROM gemba.telemetry',
    )
    const seen = await probe.report()
    const newest = new Map(seen.newest)
    const wrong = engine.floor.registry.signals.filter(
      ({ index }) => newest.get(index) !== engine.floor.signals.value[index],
    ).length
    const cost = (user + system) / counted
    return [
      reach('QoS 0: messages accepted', accepted, total),
      reach('QoS 0: in ClickHouse, different numbers', Number(row?.different), total),
      reach('QoS 0: signals that do not end at their last number on the screen', wrong, 0),
      tell('QoS 0: messages a second', `${Math.round(total / took).toLocaleString('en')}`),
      {
        what: 'QoS 0: CPU per message of the engine, against mqtt.js with JSON.parse',
        measured: `${cost.toFixed(2)} µs : ${bare.toFixed(2)} µs = ${(cost / bare).toFixed(2)}`,
        limit: '≤ 2.0',
        isReached: cost / bare <= 2,
      },
      tell('QoS 0: the same with the database', `${((whole / counted) * 1e6).toFixed(2)} µs`),
    ]
  } finally {
    await stop()
    await mosquitto.stop()
  }
}

/** Three times the rate is said; what is accepted a second is what holds. */
async function atQos1(
  seconds: number,
  inFlight: number,
  say: (line: string) => void,
): Promise<readonly Figure[]> {
  const total = rate * Math.ceil(seconds / 2)
  const mosquitto = await broker(inFlight)
  const { port, url } = mosquitto
  // With MQTT 5 our receiveMaximum counts instead of the broker's own limit.
  const options = { url, protocol: '3.1.1', topics: [{ topic: 'bench/#' }], qos: 1 }
  const { engine, stop } = await startRig(plantOf('mqtt', options, tags))
  try {
    const health = engine.intake.health.get('broker')!
    await settled(() => (health.state === 'connected' ? 1 : 0), 1)
    const began = performance.now()
    const talking = talk({ port, kind: 'json', qos: 1, rate: 3 * rate, total, signals })
    const accepted = await settled(() => health.accepted, total, 10_000)
    const took = (performance.now() - began) / 1000
    const { end } = await talking
    end()
    await engine.store.flush()
    const [row] = await engine.store.query<{ different: string }>(
      'SELECT uniqExact(value) AS different FROM gemba.telemetry',
    )
    say(`QoS 1, max_inflight_messages ${inFlight}: ${Math.round(accepted / took).toLocaleString('en')}/s`)
    const name = `QoS 1, mosquitto's max_inflight_messages ${inFlight.toLocaleString('en')}`
    return [
      reach(`${name}: in ClickHouse, different numbers`, Number(row?.different), total),
      tell(`${name}: messages a second that hold`, Math.round(accepted / took).toLocaleString('en')),
    ]
  } finally {
    await stop()
    await mosquitto.stop()
  }
}

function reach(what: string, measured: number, limit: number): Figure {
  return {
    what,
    measured: measured.toLocaleString('en'),
    limit: limit.toLocaleString('en'),
    isReached: measured === limit,
  }
}

function tell(what: string, measured: string): Figure {
  return { what, measured, limit: '', isReached: true }
}
