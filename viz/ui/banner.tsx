import type { FloorStore } from '../state/floor-store.js'
import { formatAge, formatStopwatch, formatTime } from './format.js'

/** Says across the screen that the picture is not live, why, and what can be done. */
export function Banner({ store, retry }: { store: FloorStore; retry: () => void }) {
  const status = store.status.value
  const freshness = store.freshness.value
  if (store.broken.value !== undefined) {
    return (
      <div class="banner banner-lost">
        <span>The viewer has stopped: {store.broken.value}</span>
        <button type="button" onClick={() => location.reload()}>
          Reload
        </button>
      </div>
    )
  }
  if (status === undefined) return null
  if (status.refusal?.reason === 'wrong-version') {
    return (
      <div class="banner banner-lost">
        <span>This viewer and the engine speak different versions. {status.refusal.detail}</span>
        <button type="button" onClick={() => location.reload()}>
          Reload
        </button>
      </div>
    )
  }
  if (freshness === 'lost') return <LostBanner store={store} retry={retry} />
  if (freshness === 'stale') {
    const age = store.age()
    return (
      <div class="banner banner-stale">
        <span>
          Data {formatAge(age)} old — last {formatTime(store.serverNow() - age)}
        </span>
      </div>
    )
  }
  return null
}

function LostBanner({ store, retry }: { store: FloorStore; retry: () => void }) {
  const status = store.status.value
  const age = store.age()
  const since = Number.isFinite(age) ? ` ${formatStopwatch(age)}` : ''
  const wait = status?.retryIn
  const next = wait === undefined ? 'connecting…' : `retry in ${Math.ceil(wait / 1000)} s`
  const what = store.hasBeenLive.value ? `Connection lost${since}` : 'No connection to the engine'
  const why = status?.manifestProblem ?? status?.refusal?.detail
  return (
    <div class="banner banner-lost">
      <span class="banner-text">
        {what} — {next}
        {why === undefined ? '' : ` · ${why}`}
      </span>
      <button type="button" onClick={retry}>
        Retry now
      </button>
    </div>
  )
}
