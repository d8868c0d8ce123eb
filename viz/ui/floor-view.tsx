import type { RefObject } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { passes } from '../plant/machine-order.js'
import type { FloorScene, ScreenPoint, Trust } from '../scene/floor-scene.js'
import type { FloorStore, OpenPlant } from '../state/floor-store.js'
import { themes } from '../theme/tokens.js'
import { Callout } from './callout.js'
import { FlatFloor } from './flat-floor.js'
import { useFloorPointer } from './use-floor-pointer.js'

/** What the rest of the page may ask of the floor, whichever way it is drawn. */
export interface FloorHandle {
  scene: FloorScene | undefined
}

interface FloorViewProps {
  readonly store: FloorStore
  readonly handle: FloorHandle
  readonly drawn: (milliseconds: number) => void
}

/** The floor: 3D where the browser can, a plan from above where it cannot. */
export function FloorView({ store, handle, drawn }: FloorViewProps) {
  const open = store.open.value
  const [problem, setProblem] = useState<string | undefined>(undefined)
  if (open === undefined) return <FirstLoad store={store} />
  if (open.plant.manifest.machines.length === 0) return <EmptyPlant />
  if (problem !== undefined) return <FlatFloor store={store} open={open} reason={problem} />
  return (
    <SolidFloor
      key={open.plant.manifest}
      store={store}
      open={open}
      handle={handle}
      drawn={drawn}
      failed={setProblem}
    />
  )
}

interface SolidFloorProps extends FloorViewProps {
  readonly open: OpenPlant
  readonly failed: (reason: string) => void
}

function SolidFloor({ store, open, handle, drawn, failed }: SolidFloorProps) {
  const host = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const hoverCallout = useRef<HTMLDivElement>(null)
  const selectCallout = useRef<HTMLDivElement>(null)
  const [scene, setScene] = useState<FloorScene | undefined>(undefined)
  useFloorPointer(canvas, scene, store)

  useEffect(() => {
    let made: FloorScene | undefined
    let isGone = false
    const spot: ScreenPoint = { x: 0, y: 0, isVisible: false }
    const placeCallouts = (): void => {
      place(hoverCallout.current, made, store.hovered.peek(), spot)
      place(selectCallout.current, made, store.selected.peek(), spot)
    }
    const start = async (): Promise<void> => {
      const { FloorScene } = await import('../scene/floor-scene.js')
      if (isGone || canvas.current === null || host.current === null) return
      made = new FloorScene({
        canvas: canvas.current,
        plant: open.plant,
        live: open.live,
        theme: themes[store.theme.peek()],
        drawn: milliseconds => {
          const begin = performance.now()
          placeCallouts()
          drawn(milliseconds + performance.now() - begin)
        },
      })
      fitCanvas(made, host.current)
      handle.scene = made
      setScene(made)
    }
    start().catch((error: unknown) => {
      if (!isGone) failed(error instanceof Error ? error.message : String(error))
    })
    return () => {
      isGone = true
      handle.scene = undefined
      made?.dispose()
    }
  }, [open, store, handle, drawn, failed])

  useSceneState(store, open, scene, host)
  useEffect(() => {
    const element = host.current
    if (element === null || scene === undefined) return
    const observer = new ResizeObserver(() => {
      fitCanvas(scene, element)
      const selected = store.selected.peek()
      if (selected >= 0) scene.reveal(selected)
    })
    observer.observe(element)
    return () => observer.disconnect()
  }, [scene, store])

  const count = open.plant.manifest.machines.length
  store.looksVersion.value
  const abnormal = open.live.abnormalCount
  return (
    <section class="floor" aria-label="Floor">
      <FloorHeader store={store} handle={handle} />
      <div class="floor-stage" ref={host}>
        {/* biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: a canvas that takes keys is an application */}
        <canvas
          ref={canvas}
          tabIndex={0}
          role="application"
          aria-label={`Factory floor, ${count} machines, ${abnormal} abnormal; use the machine list for details`}
        />
        <Callout store={store} machine={store.selected.value} isBrief at={selectCallout} />
        <Callout
          store={store}
          machine={store.hovered.value === store.selected.value ? -1 : store.hovered.value}
          at={hoverCallout}
        />
      </div>
    </section>
  )
}

/** Passes on to the scene what the person chose and how far the data can be trusted. */
function useSceneState(
  store: FloorStore,
  open: OpenPlant,
  scene: FloorScene | undefined,
  host: RefObject<HTMLDivElement | null>,
): void {
  const theme = store.theme.value
  const selected = store.selected.value
  const hovered = store.hovered.value
  const filter = store.filter.value
  const areLabelsShown = store.areLabelsShown.value
  const looksVersion = store.looksVersion.value
  const trust = trustOf(store)
  useEffect(() => scene?.setTheme(themes[theme]), [scene, theme])
  useEffect(() => scene?.setTrust(trust), [scene, trust])
  useEffect(() => scene?.setLabelsShown(areLabelsShown), [scene, areLabelsShown])
  useEffect(() => scene?.hover(hovered), [scene, hovered])
  useEffect(() => {
    if (scene === undefined || host.current === null) return
    scene.select(selected)
    // The inspector is there by now, or gone: what it leaves of the floor is what counts.
    fitCanvas(scene, host.current)
    if (selected >= 0) scene.reveal(selected)
  }, [scene, selected, host])
  const hasFilter = filter !== undefined
  useEffect(() => {
    scene?.setDimmed(machine => !passes(filter, open.live, machine))
  }, [scene, open, filter, hasFilter ? looksVersion : 0])
  useEffect(() => {
    const still = matchMedia('(prefers-reduced-motion: reduce)')
    const follow = (): void => scene?.camera.setStill(still.matches)
    follow()
    still.addEventListener('change', follow)
    return () => still.removeEventListener('change', follow)
  }, [scene])
}

/** Less of the floor than this beside a panel is nothing to look at, CSS pixels. */
const smallestSight = 160

/** Gives the canvas the room of its element, and says how much of that the inspector lies over. */
function fitCanvas(scene: FloorScene, element: HTMLElement): void {
  const { clientWidth, clientHeight } = element
  const inspector = element.closest('main')?.querySelector('.inspector')?.getBoundingClientRect()
  const left = inspector === undefined ? clientWidth : inspector.left - element.getBoundingClientRect().left
  scene.resize(clientWidth, clientHeight, left < smallestSight ? clientWidth : Math.min(clientWidth, left))
}

function trustOf(store: FloorStore): Trust {
  const freshness = store.freshness.value
  if (freshness === 'lost') return 'lost'
  return freshness === 'stale' ? 'stale' : 'live'
}

function place(
  element: HTMLDivElement | null,
  scene: FloorScene | undefined,
  machine: number,
  spot: ScreenPoint,
): void {
  if (element === null || scene === undefined || machine < 0) return
  scene.locate(machine, spot)
  element.style.visibility = spot.isVisible ? 'visible' : 'hidden'
  element.style.transform = `translate(${Math.round(spot.x)}px, ${Math.round(spot.y)}px)`
}

function FloorHeader({ store, handle }: { store: FloorStore; handle: FloorHandle }) {
  const hasSelection = store.selected.value >= 0
  return (
    <div class="floor-header" role="toolbar" aria-label="View of the floor">
      <h2>Floor</h2>
      <button type="button" onClick={() => handle.scene?.camera.home('top')}>
        Top
      </button>
      <button type="button" onClick={() => handle.scene?.camera.home()}>
        Tilted
      </button>
      <button
        type="button"
        disabled={!hasSelection}
        title={hasSelection ? undefined : 'Select a machine first'}
        onClick={() => handle.scene?.fitLine(store.selected.peek())}
      >
        Line
      </button>
      <button
        type="button"
        aria-pressed={store.areLabelsShown.value}
        onClick={() => {
          store.areLabelsShown.value = !store.areLabelsShown.value
        }}
      >
        Names
      </button>
    </div>
  )
}

function FirstLoad({ store }: { store: FloorStore }) {
  const isRefused = store.status.value?.refusal?.reason === 'wrong-version'
  const isConnected = store.status.value !== undefined && store.freshness.value !== 'lost'
  return (
    <section class="floor floor-message" aria-label="Floor" aria-busy="true">
      <div class="skeleton" aria-hidden="true">
        {Array.from({ length: 15 }, (_, at) => (
          <i key={at} />
        ))}
      </div>
      {!isRefused && <p>{isConnected ? 'Waiting for the plant manifest…' : 'Connecting to the engine…'}</p>}
    </section>
  )
}

function EmptyPlant() {
  return (
    <section class="floor floor-message" aria-label="Floor">
      <p>
        <b>No machines in this plant.</b>
      </p>
      <p>
        Describe them in a plant file and start with <code>gemba start --plant your-plant.yaml</code>, or
        begin from a template with <code>gemba plant init</code>.
      </p>
      <button type="button" onClick={() => location.reload()}>
        Look again
      </button>
    </section>
  )
}
