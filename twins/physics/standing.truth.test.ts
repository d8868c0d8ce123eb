import { describe, expect, it } from 'vitest'
import { faultCatalogue, faultPattern } from '../../schema/fault-catalogue.js'
import { repair, type Trial, tryFault } from './fault-trial.js'
import { faulty, isAborted, type Series, watchLine } from './faulty-line.js'
import { signatures } from './signatures.js'

const minute = 60_000
const hour = 60 * minute
const period = 10_000

/** Mean of a signal between two times, both Unix ms. */
function meanOf({ series }: Trial['line'], name: string, from: number, to: number): number {
  const { time, value } = series.get(name)!
  const found = value.filter((_, i) => time[i]! >= from && time[i]! < to)
  return found.reduce((sum, one) => sum + one, 0) / found.length
}

/** Standard deviation of a signal between two times. */
function spreadOf({ series }: Trial['line'], name: string, from: number, to: number): number {
  const { time, value } = series.get(name)!
  const found = value.filter((_, i) => time[i]! >= from && time[i]! < to)
  const mean = found.reduce((sum, one) => sum + one, 0) / found.length
  return Math.sqrt(found.reduce((sum, one) => sum + (one - mean) ** 2, 0) / found.length)
}

/** A machine fails and stands for a while; when it did. */
function fail(pattern: Parameters<typeof tryFault>[0], seed: number, span: number, stands: number) {
  const trial = tryFault(pattern, { seed, span, samples: span / period, peace: hour })
  const down = trial.line.now
  trial.line.pass(stands)
  expect(isAborted(trial.line)).toBe(true)
  return { trial, line: trial.line, down }
}

describe('a machine that has failed', () => {
  const moves = ['vibration', 'torque', 'force', 'speed', 'load']
  // Nothing of a welder moves that is measured: its controller shows the last weld until the next.
  const tripping = faultCatalogue
    .filter(({ id }) => signatures[id].trips && id !== 'welding-quality')
    .map(({ id }) => id)

  it.each(tripping)('of %s shakes, turns and presses no more than a sound one that stands', pattern => {
    const { type } = signatures[pattern]
    const { line, down } = fail(pattern, 3, Math.max(faultPattern(pattern).takes[0], 30 * minute), hour)
    const sound = watchLine(type, pattern, { seed: 3, period })
    sound.pass(hour)
    sound.behaviour.flow.trip(faulty, sound.now, 'test')
    sound.pass(hour)
    const moved = [...line.series.values()].filter(({ signal }) => moves.includes(signal.quantity))
    expect(moved.length).toBeGreaterThan(0)
    for (const { signal } of moved) {
      const still = meanOf(line, signal.name, down + minute, down + hour)
      const usual = meanOf(sound, signal.name, sound.now - 59 * minute, sound.now)
      const spread = signal.normal![1]
      expect(still - usual, signal.name).toBeLessThan(0.15 * spread)
      const noise = spreadOf(sound, signal.name, sound.now - 59 * minute, sound.now)
      const left = spreadOf(line, signal.name, down + minute, down + hour)
      expect(left, signal.name).toBeLessThan(1.3 * noise + 0.25 * signal.resolution)
      // A motor whose drives are cut turns nothing.
      if (signal.quantity === 'torque' || signal.quantity === 'load') expect(still).toBeLessThan(0.2 * spread)
      const { time, value } = line.series.get(signal.name)!
      const { time: at, value: of } = sound.series.get(signal.name)!
      const most = (times: readonly number[], values: readonly number[], from: number) =>
        Math.max(...values.filter((_, i) => times[i]! > from))
      expect(
        most(time, value, down + minute) - most(at, of, sound.now - 59 * minute),
        signal.name,
      ).toBeLessThan(0.4 * spread)
    }
  })

  it.each([
    ['pneumatic-failure', 'air-pressure', 'criticalLow'],
    ['coolant-failure', 'coolant-flow', 'criticalLow'],
    ['robot-positioning', 'position-error', 'criticalHigh'],
  ] as const)('of %s still shows what has nothing to do with motion: %s', (pattern, name, limit) => {
    for (const seed of [1, 2, 3]) {
      const { line, down } = fail(pattern, seed, 2 * hour, hour)
      const bound = line.series.get(name)!.signal.limits[limit]!
      const still = meanOf(line, name, down + 10 * minute, line.now)
      if (limit === 'criticalLow') expect(still).toBeLessThan(bound)
      else expect(still).toBeGreaterThan(bound)
    }
  })

  it('is a press that holds no more force than its pressure does, and has none without it', () => {
    for (const seed of [1, 2, 3]) {
      const { line, down } = fail('hydraulic-leak', seed, hour, hour)
      const late = line.now - 30 * minute
      expect(meanOf(line, 'hydraulic-pressure', late, line.now)).toBeLessThan(1)
      const usual = meanOf(line, 'ram-force', down - 2 * hour, down - hour)
      expect(meanOf(line, 'ram-force', late, line.now)).toBeLessThan(0.005 * usual)
    }
    const sound = watchLine('press', 'hydraulic-leak', { seed: 1, period })
    sound.pass(10 * minute)
    sound.behaviour.flow.trip(faulty, sound.now, 'test')
    sound.pass(5 * minute)
    expect(meanOf(sound, 'ram-force', sound.now - 2 * minute, sound.now)).toBeGreaterThan(40)
    sound.pass(6 * hour)
    expect(meanOf(sound, 'ram-force', sound.now - 10 * minute, sound.now)).toBeLessThan(8)
  })
})

/** Two heat stores at rest in small steps, from these temperatures on: winding, frame (IEC 60034-1). */
function cooling(winding: number, frame: number, ambient: number, ms: number): readonly [number, number] {
  const step = 1000
  let [w, f] = [winding - ambient, frame - ambient]
  for (let t = 0; t < ms; t += step) {
    const across = (w - f) / 0.45
    w -= (step / (240_000 / 0.45)) * across
    f += (step / (2_400_000 / 0.55)) * (across - f / (3 * 0.55))
  }
  return [w + ambient, f + ambient]
}

describe('the heat of a fault', () => {
  const [motor, gears] = ['motor-temperature', 'gearbox-temperature']

  it.each([1, 2, 3])('goes into the gearbox, and both cool as two stores without a fan (seed %i)', seed => {
    const { line, down } = fail('motor-overheating', seed, 85 * minute, 3 * hour)
    const at = (name: string, time: number) => meanOf(line, name, time - minute / 2, time + minute / 2)
    const warmed = at(gears, down - minute) - meanOf(line, gears, down - 2.4 * hour, down - 1.5 * hour)
    expect(warmed).toBeGreaterThan(8)
    expect(warmed).toBeLessThan(30)
    const from = down + minute
    const [winding, frame] = [at(motor, from), at(gears, from)]
    for (const minutes of [4, 9, 19, 39, 59, 119, 170]) {
      const [w, f] = cooling(winding, frame, 22, minutes * minute)
      expect(Math.abs(at(motor, from + minutes * minute) - w), `motor after ${minutes} min`).toBeLessThan(2.5)
      expect(Math.abs(at(gears, from + minutes * minute) - f), `gears after ${minutes} min`).toBeLessThan(2.5)
    }
    for (let time = from; time < line.now - minute; time += minute)
      expect(at(motor, time)).toBeGreaterThan(at(gears, time) - 0.7)
  })

  it.each([1, 2, 3])('stays in the spindle of a mill whose bearing has failed (seed %i)', seed => {
    const { line, down } = fail('bearing-failure', seed, 12 * hour, 3 * hour)
    const at = (minutes: number) =>
      meanOf(line, 'spindle-temperature', down + (minutes - 0.5) * minute, down + (minutes + 0.5) * minute)
    const usual = meanOf(line, 'spindle-temperature', down - 13 * hour, down - 12 * hour)
    expect(at(-1)).toBeGreaterThan(80)
    // Its frame is as warm as it has made it, and has 20 to 60 min at work, two to four times that at rest.
    expect(at(10)).toBeGreaterThan(usual + 12)
    const left = (at(140) - 22) / (at(20) - 22)
    expect(left).toBeGreaterThan(Math.exp(-120 / 80))
    expect(left).toBeLessThan(Math.exp(-120 / 240))
  })

  it('that is cleared at work leaves no motor colder than its gearbox, and goes in the end', () => {
    const trial = tryFault('motor-overheating', { seed: 2, span: 2 * hour, samples: 720, peace: hour })
    const { line } = trial
    line.pass(minute)
    repair(trial, minute)
    const since = line.now
    line.pass(6 * hour)
    const at = (name: string, time: number) => meanOf(line, name, time, time + minute)
    for (let time = since; time < line.now - minute; time += minute)
      expect(at(motor, time)).toBeGreaterThan(at(gears, time) - 0.7)
    for (const name of [motor, gears]) {
      const before = meanOf(line, name, line.now - 9 * hour, line.now - 8.2 * hour)
      expect(Math.abs(meanOf(line, name, line.now - hour, line.now) - before), name).toBeLessThan(2)
    }
  })

  it('stays in oil and coolant for a while: a tank is not cold after a minute', () => {
    for (const [pattern, name] of [
      ['coolant-failure', 'coolant-temperature'],
      ['hydraulic-leak', 'oil-temperature'],
    ] as const) {
      const { line, down } = fail(pattern, 2, 2 * hour, 3 * hour)
      const at = (minutes: number) =>
        meanOf(line, name, down + (minutes - 1) * minute, down + (minutes + 1) * minute)
      const hot = at(-2) - 22
      expect((at(10) - 22) / hot, name).toBeGreaterThan(0.6)
      expect((at(170) - 22) / hot, name).toBeLessThan(0.4)
    }
  })
})

describe('an overheating motor', () => {
  /** The better part of the work around a share of the way; a machine that waits pulls a mean down. */
  const upper = ({ time, value }: Series, from: number, to: number): number => {
    const found = value.filter((_, i) => time[i]! >= from && time[i]! < to).sort((a, b) => a - b)
    return found[Math.floor(0.7 * found.length)]!
  }

  it.each([1, 2, 3])('has a balance: power, current, torque, speed, load and heat (seed %i)', seed => {
    const span = 4 * hour
    const { line, onset } = tryFault('motor-overheating', { seed, span, samples: 1440, peace: hour })
    const rated = line.series.get('current')!.signal.limits.criticalHigh! / 1.1
    const usual = (name: string) => upper(line.series.get(name)!, onset - hour, onset)
    const volts = usual('voltage')
    const heats: number[] = []
    for (const share of [0.3, 0.45, 0.6, 0.75, 0.9, 0.98]) {
      const now = (name: string) =>
        upper(line.series.get(name)!, onset + (share - 0.02) * span, onset + (share + 0.02) * span)
      const over = (name: string) => now(name) / usual(name)
      // What the shaft gives of what the mains bring: the rest is heat, more of it in an overload.
      const efficiency = (over('torque') * over('belt-speed')) / over('power')
      expect(efficiency, `at ${share}`).toBeGreaterThan(0.85)
      expect(efficiency, `at ${share}`).toBeLessThan(1.02)
      // A motor at half load has a low power factor, which rises with the load.
      const factor = (1000 * now('power')) / (Math.sqrt(3) * volts * now('current'))
      expect(factor, `at ${share}`).toBeLessThan(0.9)
      expect(factor, `at ${share}`).toBeGreaterThan(
        (1000 * usual('power')) / (Math.sqrt(3) * volts * usual('current')),
      )
      // Load is torque over the rated one.
      expect(over('load') / over('torque'), `at ${share}`).toBeGreaterThan(0.95)
      expect(over('load') / over('torque'), `at ${share}`).toBeLessThan(1.05)
      heats.push(
        (now('motor-temperature') - usual('motor-temperature')) /
          (now('current') ** 2 - usual('current') ** 2),
      )
      if (share < 0.98) continue
      // It trips on overload, and says so.
      expect(now('current') / rated).toBeGreaterThan(1.1)
      expect(now('load')).toBeGreaterThan(110)
      expect(now('belt-speed')).toBeLessThan(usual('belt-speed'))
    }
    // Heat grows with the square of the current.
    const mean = heats.reduce((sum, one) => sum + one, 0) / heats.length
    for (const one of heats) expect(Math.abs(one / mean - 1)).toBeLessThan(0.2)
  })
})
