import { type DisplayState, displayNumber } from '../../schema/display-state.js'
import type { ManifestMachine } from '../../schema/manifest.js'
import type { LiveState } from './live-state.js'

/** Which machines to show: those in a state, or those with a sensor beyond a limit. */
export type MachineFilter =
  | { readonly kind: 'state'; readonly state: DisplayState }
  | { readonly kind: 'critical' }
  | { readonly kind: 'warning' }

export function passes(filter: MachineFilter | undefined, live: LiveState, machine: number): boolean {
  switch (filter?.kind) {
    case undefined:
      return true
    case 'state':
      return live.display[machine] === displayNumber[filter.state]
    case 'critical':
      return live.criticalSensors(machine) > 0
    case 'warning':
      return live.warningSensors(machine) > 0
  }
}

export function isSameFilter(one: MachineFilter | undefined, other: MachineFilter | undefined): boolean {
  if (one?.kind === 'state' && other?.kind === 'state') return one.state === other.state
  return one?.kind === other?.kind
}

/** The machines that pass, worst first; machines alike stand in the order of the plant. */
export function orderMachines(
  machines: readonly ManifestMachine[],
  live: LiveState,
  filter?: MachineFilter,
): readonly ManifestMachine[] {
  return machines
    .filter(({ index }) => passes(filter, live, index))
    .sort((a, b) => live.look[a.index]! - live.look[b.index]! || a.index - b.index)
}
