import { exp, log } from '../../schema/elementary.js'
import type { Signal } from '../../schema/plant.js'
import type { Effect } from './effects.js'

/** How far a signal is pushed from its centre by damage. */
export interface Excursion {
  readonly from: number
  /** Damage at the points of the curve after `from`, growing; the last is 1. */
  readonly at: readonly number[]
  /** Distance from the centre there, in the signal's unit; geometric: the logarithm of the ratio to it. */
  readonly off: readonly number[]
  readonly isGeometric: boolean
  readonly centre: number
}

/** A signal without limits on a side gets them this many spreads off its centre. */
const usualWarning = 8

/** The limits on a side, and where the machine trips: as far beyond the critical one as that is from the warning. */
function limitsOn(
  { limits, normal, range }: Pick<Signal, 'limits' | 'normal' | 'range'>,
  side: 'high' | 'low',
  centre: number,
): readonly [warning: number, critical: number, trip: number] {
  const sign = side === 'high' ? 1 : -1
  const spread = normal?.[1] ?? 0.02 * (range[1] - range[0])
  const given = side === 'high' ? limits.warningHigh : limits.warningLow
  const warning = given ?? centre + sign * usualWarning * spread
  const critical =
    (side === 'high' ? limits.criticalHigh : limits.criticalLow) ?? warning + (warning - centre) / 2
  return [warning, critical, 2 * critical - warning]
}

/** The excursion that an effect is on a signal with this centre; `side` where the effect leaves it to chance. */
export function excursionOf(
  effect: Effect,
  signal: Pick<Signal, 'limits' | 'normal' | 'range'>,
  centre: number,
  side: 'high' | 'low',
): Excursion {
  const { reach, from = 0, isGeometric = false } = effect
  if (reach.kind === 'share') {
    return { from, at: [1], off: [reach.share * centre], isGeometric: false, centre }
  }
  const points = limitsOn(signal, reach.side === 'drawn' ? side : reach.side, centre)
  const canBeRatio = isGeometric && centre > 0 && points.every(point => point > 0)
  return {
    from,
    at: [reach.warning, reach.critical, 1],
    off: points.map(point => (canBeRatio ? log(point / centre) : point - centre)),
    isGeometric: canBeRatio,
    centre,
  }
}

/** Distance from the centre at this damage, 0 to 1: straight from point to point. */
export function excursionAt(excursion: Excursion, damage: number): number {
  const { from, at, off, isGeometric, centre } = excursion
  if (damage <= from) return 0
  let [before, level] = [from, 0]
  let reached = off[off.length - 1]!
  for (let i = 0; i < at.length; i++) {
    if (damage < at[i]!) {
      reached = level + ((off[i]! - level) * (damage - before)) / (at[i]! - before)
      break
    }
    before = at[i]!
    level = off[i]!
  }
  return isGeometric ? centre * (exp(reached) - 1) : reached
}
