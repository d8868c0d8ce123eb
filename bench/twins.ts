import { fork } from 'node:child_process'
import { once } from 'node:events'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Benchmark, Figure } from './report.js'
import type { TwinFigures } from './twin-figures.js'

const here = dirname(fileURLToPath(import.meta.url))

/** The statecharts: what they weigh, how fast a floor of them is restored and copied, and their two short cuts. */
export function twinsBenchmark(isQuick: boolean): Benchmark {
  return {
    name: 'twins',
    title: 'Twins: weight, restore, fork, and the short cuts past the interpreter',
    run: say => run(isQuick, say),
  }
}

async function run(isQuick: boolean, say: (line: string) => void): Promise<readonly Figure[]> {
  const floor = await measure('floor')
  const speeds = await measure('speeds')
  say(`${floor.twins} twins of the reference plant measured`)
  const figures = [
    atMost(`restore of ${count(floor.twins!)} twins`, floor.restore!, 300, 'ms'),
    atMost(`fork of ${count(floor.twins!)} twins, structured copy included`, floor.fork!, 50, 'ms'),
    atMost('the first fork after a start', floor.firstFork!, 50, 'ms'),
    figure('restored twins equal those saved', floor.isSame === 1 ? 'all' : 'no', 'all', floor.isSame === 1),
    atMost('a twin of the reference plant', floor.bytes! / 1024, 5, 'KB'),
    atLeast('classifier', speeds.samplesPerSecond! / 1e6, 3, 'M samples/s'),
    atLeast('health estimator', speeds.healthSamplesPerSecond! / 1e6, 3, 'M samples/s'),
    atLeast('compiled table, against actor.send of the same events', speeds.ratio!, 20, 'times'),
  ]
  if (isQuick) return figures
  const scale = await measure('scale')
  say(`${scale.twins} sensor twins made in ${(scale.create! / 1000).toFixed(1)} s`)
  return [
    ...figures,
    atMost('a sensor twin among 171,600', scale.bytes! / 1024, 5, 'KB'),
    atMost('the same, each with the 100 events that it remembers', scale.fullBytes! / 1024, 5, 'KB'),
    atMost(`${count(scale.twins!)} sensor twins so: the whole process`, scale.rss! / 2 ** 30, 1.2, 'GiB'),
    figure('making them', `${(scale.create! / 1000).toFixed(1)} s`, '', true),
  ]
}

async function measure(what: string): Promise<TwinFigures> {
  const child = fork(join(here, 'twin-figures.js'), [what], { execArgv: ['--expose-gc'] })
  const [figures] = (await once(child, 'message')) as [TwinFigures]
  child.disconnect()
  return figures
}

const count = (twins: number): string => twins.toLocaleString('en')

const figure = (what: string, measured: string, limit: string, isReached: boolean): Figure => ({
  what,
  measured,
  limit,
  isReached,
})

const atMost = (what: string, value: number, limit: number, unit: string): Figure =>
  figure(what, `${value.toFixed(2)} ${unit}`, `≤ ${limit} ${unit}`, value <= limit)

const atLeast = (what: string, value: number, limit: number, unit: string): Figure =>
  figure(what, `${value.toFixed(1)} ${unit}`, `≥ ${limit} ${unit}`, value >= limit)
