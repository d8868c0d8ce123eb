import { describe, expect, it } from 'vitest'
import { type FaultPatternId, faultCatalogue, faultsOf } from '../../schema/fault-catalogue.js'
import { shippedMachineTypes } from '../../schema/machine-types/shipped-machine-types.js'
import { type Level, levels } from '../../schema/sensor-state.js'
import { evaluateFaults } from '../fault/evaluate.js'
import type { Reading } from '../fault/reading.js'
import { propertyRuns } from '../proof/runs.js'
import { compileLimits, nextLevelNumber } from '../sensor/level.js'
import { type Trial, tryFault } from './fault-trial.js'
import { lineStart, type Series, watchLine } from './faulty-line.js'
import { usualTimes } from './life.js'
import { signatures } from './signatures.js'

const hour = 3_600_000

/** What the rules are given of a sensor at one of its samples: its level, and how unusual it is for this machine. */
class Watched {
  readonly #series: Series
  readonly #limits
  readonly #mean: number
  readonly #spread: number
  #level = 0
  #since = 0
  #anomalySince: number | undefined

  /** `healthy`: the samples of this machine's own past that are its usual. */
  constructor(series: Series, healthy: readonly number[]) {
    this.#series = series
    this.#limits = compileLimits(series.signal.limits)
    this.#mean = healthy.reduce((sum, value) => sum + value, 0) / healthy.length
    const square = healthy.reduce((sum, value) => sum + (value - this.#mean) ** 2, 0) / healthy.length
    this.#spread = Math.max(Math.sqrt(square), series.signal.resolution)
  }

  read(i: number): Reading {
    const { signal, time, value } = this.#series
    const level = nextLevelNumber(this.#level, value[i]!, this.#limits)
    if (level !== this.#level) this.#since = time[i]!
    this.#level = level
    const sigma = (value[i]! - this.#mean) / this.#spread
    if (Math.abs(sigma) <= 4) this.#anomalySince = undefined
    else this.#anomalySince ??= time[i]!
    return {
      signal: signal.id,
      quantity: signal.quantity,
      value: value[i]!,
      level: levels[level] as Level,
      since: this.#since,
      limits: signal.limits,
      health: 'ok',
      ...(this.#anomalySince !== undefined && { anomaly: { sigma, since: this.#anomalySince } }),
    }
  }
}

interface Finding {
  readonly pattern: FaultPatternId
  readonly level: string
  readonly time: number
}

/** All that the rules conclude of a line's middle machine, sample by sample; `usualUntil` ends the time that is its usual. */
function conclude(
  series: ReadonlyMap<string, Series>,
  type: string,
  usualUntil: number,
  until: number,
): Finding[] {
  const all = [...series.values()]
  const watched = all.map(
    one =>
      new Watched(
        one,
        one.value.filter((_, i) => one.time[i]! < usualUntil),
      ),
  )
  const findings: Finding[] = []
  const times = all[0]!.time
  for (const [i, time] of times.entries()) {
    const readings = watched.map(sensor => sensor.read(i))
    if (time < usualUntil || time >= until) continue
    for (const { pattern, level } of evaluateFaults(faultsOf({ type }), readings, time)) {
      if (level !== 'none') findings.push({ pattern, level, time })
    }
  }
  return findings
}

const firstOf = (findings: readonly Finding[], pattern: FaultPatternId, ...wanted: string[]) =>
  findings.find(finding => finding.pattern === pattern && wanted.includes(finding.level))?.time

/** The share of the way from onset to failure at which the rules first say so, for long enough to be believed. */
function detected(trial: Trial, type: string): number {
  const { line, onset, span, pattern } = trial
  const findings = conclude(line.series, type, onset, onset + span)
  const time = firstOf(findings, pattern, 'alert', 'critical')
  return time === undefined ? Number.POSITIVE_INFINITY : (time - onset) / span
}

const found = faultCatalogue.filter(({ id }) => id !== 'sensor-drift' && id !== 'electrical-fault')
const seeds = Array.from({ length: propertyRuns > 1000 ? 50 : 3 }, (_, i) => i + 1)

describe('the rules that conclude faults from sensors', () => {
  it.each(found)('find $id before the machine fails ($detectability)', ({ id, detectability }) => {
    const { type } = signatures[id]
    const missed: number[] = []
    for (const seed of seeds) {
      const span = Math.max(2 * hour, Math.round(usualTimes(id).growth))
      const trial = tryFault(id, { seed, span, samples: 1500, peace: Math.max(hour, 0.3 * span) })
      if (detected(trial, type) >= 0.95) missed.push(seed)
    }
    // What shows in few signals hides behind a machine that often waits for parts.
    expect(missed.length).toBeLessThanOrEqual(detectability === 'high' ? 0 : seeds.length / 2)
  })

  it('say nothing lasting of healthy machines, whatever their type', () => {
    for (const { id: type } of shippedMachineTypes) {
      const line = watchLine(type, 'sensor-drift', { seed: 2, period: 10_000 })
      line.pass(12 * hour)
      const findings = conclude(line.series, type, lineStart + 4 * hour, line.now)
      const lasting = findings.filter(({ level }) => level === 'alert' || level === 'critical')
      expect(lasting, type).toEqual([])
    }
  })
})
