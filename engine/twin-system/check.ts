import type { AnyActorLogic, Snapshot } from 'xstate'
import type { TwinProblem } from '../../twins/twin-problem.js'
import type { TwinDefinition, TwinMessage } from './definition.js'

const knownTypes = new WeakMap<AnyActorLogic, ReadonlySet<string>>()

/**
 * What is wrong with a message: first what is wrong for any twin (a time that is no number, a type its statechart does
 * not know, one of XState's own), then what its definition says.
 */
export function problemOf<Input>(
  definition: TwinDefinition<Input>,
  message: TwinMessage,
  snapshot: Snapshot<unknown>,
): TwinProblem | undefined {
  const { type, time } = message
  if (typeof type !== 'string' || type.startsWith('xstate.') || !isKnown(definition.logic, type)) {
    return { code: 'unknown-event', detail: `A ${definition.id} twin knows no event "${type}".` }
  }
  if (typeof time !== 'number' || !Number.isFinite(time)) {
    return { code: 'not-a-number', detail: `The time of ${type} is ${time}; it must be Unix milliseconds.` }
  }
  return definition.check?.(message, (snapshot as unknown as { context: never }).context)
}

/** A statechart lists the events of all its states; other logic may take anything. */
function isKnown(logic: AnyActorLogic, type: string): boolean {
  let known = knownTypes.get(logic)
  if (known === undefined) {
    known = new Set('events' in logic ? (logic.events as string[]) : ['*'])
    knownTypes.set(logic, known)
  }
  return known.has(type) || known.has('*')
}
