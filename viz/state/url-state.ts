import { effect } from '@preact/signals'
import type { FloorStore } from './floor-store.js'

/**
 * Selection and URL say the same: `#/floor?machine=press-01&signal=press-01.vibration`. A choice becomes an entry of
 * the history, so that Back always works.
 */
export function bindUrl(store: FloorStore): void {
  const read = (): void => {
    const open = store.open.peek()
    if (open === undefined) return
    const query = new URLSearchParams(location.hash.split('?')[1] ?? '')
    const machine = open.plant.machineById(query.get('machine') ?? '')
    const signal = open.plant.signalById(query.get('signal') ?? '')
    store.select(machine?.index ?? -1, signal?.machine === machine?.index ? (signal?.index ?? -1) : -1)
  }
  addEventListener('hashchange', read)

  let isRead = false
  effect(() => {
    const open = store.open.value
    const selected = store.selected.value
    const selectedSignal = store.selectedSignal.value
    if (open === undefined) return
    if (!isRead) {
      isRead = true
      read()
      return
    }
    const query = new URLSearchParams()
    const machine = open.plant.machine(selected)
    const signal = open.plant.signal(selectedSignal)
    if (machine !== undefined) query.set('machine', machine.id)
    if (signal !== undefined) query.set('signal', signal.id)
    const hash = query.size === 0 ? '#/floor' : `#/floor?${query}`
    if (hash !== location.hash && !(location.hash === '' && query.size === 0))
      history.pushState(null, '', hash)
  })
}
