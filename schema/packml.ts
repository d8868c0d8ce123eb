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

/** Unit modes that TR88.00.02 names (5.2); 4 to 31 are the plant's own. */
export const unitModes = ['Invalid', 'Production', 'Maintenance', 'Manual'] as const
export type UnitMode = (typeof unitModes)[number]
export const unitModeNumber = Object.fromEntries(unitModes.map((name, number) => [name, number])) as Readonly<
  Record<UnitMode, number>
>

/** A mode that the plant defines, by its number, 4 to 31 (TR88.00.02, 5.2). */
export type PlantMode = `Mode ${number}`
/** All modes that a plant may define. */
export const plantModes: readonly PlantMode[] = Array.from(
  { length: 28 },
  (_, at): PlantMode => `Mode ${at + unitModes.length}`,
)

const everyMode: ReadonlySet<string> = new Set([...unitModes, ...plantModes])

/** The number of a mode (PackTag Status.UnitModeCurrent). */
export function modeNumber(mode: UnitMode | PlantMode): number {
  return mode.startsWith('Mode ') ? Number(mode.slice('Mode '.length)) : unitModeNumber[mode as UnitMode]
}

/** The mode of a number; Invalid for a number that TR88.00.02 does not have. */
export function modeOf(number: number): UnitMode | PlantMode {
  return unitModes[number] ?? plantModes[number - unitModes.length] ?? 'Invalid'
}

/** Whether `name` is a mode of TR88.00.02 or one that a plant may define. */
export function isMode(name: unknown): name is UnitMode | PlantMode {
  return typeof name === 'string' && everyMode.has(name)
}

/** Why a machine is Suspended: the cause lies outside the unit (TR88.00.02, EquipmentInterlock). */
export const suspendReasons = ['none', 'blocked', 'starved'] as const
export type SuspendReason = (typeof suspendReasons)[number]
