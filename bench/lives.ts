import { referencePlant } from '../schema/reference-plant/reference-plant.js'
import { behaviourMachines } from '../twins/behaviour/behaviour.js'
import { simulateLives } from '../workers/lives.js'
import { createPool } from '../workers/pool.js'
import type { Benchmark, Figure } from './report.js'

const hour = 3_600_000
const start = Date.UTC(2026, 0, 5, 6)

/** The reference plant with physics, faults and every sensor, as it runs live: here, and on worker threads. */
export function livesBenchmark(isQuick: boolean): Benchmark {
  return {
    name: 'lives',
    title: 'Physics and damage: what the simulated plant costs, and on how many threads',
    run: say => measure(isQuick ? 0.2 : 1, say),
  }
}

async function measure(hours: number, say: (line: string) => void): Promise<Figure[]> {
  const plan = referencePlant()
  const machines = behaviourMachines(plan, () => true)
  const task = { machines, plan, seed: 1, start, until: start + hours * hour, period: 1000, faultShare: 0.05 }
  await simulateLives({ ...task, until: start + hour / 20 })
  const cpu = process.cpuUsage()
  const begin = performance.now()
  const lives = await simulateLives(task)
  const wall = performance.now() - begin
  const { user, system } = process.cpuUsage(cpu)
  const samples = lives.reduce((sum, { time }) => sum + time.length, 0)
  say(`${samples} samples of the reference plant, every sensor each second`)
  const share = (user + system) / 1000 / (hours * hour)
  const figures: Figure[] = [
    {
      what: 'the reference plant at 1×, every sensor each second',
      measured: `${(100 * share).toFixed(3)} % of a core`,
      limit: '< 20 % of a core',
      isReached: share < 0.2,
    },
  ]
  for (const maxThreads of [1, 2]) {
    const pool = createPool({ maxThreads })
    await simulateLives({ ...task, until: start + hour / 20 }, pool)
    const from = performance.now()
    await simulateLives(task, pool)
    const ratio = wall / (performance.now() - from)
    figures.push({
      what: `as fast as it can, on ${maxThreads} worker thread${maxThreads === 1 ? '' : 's'}`,
      measured: `${ratio.toFixed(2)} times as fast as on none`,
      limit: '',
      isReached: true,
    })
    await pool.close()
  }
  return figures
}
