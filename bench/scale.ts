import { setTimeout as wait } from 'node:timers/promises'
import { loadPlant } from './load-plant.js'
import type { Benchmark, Figure } from './report.js'
import { cpuOfEngine, Probe, startRig } from './rig.js'

const rate = 50_000
const limit = 1.3

export function scaleBenchmark(isQuick: boolean): Benchmark {
  const rounds = isQuick ? 1 : 3
  const seconds = isQuick ? 5 : 15
  return {
    name: 'scale',
    title: `CPU per sample at 1,716 and at 17,160 sensors, ${rate.toLocaleString('en')} samples/s, ${rounds} × ${seconds} s each`,
    run: say => run(rounds, seconds, say),
  }
}

async function run(rounds: number, seconds: number, say: (line: string) => void): Promise<readonly Figure[]> {
  const small: number[] = []
  const large: number[] = []
  for (let round = 0; round < rounds; round++) {
    small.push(await cpuPerSample(1, seconds))
    large.push(await cpuPerSample(10, seconds))
    say(`round ${round + 1}: ${us(small.at(-1)!)} and ${us(large.at(-1)!)} per sample`)
  }
  const ratio = median(large) / median(small)
  return [
    { what: '1,716 sensors', measured: `${us(median(small))} per sample`, limit: '', isReached: true },
    { what: '17,160 sensors', measured: `${us(median(large))} per sample`, limit: '', isReached: true },
    {
      what: 'ratio of the medians',
      measured: ratio.toFixed(2),
      limit: `≤ ${limit}`,
      isReached: ratio <= limit,
    },
  ]
}

/** CPU seconds per sample, after the start has settled. */
async function cpuPerSample(scale: number, seconds: number): Promise<number> {
  const { engine, stop } = await startRig(loadPlant(scale, rate, rate * (seconds + 60)))
  try {
    const probe = await Probe.start(engine.url)
    await wait(3000)
    const health = engine.intake.health.get('simulator')!
    const cpuBefore = cpuOfEngine()
    const before = health.accepted
    await wait(seconds * 1000)
    const cpu = (cpuOfEngine() - cpuBefore) / (health.accepted - before)
    await probe.report()
    return cpu
  } finally {
    await stop()
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!
}

const us = (seconds: number): string => `${(seconds * 1e6).toFixed(2)} µs`
