import type { EventObject } from 'xstate'
import type { TwinProblem } from './twin-problem.js'

/** As much of a statechart as is needed to bring it up to date. */
interface Chart<Snapshot, Event extends EventObject, Scope> {
  transition(snapshot: Snapshot, event: Event, scope: Scope): Snapshot
}

interface TimeKeeping<Context> {
  /** Why an event is not taken; such an event changes nothing. */
  check(event: unknown, context: Context): TwinProblem | undefined
  /** The next time at which something happens by itself, Unix ms; infinite where nothing will. */
  nextDue(context: Context): number
}

/**
 * A statechart that is always up to date when an event reaches it: first a TICK for each time that has become due
 * meanwhile, at exactly that time, then the event. So it does not matter how often somebody ticks. The chart stays
 * what it was in every other respect; only its `transition` is in time.
 */
export function inTime<
  Context,
  Snapshot extends { readonly context: Context },
  Event extends EventObject & { readonly time: number },
  Scope,
  Machine extends Chart<Snapshot, Event, Scope>,
>(
  machine: Machine & Chart<Snapshot, Event, Scope>,
  { check, nextDue }: TimeKeeping<Context>,
  tick: (time: number) => Event,
): Machine {
  const transition = (snapshot: Snapshot, event: Event, scope: Scope): Snapshot => {
    // XState's own events (start, stop) carry no time.
    if (event.type.startsWith('xstate.')) return machine.transition(snapshot, event, scope)
    if (check(event, snapshot.context) !== undefined) return snapshot
    let current = snapshot
    for (;;) {
      const due = nextDue(current.context)
      if (due > event.time) break
      current = machine.transition(current, tick(due), scope)
      if (nextDue(current.context) <= due) {
        throw new RangeError(`What was due at ${due} is due again at ${nextDue(current.context)}.`)
      }
    }
    return machine.transition(current, event, scope)
  }
  return Object.create(machine, { transition: { value: transition } })
}
