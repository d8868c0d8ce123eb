import type { AnyEventObject, AnyMachineSnapshot } from 'xstate'

interface Transition {
  readonly eventType: string
  readonly target?: unknown
  readonly actions: readonly unknown[]
}

/** Not one for any event whatever, and not one that says that the event is void here. */
const isOwn = ({ eventType, target, actions }: Transition): boolean =>
  eventType !== '*' && (target !== undefined || actions.length > 0)

/**
 * The types of those events that the chart would take in this state, guards asked; what it does with any event
 * whatever does not count. Asks the statechart itself; for inspection, not for hot paths.
 */
export function acceptedOf(snapshot: AnyMachineSnapshot, events: readonly AnyEventObject[]): string[] {
  const isTaken = (event: AnyEventObject): boolean =>
    snapshot.machine.getTransitionData(snapshot, event).some(isOwn)
  return [...new Set(events.filter(isTaken).map(({ type }) => type))]
}
