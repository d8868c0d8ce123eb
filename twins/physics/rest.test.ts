import { describe, expect, it } from 'vitest'
import { type FaultPatternId, faultsOf } from '../../schema/fault-catalogue.js'
import { shippedMachineTypes } from '../../schema/machine-types/shipped-machine-types.js'
import { mean } from './fault-trial.js'
import { type FaultyLine, faulty, isAborted, watchLine } from './faulty-line.js'

const minute = 60_000
const hour = 60 * minute

/** Cooling water of a welder goes round in the hall, whatever the machine does. */
const isFromOutside = (name: string) => /water/.test(name)
/** What there is of matter and high voltage that a machine moves, fills or charges. */
const moved = ({ series }: FaultyLine) =>
  [...series.values()].filter(({ signal: { quantity, name, unit } }) => {
    if (quantity === 'pressure') return name === 'test-pressure' || name === 'chuck-pressure'
    return (quantity === 'flow' && !isFromOutside(name)) || unit === 'kV'
  })

const moving = shippedMachineTypes
  .filter(({ signals }) =>
    Object.entries(signals).some(
      ([name, { quantity, unit }]) => unit === 'kV' || (quantity === 'flow' && !isFromOutside(name)),
    ),
  )
  .map(({ id }) => id)

const cut = (line: FaultyLine) => line.behaviour.flow.trip(faulty, line.now, 'test')

describe('a machine whose drives are cut', () => {
  it.each(moving)('is a %s that moves nothing, and moves as before once it works again', type => {
    const line = watchLine(type, 'sensor-drift', { seed: 5, period: 10_000 })
    line.pass(2 * hour)
    const down = line.now
    cut(line)
    line.pass(8 * hour)
    expect(isAborted(line)).toBe(true)
    const up = line.now
    line.behaviour.flow.repair(faulty, up)
    line.pass(2 * hour)
    expect(moved(line).length).toBeGreaterThan(0)
    for (const series of moved(line)) {
      const { name, normal } = series.signal
      const usual = mean(series, down - hour, down)
      expect(usual, name).toBeGreaterThan(0.9 * normal![0])
      const from = name === 'chuck-pressure' ? down + 6 * hour : down + 5 * minute
      expect(mean(series, from, up) / usual, name).toBeLessThan(0.01)
      expect(mean(series, up + hour, up + 2 * hour) / usual, name).toBeGreaterThan(0.97)
    }
  })

  it.each(
    moving.flatMap(type =>
      faultsOf({ type })
        .filter(pattern => pattern !== 'sensor-drift')
        .map(pattern => ({ type, pattern })),
    ),
  )('is a $type that moves nothing either, with $pattern, but what leaks', ({ type, pattern }) => {
    const line = watchLine(type, pattern as FaultPatternId, { seed: 6, period: 10_000 })
    line.pass(hour)
    line.inject({ severity: 1, timeToFailure: hour })
    line.pass(hour + 2)
    const down = line.now
    line.pass(8 * hour)
    expect(isAborted(line)).toBe(true)
    for (const series of moved(line)) {
      const { name } = series.signal
      const usual = mean(series, down - 2 * hour, down - hour)
      const left = mean(series, line.now - hour, line.now) / usual
      // The air of a burst hose comes from before the valve.
      if (name === 'air-flow' && pattern === 'pneumatic-failure') {
        expect(left, name).toBeGreaterThan(0.5)
        expect(left, name).toBeLessThan(1.6)
      } else expect(left, name).toBeLessThan(0.01)
    }
  })

  it.each([
    ['paint-booth', 'supply-air-flow', 30],
    ['paint-booth', 'atomiser-voltage', 5],
    ['cnc-mill', 'coolant-flow', 3],
  ] as const)('is a %s whose %s goes with a time constant of %i s', (type, name, lag) => {
    const line = watchLine(type, 'sensor-drift', { seed: 7, period: 1000 })
    line.pass(10 * minute)
    const down = line.now
    cut(line)
    line.pass(10 * minute)
    const series = line.series.get(name)!
    const usual = mean(series, down - minute, down)
    for (const times of [1, 2]) {
      const at = down + times * lag * 1000
      expect(mean(series, at - 500, at + 500) / usual).toBeCloseTo(Math.exp(-times), 1)
    }
  })

  it('is a lathe whose chuck holds its part for hours, less and less', () => {
    const line = watchLine('cnc-lathe', 'sensor-drift', { seed: 8, period: 10_000 })
    line.pass(10 * minute)
    const down = line.now
    cut(line)
    line.pass(8 * hour)
    const series = line.series.get('chuck-pressure')!
    const hours = Array.from({ length: 8 }, (_, i) => mean(series, down + i * hour, down + (i + 1) * hour))
    expect(hours[0]).toBeGreaterThan(20)
    for (let i = 1; i < 5; i++) expect(hours[i]).toBeLessThan(hours[i - 1]!)
    expect(hours.at(-1)).toBeLessThan(0.2)
  })
})
