import { describe, expect, it } from 'vitest'
import { alertOf, growthOf, isTrustworthy, nextAlertDue, type Reading, severityOf, shows } from './reading.js'

const minute = 60_000
const now = 100 * minute
const vibration: Reading = {
  signal: 'mill-01.vibration',
  quantity: 'vibration',
  value: 1,
  level: 'normal',
  since: 0,
  limits: { warningHigh: 2.8, criticalHigh: 4.5 },
  health: 'ok',
}
const pressure: Reading = {
  ...vibration,
  signal: 'press-01.hydraulic-pressure',
  quantity: 'pressure',
  value: 150,
  limits: { warningLow: 120, criticalLow: 100 },
}
const reading = (change: Partial<Reading>): Reading => ({ ...vibration, ...change })

describe('how alarming a reading is', () => {
  it('is critical at once beyond a critical limit', () => {
    expect(alertOf(reading({ level: 'critical-high', since: now }), now)).toBe('critical')
    expect(alertOf(reading({ level: 'critical-low', since: now }), now)).toBe('critical')
  })

  it('is a warning for 15 minutes and then an alert', () => {
    const warned = reading({ level: 'warning-high', since: now })
    expect(alertOf(warned, now + 15 * minute - 1)).toBe('warning')
    expect(alertOf(warned, now + 15 * minute)).toBe('alert')
  })

  it('is an alert when it deviates by more than three sigma for 30 minutes, within its limits', () => {
    const odd = reading({ anomaly: { sigma: -3.1, since: now } })
    expect(alertOf(odd, now)).toBe('warning')
    expect(alertOf(odd, now + 30 * minute - 1)).toBe('warning')
    expect(alertOf(odd, now + 30 * minute)).toBe('alert')
    expect(alertOf(reading({ anomaly: { sigma: 3, since: 0 } }), now)).toBe('none')
  })

  it('is nothing while the reading is normal, however long', () => {
    expect(alertOf(vibration, now)).toBe('none')
  })

  it('changes next when the first patience ends', () => {
    const warned = reading({ level: 'warning-low', since: now - minute })
    const odd = reading({ anomaly: { sigma: 4, since: now - 20 * minute } })
    expect(nextAlertDue([vibration, warned, odd], now)).toBe(now + 10 * minute)
    expect(nextAlertDue([warned], now)).toBe(now + 14 * minute)
    expect(nextAlertDue([warned], now + 14 * minute)).toBe(Number.POSITIVE_INFINITY)
    expect(nextAlertDue([vibration, reading({ level: 'critical-high', since: now })], now)).toBe(Infinity)
  })
})

describe('a symptom', () => {
  it('shows at the end it names', () => {
    const high = reading({ level: 'warning-high' })
    const low = reading({ level: 'critical-low' })
    const ends = (side: 'high' | 'low' | 'either') =>
      [vibration, high, low].map(one => shows(one, { quantity: 'vibration', side }))
    expect(ends('high')).toEqual([false, true, false])
    expect(ends('low')).toEqual([false, false, true])
    expect(ends('either')).toEqual([false, true, true])
    expect(shows(high, { quantity: 'pressure', side: 'high' })).toBe(false)
  })

  it('shows in an unusual deviation too', () => {
    const symptom = { quantity: 'vibration', side: 'high' } as const
    expect(shows(reading({ anomaly: { sigma: 5, since: 0 } }), symptom)).toBe(true)
    expect(shows(reading({ anomaly: { sigma: -5, since: 0 } }), symptom)).toBe(false)
    expect(shows(reading({ anomaly: { sigma: -5, since: 0 } }), { ...symptom, side: 'low' })).toBe(true)
    expect(shows(reading({ anomaly: { sigma: 2, since: 0 } }), symptom)).toBe(false)
  })
})

describe('how bad a reading is', () => {
  it('runs in a straight line from 0.25 at the warning limit through 0.75 at the critical one to 1', () => {
    const at = (level: Reading['level'], value: number) => severityOf(reading({ level, value }))
    expect(at('warning-high', 2.8)).toBe(0.25)
    expect(at('warning-high', 3.65)).toBeCloseTo(0.5)
    expect(at('critical-high', 4.5)).toBeCloseTo(0.75)
    expect(at('critical-high', 60)).toBe(1)
    expect(at('warning-high', 2.7)).toBe(0.25)
    expect(at('critical-high', 4.4)).toBe(0.75)
    expect(at('normal', 1)).toBe(0.25)
    expect(severityOf({ ...pressure, level: 'warning-low', value: 110 })).toBeCloseTo(0.5)
  })

  it('is that of its level where there is no other limit to measure by', () => {
    const limits = { warningHigh: 2.8 }
    expect(severityOf(reading({ level: 'warning-high', value: 9, limits }))).toBe(0.25)
    expect(severityOf(reading({ level: 'critical-high', value: 9, limits: {} }))).toBe(0.75)
    const equal = { warningHigh: 3, criticalHigh: 3 }
    expect(severityOf(reading({ level: 'critical-high', value: 3, limits: equal }))).toBe(0.75)
  })
})

describe('how fast a reading grows', () => {
  it('is rapid by half in a day, gradual by a fifth in a week, and steady otherwise', () => {
    expect(growthOf(reading({ value: 1.5, dayAgo: 1, weekAgo: 1.4 }))).toBe('rapid')
    expect(growthOf(reading({ value: 1.5, dayAgo: 1.1, weekAgo: 1.25 }))).toBe('gradual')
    expect(growthOf(reading({ value: 80, weekAgo: 100 }))).toBe('gradual')
    expect(growthOf(reading({ value: 1.1, dayAgo: 1, weekAgo: 1 }))).toBe('steady')
    expect(growthOf(reading({ value: 1, dayAgo: 0 }))).toBe('steady')
    expect(growthOf(vibration)).toBe('steady')
  })
})

describe('a sensor', () => {
  it('is not believed while it drifts, is stuck, noisy or out of range; an overdue calibration does not count', () => {
    const believed = (['ok', 'calibration-due', 'drifting', 'stuck', 'noisy', 'out-of-range'] as const).map(
      health => isTrustworthy(reading({ health })),
    )
    expect(believed).toEqual([true, true, false, false, false, false])
  })
})
