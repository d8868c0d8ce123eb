import { fork } from 'node:child_process'
import { once } from 'node:events'
import { dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { SourceHealth } from '../engine/pipeline/source-health.js'
import type { Machine, Plant } from '../schema/plant.js'
import { referencePlant } from '../schema/reference-plant/reference-plant.js'
import type { Benchmark, Figure } from './report.js'
import { cpuOfEngine, startRig } from './rig.js'

const devices = 100
const registers = 200
/** How long devices may take to be heard at the start, ms. */
const longestStartMs = 60_000

export function modbusBenchmark(isQuick: boolean): Benchmark {
  const seconds = isQuick ? 10 : 40
  return {
    name: 'modbus',
    title: `${devices} Modbus devices with ${registers} registers each, polled every second for ${seconds} s`,
    run: say => run(seconds, say),
  }
}

async function run(seconds: number, say: (line: string) => void): Promise<readonly Figure[]> {
  const child = fork(join(dirname(fileURLToPath(import.meta.url)), 'modbus-devices.js'), [String(devices)])
  const [ports] = (await once(child, 'message')) as [number[]]
  const { engine, stop } = await startRig(plantOf(ports))
  try {
    const sources = [...engine.intake.health.values()]
    const sum = (read: (health: (typeof sources)[number]) => number): number =>
      sources.reduce((total, health) => total + read(health), 0)
    // Sources begin in turn. What is missed meanwhile counts as any other: it is looked at on its own to tell them apart.
    const started = performance.now()
    while (sources.some(({ accepted }) => accepted < registers)) {
      if (performance.now() - started > longestStartMs) throw new Error(notHeard(sources))
      await wait(20)
    }
    const startMs = performance.now() - started
    const missedBefore = sum(({ missedPolls }) => missedPolls)
    const cpuBefore = cpuOfEngine()
    const began = performance.now()
    await wait(seconds * 1000)
    const cpu = (cpuOfEngine() - cpuBefore) / ((performance.now() - began) / 1000)
    const missed = sum(({ missedPolls }) => missedPolls)
    const losses = sum(({ losses }) => losses)
    say(`${sum(({ accepted }) => accepted).toLocaleString('en')} samples accepted`)
    for (const source of sources)
      if (source.lastError !== undefined) say(`${source.source}: ${source.lastError}`)
    const accepted = sum(health => health.accepted)
    await engine.store.flush()
    const [rows] = await engine.store.query<{ total: number; signals: number; gaps: number; fewest: number }>(
      `SELECT sum(n) AS total, count() AS signals, countIf(n != most OR n != different) AS gaps, min(n) AS fewest FROM
       (SELECT count() AS n, max(value) AS most, uniqExact(value) AS different FROM gemba.telemetry GROUP BY signal)`,
    )
    const { total = 0, signals = 0, gaps = 0, fewest = 0 } = rows ?? {}
    return [
      figure('polls missed, from the first on', missed, 0),
      figure('of these until every device was heard', missedBefore, 0),
      {
        what: 'until every device was heard',
        measured: `${(startMs / 1000).toFixed(1)} s`,
        limit: '',
        isReached: true,
      },
      figure('links lost', losses, 0),
      figure('signals polled', Number(signals), devices * registers),
      figure('signals of which a poll is missing or doubled in ClickHouse', Number(gaps), 0),
      {
        what: 'polls of each signal, at the least',
        measured: String(fewest),
        limit: `≥ ${seconds}`,
        isReached: Number(fewest) >= seconds,
      },
      figure('samples accepted that are not in ClickHouse', Math.max(0, accepted - Number(total)), 0),
      {
        what: 'CPU of engine and store',
        measured: `${(cpu * 100).toFixed(0)} % of a core`,
        limit: '',
        isReached: true,
      },
    ]
  } finally {
    await stop()
    child.kill()
  }
}

const figure = (what: string, measured: number, limit: number): Figure => ({
  what,
  measured: measured.toLocaleString('en'),
  limit: limit.toLocaleString('en'),
  isReached: measured === limit,
})

const notHeard = (sources: readonly SourceHealth[]): string => {
  const mute = sources.filter(({ accepted }) => accepted < registers)
  const [one] = mute
  return `${mute.length} of ${sources.length} devices were not heard within ${longestStartMs / 1000} s; ${one?.source}: ${one?.lastError ?? one?.state}`
}

/** A plant of one line with a machine for each device. */
function plantOf(ports: readonly number[]): Plant {
  const reference = referencePlant()
  const machines = ports.map((_, device): Machine => {
    const source = `plc-${device}`
    const id = `machine-${device}`
    const signals = Array.from({ length: registers }, (_, register) => ({
      id: `${id}.r${register}`,
      name: `r${register}`,
      role: 'sensor' as const,
      quantity: 'number' as const,
      unit: '',
      type: 'number' as const,
      period: 1000,
      range: [0, 65_535] as const,
      resolution: 1,
      limits: {},
      source,
      tag: `holding:${register}`,
    }))
    return { id, name: id, type: 'press', source, feeds: [], idealCycleTime: 10, signals }
  })
  const lines = [{ id: 'line', name: 'Line', kind: 'forming', machines }]
  return {
    ...reference,
    shifts: [],
    crews: [],
    products: [],
    customers: [],
    sites: [{ id: 'site', name: 'Site', timeZone: 'UTC', areas: [{ id: 'area', name: 'Area', lines }] }],
    sources: ports.map((port, device) => ({
      id: `plc-${device}`,
      adapter: 'modbus',
      clock: 'wall' as const,
      options: { host: '127.0.0.1', port },
    })),
  }
}
