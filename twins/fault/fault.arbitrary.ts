import fc from 'fast-check'
import { faultPatternIds, repairKinds } from '../../schema/fault-catalogue.js'
import {
  evidenceLevels,
  type FaultContext,
  type FaultEvent,
  type FaultInput,
  growths,
  type RepairWork,
} from './fault.events.js'

/** From 0 to 1. */
export const share = fc.double({ min: 0, max: 1, noNaN: true })
const work: Omit<RepairWork, 'time'> = { who: 'Ada', comment: '' }
/** The event that comes at a time to a fault that stands so: damage, say, is never less than what there is. */
export type Step = (time: number, context: FaultContext) => FaultEvent

const repairs: fc.Arbitrary<Step> = fc.oneof(
  fc.constant<Step>(time => ({ type: 'REPAIR_STARTED', time, ...work })),
  fc.tuple(fc.constantFrom(...repairKinds), fc.double({ min: 0.1, max: 0.4, noNaN: true })).map(
    ([kind, q]): Step =>
      time => ({ type: 'REPAIR_ENDED', time, kind, keeps: kind === 'imperfect' ? q : null, ...work }),
  ),
  fc.constant<Step>(time => ({ type: 'RESTARTED', time })),
)
const damages: fc.Arbitrary<Step> = fc
  .tuple(fc.oneof(share, fc.constant(1)), fc.option(share, { nil: undefined }))
  .map(
    ([part, progress]): Step =>
      // Damage only grows: some way from what there is towards failure.
      (time, { damage }) => ({
        type: 'DAMAGE',
        time,
        damage: Math.min(1, damage + (1 - damage) * part),
        ...(progress !== undefined && { progress }),
      }),
  )
const clearings = fc.constant<Step>(time => ({ type: 'CLEARED', time, ...work }))
const evidences: fc.Arbitrary<Step> = fc
  .record({
    level: fc.constantFrom(...evidenceLevels),
    severity: share,
    confidence: share,
    growth: fc.constantFrom(...growths),
    rule: fc.constantFrom('', 'leak'),
    signals: fc.subarray(['press-01.flow', 'press-01.pressure']),
  })
  .map(
    (said): Step =>
      (time, { pattern }) => {
        const severity = said.level === 'none' ? 0 : Math.max(0.01, said.severity)
        return { type: 'EVIDENCE', time, pattern, ...said, severity }
      },
  )

/** A fault of a simulated or a real machine, and its life: how long after the one before, ms, and what. */
export const arbitraryRun = fc
  .record({ pattern: fc.constantFrom(...faultPatternIds), estimated: fc.boolean() })
  .chain(({ pattern, estimated }) =>
    fc.record({
      input: fc.constant<FaultInput>({ fault: `press-01.${pattern}`, pattern, estimated }),
      steps: fc.array(
        fc.tuple(
          fc.integer({ min: 0, max: 4 * 86_400_000 }),
          fc.oneof(
            {
              weight: 5,
              arbitrary: estimated
                ? fc.oneof(
                    { weight: 5, arbitrary: evidences },
                    { weight: 1, arbitrary: fc.constant<Step>(time => ({ type: 'BREAKDOWN', time })) },
                  )
                : fc.oneof({ weight: 9, arbitrary: damages }, { weight: 1, arbitrary: clearings }),
            },
            { weight: 4, arbitrary: repairs },
            { weight: 1, arbitrary: fc.constant<Step>(time => ({ type: 'TICK', time })) },
          ),
        ),
        { maxLength: 30, size: 'max' },
      ),
    }),
  )
