import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Quality } from '../../schema/quality.js'
import { baselineWindows, type Instrument, SensorHealthEstimator } from './health.js'
import { windowSize } from './health-window.js'

const instrument: Instrument = { range: [0, 100], resolution: 0.1, period: 1000, calibrationDays: 90 }
const day = 86_400_000

/** A steady wave: spread 1.4, the same in each window. */
const wave = (i: number): number => 50 + 2 * Math.sin((2 * Math.PI * i) / 12)

/** An estimator whose sensor has made its baseline, and a way to go on with `windows` more of `value`. */
function watched(of: Partial<Instrument> = {}) {
  const estimator = new SensorHealthEstimator(2)
  estimator.watch(1, { ...instrument, ...of })
  let i = 0
  let time = 1_000_000
  const show = (
    windows: number,
    value: (i: number) => number,
    { quality = Quality.good as Quality, step = 1000 } = {},
  ) => {
    for (let n = 0; n < windows * windowSize; n++) {
      estimator.add(1, value(i++), quality, time)
      time += step
    }
    return estimator.report(1, time)!
  }
  return { estimator, show, now: () => time }
}

describe('the health of an instrument', () => {
  it('is not judged of a sensor that nobody watches', () => {
    const estimator = new SensorHealthEstimator(1)
    expect(estimator.add(0, 1, Quality.good, 1)).toBe(false)
    expect(estimator.report(0, 1)).toBeUndefined()
  })

  it('is good as long as nothing but the process moves', () => {
    const { show } = watched()
    expect(show(20, wave)).toMatchObject({ condition: 'ok', score: 100, packetLoss: 0, outOfRange: 0 })
  })

  it('says when a window has ended', () => {
    const { estimator } = watched()
    const ends = Array.from({ length: 2 * windowSize }, (_, i) =>
      estimator.add(1, wave(i), Quality.good, i + 1),
    )
    expect(ends.flatMap((isEnd, i) => (isEnd ? [i + 1] : []))).toEqual([windowSize, 2 * windowSize])
  })

  it('is stuck when the spread over a window is below the resolution', () => {
    const { show } = watched()
    show(baselineWindows, wave)
    expect(show(1, () => 50.02)).toMatchObject({ condition: 'stuck', score: 30 })
    expect(show(1, wave).condition).toBe('ok')
  })

  it('is not stuck where the resolution is not known', () => {
    expect(watched({ resolution: 0 }).show(2, () => 50).condition).toBe('ok')
  })

  it('sees a small spread on a large value', () => {
    const { show } = watched({ range: [0, 1e9] })
    expect(show(1, i => 5e8 + (i % 2)).condition).toBe('ok')
  })

  it('drifts when the mean has moved by more than 5 % of the span, and says how far', () => {
    const { show } = watched()
    show(baselineWindows, wave)
    const report = show(30, i => wave(i) + 8)
    expect(report.condition).toBe('drifting')
    expect(report.drift).toBeCloseTo(0.08, 2)
    expect(report.score).toBeLessThan(70)
    expect(watched().show(0, wave).drift).toBe(0)
  })

  it('drifts downward as well', () => {
    const { show } = watched()
    show(baselineWindows, wave)
    expect(show(30, i => wave(i) - 8)).toMatchObject({ condition: 'drifting' })
  })

  it('is noisy when neighbours differ three times as much as they did', () => {
    const { show } = watched()
    show(baselineWindows, wave)
    expect(show(1, i => wave(i) + (i % 2 === 0 ? 4 : -4)).condition).toBe('noisy')
  })

  it('is out of range when more than 5 % of the values are', () => {
    const { show } = watched()
    expect(show(1, i => (i % 20 === 0 ? 101 : wave(i))).condition).toBe('ok')
    expect(show(1, i => (i % 10 === 0 ? -1 : wave(i)))).toMatchObject({
      condition: 'out-of-range',
      outOfRange: 6,
    })
  })

  it('counts samples that did not come, and those that came bad', () => {
    const { show, estimator, now } = watched()
    show(1, wave)
    expect(show(1, wave, { step: 1250 }).packetLoss).toBeCloseTo(0.2, 2)
    for (let i = 0; i < 60; i++) estimator.add(1, Number.NaN, Quality.bad, now())
    expect(show(1, wave).packetLoss).toBeCloseTo(0.5, 1)
  })

  it('expects nothing of a sensor that reports on change', () => {
    expect(watched({ period: 0 }).show(2, wave, { step: 60_000 }).packetLoss).toBe(0)
  })

  it('is due for calibration after its days, and takes its baseline anew with it', () => {
    const { estimator, show, now } = watched()
    show(baselineWindows, wave)
    show(20, i => wave(i) + 20)
    estimator.calibrated(1, now())
    expect(estimator.report(1, now() + 89 * day)).toMatchObject({
      condition: 'ok',
      calibratedAt: now(),
      calibrationDue: now() + 90 * day,
    })
    expect(estimator.report(1, now() + 91 * day)).toMatchObject({ condition: 'calibration-due', score: 90 })
    expect(show(20, i => wave(i) + 20).condition).toBe('ok')
  })

  const stuck = () => 50.02
  const noisy = (i: number) => wave(i) + (i % 2 === 0 ? 4 : -4)
  const wild = (i: number) => (i % 10 === 0 ? -1 : wave(i))
  it.each([
    ['stuck', stuck, {}],
    ['noisy', noisy, {}],
    ['out-of-range', wild, {}],
    ['ok', wave, { step: 1250 }],
  ] as const)('is, calibrated, as %s as before where calibration mends nothing', (condition, value, how) => {
    const { estimator, show, now } = watched()
    show(baselineWindows, wave)
    const before = show(2, value, how)
    expect(before.condition).toBe(condition)
    expect(before.score).toBeLessThan(70)
    estimator.calibrated(1, now())
    const { noiseRatio, packetLoss } = before
    expect(estimator.report(1, now())).toMatchObject({ condition, drift: 0, noiseRatio, packetLoss })
    expect(estimator.report(1, now())!.score).toBeLessThan(70)
    // Neither do the first times afterwards make it usual.
    expect(show(2 * baselineWindows, value, how).condition).toBe(condition)
    expect(show(2, wave)).toMatchObject({ condition: 'ok' })
  })

  it('has stood still through its calibration', () => {
    const { estimator, show, now } = watched({ patience: 3 * windowSize * 1000 - 1000 })
    show(baselineWindows, wave)
    show(2, stuck)
    estimator.calibrated(1, now())
    expect(show(1, stuck).condition).toBe('stuck')
  })

  it('learns its usual noise again after a calibration in its first time', () => {
    const { estimator, show, now } = watched()
    show(1, () => 50)
    estimator.calibrated(1, now())
    show(baselineWindows, wave)
    expect(show(1, wave)).toMatchObject({ condition: 'ok', noiseRatio: expect.closeTo(1) })
  })

  it('is due when its calibration said so, whatever its usual days', () => {
    const { estimator, now } = watched()
    estimator.calibrated(1, now(), now() + 10 * day)
    expect(estimator.report(1, now() + 10 * day)?.condition).toBe('ok')
    expect(estimator.report(1, now() + 10 * day + 1)?.condition).toBe('calibration-due')
  })

  it('is stuck only after its value has stood for as long as it must', () => {
    const { show } = watched({ patience: 3 * windowSize * 1000 - 1000 })
    show(baselineWindows, wave)
    expect(show(2, () => 50).condition).toBe('ok')
    expect(show(1, () => 50).condition).toBe('stuck')
    expect(show(1, wave).condition).toBe('ok')
    expect(show(1, () => 50).condition).toBe('ok')
  })

  it('does not drift with what comes and goes within a span', () => {
    // Warm for half of each hour: within the baseline of five windows this would be a drift.
    const warming = (i: number): number => wave(i) + (i % 3600 < 1800 ? 0 : 15)
    expect(watched().show(120, warming).condition).toBe('drifting')
    const span = 3_600_000
    const { show } = watched({ driftSpan: span })
    expect(show(600, warming).condition).toBe('ok')
    expect(show(1200, i => warming(i) + 25)).toMatchObject({ condition: 'drifting' })
  })

  it('does not drift where it is known that the process has moved', () => {
    const { estimator, show, now } = watched()
    show(baselineWindows, wave)
    show(30, i => wave(i) + 8)
    expect(estimator.isShifted(1)).toBe(true)
    expect(estimator.report(1, now(), true)).toMatchObject({ condition: 'ok', score: 100, drift: 0 })
  })

  it('says how unusual it is against its own past, and since when', () => {
    const { show } = watched()
    expect(show(baselineWindows - 1, i => wave(i) + 30)).toMatchObject({ sigma: 0, unusualSince: undefined })
    const other = watched()
    expect(other.show(baselineWindows + 1, wave).unusualSince).toBeUndefined()
    const since = other.now() - 1000
    const report = other.show(2, i => wave(i) + 6)
    expect(report.sigma).toBeCloseTo(6 / Math.SQRT2, 1)
    expect(report.unusualSince).toBe(since)
    expect(other.show(1, wave).unusualSince).toBeUndefined()
  })

  it('misses no samples while nothing is expected of it', () => {
    const { estimator, show } = watched()
    show(1, wave)
    estimator.add(1, 50, Quality.good, 2_000_000)
    estimator.pause(1)
    expect(show(1, wave).packetLoss).toBe(0)
  })

  it('goes on from its memory, and takes nothing else for one', () => {
    const { estimator, show } = watched()
    show(baselineWindows, wave)
    const other = watched()
    expect(other.estimator.restore(1, JSON.parse(JSON.stringify(estimator.save(1))))).toBe(true)
    const { noiseRatio, sigma, unusualSince, ...report } = show(30, i => wave(i) + 8)
    expect(other.show(30, i => wave(i) + 8)).toMatchObject({ ...report, windows: baselineWindows + 30 })
    expect([noiseRatio, sigma]).toEqual([expect.closeTo(1), expect.closeTo(8 / Math.SQRT2)])
    expect(unusualSince).toBeGreaterThan(0)
    // As it was kept before a calibration left the usual noise as it was.
    expect(watched().estimator.restore(1, estimator.save(1).slice(0, -1))).toBe(true)
    for (const wrong of [undefined, [], [1], estimator.save(1).map(() => Number.NaN), 'x']) {
      expect(other.estimator.restore(1, wrong)).toBe(false)
    }
  })

  it('gives a finite report with a score from 0 to 100 whatever comes', () => {
    const anySample = fc.tuple(fc.double(), fc.constantFrom(0, 1, 2), fc.nat())
    fc.assert(
      fc.property(fc.array(anySample, { maxLength: 200 }), samples => {
        const estimator = new SensorHealthEstimator(1)
        estimator.watch(0, instrument)
        for (const [value, quality, time] of samples) estimator.add(0, value, quality, time)
        const report = estimator.report(0, 1e6)!
        expect(report.score).toBeGreaterThanOrEqual(0)
        expect(report.score).toBeLessThanOrEqual(100)
      }),
    )
  })
})
