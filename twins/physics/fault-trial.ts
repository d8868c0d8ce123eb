import type { FaultPatternId } from '../../schema/fault-catalogue.js'
import { type FaultyLine, faulty, type Series, watchLine } from './faulty-line.js'
import { type Sign, signatures } from './signatures.js'

/** A machine that works in peace for a while, then carries a fault until it fails. */
export interface Trial {
  readonly line: FaultyLine
  readonly pattern: FaultPatternId
  /** From onset to failure, ms. */
  readonly span: number
  /** Unix ms. */
  readonly onset: number
}

export interface TrialOptions {
  readonly seed: number
  readonly span: number
  /** Samples of each signal from onset to failure. */
  readonly samples: number
  readonly type?: string
  /** How long it works in peace before, ms. */
  readonly peace: number
}

/** Nothing is sampled more often than this, ms. */
const quickest = 1
const day = 86_400_000

export function tryFault(pattern: FaultPatternId, options: TrialOptions): Trial {
  const { seed, span, samples, peace, type = signatures[pattern].type } = options
  const period = Math.max(quickest, Math.round(span / samples))
  // Parts of a minute would only make three weeks long.
  const cycleTime = span > day ? 300 : undefined
  const line = watchLine(type, pattern, { seed, period, cycleTime })
  line.pass(peace)
  const onset = line.now
  line.inject({ severity: 1, timeToFailure: span })
  line.pass(span + 2)
  return { line, pattern, span, onset }
}

/** Somebody repairs the fault of a trial, for so long, ms. */
export function repair({ line, pattern }: Trial, takes: number): void {
  const slot = line.behaviour.faults.bank.slotOf(faulty, pattern)!
  line.behaviour.changeFaults(faulty, (faults, time) => {
    faults.startRepair(slot, time, { kind: 'perfect', who: 'Ada' }, takes)
  })
}

/** The share of the way at which a signal goes beyond a limit and stays there for three samples; infinite if never. */
export function crossing(
  { line, span, onset }: Trial,
  { signal, limit }: Pick<Sign, 'signal' | 'limit'>,
): number {
  const { time, value, signal: of } = line.series.get(signal)!
  const bound = of.limits[limit]!
  const isBeyond = (i: number) => (limit.endsWith('High') ? value[i]! > bound : value[i]! < bound)
  for (let i = 0; i + 2 < time.length; i++) {
    if (time[i]! > onset && isBeyond(i) && isBeyond(i + 1) && isBeyond(i + 2)) {
      return (time[i]! - onset) / span
    }
  }
  return Number.POSITIVE_INFINITY
}

/** Values of a signal between two times. */
const between = ({ time, value }: Series, from: number, to: number): number[] =>
  value.filter((_, i) => time[i]! >= from && time[i]! < to)

export function mean(series: Series, from: number, to: number): number {
  const values = between(series, from, to)
  return values.reduce((sum, one) => sum + one, 0) / values.length
}

/** What a signal shows in the better part of the work: a machine that waits for parts pulls a mean down. */
export function atWork(series: Series, from: number, to: number): number {
  const values = between(series, from, to).sort((a, b) => a - b)
  return values[Math.floor(0.7 * values.length)]!
}

/** A sensor that is off by more than this share of its span drifts. */
const isDrift = 0.05

/** How far a sensor is off what it showed before, around a share of the way, as a share of its span. */
export function drifted({ onset, span }: Trial, series: Series, share: number): number {
  const [low, high] = series.signal.range
  const now = onset + share * span
  const off = mean(series, now - 0.03 * span, now + 0.03 * span) - mean(series, 0, onset)
  return Math.abs(off) / (high - low)
}

/** The sensor that drifts: the one that is off by more than 5 % of its span late on the way. */
export function driftedSensors(trial: Trial): Series[] {
  return [...trial.line.series.values()].filter(series => drifted(trial, series, 0.75) > isDrift)
}

/** The share of the way at which a sensor is off by so much that it drifts; infinite if never. */
export function driftCrossing(trial: Trial, series: Series): number {
  for (let share = 0.03; share < 0.97; share += 0.01) {
    if (drifted(trial, series, share) > isDrift) return share
  }
  return Number.POSITIVE_INFINITY
}

/** What a signal shows at the end of the way over what it would have shown without the fault. */
export function overHealthy({ line, pattern, span, onset }: Trial, signal: string, seed: number): number {
  const series = line.series.get(signal)!
  const healthy = watchLine(signatures[pattern].type, pattern, {
    seed,
    period: series.time[1]! - series.time[0]!,
  })
  healthy.pass(onset + span - healthy.now)
  const late = (of: Series): number => mean(of, onset + 0.8 * span, onset + span)
  return late(series) / late(healthy.series.get(signal)!)
}
