import { referencePlant } from '../schema/reference-plant/reference-plant.js'
import { behaviourMachines } from '../twins/behaviour/behaviour.js'
import { Lives } from '../workers/lives.js'
import type { Benchmark, Figure } from './report.js'

const minute = 60_000
const start = Date.UTC(2026, 0, 5, 6)

/** The reference plant with physics, faults and every sensor: what it costs live, and what threads would bring. */
export function livesBenchmark(isQuick: boolean): Benchmark {
  return {
    name: 'lives',
    title: 'Physics and damage: what the simulated plant costs, and on how many threads',
    run: say => measure(isQuick ? [1] : [1, 10, 100], say),
  }
}

async function measure(scales: readonly number[], say: (line: string) => void): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const scale of scales) {
    const plant = referencePlant({ scale })
    const machines = behaviourMachines(plant, () => true)
    // As many samples whatever the size, altogether and at once.
    const steps = 60
    const step = minute / scale
    const here = await lived(0)
    const share = here.cpu / (steps * step)
    const name = `${machines.length.toLocaleString('en')} machines`
    say(
      `${name}: ${here.samples.toLocaleString('en')} samples in ${(steps * step) / minute} minutes of theirs`,
    )
    figures.push({
      what: `${name} at 1×, every sensor each second`,
      measured: `${(100 * share).toFixed(2)} % of a core`,
      limit: scale === 1 ? '< 20 % of a core' : '',
      isReached: scale > 1 || share < 0.2,
    })
    for (const threads of [1, 2]) {
      const there = await lived(threads)
      figures.push({
        what: `${name} as fast as it can, on ${threads} worker thread${threads === 1 ? '' : 's'}`,
        measured: `${(here.wall / there.wall).toFixed(2)} times as fast as on none`,
        limit: '',
        isReached: true,
      })
    }

    async function lived(threads: number) {
      const options = { plan: plant, seed: 1, start, period: 1000, faultShare: 0.05 }
      const lives = new Lives([{ machines, options }], threads)
      // The warm-up of the lines is not counted.
      await lives.advance(start)
      const [cpu, begin] = [process.cpuUsage(), performance.now()]
      let samples = 0
      let coming = lives.advance(start + step)
      for (let i = 1; i <= steps; i++) {
        const [stretch] = await coming
        // One ahead, as a past does.
        if (i < steps) coming = lives.advance(start + (i + 1) * step)
        samples += stretch!.time.length
      }
      const wall = performance.now() - begin
      const { user, system } = process.cpuUsage(cpu)
      await lives.close()
      return { wall, cpu: (user + system) / 1000, samples }
    }
  }
  return figures
}
