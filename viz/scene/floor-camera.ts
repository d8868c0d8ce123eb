import { PerspectiveCamera, Vector3 } from 'three'
import { MapControls } from 'three/addons/controls/MapControls.js'
import type { Area } from '../layout/floor-plan.js'

export type View = 'top' | 'tilted'

/** Degrees from straight above. Not quite zero: a camera that looks straight down does not know where north is. */
const tilts: Readonly<Record<View, number>> = { top: 0.3, tilted: 33 }
const smallestTilt = 20
const largestTilt = 75
/** A long lens: lines stay nearly parallel, sizes stay comparable across the floor. */
const fieldOfView = 8
const flyMs = 300
/** Height that is kept in view above the floor, metres: bodies and their glyphs. */
const headroom = 3
/** A small plant is not blown up beyond this width, metres. */
const smallestWidth = 34

const radians = (degrees: number): number => (degrees * Math.PI) / 180

/** CSS pixels. */
interface Size {
  readonly width: number
  readonly height: number
}

interface Stand {
  readonly position: Vector3
  readonly target: Vector3
}

/**
 * The camera, its limits and its flights. Says through `changed` when a new picture is due.
 *
 * The picture is composed for a *frame*; the canvas shows as much of it as it has room for, from its lower left corner
 * on. So a panel that opens or closes beside the floor cuts the picture or bares more of it, and nothing moves under
 * the pointer. The next flight is composed for the part that is in sight then.
 */
export class FloorCamera {
  readonly camera = new PerspectiveCamera(fieldOfView, 1, 1, 4000)
  readonly #controls: MapControls
  readonly #bounds: Area
  readonly #changed: () => void
  readonly #from: Stand = { position: new Vector3(), target: new Vector3() }
  readonly #to: Stand = { position: new Vector3(), target: new Vector3() }
  readonly #point = new Vector3()
  /** What of the canvas no panel covers, and what the picture is composed for. */
  #sight: Size = { width: 1, height: 1 }
  #frame: Size = { width: 1, height: 1 }
  #canvas: Size = { width: 1, height: 1 }
  #flightStart = -1
  #isStill = false
  #hasMoved = false

  constructor(canvas: HTMLCanvasElement, bounds: Area, changed: () => void) {
    this.#bounds = bounds
    this.#changed = changed
    this.#controls = new MapControls(this.camera, canvas)
    this.#controls.enableDamping = false
    this.#controls.screenSpacePanning = false
    this.#controls.minPolarAngle = radians(smallestTilt)
    this.#controls.maxPolarAngle = radians(largestTilt)
    this.#controls.minDistance = 60
    this.#controls.zoomToCursor = true
    this.#controls.addEventListener('change', () => {
      this.#keepInside()
      changed()
    })
    this.#controls.addEventListener('start', () => {
      this.#flightStart = -1
      this.#hasMoved = true
    })
  }

  get isFlying(): boolean {
    return this.#flightStart >= 0
  }

  /** Reduced motion: flights end where they begin. */
  setStill(isStill: boolean): void {
    this.#isStill = isStill
  }

  /**
   * The canvas has a new size, of which the left `sightWidth` is not covered; all CSS pixels. A new window is a new
   * frame, and fits the whole floor again while nobody has moved the camera; anything else leaves the picture alone.
   */
  resize(canvas: Size, sightWidth: number, isNewWindow: boolean): void {
    this.#canvas = { width: Math.max(1, canvas.width), height: Math.max(1, canvas.height) }
    this.#sight = { width: Math.max(1, sightWidth), height: this.#canvas.height }
    if (isNewWindow) this.#frame = this.#sight
    this.#applyFrame()
    if (!isNewWindow || this.#hasMoved) return
    this.fit(this.#bounds, 'tilted', false)
    this.#hasMoved = false
  }

  /** CSS pixels per metre at distance 1. */
  get focal(): number {
    return this.#frame.height / 2 / Math.tan(radians(fieldOfView / 2))
  }

  /** Pixels per metre in the middle of the picture. */
  get scale(): number {
    return this.focal / this.#controls.getDistance()
  }

  /** The whole floor. */
  home(view: View = 'tilted'): void {
    this.fit(this.#bounds, view, true)
    this.#hasMoved = false
  }

  fit(area: Area, view: View, isFlight = true): void {
    this.#reframe()
    const tilt = radians(tilts[view])
    this.#controls.minPolarAngle = view === 'top' ? 0 : radians(smallestTilt)
    const target = this.#to.target.set((area.west + area.east) / 2, 0, (area.north + area.south) / 2)
    let distance = this.#distanceFor(area, target, tilt)
    // A tilted view is deeper behind than before its middle: shift until both ends have the same margin.
    for (let round = 0; round < 3; round++) {
      target.z += this.#imbalance(area, target, tilt, distance)
      distance = this.#distanceFor(area, target, tilt)
    }
    this.#controls.maxDistance = Math.max(
      this.#controls.maxDistance === Infinity ? 0 : this.#controls.maxDistance,
      distance * 1.6,
    )
    this.#to.position.set(target.x, Math.cos(tilt) * distance, target.z + Math.sin(tilt) * distance)
    this.#go(isFlight)
  }

  /** A machine in the middle, near enough to read its neighbours' names. */
  flyTo(x: number, z: number, metresAcross = 44): void {
    this.#reframe()
    const tilt = Math.max(this.#controls.getPolarAngle(), this.#controls.minPolarAngle)
    const turn = this.#controls.getAzimuthalAngle()
    const halfHeight = metresAcross / Math.max(1, this.camera.aspect) / 2
    const distance = Math.min(
      this.#controls.getDistance(),
      Math.max(this.#controls.minDistance, halfHeight / Math.tan(radians(fieldOfView / 2))),
    )
    this.#to.target.set(x, 0, z)
    this.#to.position.set(
      x + Math.sin(tilt) * Math.sin(turn) * distance,
      Math.cos(tilt) * distance,
      z + Math.sin(tilt) * Math.cos(turn) * distance,
    )
    this.#hasMoved = true
    this.#go(true)
  }

  /** Moves as little as is needed to bring a point of the ground into sight. */
  reveal(x: number, z: number): void {
    const seen = this.#point.set(x, 0, z).project(this.camera)
    const right = (this.#sight.width / this.#canvas.width) * 2 - 1
    const margin = 0.05 * (right + 1)
    const wantedX = Math.min(right - margin, Math.max(margin - 1, seen.x))
    const wantedY = Math.min(0.88, Math.max(-0.88, seen.y))
    if (seen.x === wantedX && seen.y === wantedY) return
    // The point of the ground that is seen where this one is wanted: the camera moves by the way between the two.
    const ray = this.#point.set(wantedX, wantedY, 0.5).unproject(this.camera).sub(this.camera.position)
    const length = -this.camera.position.y / ray.y
    const { target } = this.#controls
    this.#to.target.set(
      target.x + x - (this.camera.position.x + ray.x * length),
      0,
      target.z + z - (this.camera.position.z + ray.z * length),
    )
    this.#to.position.copy(this.camera.position).sub(target).add(this.#to.target)
    this.#hasMoved = true
    this.#go(true)
  }

  /** Steps of the keyboard: `right` and `down` in tenths of the picture, `zoom` as a factor, `turn` in degrees. */
  nudge(step: { right?: number; down?: number; zoom?: number; turn?: number }): void {
    const { target } = this.#controls
    const across = this.#controls.getDistance() * Math.tan(radians(fieldOfView / 2)) * 0.2
    const offset = this.#point.copy(this.camera.position).sub(target)
    if (step.zoom !== undefined) {
      const length = Math.min(
        this.#controls.maxDistance,
        Math.max(this.#controls.minDistance, offset.length() / step.zoom),
      )
      offset.setLength(length)
    }
    if (step.turn !== undefined) offset.applyAxisAngle(this.camera.up, radians(step.turn))
    const heading = this.#controls.getAzimuthalAngle()
    const [right, down] = [(step.right ?? 0) * across, (step.down ?? 0) * across]
    this.#to.target.set(
      target.x + Math.cos(heading) * right + Math.sin(heading) * down,
      0,
      target.z - Math.sin(heading) * right + Math.cos(heading) * down,
    )
    this.#to.position.copy(this.#to.target).add(offset)
    this.#hasMoved = true
    this.#go(false)
  }

  /** Moves on a flight; call once a frame, before drawing. */
  advance(now: number): void {
    if (this.#flightStart >= 0) this.#fly(now)
    // Planes near to what is there: a long lens from afar has no depth to waste.
    const distance = this.#controls.getDistance()
    this.camera.near = distance * 0.3
    this.camera.far = distance * 3
    this.camera.updateProjectionMatrix()
  }

  #fly(now: number): void {
    const part = Math.min(1, (now - this.#flightStart) / flyMs)
    const eased = 1 - (1 - part) ** 3
    this.camera.position.lerpVectors(this.#from.position, this.#to.position, eased)
    this.#controls.target.lerpVectors(this.#from.target, this.#to.target, eased)
    if (part === 1) this.#flightStart = -1
    this.#controls.update()
  }

  dispose(): void {
    this.#controls.dispose()
  }

  /** From here on the picture is composed for what is in sight; what is seen stays where it is until then. */
  #reframe(): void {
    const { target } = this.#controls
    const metres = (this.#sight.width - this.#frame.width) / 2 / this.scale
    const heading = this.#controls.getAzimuthalAngle()
    this.#point.set(Math.cos(heading) * metres, 0, -Math.sin(heading) * metres)
    this.#frame = this.#sight
    this.#applyFrame()
    target.add(this.#point)
    this.camera.position.add(this.#point)
  }

  #applyFrame(): void {
    const { width, height } = this.#frame
    this.camera.aspect = width / height
    const top = height - this.#canvas.height
    this.camera.setViewOffset(width, height, 0, top, this.#canvas.width, this.#canvas.height)
  }

  #go(isFlight: boolean): void {
    if (isFlight && !this.#isStill) {
      this.#from.position.copy(this.camera.position)
      this.#from.target.copy(this.#controls.target)
      this.#flightStart = performance.now()
    } else {
      this.#flightStart = -1
      this.camera.position.copy(this.#to.position)
      this.#controls.target.copy(this.#to.target)
      this.#controls.update()
      this.camera.updateMatrixWorld()
    }
    this.#changed()
  }

  #keepInside(): void {
    const { target } = this.#controls
    const x = Math.min(this.#bounds.east, Math.max(this.#bounds.west, target.x))
    const z = Math.min(this.#bounds.south, Math.max(this.#bounds.north, target.z))
    this.camera.position.x += x - target.x
    this.camera.position.z += z - target.z
    target.set(x, 0, z)
  }

  /** Smallest distance from which every corner of the area, with headroom, is in the picture. */
  #distanceFor(area: Area, target: Vector3, tilt: number): number {
    const up = Math.tan(radians(fieldOfView / 2))
    const across = up * this.camera.aspect
    const halfWidth = Math.max(smallestWidth, area.east - area.west) / 2 + 1
    let distance = 0
    for (const south of [area.north, area.south]) {
      for (const y of [0, headroom]) {
        const forward = (south - target.z) * Math.sin(tilt) + y * Math.cos(tilt)
        const raised = -(south - target.z) * Math.cos(tilt) + y * Math.sin(tilt)
        distance = Math.max(distance, forward + halfWidth / across, forward + (Math.abs(raised) + 1) / up)
      }
    }
    return distance
  }

  /** How far to shift the target to the south so that the margins above and below are alike, metres. */
  #imbalance(area: Area, target: Vector3, tilt: number, distance: number): number {
    const seen = (z: number, y: number): number =>
      (-(z - target.z) * Math.cos(tilt) + y * Math.sin(tilt)) /
      (distance - (z - target.z) * Math.sin(tilt) - y * Math.cos(tilt))
    const middle = (seen(area.north, headroom) + seen(area.south, 0)) / 2
    return (-middle * distance) / Math.max(0.2, Math.cos(tilt))
  }
}
