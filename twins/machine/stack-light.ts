import type { PackmlState, SuspendReason } from '../../schema/packml.js'

/** What of the material is at hand (PackTag Status.MaterialInterlock): low warns, exhausted holds the machine. */
export type Material = 'ready' | 'low' | 'exhausted'

/** The lights and the horn by their bit in PackTag Status.Stacklight. */
const stackLightBits = {
  'red solid': 0,
  'red flashing': 1,
  'amber solid': 2,
  'amber flashing': 3,
  'blue solid': 4,
  'blue flashing': 5,
  'green solid': 6,
  'green flashing': 7,
  horn: 9,
} as const
export type StackLight = keyof typeof stackLightBits

/** The lights of a state by itself (TR88.00.02-2022, stack light). */
const lightsOf: Readonly<Record<PackmlState, readonly StackLight[]>> = {
  Undefined: [],
  Clearing: ['red flashing'],
  Stopped: ['red solid'],
  Starting: ['green solid', 'horn'],
  Idle: ['green flashing'],
  Suspended: [],
  Execute: ['green solid'],
  Stopping: ['red solid'],
  Aborting: ['red flashing'],
  Aborted: ['red flashing'],
  Holding: [],
  Held: [],
  Unholding: ['green solid', 'horn'],
  Suspending: [],
  Unsuspending: ['green solid', 'horn'],
  Resetting: ['red solid'],
  Completing: ['green solid'],
  Complete: ['red solid'],
}

const lightsOfReason: Readonly<Record<SuspendReason, readonly StackLight[]>> = {
  none: [],
  blocked: ['amber solid'],
  starved: ['amber flashing'],
}

/** The Hold branch, where material that is low is no warning any more. */
const holdBranch: readonly PackmlState[] = ['Holding', 'Held', 'Unholding']

/** What burns on the machine's stack light. */
export function stackLight(
  state: PackmlState,
  reason: SuspendReason,
  material: Material = 'ready',
): readonly StackLight[] {
  const lights = [...lightsOf[state]]
  if (state === 'Suspending' || state === 'Suspended') lights.push(...lightsOfReason[reason])
  if (material === 'exhausted' && (state === 'Holding' || state === 'Held')) lights.push('blue solid')
  if (material === 'low' && state !== 'Undefined' && !holdBranch.includes(state)) lights.push('blue flashing')
  return lights
}

/** The lights as the word of PackTag Status.Stacklight. */
export function stackLightWord(lights: readonly StackLight[]): number {
  return lights.reduce((word, light) => word | (1 << stackLightBits[light]), 0)
}
