import { type Look, lookNumber, looks } from '../looks/looks.js'
import type { FloorStore } from '../state/floor-store.js'
import { formatDuration, formatShortBeside } from './format.js'
import { LookIcon } from './glyph-icon.js'

interface LookProps {
  readonly store: FloorStore
  readonly look: Look
}

/**
 * The glyph to show for a look. Without a connection nobody knows how a machine is now: all are unknown, as on the
 * floor.
 */
export function shownLook(store: FloorStore, look: Look): Look {
  return store.freshness.value === 'lost' ? looks[lookNumber.unknown]! : look
}

/** The glyph of a look, as far as it can be trusted. */
export function TrustedIcon({ store, look, size }: LookProps & { size: number }) {
  return <LookIcon look={shownLook(store, look)} size={size} />
}

/** The word of a look in its colour; muted and named as the last known one when the connection is lost. */
export function LookWord({ store, look }: LookProps) {
  if (store.freshness.value === 'lost') return <span class="last-known">last known: {look.word}</span>
  return <b class={`word word-${look.fill}`}>{look.word}</b>
}

interface TimeInStateProps {
  readonly store: FloorStore
  /** Unix ms by the floor's clock; 0 = never. */
  readonly since: number
  /** Before a duration, e.g. `for `. */
  readonly lead?: string
}

/**
 * How long a machine has been in its state, by the floor's clock. When the connection is lost only the beginning is
 * known, and that is what is said: `since 14:02:11`.
 */
export function TimeInState({ store, since, lead = '' }: TimeInStateProps) {
  store.second.value
  const now = store.floorNow()
  if (since === 0 || now === 0) return <time>{lead}–</time>
  if (store.freshness.value === 'lost') return <time>since {formatShortBeside(since, now)}</time>
  return (
    <time>
      {lead}
      {formatDuration(now - since)}
    </time>
  )
}
