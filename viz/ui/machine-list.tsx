import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { ManifestMachine } from '../../schema/manifest.js'
import { lookOfState, looks, stateWord } from '../looks/looks.js'
import { orderMachines } from '../plant/machine-order.js'
import type { FloorStore, OpenPlant } from '../state/floor-store.js'
import { LookWord, shownLook, TimeInState, TrustedIcon } from './look-words.js'
import { useHeight } from './use-size.js'

const rowHeight = 48
const overscan = 6

/**
 * All machines, worst first: the floor without the picture. Only the rows in sight are in the page; the row that has
 * the focus always is, so that the focus is never lost.
 */
export function MachineList({ store, flyTo }: { store: FloorStore; flyTo: (machine: number) => void }) {
  const open = store.open.value
  const scroller = useRef<HTMLDivElement>(null)
  const height = useHeight(scroller)
  const [top, setTop] = useState(0)
  const [active, setActive] = useState(-1)
  const isFocusDue = useRef(false)
  store.looksVersion.value

  const machines =
    open === undefined ? [] : orderMachines(open.plant.manifest.machines, open.live, store.filter.value)
  const isDoubtful =
    open !== undefined && (store.freshness.value === 'stale' || store.freshness.value === 'lost')
  const activePlace = Math.max(
    0,
    machines.findIndex(({ index }) => index === active),
  )
  const first = Math.max(0, Math.floor(top / rowHeight) - overscan)
  const last = Math.min(machines.length, Math.ceil((top + height) / rowHeight) + overscan)
  const places = Array.from({ length: Math.max(0, last - first) }, (_, at) => first + at)
  if (machines.length > 0 && !places.includes(activePlace)) places.push(activePlace)

  useLayoutEffect(() => {
    if (!isFocusDue.current) return
    isFocusDue.current = false
    scroller.current?.querySelector<HTMLElement>('[tabindex="0"]')?.focus({ preventScroll: true })
  })

  const move = (place: number): void => {
    const machine = machines[Math.min(machines.length - 1, Math.max(0, place))]
    const element = scroller.current
    if (machine === undefined || element === null) return
    isFocusDue.current = true
    const at = machines.indexOf(machine) * rowHeight
    if (at < element.scrollTop) element.scrollTop = at
    else if (at + rowHeight > element.scrollTop + height) element.scrollTop = at + rowHeight - height
    setActive(machine.index)
  }
  const page = Math.max(1, Math.floor(height / rowHeight) - 1)
  const steps: Readonly<Record<string, () => void>> = {
    ArrowDown: () => move(activePlace + 1),
    ArrowUp: () => move(activePlace - 1),
    PageDown: () => move(activePlace + page),
    PageUp: () => move(activePlace - page),
    Home: () => move(0),
    End: () => move(machines.length - 1),
    Enter: () => choose(machines[activePlace], true),
    ' ': () => choose(machines[activePlace], false),
  }
  const choose = (machine: ManifestMachine | undefined, isFlight: boolean): void => {
    if (machine === undefined) return
    store.select(machine.index)
    if (isFlight) flyTo(machine.index)
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = event.ctrlKey || event.metaKey || event.altKey ? undefined : steps[event.key]
    if (step === undefined) return
    event.preventDefault()
    event.stopPropagation()
    step()
  }

  return (
    <section class="machine-list" aria-label="Machine list">
      <ListHeader store={store} shown={machines.length} total={open?.plant.manifest.machines.length ?? 0} />
      {open !== undefined && machines.length === 0 && store.filter.value !== undefined && (
        <p class="hint">No machine is in this state now.</p>
      )}
      <div
        ref={scroller}
        class={`scroller ${isDoubtful ? 'doubtful' : ''}`}
        role="grid"
        aria-label="Machines, worst first"
        aria-rowcount={machines.length}
        onScroll={event => setTop(event.currentTarget.scrollTop)}
        onKeyDown={onKeyDown}
      >
        <div role="presentation" style={{ height: `${machines.length * rowHeight}px`, position: 'relative' }}>
          {open !== undefined &&
            places.map(place => {
              const machine = machines[place]!
              return (
                <Row
                  key={machine.index}
                  store={store}
                  open={open}
                  machine={machine}
                  place={place}
                  isActive={place === activePlace}
                  onFocus={() => setActive(machine.index)}
                  onChoose={() => {
                    setActive(machine.index)
                    choose(machine, false)
                  }}
                  onOpen={() => choose(machine, true)}
                />
              )
            })}
        </div>
      </div>
    </section>
  )
}

function ListHeader({ store, shown, total }: { store: FloorStore; shown: number; total: number }) {
  const isFiltered = store.filter.value !== undefined
  return (
    <div class="list-header">
      <h2>Machines</h2>
      <span class="muted">{isFiltered ? `${shown} of ${total}` : total}</span>
      {isFiltered && (
        <button type="button" class="text-button" onClick={() => (store.filter.value = undefined)}>
          Clear filter
        </button>
      )}
    </div>
  )
}

interface RowProps {
  readonly store: FloorStore
  readonly open: OpenPlant
  readonly machine: ManifestMachine
  readonly place: number
  readonly isActive: boolean
  readonly onFocus: () => void
  readonly onChoose: () => void
  readonly onOpen: () => void
}

function Row({ store, open, machine, place, isActive, onFocus, onChoose, onOpen }: RowProps) {
  const { live, plant } = open
  const { index } = machine
  const look = looks[live.look[index]!]!
  const state = stateWord(live.display[index]!)
  const isStateLook = look === looks[lookOfState[live.display[index]!]!]
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the grid handles the keys of all its rows
    <div
      role="row"
      class="row"
      aria-rowindex={place + 1}
      aria-selected={store.selected.value === index}
      tabIndex={isActive ? 0 : -1}
      data-machine={machine.id}
      data-look={look.name}
      data-glyph={shownLook(store, look).cell}
      style={{ transform: `translateY(${place * rowHeight}px)` }}
      onFocus={onFocus}
      onClick={onChoose}
      onDblClick={onOpen}
      onMouseEnter={() => (store.hovered.value = index)}
      onMouseLeave={() => (store.hovered.value = -1)}
    >
      <span role="gridcell" class="row-icon">
        <TrustedIcon store={store} look={look} size={20} />
      </span>
      <span role="gridcell" class="row-name">
        <b>{machine.name}</b>
        <span class="muted">{plant.shortPlaceOf(machine)}</span>
      </span>
      <span role="gridcell" class="row-state">
        <LookWord store={store} look={look} />
        <span class="muted">
          {isStateLook ? '' : `${state} `}
          <TimeInState store={store} since={live.since[index]!} />
        </span>
      </span>
    </div>
  )
}
