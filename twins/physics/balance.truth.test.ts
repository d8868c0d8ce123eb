import { describe, expect, it } from 'vitest'
import { type FaultPatternId, faultsOf } from '../../schema/fault-catalogue.js'
import { shippedMachineTypes } from '../../schema/machine-types/shipped-machine-types.js'
import { atWork, type Trial, tryFault } from './fault-trial.js'
import { type FaultyLine, watchLine } from './faulty-line.js'

const hour = 3_600_000
const span = 4 * hour

/** What a signal shows at work between two times, by its name. */
type Shown = (signal: string) => number

/** Power that leaves the machine as work, kW, from what it shows: torque and speed, pressure and flow, a weld's. */
const worksOf: Readonly<Record<string, (of: Shown) => number>> = {
  'cnc-lathe': of => (of('torque') * of('spindle-speed') * 2 * Math.PI) / 60 / 1000,
  // Of a drum of 100 mm, which is a small one.
  conveyor: of => (of('torque') * (of('belt-speed') / 60)) / 0.05 / 1000,
  // At an arm of a metre.
  'robot-arm': of => (of('torque') * of('tool-speed')) / 1000,
  press: of => (of('hydraulic-pressure') * of('oil-flow')) / 600,
  forming: of => (of('hydraulic-pressure') * of('oil-flow')) / 600,
  welder: of => of('weld-current') * of('weld-voltage'),
}

/** What the machine shows around a share of the way to failure, or before the onset. */
function shownIn({ line, onset }: Pick<Trial, 'line' | 'onset'>, share?: number): Shown {
  const from = share === undefined ? 0 : onset + (share - 0.03) * span
  const to = share === undefined ? onset : onset + (share + 0.03) * span
  return signal => atWork(line.series.get(signal)!, from, to)
}

const period = 10_000
const sound = new Map<string, FaultyLine>()
/** The same machine, with the same chance, without the fault. */
function soundLine(type: string, seed: number): FaultyLine {
  const key = `${type} ${seed}`
  const known = sound.get(key)
  if (known !== undefined) return known
  const line = watchLine(type, 'sensor-drift', { seed, period })
  line.pass(hour + span)
  sound.set(key, line)
  return line
}

/** Of three phases: P = √3 U I cos φ. */
const powerFactor = (of: Shown): number =>
  (1000 * of('power')) / (Math.sqrt(3) * of('voltage') * of('current'))

const stages = [0.3, 0.5, 0.7, 0.9, 0.97]
const seeds = [1, 2]

const pairs = shippedMachineTypes.flatMap(({ id }) =>
  faultsOf({ type: id }).map(pattern => ({ type: id, pattern })),
)

const trials = new Map<string, Trial>()
function trialOf(type: string, pattern: FaultPatternId, seed: number): Trial {
  const key = `${type} ${pattern} ${seed}`
  const trial =
    trials.get(key) ?? tryFault(pattern, { seed, span, samples: span / period, peace: hour, type })
  trials.set(key, trial)
  return trial
}

const worksAtAll = pairs.filter(({ type }) => worksOf[type] !== undefined)
// A sensor that drifts says what is not so.
const electric = pairs.filter(({ type, pattern }) => type !== 'welder' && pattern !== 'sensor-drift')

describe('the mains of a machine', () => {
  it.each(worksAtAll.filter(({ pattern }) => pattern !== 'sensor-drift'))(
    'bring what a $type gives as work, and its losses, with $pattern',
    ({ type, pattern }) => {
      for (const seed of seeds) {
        const trial = trialOf(type, pattern, seed)
        for (const stage of [undefined, ...stages]) {
          const of = shownIn(trial, stage)
          const what = `seed ${seed}, ${stage ?? 'before'}`
          expect(worksOf[type]!(of) / of('power'), what).toBeLessThan(0.97)
          expect(worksOf[type]!(of), what).toBeGreaterThan(0)
        }
      }
    },
  )

  it.each(electric)('have a current, a voltage and a power of a $type that agree, with $pattern', pair => {
    const { type, pattern } = pair
    for (const seed of seeds) {
      const trial = trialOf(type, pattern, seed)
      for (const stage of stages) {
        const usual = powerFactor(shownIn({ line: soundLine(type, seed), onset: trial.onset }, stage))
        expect(usual).toBeGreaterThan(0.6)
        expect(usual).toBeLessThan(0.8)
        const factor = powerFactor(shownIn(trial, stage))
        const what = `seed ${seed}, ${stage}`
        expect(factor, what).toBeLessThan(0.9)
        // Unbalance and a saturated core draw a current that brings no power; else more load never lowers the factor.
        if (pattern === 'electrical-fault') expect(factor, what).toBeGreaterThan(0.55 * usual)
        else expect(factor, what).toBeGreaterThan(0.99 * usual)
      }
    }
  })

  it('heat the transformer of a welder no less as its current rises', () => {
    const losses = (of: Shown) => of('power') - worksOf.welder!(of)
    for (const seed of seeds) {
      const trial = trialOf('welder', 'welding-quality', seed)
      const usual = losses(shownIn(trial))
      for (const stage of stages) {
        const of = shownIn(trial, stage)
        expect(losses(of), `seed ${seed}, ${stage}`).toBeGreaterThan(usual)
        // No more than all of them would, if they went with the square of the current.
        const square = (of('weld-current') / shownIn(trial)('weld-current')) ** 2
        expect(losses(of), `seed ${seed}, ${stage}`).toBeLessThan(1.1 * usual * square)
      }
    }
  })

  it('bring a worn robot and a leaking press what they take more', () => {
    for (const [type, pattern] of [
      ['robot-arm', 'robot-positioning'],
      ['pick-and-place', 'robot-positioning'],
      ['press', 'hydraulic-leak'],
    ] as const) {
      const trial = trialOf(type, pattern, 1)
      const [before, after] = [shownIn(trial), shownIn(trial, 0.97)]
      const [power, current] = ['power', 'current'].map(name => after(name) / before(name))
      expect(power, type).toBeGreaterThan(1.06)
      expect(current, type).toBeGreaterThan(1.05)
    }
  })
})
