import type { Signal } from '../../schema/plant.js'

/** A signal is stale when it has missed this many of its periods. */
const missedPeriods = 3
/** Nobody's clock is good enough to call a signal silent sooner, ms. */
const shortestSilence = 1_500

/** Silence that is longer means something, ms; infinity for a signal that is reported on change. */
export const silenceOf = ({ period }: Pick<Signal, 'period'>): number =>
  period > 0 ? Math.max(shortestSilence, missedPeriods * period) : Number.POSITIVE_INFINITY
