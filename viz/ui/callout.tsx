import type { RefObject } from 'preact'
import { lookOfState, looks, stateWord } from '../looks/looks.js'
import type { FloorStore } from '../state/floor-store.js'
import { LookIcon } from './glyph-icon.js'
import { TimeInState } from './machine-list.js'

interface CalloutProps {
  readonly store: FloorStore
  readonly machine: number
  /** Placed by whoever draws the floor. */
  readonly at: RefObject<HTMLDivElement | null>
}

/** Name and state of one machine, pinned to it on the floor. */
export function Callout({ store, machine, at }: CalloutProps) {
  store.looksVersion.value
  const open = store.open.value
  const entry = open?.plant.machine(machine)
  return (
    <div ref={at} class="callout" aria-hidden="true" hidden={entry === undefined}>
      {open !== undefined && entry !== undefined && (
        <>
          <LookIcon look={looks[open.live.look[machine]!]!} size={18} />
          <span>
            <b>{entry.name}</b>
            <span class="muted">
              {looks[open.live.look[machine]!] === looks[lookOfState[open.live.display[machine]!]!]
                ? ''
                : `${looks[open.live.look[machine]!]!.word} · `}
              {stateWord(open.live.display[machine]!)}{' '}
              <TimeInState store={store} since={open.live.since[machine]!} />
            </span>
          </span>
        </>
      )}
    </div>
  )
}
