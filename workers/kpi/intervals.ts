import type { StateChange } from '../../schema/records.js'
import { type Interval, Ledger, type LedgerSetup } from './ledger.js'
import { compareEvents, type LedgerEvent } from './ledger-event.js'

/**
 * A change of state or mode as the ledger takes it: what it does not say stays as it was. A word without a state and a
 * mode is the source's code for why the machine stops.
 */
export function eventOf({
  time,
  state,
  mode,
  reason,
  sourceState,
}: Omit<StateChange, 'machine' | 'observed'>): LedgerEvent {
  return {
    time,
    ...(state !== '' && { state, reason, sourceState }),
    ...(mode !== '' && { mode }),
    ...(state === '' && mode === '' && { stopCode: sourceState, stopCodeAt: time }),
  }
}

/**
 * Events in the order of their time, whatever the order in which they came. Of several at one time the one that came
 * last is taken last, so that it stands; parts are taken after all that is said of that moment.
 */
export function inOrder(events: readonly LedgerEvent[]): LedgerEvent[] {
  return events.toSorted(compareEvents)
}

/**
 * The time from `from` to `to` cut into intervals: no gap, no overlap, none without a length, each with all that is
 * known of it; equal neighbours are one. Events before `from` say how it began; those after `to` how long the stop
 * lasts that is open then.
 */
export function partition(
  setup: LedgerSetup,
  events: readonly LedgerEvent[],
  from: number,
  to: number,
): Interval[] {
  const ordered = inOrder(events)
  const pieces: Interval[] = []
  const ledger = new Ledger(setup, Math.min(from, ordered[0]?.time ?? from), piece => pieces.push(piece))
  for (const event of ordered) ledger.take(event)
  ledger.advance(Math.max(to, ledger.head))
  ledger.close()
  const intervals: Interval[] = []
  for (const piece of pieces.sort((a, b) => a.from - b.from)) {
    const cut = { ...piece, from: Math.max(piece.from, from), to: Math.min(piece.to, to) }
    if (cut.from >= cut.to) continue
    const last = intervals.at(-1)
    if (last !== undefined && isSame(last, cut)) intervals[intervals.length - 1] = { ...last, to: cut.to }
    else intervals.push(cut)
  }
  return intervals
}

function isSame(a: Interval, b: Interval): boolean {
  const { from: _a, to: _b, ...ofA } = a
  const { from: _c, to: _d, ...ofB } = b
  return JSON.stringify(ofA) === JSON.stringify(ofB)
}
