import { type DisplayState, displayNumber } from '../../schema/display-state.js'
import { type Look, lookNumber, looks, stateLook } from '../looks/looks.js'
import { isSameFilter, type MachineFilter } from '../plant/machine-order.js'
import type { FloorStore } from '../state/floor-store.js'
import { LookIcon } from './glyph-icon.js'

/** In the order of a person's interest: what stands still first, what runs last. */
const shownStates: readonly DisplayState[] = [
  'running',
  'down',
  'blocked',
  'starved',
  'idle',
  'setup',
  'maintenance',
  'off-shift',
  'unknown',
]
/** Shown even when nobody is in them: their zero is good or bad news. */
const alwaysShown: readonly DisplayState[] = ['running', 'down']

/** From more counts than this on the row is tight. */
const roomy = 7

/** How many machines are in which state; each count is a filter. */
export function StateStrip({ store }: { store: FloorStore }) {
  store.looksVersion.value
  const open = store.open.value
  if (open === undefined) return <div class="state-strip" />
  const { live, plant } = open
  const total = plant.manifest.machines.length
  const critical = plant.manifest.machines.filter(({ index }) => live.criticalSensors(index) > 0).length
  const warning = plant.manifest.machines.filter(({ index }) => live.warningSensors(index) > 0).length
  const counts = shownStates.flatMap(state => {
    const count = live.stateCounts[displayNumber[state]] ?? 0
    const filter: MachineFilter = { kind: 'state', state }
    const isShown = count > 0 || alwaysShown.includes(state) || isSameFilter(store.filter.value, filter)
    return isShown ? [{ state, count, filter }] : []
  })
  return (
    <nav
      class="state-strip"
      aria-label="Machines by state"
      // All on one row, as long as that can be: a row more would move the floor.
      data-full={counts.length > roomy}
    >
      <span class="total">
        <b>{total}</b> <span>{total === 1 ? 'machine' : 'machines'}</span>
      </span>
      {counts.map(({ state, count, filter }) => (
        <Count key={state} store={store} look={stateLook(state)} count={count} filter={filter} />
      ))}
      <span class="divider" />
      <Count store={store} look={looks[lookNumber.high]!} count={critical} filter={{ kind: 'critical' }} />
      <Count store={store} look={looks[lookNumber.medium]!} count={warning} filter={{ kind: 'warning' }} />
    </nav>
  )
}

interface CountProps {
  readonly store: FloorStore
  readonly look: Look
  readonly count: number
  readonly filter: MachineFilter
}

function Count({ store, look, count, filter }: CountProps) {
  const isPressed = isSameFilter(store.filter.value, filter)
  return (
    <button
      type="button"
      class={`count ${count === 0 ? 'count-none' : ''}`}
      aria-pressed={isPressed}
      data-look={look.name}
      onClick={() => (store.filter.value = isPressed ? undefined : filter)}
    >
      <LookIcon look={look} size={16} />
      <b>{count}</b>
      <span>{look.word}</span>
    </button>
  )
}
