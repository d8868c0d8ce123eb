import { fork } from 'node:child_process'
import { once } from 'node:events'
import { dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Broker } from '../adapters/mqtt/broker.js'
import { loadPlant } from '../schema/plant-file/load-plant.js'
import type { Benchmark, Figure } from './report.js'
import { cpuOfEngine, cpuOfProcess, startRig } from './rig.js'
import type { Showed } from './served-plant.js'

/** A start is no beat yet; and what was shown last may still be on its way. */
const warmUpMs = 5_000
const onItsWayMs = 3_000

export function serveBenchmark(isQuick: boolean): Benchmark {
  const seconds = isQuick ? 10 : 20
  return {
    name: 'serve',
    title: `The reference plant served over each protocol and read back, for ${seconds} s`,
    async run(say) {
      const figures: Figure[] = []
      for (const protocol of ['opcua', 'modbus', 'mqtt', 'sparkplug']) {
        say(protocol)
        figures.push(...(await run(protocol, seconds)))
      }
      return figures
    },
  }
}

async function run(protocol: string, seconds: number): Promise<readonly Figure[]> {
  const broker = await Broker.start()
  const script = join(dirname(fileURLToPath(import.meta.url)), 'served-plant.js')
  const child = fork(script, [protocol, broker.url])
  const [yaml] = (await once(child, 'message')) as [string]
  const { plant } = loadPlant(yaml, { file: 'behind.yaml' })
  const { engine, stop } = await startRig(plant!)
  try {
    await wait(warmUpMs)
    const health = engine.intake.health.get('simulator')!
    // Who comes late to a Sparkplug node hears data before its birth, rejects them, and asks for it.
    const [missedBefore, rejectsBefore] = [health.missedPolls, health.rejects]
    const before = [cpuOfEngine(), cpuOfProcess(child.pid!)] as const
    const from = Date.now()
    await wait(seconds * 1000)
    const until = Date.now()
    const took = (until - from) / 1000
    const cpu = [cpuOfEngine() - before[0], cpuOfProcess(child.pid!) - before[1]].map(used => used / took)
    const missed = health.missedPolls - missedBefore
    const rejects = health.rejects - rejectsBefore
    await wait(onItsWayMs)
    const telling = once(child, 'message')
    child.send('report')
    const [showed] = (await telling) as [Showed]
    await engine.store.flush()
    const rows = await engine.store.query<{ signal: number; at: number; value: number }>(
      'SELECT signal, toUnixTimestamp64Milli(ts) AS at, value FROM gemba.telemetry ORDER BY signal, seq',
    )
    const stored = new Map<string, { at: number; value: number }[]>()
    for (const { signal, at, value } of rows) {
      const { id } = engine.floor.registry.signalByIndex(Number(signal))!.signal
      const list = stored.get(id) ?? []
      stored.set(id, list)
      list.push({ at: Number(at), value: Number(value) })
    }
    const isPolled = protocol === 'modbus'
    const counts = { shown: 0, lost: 0, wrong: 0, stored: 0 }
    for (const [id, told] of Object.entries(showed)) {
      const shown = pairs(told)
      const came = (stored.get(id) ?? []).filter(({ at }) => at >= from && at <= until)
      counts.stored += came.length
      if (isPolled) {
        const values = new Set(shown.map(({ value }) => value))
        counts.wrong += came.filter(({ value }) => !values.has(value)).length
        continue
      }
      const expected = (protocol === 'mqtt' ? shown : changes(shown)).filter(
        ({ at }) => at >= from && at <= until,
      )
      const keys = new Set(came.map(key))
      const truths = new Set(shown.map(key))
      counts.shown += expected.length
      counts.lost += expected.filter(each => !keys.has(key(each))).length
      counts.wrong += came.filter(each => !truths.has(key(each))).length
    }
    const figure = (what: string, measured: number, limit?: number): Figure => ({
      what: `${protocol}: ${what}`,
      measured: measured.toLocaleString('en'),
      limit: limit === undefined ? '' : limit.toLocaleString('en'),
      isReached: limit === undefined || measured === limit,
    })
    const rate = Math.round(counts.stored / took)
    const share = cpu.map(used => `${(used * 100).toFixed(0)} %`)
    return [
      figure('values a second in ClickHouse', rate),
      ...(isPolled
        ? [figure('polls missed', missed, 0)]
        : [
            figure(
              `of ${counts.shown.toLocaleString('en')} ${protocol === 'mqtt' ? 'values' : 'changes'} lost`,
              counts.lost,
              0,
            ),
          ]),
      figure('values in ClickHouse that never showed', counts.wrong, 0),
      figure('rejects', rejects, 0),
      {
        what: `${protocol}: CPU of the engine with its store, and of gemba serve`,
        measured: `${share[0]}, ${share[1]} of a core`,
        limit: '',
        isReached: true,
      },
    ]
  } finally {
    await stop()
    if (child.exitCode === null && child.connected) child.kill()
    await broker.stop()
  }
}

interface Sample {
  readonly at: number
  readonly value: number
}

const key = ({ at, value }: Sample): string => `${at} ${value}`

const pairs = (told: readonly number[]): Sample[] =>
  Array.from({ length: told.length / 2 }, (_, i) => ({ at: told[2 * i]!, value: told[2 * i + 1]! }))

const changes = (shown: readonly Sample[]): Sample[] =>
  shown.filter(({ value }, i) => value !== shown[i - 1]?.value)
