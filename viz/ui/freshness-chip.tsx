import type { Freshness } from '../../schema/stream/freshness.js'
import type { FloorStore } from '../state/floor-store.js'
import { formatAge, formatStopwatch } from './format.js'

const signs: Readonly<Record<Freshness, string>> = {
  live: '●',
  delayed: '◐',
  stale: '▲',
  lost: '■',
  resync: '↻',
}

/** How old the picture is, always in sight. */
export function FreshnessChip({ store }: { store: FloorStore }) {
  const freshness = store.freshness.value
  // Drawn anew with each status, so that the age counts on.
  const isThinned = store.status.value?.isThinned ?? false
  return (
    <span class={`freshness freshness-${freshness}`} data-freshness={freshness}>
      <span aria-hidden="true">{signs[freshness]}</span>
      <span class="freshness-text">{freshnessText(freshness, store.age())}</span>
      {isThinned && freshness === 'live' && <span class="thinned">Slow link: fewer updates</span>}
    </span>
  )
}

function freshnessText(freshness: Freshness, age: number): string {
  switch (freshness) {
    case 'live':
      return `Live ${formatAge(age)}`
    case 'delayed':
      return `${formatAge(age)} behind`
    case 'stale':
      return `Stale ${formatAge(age)}`
    case 'lost':
      return Number.isFinite(age) ? `Lost ${formatStopwatch(age)}` : 'Not connected'
    case 'resync':
      return 'Resyncing…'
  }
}
