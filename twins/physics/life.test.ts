import { describe, expect, it } from 'vitest'
import { type FaultPatternId, faultPatternIds } from '../../schema/fault-catalogue.js'
import { referencePlant } from '../../schema/reference-plant/reference-plant.js'
import { Behaviour, behaviourMachines } from '../behaviour/behaviour.js'
import { exponential } from '../flow/distribution.js'
import { EventQueue } from '../flow/event-queue.js'
import { Flow } from '../flow/flow.js'
import type { FailureMode } from '../flow/model.js'
import { RandomStream } from '../flow/random.js'
import { testMachine } from '../flow/test-line.js'
import { Faults } from './faults.js'
import { lineOf, lineStart } from './faulty-line.js'
import { drawBetween, drawLife, lifeOf, usualTimes } from './life.js'

/** Kolmogorov's distance of draws from a distribution. */
function distance(draws: readonly number[], distribution: (x: number) => number): number {
  const sorted = [...draws].sort((a, b) => a - b)
  const n = sorted.length
  return Math.max(...sorted.map((x, i) => Math.max((i + 1) / n - distribution(x), distribution(x) - i / n)))
}

/**
 * The distance that one sample of n in a thousand exceeds by chance: Kolmogorov's 1.9495, for finite n by Stephens 1970
 * (J. Roy. Statist. Soc. B 32, 115–122), who fits the exact tables to three digits.
 */
const critical = (n: number): number => 1.9495 / (Math.sqrt(n) + 0.12 + 0.11 / Math.sqrt(n))

const weibull =
  ({ shape, scale }: { shape: number; scale: number }) =>
  (t: number): number =>
    1 - Math.exp(-((t / scale) ** shape))

describe('the time to the onset of a fault', () => {
  it.each(faultPatternIds)('of %s is drawn from its Weibull distribution (Kolmogorov–Smirnov)', pattern => {
    const life = lifeOf(pattern, 0.05, 3)
    const chance = new RandomStream(11, pattern)
    const draws = Array.from({ length: 4000 }, () => drawLife(life, chance))
    expect(distance(draws, weibull(life))).toBeLessThan(critical(draws.length))
    // The test can tell: another shape fails it.
    expect(distance(draws, weibull({ ...life, shape: life.shape * 1.2 }))).toBeGreaterThan(
      critical(draws.length),
    )
  })

  it.each(faultPatternIds)('of %s passes on machines at work, in time spent on parts', pattern => {
    const share = 0.3
    // Every machine has a sensor that may drift.
    const life = lifeOf(pattern, share, pattern === 'sensor-drift' ? 1 : 2)
    const { faults, flow, advance } = atWork(pattern, share, life.scale / 1000 / 20)
    const caseOf = (machine: number) => faults.cases[faults.bank.slotOf(machine, pattern)!]!
    const step = Math.ceil(life.scale / 250)
    // Those that are met with the fault have a past that nobody knows. Each of the others counts once, whenever its
    // onset comes: the first to come alone would be the quick ones.
    let waiting = Array.from({ length: fleet }, (_, m) => m).filter(m => caseOf(m).phase === 'dormant')
    const n = waiting.length
    expect(n).toBeGreaterThan(900)
    const lives: number[] = []
    const ages: number[] = []
    for (let time = lineStart + step; waiting.length > 0; time += step) {
      expect(time).toBeLessThan(lineStart + 60 * life.scale)
      advance(time)
      waiting = waiting.filter(m => {
        if (caseOf(m).phase === 'dormant') return true
        lives.push(Math.max(0, flow.operatingTime(m, time) - step / 2))
        ages.push(time - lineStart)
        return false
      })
    }
    expect(distance(lives, weibull(life))).toBeLessThan(critical(n))
    // The test can tell: another shape fails it, and so does time that the machine only stood.
    expect(distance(lives, weibull({ ...life, shape: 1.5 * life.shape }))).toBeGreaterThan(critical(n))
    expect(distance(lives, weibull({ ...life, shape: life.shape / 1.5 }))).toBeGreaterThan(critical(n))
    expect(distance(ages, weibull(life))).toBeGreaterThan(critical(n))
  })
})

const fleet = 1_400

/** Machines that work on parts of `cycle` seconds, stand for two cycles out of seven, and can have one fault. */
function atWork(pattern: FaultPatternId, share: number, cycle: number) {
  const stops: FailureMode = {
    state: 'Held',
    clock: 'operating',
    up: exponential(5 * cycle),
    down: exponential(2 * cycle),
    scrapsPart: false,
  }
  const machines = Array.from({ length: fleet }, (_, i) =>
    testMachine(`m-${i}`, { cycle: exponential(cycle), failures: [stops] }),
  )
  const flow = new Flow({ machines }, { seed: 3, start: lineStart })
  const faults = new Faults(
    machines.map(({ id }) => ({ id, type: 'press', faults: [pattern], sensors: 0 })),
    flow,
    { seed: 3, start: lineStart, share },
  )
  const due = new EventQueue(machines.length)
  for (const m of machines.keys()) due.set(m, faults.due(m, lineStart))
  const advance = (until: number): void => {
    for (;;) {
      const time = Math.min(flow.nextTime, due.nextTime)
      if (time > until) return
      if (flow.nextTime === time) flow.step()
      else {
        const m = due.next
        faults.handle(m, time)
        due.set(m, faults.due(m, time))
      }
    }
  }
  return { faults, flow, advance }
}

describe('a plant with random faults', () => {
  const machines = behaviourMachines(referencePlant(), ({ quantity }) => quantity === 'state')
  const carrying = (seed: number, faultShare: number): number => {
    const { faults } = new Behaviour(machines, { seed, start: lineStart, faultShare })
    return faults.active.filter(count => count > 0).length / machines.length
  }

  it('is met with the share of machines that it is told', () => {
    const share = 0.05
    const shares = Array.from({ length: 25 }, (_, seed) => carrying(seed, share))
    const mean = shares.reduce((sum, each) => sum + each, 0) / shares.length
    // Within 4 standard errors of as many machines; two faults at once are rare enough.
    const error = Math.sqrt((share * (1 - share)) / (25 * machines.length))
    expect(Math.abs(mean - share)).toBeLessThan(4 * error)
  })

  it('carries none when it is told none', () => {
    expect(carrying(1, 0)).toBe(0)
    const { faults } = new Behaviour(machines, { seed: 1, start: lineStart, faultShare: 0 })
    for (const m of machines.keys()) expect(faults.due(m, lineStart)).toBe(Number.POSITIVE_INFINITY)
  })

  it('keeps about that share carrying or in repair as weeks go by', () => {
    const tester = behaviourMachines(lineOf('tester'), ({ quantity }) => quantity === 'state').slice(0, 1)
    const many = Array.from({ length: 60 }, (_, i) => {
      const machine = { ...tester[0]!.machine, id: `tester-${i}`, feeds: [], idealCycleTime: 600 }
      return { ...tester[0]!, machine, signals: [] }
    })
    const behaviour = new Behaviour(many, { seed: 5, start: lineStart, faultShare: 0.2 })
    let sum = 0
    const days = 20
    for (let day = 1; day <= days; day++) {
      behaviour.advance(lineStart + day * 86_400_000, () => undefined)
      sum += behaviour.faults.active.filter(count => count > 0).length / many.length
    }
    expect(sum / days).toBeGreaterThan(0.12)
    expect(sum / days).toBeLessThan(0.28)
  })
})

describe('times between bounds', () => {
  it('are spread evenly over their orders of magnitude', () => {
    const chance = new RandomStream(1, 'spans')
    const draws = Array.from({ length: 4000 }, () => drawBetween([10, 10_000], chance))
    expect(distance(draws, x => Math.log10(x / 10) / 3)).toBeLessThan(critical(draws.length))
    expect(usualTimes('electrical-fault').growth).toBeCloseTo(Math.sqrt(10 * 10_000))
  })
})
