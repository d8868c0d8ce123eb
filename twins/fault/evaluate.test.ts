import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { faultPatternIds, faultsOf } from '../../schema/fault-catalogue.js'
import type { Quantity } from '../../schema/plant.js'
import { levels, sensorHealths } from '../../schema/sensor-state.js'
import { propertyRuns } from '../proof/runs.js'
import { evaluateFaults } from './evaluate.js'
import { checkFaultEvent } from './fault.events.js'
import { nextAlertDue, type Reading } from './reading.js'
import { faultRules } from './rules.js'

const minute = 60_000
const now = 1000 * minute

const limits = { warningLow: 20, criticalLow: 10, warningHigh: 80, criticalHigh: 90 }
const values = { normal: 50, 'warning-high': 85, 'critical-high': 95, 'warning-low': 15, 'critical-low': 5 }

function reading(
  quantity: Quantity,
  level: Reading['level'] = 'normal',
  change: Partial<Reading> = {},
): Reading {
  const signal = `m.${quantity}`
  return { signal, quantity, level, value: values[level], since: now, limits, health: 'ok', ...change }
}

/** The patterns that anything shows of, with their levels. */
const found = (patterns: Parameters<typeof evaluateFaults>[0], readings: readonly Reading[], at = now) =>
  evaluateFaults(patterns, readings, at)
    .filter(evidence => evidence.level !== 'none')
    .map(({ pattern, level }) => [pattern, level])

// The long form of 10,000 runs takes minutes.
describe('what several sensors say together', { timeout: 600_000 }, () => {
  it('takes vibration with temperature for a bearing', () => {
    const readings = [reading('vibration', 'warning-high'), reading('temperature', 'warning-high')]
    expect(found(faultsOf({ type: 'cnc-mill' }), readings)).toEqual([['bearing-failure', 'warning']])
  })

  it('takes one of the two alone for nothing', () => {
    const readings = [reading('vibration', 'critical-high'), reading('temperature')]
    expect(found(faultsOf({ type: 'cnc-mill' }), readings)).toEqual([])
  })

  it('takes current, temperature and vibration for an overload, not for a bearing or a tool', () => {
    const readings = [
      reading('vibration', 'warning-high'),
      reading('temperature', 'warning-high'),
      reading('current', 'warning-high'),
    ]
    const all = evaluateFaults(faultPatternIds, readings, now).filter(({ level }) => level !== 'none')
    expect(all).toMatchObject([
      { pattern: 'motor-overheating', rule: 'overload: current with temperature and vibration' },
    ])
  })

  it('leaves each its own where one has more sensors but explains nothing of the other', () => {
    const readings = [
      reading('current', 'warning-high'),
      reading('temperature', 'warning-high'),
      reading('vibration', 'warning-high'),
      reading('displacement', 'critical-high'),
    ]
    expect(found(['motor-overheating', 'robot-positioning'], readings)).toEqual([
      ['motor-overheating', 'warning'],
      ['robot-positioning', 'critical'],
    ])
    const leak = [
      reading('pressure', 'warning-low'),
      reading('flow', 'warning-high'),
      reading('voltage', 'critical-high'),
    ]
    expect(found(['hydraulic-leak', 'electrical-fault'], leak)).toEqual([
      ['hydraulic-leak', 'warning'],
      ['electrical-fault', 'critical'],
    ])
  })

  it('takes pressure down and flow up for a leak, not for a loss of air', () => {
    const readings = [reading('pressure', 'warning-low'), reading('flow', 'warning-high')]
    expect(found(faultsOf({ type: 'press' }), readings)).toEqual([['hydraulic-leak', 'warning']])
    expect(found(faultPatternIds, readings)).toEqual([['hydraulic-leak', 'warning']])
    expect(found(faultsOf({ type: 'tester' }), readings)).toEqual([['pneumatic-failure', 'warning']])
  })

  it('finds every pattern by its own rule', () => {
    for (const rule of faultRules) {
      const readings = rule.needs.map(({ quantity, side }) =>
        reading(quantity, side === 'low' ? 'critical-low' : 'critical-high'),
      )
      expect(found([rule.pattern], readings), rule.name).toEqual([[rule.pattern, 'critical']])
      for (const missing of readings) {
        const rest = readings.filter(one => one !== missing)
        const names = evaluateFaults([rule.pattern], rest, now).map(evidence => evidence.rule)
        expect(names, rule.name).not.toContain(rule.name)
      }
    }
  })

  it('is an alert once one of the warnings has lasted for 15 minutes, and critical at once', () => {
    const readings = [reading('current', 'warning-high'), reading('temperature', 'warning-high')]
    const patterns = faultsOf({ type: 'conveyor' })
    expect(found(patterns, readings, now + 15 * minute - 1)).toEqual([['motor-overheating', 'warning']])
    expect(nextAlertDue(readings, now)).toBe(now + 15 * minute)
    expect(found(patterns, readings, now + 15 * minute)).toEqual([['motor-overheating', 'alert']])
    const critical = [reading('current', 'critical-high'), reading('temperature', 'warning-high')]
    expect(found(patterns, critical)).toEqual([['motor-overheating', 'critical']])
  })

  it('names the worst sensors that show it, how bad, how sure and how fast', () => {
    const readings = [
      reading('vibration', 'warning-high', { dayAgo: 40 }),
      reading('temperature', 'warning-high', { signal: 'm.coolant-temperature', value: 81 }),
      reading('temperature', 'critical-high', { signal: 'm.spindle-temperature' }),
      reading('power'),
    ]
    expect(evaluateFaults(['bearing-failure'], readings, now)).toEqual([
      {
        pattern: 'bearing-failure',
        rule: 'vibration with temperature',
        level: 'critical',
        signals: ['m.vibration', 'm.spindle-temperature'],
        severity: 1,
        confidence: 2 / 3,
        growth: 'rapid',
      },
    ])
    const surer = [...readings.slice(0, 3), reading('power', 'warning-high')]
    expect(evaluateFaults(['bearing-failure'], surer, now)[0]).toMatchObject({
      confidence: 1,
      signals: ['m.vibration', 'm.spindle-temperature', 'm.power'],
    })
    expect(evaluateFaults(['bearing-failure'], readings.slice(0, 3), now)[0]?.confidence).toBe(1)
  })

  it('does not believe a sensor that is not well, and says that instead', () => {
    const readings = [
      reading('vibration', 'critical-high', { health: 'noisy' }),
      reading('temperature', 'critical-high'),
    ]
    expect(found(faultsOf({ type: 'cnc-mill' }), readings)).toEqual([['sensor-drift', 'alert']])
    const stuck = [reading('vibration', 'normal', { health: 'stuck' })]
    expect(evaluateFaults(['sensor-drift'], stuck, now)).toEqual([
      {
        pattern: 'sensor-drift',
        rule: 'sensor health',
        level: 'critical',
        signals: ['m.vibration'],
        severity: 0.75,
        confidence: 1,
        growth: 'steady',
      },
    ])
    expect(found(['sensor-drift'], [reading('vibration', 'normal', { health: 'out-of-range' })])).toEqual([
      ['sensor-drift', 'critical'],
    ])
  })

  it('says one thing of each pattern, always something that the fault twin takes', () => {
    const anyReading = fc
      .record({
        quantity: fc.constantFrom<Quantity>(
          'vibration',
          'temperature',
          'current',
          'voltage',
          'pressure',
          'flow',
        ),
        level: fc.constantFrom(...levels),
        value: fc.double({ min: 0, max: 100, noNaN: true }),
        health: fc.constantFrom(...sensorHealths),
        ago: fc.integer({ min: 0, max: 60 * minute }),
        sigma: fc.option(fc.double({ min: -6, max: 6, noNaN: true })),
      })
      .map(({ ago, sigma, quantity, level, ...rest }) =>
        reading(quantity, level, {
          ...rest,
          since: now - ago,
          ...(sigma === null ? {} : { anomaly: { sigma, since: now - ago } }),
        }),
      )
    fc.assert(
      fc.property(fc.subarray([...faultPatternIds]), fc.array(anyReading), (patterns, readings) => {
        const evidence = evaluateFaults(patterns, readings, now)
        expect(evidence.map(({ pattern }) => pattern)).toEqual(patterns)
        for (const said of evidence) {
          const context = { time: 0, damage: 0, estimated: true, pattern: said.pattern }
          expect(checkFaultEvent({ type: 'EVIDENCE', time: now, ...said }, context)).toBeUndefined()
        }
        // Between now and the next due time the same readings say the same.
        const due = Math.min(nextAlertDue(readings, now), now + minute)
        expect(evaluateFaults(patterns, readings, due - 1)).toEqual(evidence)
      }),
      { numRuns: propertyRuns },
    )
  })
})
