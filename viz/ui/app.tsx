import { useState } from 'preact/hooks'
import type { FloorStore } from '../state/floor-store.js'
import type { TwinProbe } from '../state/twin-probe.js'
import { Banner } from './banner.js'
import { Diagnostics } from './diagnostics.js'
import { type FloorHandle, FloorView } from './floor-view.js'
import { HelpDialog } from './help-dialog.js'
import { Inspector } from './inspector.js'
import { MachineList } from './machine-list.js'
import { SearchDialog } from './search-dialog.js'
import { StateStrip } from './state-strip.js'
import { TopBar } from './top-bar.js'
import { useIsPhone } from './use-size.js'

interface AppProps {
  readonly store: FloorStore
  readonly handle: FloorHandle
  readonly probe: TwinProbe
  readonly retry: () => void
}

/** The page: bar, counts, machine list, floor, the selected machine. */
export function App({ store, handle, probe, retry }: AppProps) {
  const isPhone = useIsPhone()
  const [isFloorAsked, setFloorAsked] = useState(false)
  const flyTo = (machine: number): void => handle.scene?.flyTo(machine)
  const [drawn] = useState(() => (milliseconds: number) => probe.drawn(milliseconds))
  const isFloorShown = !isPhone || isFloorAsked
  const banner = <Banner store={store} retry={retry} />
  return (
    <div class="page" data-selection={store.selected.value >= 0}>
      <TopBar store={store} />
      <StateStrip store={store} />
      {!isFloorShown && banner}
      <main class={isPhone ? `phone ${isFloorAsked ? 'phone-floor' : 'phone-list'}` : ''}>
        {isPhone && (
          <div class="tabs" role="tablist" aria-label="Parts of the page">
            <button
              type="button"
              role="tab"
              aria-selected={!isFloorAsked}
              onClick={() => setFloorAsked(false)}
            >
              Machines
            </button>
            <button type="button" role="tab" aria-selected={isFloorAsked} onClick={() => setFloorAsked(true)}>
              Show floor
            </button>
          </div>
        )}
        {(!isPhone || !isFloorAsked) && <MachineList store={store} flyTo={flyTo} />}
        {isFloorShown && (
          <div class="floor-area">
            {banner}
            <FloorView store={store} handle={handle} drawn={drawn} />
          </div>
        )}
        <Inspector store={store} flyTo={flyTo} />
      </main>
      <Diagnostics store={store} probe={probe} />
      <SearchDialog store={store} flyTo={flyTo} />
      <HelpDialog store={store} />
      <div class="visually-hidden" role="status" aria-live="polite">
        {store.announcement.value}
      </div>
    </div>
  )
}
