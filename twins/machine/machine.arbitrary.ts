import fc from 'fast-check'
import { holdExtension, type MachineConfig, type Mode, standardConfig } from '../../schema/machine-config.js'
import { packmlStates, suspendReasons } from '../../schema/packml.js'
import { counterNames, type MachineEvent } from './machine.events.js'
import { commands, movesByPriority } from './rules.js'

/** Configurations that differ in everything a configuration can say. */
export const configs: readonly MachineConfig[] = [
  standardConfig,
  { ...standardConfig, executeCompletes: true, counterWidth: 64 },
  { ...standardConfig, holdFrom: [...standardConfig.holdFrom, ...holdExtension] },
  {
    modes: [
      { mode: 'Production', disabled: ['Starting', 'Completing', 'Complete', 'Aborting'] },
      {
        mode: 'Manual',
        disabled: ['Resetting', 'Clearing', 'Stopping', 'Unholding', 'Unsuspending', 'Suspended'],
      },
      { mode: 'Mode 5', disabled: ['Holding', 'Suspending', 'Completing', 'Held', 'Starting'] },
    ],
    modeChangeIn: ['Stopped', 'Idle', 'Aborted', 'Held', 'Complete'],
    holdFrom: ['Execute', 'Starting', 'Completing'],
    executeCompletes: true,
    counterWidth: 100,
  },
]

const cause = {
  reason: fc.option(fc.constantFrom(...suspendReasons), { nil: undefined }),
  stopReason: fc.option(fc.constantFrom('jam', 'door'), { nil: undefined }),
}
const of = <const Type extends string>(type: Type) => fc.constant(type)

/** What may come next, but its time; `words`: what the source says of its state. */
function untimed(modes: readonly Mode[], words: readonly string[]) {
  return [
    {
      weight: 6,
      arbitrary: fc.record({ type: fc.constantFrom(...movesByPriority), ...cause }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        type: of('SCAN'),
        commands: fc.subarray([...commands]),
        stateComplete: fc.boolean(),
        ...cause,
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        type: of('OBSERVED'),
        state: fc.constantFrom(...packmlStates),
        reason: fc.constantFrom(...suspendReasons),
        sourceState: fc.constantFrom(...words),
      }),
    },
    { weight: 1, arbitrary: fc.record({ type: of('SET_MODE'), mode: fc.constantFrom(...modes) }) },
    { weight: 1, arbitrary: fc.record({ type: of('MODE_OBSERVED'), mode: fc.constantFrom(...modes) }) },
    {
      weight: 1,
      arbitrary: fc.record({ type: of('INTERLOCK'), reason: fc.constantFrom(...suspendReasons) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        type: of('COUNTED'),
        counter: fc.constantFrom(...counterNames),
        reading: fc.nat(63),
        most: fc.constantFrom(undefined, undefined, 20),
      }),
    },
  ] as const
}

/** Events of a machine that is led and watched at once, mostly in the order of time. */
export function anyEvents(
  config: MachineConfig,
  { isTableOnly = false, maxLength = 60 } = {},
): fc.Arbitrary<MachineEvent[]> {
  const modes = config.modes.map(({ mode }) => mode)
  const untimedEvent = isTableOnly
    ? fc.oneof(...untimed(modes, ['']))
    : fc.oneof(
        ...untimed([...modes, 'Invalid', 'Mode 9'], ['', 'RUN']),
        {
          weight: 1,
          arbitrary: fc.record({ type: of('STOP_REASON'), stopReason: fc.constantFrom('jam', 'door') }),
        },
        {
          weight: 1,
          arbitrary: fc.record({ type: of('SOURCE_FOUND'), hasOwnClock: fc.boolean() }),
        },
      )
  const step = fc.tuple(untimedEvent, fc.integer({ min: -4, max: 20 }))
  return fc.array(step, { maxLength }).map(steps => {
    let time = 1_000
    return steps.map(([event, passed]): MachineEvent => {
      time += passed
      return { ...event, time } as MachineEvent
    })
  })
}
