/**
 * PackML states, their numbers and kinds after ANSI/ISA-TR88.00.02-2022.
 * Foreign sources number states differently: never trust a foreign integer without a per-source map.
 */
export const packmlStates = [
  'Undefined',
  'Clearing',
  'Stopped',
  'Starting',
  'Idle',
  'Suspended',
  'Execute',
  'Stopping',
  'Aborting',
  'Aborted',
  'Holding',
  'Held',
  'Unholding',
  'Suspending',
  'Unsuspending',
  'Resetting',
  'Completing',
  'Complete',
] as const
export type PackmlState = (typeof packmlStates)[number]

/** The number of a state: its place in TR88.00.02's list. */
export const packmlNumber = Object.fromEntries(
  packmlStates.map((name, number) => [name, number]),
) as Readonly<Record<PackmlState, number>>

/** Unit modes (TR88.00.02, 5.2); 4 and above are the plant's own. */
export const unitModes = ['Invalid', 'Production', 'Maintenance', 'Manual'] as const
export type UnitMode = (typeof unitModes)[number]
export const unitModeNumber = Object.fromEntries(unitModes.map((name, number) => [name, number])) as Readonly<
  Record<UnitMode, number>
>

/** Why a machine is Suspended: the cause lies outside the unit (TR88.00.02, EquipmentInterlock). */
export const suspendReasons = ['none', 'blocked', 'starved'] as const
export type SuspendReason = (typeof suspendReasons)[number]
