import fc from 'fast-check'
import { displayStates } from '../../schema/display-state.js'
import type { LineMachine } from './constraint.js'
import type { LineEvent } from './line.events.js'

/** A line of up to seven machines; parts go forward, sometimes to two machines, the last may feed one outside. */
export const anyLine: fc.Arbitrary<LineMachine[]> = fc
  .array(
    fc.tuple(fc.uniqueArray(fc.integer({ min: 1, max: 3 }), { maxLength: 2 }), fc.constantFrom(0, 10, 20)),
    {
      minLength: 1,
      maxLength: 7,
    },
  )
  .map(shapes =>
    shapes.map(([strides, idealCycleTime], i) => ({
      id: `m${i}`,
      feeds: strides.map(stride => `m${i + stride}`),
      idealCycleTime,
    })),
  )

/** News of its machines, and of one that it does not have, in any order of time. */
export const anyEvents: fc.Arbitrary<LineEvent[]> = fc.array(
  fc.oneof(
    {
      weight: 9,
      arbitrary: fc.record({
        type: fc.constant('MACHINE_STATE' as const),
        machine: fc.nat(7).map(i => `m${i}`),
        display: fc.constantFrom(
          ...displayStates,
          'running' as const,
          'starved' as const,
          'blocked' as const,
        ),
        reason: fc.constantFrom('', 'E-stop'),
        cycleTime: fc.constantFrom(null, 0, 10, 11, 12, 30),
        time: fc.integer({ min: 1, max: 40 }),
      }),
    },
    // Several that are slow by themselves, and by how much: that is what tells who of them holds the line back.
    {
      weight: 6,
      arbitrary: fc.record({
        type: fc.constant('MACHINE_STATE' as const),
        machine: fc.nat(7).map(i => `m${i}`),
        display: fc.constant('running' as const),
        reason: fc.constant(''),
        cycleTime: fc.constantFrom(12, 24, 30),
        time: fc.integer({ min: 1, max: 40 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        type: fc.constant('SOURCE_FOUND' as const),
        machine: fc.nat(7).map(i => `m${i}`),
        time: fc.nat(40),
      }),
    },
  ),
  { maxLength: 40 },
)
