import type { RefObject } from 'preact'
import { useEffect } from 'preact/hooks'
import type { FloorScene } from '../scene/floor-scene.js'
import type { FloorStore } from '../state/floor-store.js'

/** A pointer that rests this long on a machine asks about it, ms. */
const restMs = 120
/** A press that moves further than this is a drag, CSS pixels. */
const dragPixels = 5

const nudges: Readonly<Record<string, Parameters<FloorScene['camera']['nudge']>[0]>> = {
  ArrowLeft: { right: -1 },
  ArrowRight: { right: 1 },
  ArrowUp: { down: -1 },
  ArrowDown: { down: 1 },
  '+': { zoom: 1.25 },
  '=': { zoom: 1.25 },
  '-': { zoom: 0.8 },
  q: { turn: -15 },
  e: { turn: 15 },
}

/** Pointer and keys on the canvas: hover, select, fly to, move. */
export function useFloorPointer(
  ref: RefObject<HTMLCanvasElement | null>,
  scene: FloorScene | undefined,
  store: FloorStore,
): void {
  useEffect(() => {
    const canvas = ref.current
    if (canvas === null || scene === undefined) return
    const stop = new AbortController()
    const options = { signal: stop.signal }
    let restTimer: ReturnType<typeof setTimeout> | undefined
    let press: { readonly x: number; readonly y: number } | undefined
    const machineUnder = (event: MouseEvent): number => scene.machineAt(event.offsetX, event.offsetY)

    canvas.addEventListener(
      'pointermove',
      event => {
        clearTimeout(restTimer)
        if (event.pointerType === 'touch' || event.buttons !== 0) return
        restTimer = setTimeout(() => (store.hovered.value = machineUnder(event)), restMs)
      },
      options,
    )
    canvas.addEventListener(
      'pointerleave',
      () => {
        clearTimeout(restTimer)
        store.hovered.value = -1
      },
      options,
    )
    canvas.addEventListener('pointerdown', event => (press = { x: event.clientX, y: event.clientY }), options)
    canvas.addEventListener(
      'click',
      event => {
        if (press !== undefined && Math.hypot(event.clientX - press.x, event.clientY - press.y) > dragPixels)
          return
        store.select(machineUnder(event))
      },
      options,
    )
    canvas.addEventListener('dblclick', event => scene.flyTo(machineUnder(event)), options)
    canvas.addEventListener(
      'keydown',
      event => {
        const step = event.ctrlKey || event.metaKey || event.altKey ? undefined : nudges[event.key]
        if (step !== undefined) {
          event.preventDefault()
          scene.camera.nudge(step)
        } else if (event.key === 'Enter') scene.flyTo(store.selected.peek())
      },
      options,
    )
    return () => {
      clearTimeout(restTimer)
      stop.abort()
    }
  }, [ref, scene, store])
}
