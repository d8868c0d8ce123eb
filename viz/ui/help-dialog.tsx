import { useLayoutEffect, useRef } from 'preact/hooks'
import { looks, textColour } from '../looks/looks.js'
import type { FloorStore } from '../state/floor-store.js'
import { themes } from '../theme/tokens.js'
import { LookIcon } from './glyph-icon.js'

const keys: readonly (readonly [keys: string, does: string])[] = [
  ['/ or Ctrl K', 'Search machines and sensors'],
  ['Esc', 'Close, clear the selection'],
  ['[ and ]', 'Previous and next machine, worst first'],
  ['Home', 'The whole floor'],
  ['1, 2, 3', 'From above, tilted, the line of the selected machine'],
  ['Arrows, + − q e', 'Move, zoom and turn while the floor has the focus'],
  ['l', 'Names of machines and lines'],
  ['c', 'Light or dark'],
  ['Shift D', 'Diagnostics'],
  ['?', 'This help'],
]

/** The keys and what the signs mean. */
export function HelpDialog({ store }: { store: FloorStore }) {
  return store.overlay.value === 'help' ? <HelpBox store={store} /> : null
}

function HelpBox({ store }: { store: FloorStore }) {
  const dialog = useRef<HTMLDialogElement>(null)
  useLayoutEffect(() => dialog.current?.showModal(), [])
  const theme = themes[store.theme.value]
  return (
    <dialog ref={dialog} class="help" aria-label="Help" onClose={() => (store.overlay.value = 'none')}>
      <div class="help-header">
        <h2>Help</h2>
        <button type="button" class="icon-button" aria-label="Close" onClick={() => dialog.current?.close()}>
          ✕
        </button>
      </div>
      <div class="help-columns">
        <section>
          <h3>Signs</h3>
          <ul class="signs">
            {looks.map(look => (
              <li key={look.name}>
                <LookIcon look={look} size={20} />
                <span style={{ color: textColour(theme, look) }}>{look.word}</span>
              </li>
            ))}
          </ul>
          <p class="muted">
            Grey is normal or planned; colour asks for attention; hatched is not to be trusted.
          </p>
        </section>
        <section>
          <h3>Keys</h3>
          <dl class="keys">
            {keys.map(([key, does]) => (
              <div key={key}>
                <dt>
                  <kbd>{key}</kbd>
                </dt>
                <dd>{does}</dd>
              </div>
            ))}
          </dl>
        </section>
      </div>
    </dialog>
  )
}
