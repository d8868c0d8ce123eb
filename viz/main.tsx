import { render } from 'preact'
import { FloorStore } from './state/floor-store.js'
import { bindTheme } from './state/preferences.js'
import { TwinProbe } from './state/twin-probe.js'
import { bindUrl } from './state/url-state.js'
import { Connection } from './stream/connection.js'
import './theme/dialogs.css'
import './theme/page.css'
import './theme/panels.css'
import { App } from './ui/app.js'
import type { FloorHandle } from './ui/floor-view.js'
import { bindKeys } from './ui/keyboard.js'

/** How many times faster than real the engine's clock runs; an engine on a scripted clock says so in the address. */
const pace = Math.max(1, Number(new URLSearchParams(location.search).get('pace')) || 1)

const store = new FloorStore(pace)
const handle: FloorHandle = { scene: undefined }
const probe = new TwinProbe(store, handle)
window.__twin = probe
store.onUpdate = milliseconds => {
  probe.applied(milliseconds)
  handle.scene?.stateChanged()
}
bindTheme(store, document.documentElement)
bindUrl(store)
bindKeys(store, handle)

const base = new URL('.', location.href.split(/[?#]/)[0]).href
const connection = new Connection(base, pace, {
  received: message => store.received(message),
  broken: reason => {
    store.broken.value = reason
  },
})
render(
  <App store={store} handle={handle} probe={probe} retry={() => connection.retry()} />,
  document.getElementById('app')!,
)
