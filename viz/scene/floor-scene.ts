import { Raycaster, Scene, Vector2, Vector3, WebGLRenderer } from 'three'
import { laneNameWidth, layFloor, type MachinePlace } from '../layout/floor-plan.js'
import { footprints } from '../layout/footprints.js'
import type { LiveState } from '../plant/live-state.js'
import type { PlantIndex } from '../plant/plant-index.js'
import type { Theme } from '../theme/tokens.js'
import { bodyShapes } from './body-shapes.js'
import { makeCommonUniforms } from './common-uniforms.js'
import { FloorCamera } from './floor-camera.js'
import { FloorGround } from './floor-ground.js'
import { FloorLabels } from './floor-labels.js'
import { FrameScheduler } from './frame-scheduler.js'
import { MachineBodies } from './machine-bodies.js'
import { MachineMark } from './machine-marks.js'
import { makePalette, type Palette } from './palette.js'
import { MachinePicker } from './picking.js'
import { SensorPips } from './sensor-pips.js'
import { StateGlyphs } from './state-glyphs.js'

/** How far the picture can be trusted. */
export type Trust = 'live' | 'stale' | 'lost'

const saturations: Readonly<Record<Trust, number>> = { live: 1, stale: 0.4, lost: 0 }
/** Sharper than this costs a tablet its frame rate. */
const largestPixelRatio = 1.5

export interface FloorSceneOptions {
  readonly canvas: HTMLCanvasElement
  readonly plant: PlantIndex
  readonly live: LiveState
  readonly theme: Theme
  /** A picture was drawn; the time it took this thread, ms. */
  readonly drawn: (milliseconds: number) => void
}

export interface ScreenPoint {
  x: number
  y: number
  isVisible: boolean
}

/** The 3D floor: reads the live state, draws on demand, answers what is where. Knows nothing of the panels. */
export class FloorScene {
  readonly camera: FloorCamera
  readonly #renderer: WebGLRenderer
  readonly #scene = new Scene()
  readonly #options: FloorSceneOptions
  readonly #uniforms = makeCommonUniforms()
  readonly #frames: FrameScheduler
  readonly #bodies: MachineBodies
  readonly #glyphs: StateGlyphs
  readonly #labels: FloorLabels
  readonly #ground: FloorGround
  readonly #pips: SensorPips
  readonly #selected = new MachineMark()
  readonly #hovered = new MachineMark()
  readonly #picker: MachinePicker
  readonly #placeOf: (MachinePlace | undefined)[] = []
  readonly #raycaster = new Raycaster()
  readonly #pointer = new Vector2()
  readonly #point = new Vector3()
  #palette: Palette
  /** The machine that the camera was last sent to. */
  #destination = -1
  #window = { width: 0, height: 0 }

  /** Throws where the browser has no WebGL 2. */
  constructor(options: FloorSceneOptions) {
    const { canvas, plant, live, theme } = options
    this.#options = options
    this.#renderer = new WebGLRenderer({ canvas, antialias: true, powerPreference: 'high-performance' })
    this.#renderer.setPixelRatio(Math.min(largestPixelRatio, devicePixelRatio))
    const source = {
      now: () => performance.now(),
      requestFrame: (draw: () => void) => void requestAnimationFrame(draw),
      setTimer: (fire: () => void, ms: number) => void setTimeout(fire, ms),
    }
    this.#frames = new FrameScheduler(source, () => this.#draw())
    const plan = layFloor(plant.manifest)
    for (const place of plan.machines) this.#placeOf[place.machine.index] = place
    this.#bodies = new MachineBodies(plan.machines, plant.machineCapacity, this.#uniforms)
    this.#glyphs = new StateGlyphs(plan.machines, plant.machineCapacity, this.#uniforms)
    this.#labels = new FloorLabels(plan, plant, devicePixelRatio, this.#uniforms)
    this.#ground = new FloorGround(plan)
    this.#pips = new SensorPips(plan, plant)
    this.#picker = new MachinePicker(plan.machines)
    this.#scene.add(
      this.#ground.group,
      this.#bodies.group,
      this.#pips.mesh,
      this.#labels.mesh,
      this.#glyphs.mesh,
    )
    this.#scene.add(this.#selected.mesh, this.#hovered.mesh)
    this.camera = new FloorCamera(canvas, plan.bounds, () => this.#frames.viewChanged())
    this.#palette = makePalette(theme)
    this.setTheme(theme)
    live.clearChanges()
    canvas.addEventListener('webglcontextrestored', () => this.#frames.viewChanged())
  }

  /** Draw calls and triangles of the last picture. */
  get figures(): { readonly calls: number; readonly triangles: number } {
    return this.#renderer.info.render
  }

  /** The live state has changed; draws only if something of it is in the picture. */
  stateChanged(): void {
    const { live } = this.#options
    if (live.changedLookCount > 0 || (this.#pips.mesh.visible && live.changedStatusCount > 0))
      this.#frames.stateChanged()
  }

  setTheme(theme: Theme): void {
    const { live, plant } = this.#options
    this.#palette = makePalette(theme)
    this.#renderer.setClearColor(this.#palette.background)
    this.#uniforms.uEdge.value.copy(this.#palette.edge)
    this.#uniforms.uFloor.value.copy(this.#palette.floor)
    this.#ground.setPalette(this.#palette)
    this.#glyphs.setPalette(this.#palette)
    this.#labels.setPalette(this.#palette)
    this.#selected.setColour(this.#palette.focus)
    this.#hovered.setColour(this.#palette.muted)
    for (const machine of plant.manifest.machines) this.#showLook(machine.index)
    for (const signal of plant.manifest.signals) {
      this.#pips.setStatus(signal.index, live.status[signal.index]!, this.#palette)
    }
    this.#frames.viewChanged()
  }

  setTrust(trust: Trust): void {
    const isLost = trust === 'lost' ? 1 : 0
    if (this.#uniforms.uSaturation.value === saturations[trust] && this.#uniforms.uIsLost.value === isLost)
      return
    this.#uniforms.uSaturation.value = saturations[trust]
    this.#uniforms.uIsLost.value = isLost
    this.#frames.viewChanged()
  }

  setLabelsShown(isShown: boolean): void {
    this.#labels.setShown(isShown)
    this.#frames.viewChanged()
  }

  /** Machines that step back so that the others stand out. */
  setDimmed(isDimmed: (machine: number) => boolean): void {
    for (const { index } of this.#options.plant.manifest.machines) {
      this.#bodies.setDim(index, isDimmed(index))
      this.#glyphs.setDim(index, isDimmed(index))
    }
    this.#frames.viewChanged()
  }

  select(machine: number): void {
    this.#selected.show(this.#placeOf[machine])
    this.#frames.viewChanged()
  }

  hover(machine: number): void {
    this.#hovered.show(this.#placeOf[machine])
    this.#frames.viewChanged()
  }

  flyTo(machine: number): void {
    const place = this.#placeOf[machine]
    if (place === undefined) return
    this.#destination = machine
    this.camera.flyTo(place.x, place.z)
  }

  /** Moves as little as is needed to see a machine; one that the camera is on its way to stays its destination. */
  reveal(machine: number): void {
    const place = this.#placeOf[machine]
    if (place === undefined) return
    if (this.camera.isFlying && this.#destination === machine) this.flyTo(machine)
    else this.camera.reveal(place.x, place.z)
  }

  /** The line of a machine, in full. */
  fitLine(machine: number): void {
    const line = this.#placeOf[machine]?.machine.line
    const lane = layFloor(this.#options.plant.manifest).lanes.find(({ id }) => id === line)
    if (lane !== undefined) this.camera.fit({ ...lane, west: lane.west - laneNameWidth }, 'tilted')
  }

  /** `width`, `height`: the canvas; `sightWidth`: what of it no panel covers, from the left; all CSS pixels. */
  resize(width: number, height: number, sightWidth: number): void {
    const isNewWindow = innerWidth !== this.#window.width || innerHeight !== this.#window.height
    this.#window = { width: innerWidth, height: innerHeight }
    this.#renderer.setSize(width, height, false)
    // The same rounding as the labels' whole pixels.
    this.#uniforms.uViewport.value.set(width, height)
    this.camera.resize({ width, height }, sightWidth, isNewWindow)
    this.#frames.viewChanged()
  }

  /** The machine at a point of the canvas, CSS pixels from its corner; -1 = none. */
  machineAt(x: number, y: number): number {
    const { x: width, y: height } = this.#uniforms.uViewport.value
    this.#pointer.set((x / width) * 2 - 1, 1 - (y / height) * 2)
    this.#raycaster.setFromCamera(this.#pointer, this.camera.camera)
    const { origin, direction } = this.#raycaster.ray
    return this.#picker.pick(origin, direction)?.machine.index ?? -1
  }

  /** Where the top of a machine is on the canvas, CSS pixels. Writes into `out`. */
  locate(machine: number, out: ScreenPoint): void {
    const place = this.#placeOf[machine]
    if (place === undefined) {
      out.isVisible = false
      return
    }
    this.#point.set(place.x, footprints[place.machine.archetype].height, place.z)
    this.#project(out)
  }

  /** A point of the machine's face that shows its plain colour, CSS pixels of the canvas. */
  pixelOf(machine: number): ScreenPoint | undefined {
    const place = this.#placeOf[machine]
    if (place === undefined) return undefined
    const [x, y, z] = bodyShapes[place.machine.archetype].facePoint
    this.#point.set(place.x + x, y, place.z + z)
    const out: ScreenPoint = { x: 0, y: 0, isVisible: false }
    this.#project(out)
    return out
  }

  glyphCellOf(machine: number): number {
    return this.#glyphs.cellOf(machine)
  }

  /** The colour on the canvas at a point, 0–255, from a picture drawn for the purpose. */
  readPixel(x: number, y: number): readonly [red: number, green: number, blue: number] {
    const gl = this.#renderer.getContext()
    const ratio = this.#renderer.getPixelRatio()
    this.#render(performance.now())
    const pixel = new Uint8Array(4)
    gl.readPixels(
      Math.floor(x * ratio),
      gl.drawingBufferHeight - 1 - Math.floor(y * ratio),
      1,
      1,
      gl.RGBA,
      gl.UNSIGNED_BYTE,
      pixel,
    )
    return [pixel[0]!, pixel[1]!, pixel[2]!]
  }

  dispose(): void {
    this.camera.dispose()
    this.#renderer.dispose()
  }

  #draw(): void {
    const start = performance.now()
    this.#render(start)
    this.#options.drawn(performance.now() - start)
    if (this.camera.isFlying) this.#frames.viewChanged()
  }

  #render(now: number): void {
    this.camera.advance(now)
    this.#showChanges()
    this.#uniforms.uFocal.value = this.camera.focal
    this.#pips.setScale(this.camera.scale)
    this.#renderer.render(this.#scene, this.camera.camera)
  }

  #showChanges(): void {
    const { live } = this.#options
    for (let i = 0; i < live.changedLookCount; i++) this.#showLook(live.changedLooks[i]!)
    for (let i = 0; i < live.changedStatusCount; i++) {
      const signal = live.changedStatuses[i]!
      this.#pips.setStatus(signal, live.status[signal]!, this.#palette)
    }
    live.clearChanges()
  }

  #showLook(machine: number): void {
    const look = this.#options.live.look[machine]!
    this.#bodies.setLook(machine, look, this.#palette)
    this.#glyphs.setLook(machine, look, this.#palette)
  }

  #project(out: ScreenPoint): void {
    const { x: width, y: height } = this.#uniforms.uViewport.value
    this.#point.project(this.camera.camera)
    out.x = ((this.#point.x + 1) / 2) * width
    out.y = ((1 - this.#point.y) / 2) * height
    out.isVisible = Math.abs(this.#point.x) <= 1 && Math.abs(this.#point.y) <= 1 && this.#point.z < 1
  }
}
