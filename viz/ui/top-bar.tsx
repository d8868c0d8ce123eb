import type { FloorStore } from '../state/floor-store.js'
import { toggleTheme } from '../state/preferences.js'
import { formatTime, formatTimeBeside } from './format.js'
import { FreshnessChip } from './freshness-chip.js'

export function TopBar({ store }: { store: FloorStore }) {
  const manifest = store.open.value?.plant.manifest
  const theme = store.theme.value
  return (
    <header class="top-bar">
      <h1>
        <span class="brand">Gemba</span>
        {manifest !== undefined && <span class="plant-name">{manifest.plant}</span>}
      </h1>
      <FreshnessChip store={store} />
      <FloorTime store={store} />
      <span class="spacer" />
      <button type="button" class="search-button" onClick={() => (store.overlay.value = 'search')}>
        <svg width="16" height="16" viewBox="0 0 24 24" aria-hidden="true">
          <path d="M10.5 4a6.5 6.5 0 1 1 0 13a6.5 6.5 0 1 1 0-13ZM15.5 15.5L21 21" class="stroke" />
        </svg>
        <span class="wide-only">Search machines and sensors</span>
        <kbd class="wide-only">/</kbd>
        <span class="narrow-only visually-hidden">Search</span>
      </button>
      <button
        type="button"
        class="icon-button"
        aria-label={`Switch to the ${theme === 'light' ? 'dark' : 'light'} theme`}
        onClick={() => toggleTheme(store)}
      >
        <svg width="18" height="18" viewBox="0 0 24 24" aria-hidden="true">
          <circle cx="12" cy="12" r="8" class="stroke" />
          <path d="M12 4a8 8 0 0 1 0 16Z" class="solid" />
        </svg>
      </button>
      <button
        type="button"
        class="icon-button"
        aria-label="Help"
        onClick={() => (store.overlay.value = 'help')}
      >
        ?
      </button>
    </header>
  )
}

/** The floor's own time, with its day and zone where that is not today: a recording is known at a glance. */
function FloorTime({ store }: { store: FloorStore }) {
  store.second.value
  const now = store.floorNow()
  if (now === 0) return null
  // A live floor's clock runs with the wall's, whichever side of midnight either is on.
  const today = store.isLiveFloor() ? now : store.serverNow()
  const text = formatTimeBeside(now, today)
  const hasDay = text !== formatTime(now)
  return <span class={`floor-time ${hasDay ? 'floor-day' : 'wide-only'}`}>{text}</span>
}
