import type { Plant } from './plant.js'

/** How a plant counts, where the standards leave it open. Times in seconds. */
export interface KpiRules {
  /** Stops of a machine's own from this length on are breakdowns, shorter ones minor stops. */
  readonly breakdownFrom: number
  /** Rejects within this time after a setup, a breakdown or the begin of work are start-up rejects. */
  readonly warmUp: number
  /** Time of which nobody knows what the machine did: outside of planned busy time, or a loss of availability. */
  readonly unknownTime: 'excluded' | 'loss'
  /** A stop of its own this long wants a reason; shorter ones are micro-stops. */
  readonly reasonFrom: number
  /** So long after a stop began its reason is due. */
  readonly reasonWithin: number
  /** What mean times divide by: failures, or failures and one (a reading of ISO 22400-2:2014). */
  readonly failureDivisor: 'FE' | 'FE+1'
}

const usualRules: KpiRules = {
  breakdownFrom: 300,
  warmUp: 600,
  unknownTime: 'excluded',
  reasonFrom: 120,
  reasonWithin: 300,
  failureDivisor: 'FE',
}

export const kpiRulesOf = (plant: Pick<Plant, 'kpis'>): KpiRules => ({ ...usualRules, ...plant.kpis })
