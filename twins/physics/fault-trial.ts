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
const quickest = 50
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

/** The sensor that drifts: the one whose mean is off by more than 5 % of its span late on the way. */
export function driftedSensors({ line, onset, span }: Trial): Series[] {
  return [...line.series.values()].filter(series => {
    const [low, high] = series.signal.range
    const off = mean(series, onset + 0.7 * span, onset + 0.8 * span) - mean(series, 0, onset)
    return Math.abs(off) > 0.05 * (high - low)
  })
}
