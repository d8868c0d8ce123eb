import {
  type FaultPatternId,
  type FaultStage,
  faultPattern,
  type RepairKind,
} from '../../schema/fault-catalogue.js'
import type { EvidenceLevel, FaultContext, FaultState } from './fault.events.js'

/** The severity that a stage stands for, 0 to 1: all that is told of a simulated machine's damage. */
export const stageSeverity: Readonly<Record<'dormant' | FaultStage, number>> = {
  dormant: 0,
  incipient: 0.25,
  developing: 0.5,
  severe: 0.75,
  failed: 1,
}

/** The stage of a part with this much damage, 0 to 1. */
export function stageOfDamage(pattern: FaultPatternId, damage: number): 'dormant' | FaultStage {
  const { stages } = faultPattern(pattern)
  if (damage >= 1) return 'failed'
  if (damage >= stages.severe) return 'severe'
  if (damage >= stages.developing) return 'developing'
  return damage >= stages.incipient ? 'incipient' : 'dormant'
}

/** The stage that the sensors' evidence stands for. That a machine has failed no limit can say. */
export const stageOfEvidence = {
  none: 'dormant',
  warning: 'incipient',
  alert: 'developing',
  critical: 'severe',
} as const satisfies Record<EvidenceLevel, FaultState>

/** The share of the damage that a repair leaves: none, some, all. */
export const shareKept = (kind: RepairKind, keeps: number | null): number =>
  ({ perfect: 0, imperfect: keeps ?? 0, minimal: 1 })[kind]

/** The stage in which a machine runs again: by what is left of its damage, but not as failed, since it runs. */
export function stageAfterRepair({
  pattern,
  estimated,
  damage,
  severity,
}: Pick<FaultContext, 'pattern' | 'estimated' | 'damage' | 'severity'>): 'dormant' | FaultStage {
  if (!estimated) {
    const stage = stageOfDamage(pattern, damage)
    return stage === 'failed' ? 'severe' : stage
  }
  if (severity >= stageSeverity.severe) return 'severe'
  if (severity >= stageSeverity.developing) return 'developing'
  return severity > 0 ? 'incipient' : 'dormant'
}
