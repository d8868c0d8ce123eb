import type { RefObject } from 'preact'
import { lookOfState, looks, stateWord } from '../looks/looks.js'
import type { FloorStore } from '../state/floor-store.js'
import { TimeInState, TrustedIcon } from './look-words.js'

interface CalloutProps {
  readonly store: FloorStore
  readonly machine: number
  /** The name alone: where a panel says the rest. */
  readonly isBrief?: boolean
  /** Placed by whoever draws the floor. */
  readonly at: RefObject<HTMLDivElement | null>
}

/** Name and state of one machine, pinned to it on the floor. */
export function Callout({ store, machine, isBrief = false, at }: CalloutProps) {
  store.looksVersion.value
  const open = store.open.value
  const entry = open?.plant.machine(machine)
  return (
    <div ref={at} class="callout" aria-hidden="true" hidden={entry === undefined}>
      {open !== undefined && entry !== undefined && (
        <div class="callout-box">
          {!isBrief && <TrustedIcon store={store} look={looks[open.live.look[machine]!]!} size={18} />}
          <div>
            <b>{entry.name}</b>
            {!isBrief && <CalloutState store={store} machine={machine} />}
          </div>
        </div>
      )}
    </div>
  )
}

function CalloutState({ store, machine }: { store: FloorStore; machine: number }) {
  const live = store.open.value?.live
  if (live === undefined) return null
  const look = live.look[machine]!
  const display = live.display[machine]!
  return (
    <p class="muted">
      {store.freshness.value === 'lost' && 'last known: '}
      {look === lookOfState[display] ? '' : `${looks[look]!.word} · `}
      {stateWord(display)} <TimeInState store={store} since={live.since[machine]!} />
    </p>
  )
}
