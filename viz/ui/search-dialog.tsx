import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import { looks } from '../looks/looks.js'
import { PlantSearch, type SearchHit } from '../plant/search.js'
import type { FloorStore, OpenPlant } from '../state/floor-store.js'
import { formatName } from './format.js'
import { TrustedIcon } from './look-words.js'

const shown = 12

/** Finds a machine or a sensor by keyboard: type, arrows, Enter. */
export function SearchDialog({ store, flyTo }: { store: FloorStore; flyTo: (machine: number) => void }) {
  const open = store.open.value
  if (store.overlay.value !== 'search' || open === undefined) return null
  return <SearchBox store={store} open={open} flyTo={flyTo} />
}

interface SearchBoxProps {
  readonly store: FloorStore
  readonly open: OpenPlant
  readonly flyTo: (machine: number) => void
}

function SearchBox({ store, open, flyTo }: SearchBoxProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const [query, setQuery] = useState('')
  const [chosen, setChosen] = useState(0)
  const search = useMemo(() => new PlantSearch(open.plant), [open.plant])
  const hits = useMemo(() => search.find(query, shown), [search, query])
  // Before the next key arrives: it belongs into the field.
  useLayoutEffect(() => dialog.current?.showModal(), [])

  const close = (): void => {
    dialog.current?.close()
    store.overlay.value = 'none'
  }
  const accept = (hit: SearchHit | undefined): void => {
    if (hit === undefined) return
    close()
    store.select(hit.machine.index, hit.kind === 'sensor' ? hit.signal.index : -1)
    flyTo(hit.machine.index)
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowDown') setChosen(Math.min(hits.length - 1, chosen + 1))
    else if (event.key === 'ArrowUp') setChosen(Math.max(0, chosen - 1))
    else if (event.key === 'Enter') accept(hits[chosen])
    else return
    event.preventDefault()
  }

  return (
    <dialog ref={dialog} class="search" aria-label="Search" onClose={() => (store.overlay.value = 'none')}>
      <input
        type="text"
        role="combobox"
        aria-label="Search machines and sensors"
        aria-expanded={hits.length > 0}
        aria-controls="search-hits"
        aria-autocomplete="list"
        aria-activedescendant={hits.length > 0 ? `search-hit-${chosen}` : undefined}
        placeholder="Machine, sensor, type or place"
        autocomplete="off"
        spellcheck={false}
        value={query}
        onInput={event => {
          setQuery(event.currentTarget.value)
          setChosen(0)
        }}
        onKeyDown={onKeyDown}
      />
      <div id="search-hits" role="listbox" aria-label="Results">
        {hits.map((hit, at) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the text field handles the keys of the whole list
          <div
            key={hit.kind === 'machine' ? hit.machine.id : hit.signal.id}
            id={`search-hit-${at}`}
            role="option"
            aria-selected={at === chosen}
            onClick={() => accept(hit)}
          >
            <TrustedIcon store={store} look={looks[open.live.look[hit.machine.index]!]!} size={18} />
            <span class="hit-name">
              {hit.kind === 'machine' ? hit.machine.name : formatName(hit.signal.name)}
            </span>
            <span class="muted hit-place">
              {hit.kind === 'sensor' ? `${hit.machine.name} · ` : ''}
              {open.plant.shortPlaceOf(hit.machine)}
            </span>
          </div>
        ))}
      </div>
      {query.trim() !== '' && hits.length === 0 && (
        <p class="hint" role="status">
          Nothing is called “{query.trim()}”. Try a part of a name, a type or a line.
        </p>
      )}
    </dialog>
  )
}
