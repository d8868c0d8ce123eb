import { effect } from '@preact/signals'
import { type ThemeName, themes } from '../theme/tokens.js'
import type { FloorStore } from './floor-store.js'

const key = 'gemba.theme'

/** The theme: from the URL, else as last chosen, else as the system has it. Its tokens become CSS variables. */
export function bindTheme(store: FloorStore, root: HTMLElement): void {
  const dark = matchMedia('(prefers-color-scheme: dark)')
  const chosen = new URLSearchParams(location.search).get('theme') ?? remembered()
  store.theme.value = chosen === 'dark' || chosen === 'light' ? chosen : dark.matches ? 'dark' : 'light'
  dark.addEventListener('change', () => {
    if (remembered() === undefined) store.theme.value = dark.matches ? 'dark' : 'light'
  })
  effect(() => {
    const theme = themes[store.theme.value]
    root.dataset.theme = store.theme.value
    const { fills, hueText, ...surfaces } = theme
    for (const [name, colour] of Object.entries(surfaces)) root.style.setProperty(`--${name}`, colour)
    for (const [name, { fill, ink }] of Object.entries(fills)) {
      root.style.setProperty(`--fill-${name}`, fill)
      root.style.setProperty(`--ink-${name}`, ink)
    }
    for (const [name, colour] of Object.entries(hueText)) root.style.setProperty(`--text-${name}`, colour)
  })
}

export function toggleTheme(store: FloorStore): void {
  const name: ThemeName = store.theme.peek() === 'light' ? 'dark' : 'light'
  store.theme.value = name
  try {
    localStorage.setItem(key, name)
  } catch {
    // Storage may be off; the choice then lasts as long as the page.
  }
}

function remembered(): string | undefined {
  try {
    return localStorage.getItem(key) ?? undefined
  } catch {
    return undefined
  }
}
