import { describe } from 'vitest'
import { mutated } from '../proof/mutated.js'
import { regression } from '../proof/regression.js'
import type { EvidenceLevel, FaultEvent, FaultInput } from './fault.events.js'
import { faultMachine as chart, faultInTime } from './fault.machine.js'
import { walkFault } from './fault.walk.js'

const pattern = 'bearing-failure'
const simulated: FaultInput = { fault: `press-01.${pattern}`, pattern, estimated: false }
const real: FaultInput = { ...simulated, estimated: true }
const by = { who: 'Ada', comment: '' }
const evidence = (level: EvidenceLevel, severity: number, time: number): FaultEvent => ({
  type: 'EVIDENCE',
  pattern,
  level,
  severity,
  confidence: 0,
  growth: 'steady',
  rule: '',
  signals: [],
  time,
})
const broken = (name: string) => faultInTime(mutated(chart, name))

describe('regressions of the fault twin', () => {
  regression('a machine that was made to run again had lost the damage that made it fail', {
    chart,
    broken: broken('fault.inUse.failed on RESTARTED 1: guard removed'),
    walk: chart =>
      walkFault(
        simulated,
        [
          { type: 'DAMAGE', time: 0, damage: 1 },
          { type: 'RESTARTED', time: 0 },
        ],
        chart,
      ),
  })

  regression('a fault that an imperfect repair had left was gone with the restart', {
    chart,
    broken: broken('fault.repaired on RESTARTED 1: guard removed'),
    walk: chart =>
      walkFault(
        real,
        [
          evidence('alert', 0.01, 0),
          { type: 'REPAIR_STARTED', time: 0, ...by },
          { type: 'REPAIR_ENDED', time: 0, kind: 'imperfect', keeps: 0.1, ...by },
          { type: 'RESTARTED', time: 0 },
        ],
        chart,
      ),
  })

  regression('a fault that failed again before its machine ran again stayed repaired', {
    chart,
    broken: broken('fault.repaired on DAMAGE 4: guard negated'),
    walk: chart =>
      walkFault(
        simulated,
        [
          { type: 'DAMAGE', time: 0, damage: 1 },
          { type: 'REPAIR_STARTED', time: 0, ...by },
          { type: 'REPAIR_ENDED', time: 0, kind: 'imperfect', keeps: 0.3, ...by },
          { type: 'DAMAGE', time: 5000, damage: 1 },
        ],
        chart,
      ),
  })

  regression('a perfect repair left its damage', {
    chart,
    broken: broken('fault.underRepair on REPAIR_ENDED 1: without repair'),
    walk: chart =>
      walkFault(
        simulated,
        [
          { type: 'DAMAGE', time: 0, damage: 5e-324 },
          { type: 'REPAIR_STARTED', time: 0, ...by },
          { type: 'REPAIR_ENDED', time: 0, kind: 'perfect', keeps: null, ...by },
        ],
        chart,
      ),
  })

  regression('a fault went on towards failure while it was under repair', {
    chart,
    broken: broken('fault.inUse on REPAIR_STARTED 1: without stopProgress'),
    walk: chart =>
      walkFault(
        real,
        [
          evidence('alert', 0.01, 0),
          { type: 'REPAIR_STARTED', time: 0, ...by },
          evidence('none', 0, 3_600_000),
        ],
        chart,
      ),
  })
})
