import { Broker } from '../adapters/mqtt/broker.js'
import { plantOf, settled, talk } from './mqtt-rig.js'
import type { Benchmark, Figure } from './report.js'
import { cpuOfEngine, startRig } from './rig.js'

const metrics = 50
const rate = 100_000
const tags = Array.from({ length: metrics }, (_, i) => `bench/node/m${i}`)

export function sparkplugBenchmark(isQuick: boolean): Benchmark {
  const seconds = isQuick ? 5 : 20
  return {
    name: 'sparkplug',
    title: `Sparkplug B: ${rate.toLocaleString('en')} metrics/s in messages of ${metrics} for ${seconds} s, through mosquitto`,
    run: () => run(seconds),
  }
}

async function run(seconds: number): Promise<readonly Figure[]> {
  const messages = (rate / metrics) * seconds
  // The birth tells every metric once.
  const total = metrics * (messages + 1)
  const broker = await Broker.start()
  const { engine, stop } = await startRig(plantOf('sparkplug', { brokers: [broker.url] }, tags))
  try {
    const health = engine.intake.health.get('broker')!
    await settled(() => (health.state === 'connected' ? 1 : 0), 1)
    const [own, all] = [process.cpuUsage(), cpuOfEngine()]
    const order = {
      port: broker.port,
      kind: 'sparkplug',
      qos: 0,
      rate: rate / metrics,
      total: messages,
      signals: metrics,
    } as const
    const { seconds: took, end } = await talk(order)
    const accepted = await settled(() => health.accepted, total)
    const { user, system } = process.cpuUsage(own)
    await engine.store.flush()
    const whole = cpuOfEngine() - all
    end()
    const [row] = await engine.store.query<{ different: string }>(
      'SELECT uniqExact(value) AS different FROM gemba.telemetry WHERE value >= 0',
    )
    const told = (what: string, measured: string): Figure => ({ what, measured, limit: '', isReached: true })
    const count = (n: number): string => n.toLocaleString('en')
    return [
      {
        what: 'metrics accepted',
        measured: count(accepted),
        limit: count(total),
        isReached: accepted === total,
      },
      {
        what: 'in ClickHouse, different numbers',
        measured: count(Number(row?.different)),
        limit: count(metrics * messages),
        isReached: Number(row?.different) === metrics * messages,
      },
      told('metrics a second', count(Math.round((metrics * messages) / took))),
      { what: 'rejects', measured: count(health.rejects), limit: '0', isReached: health.rejects === 0 },
      told('CPU of the engine per metric', `${((user + system) / accepted).toFixed(2)} µs`),
      told('the same with the database', `${((whole / accepted) * 1e6).toFixed(2)} µs`),
    ]
  } finally {
    await stop()
    await broker.stop()
  }
}
