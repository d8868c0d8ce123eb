import { orderMachines } from '../plant/machine-order.js'
import type { FloorStore } from '../state/floor-store.js'
import { toggleTheme } from '../state/preferences.js'
import type { FloorHandle } from './floor-view.js'

/** The keys of the whole page. None of them changes the plant; single keys are off while somebody types. */
export function bindKeys(store: FloorStore, handle: FloorHandle): void {
  window.addEventListener('keydown', event => {
    if (event.defaultPrevented) return
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
      event.preventDefault()
      store.overlay.value = 'search'
      return
    }
    if (
      event.ctrlKey ||
      event.metaKey ||
      event.altKey ||
      store.overlay.peek() !== 'none' ||
      isTyping(event.target)
    )
      return
    const action = actions[event.key]
    if (action === undefined) return
    event.preventDefault()
    action(store, handle)
  })
}

const actions: Readonly<Record<string, (store: FloorStore, handle: FloorHandle) => void>> = {
  '/': store => (store.overlay.value = 'search'),
  '?': store => (store.overlay.value = 'help'),
  Escape: store => store.select(-1),
  Home: (_, handle) => handle.scene?.camera.home(),
  '1': (_, handle) => handle.scene?.camera.home('top'),
  '2': (_, handle) => handle.scene?.camera.home('tilted'),
  '3': (store, handle) => handle.scene?.fitLine(store.selected.peek()),
  '[': (store, handle) => step(store, handle, -1),
  ']': (store, handle) => step(store, handle, 1),
  c: toggleTheme,
  l: store => (store.areLabelsShown.value = !store.areLabelsShown.peek()),
  D: store => (store.isDiagnosticsShown.value = !store.isDiagnosticsShown.peek()),
}

/** To the next machine by severity, round and round. */
function step(store: FloorStore, handle: FloorHandle, by: 1 | -1): void {
  const open = store.open.peek()
  if (open === undefined) return
  const machines = orderMachines(open.plant.manifest.machines, open.live, store.filter.peek())
  if (machines.length === 0) return
  const at = machines.findIndex(({ index }) => index === store.selected.peek())
  const next = at < 0 ? (by === 1 ? 0 : machines.length - 1) : (at + by + machines.length) % machines.length
  const { index } = machines[next]!
  store.select(index)
  handle.scene?.flyTo(index)
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName))
  )
}
