import { BoxGeometry, type Color, DynamicDrawUsage, InstancedMesh, Matrix4, MeshBasicMaterial } from 'three'
import { connectionOf, levelOf } from '../../schema/sensor-state.js'
import type { FloorPlan } from '../layout/floor-plan.js'
import { footprints } from '../layout/footprints.js'
import type { PlantIndex } from '../plant/plant-index.js'
import type { Palette } from './palette.js'

const size = 0.26
const spacing = 0.36
const inRow = 10
/** From the front of a machine to the middle of its first row, metres. */
const firstRow = 0.35
/** From this many pixels per metre on, a pip is big enough to be seen. */
const shownFrom = 13

/** Height by level, besides the colour: normal, warning, critical, not live. */
const heights = [0.18, 0.55, 1.1, 0.08] as const

/** Depth of the rows of pips of so many sensors, from the front of their machine on, metres. */
export function pipDepth(sensors: number): number {
  return sensors === 0 ? 0 : firstRow + (Math.ceil(sensors / inRow) - 1) * spacing + size / 2
}

/** A pip for every sensor, in a row before its machine; shown from near only. One draw call. */
export class SensorPips {
  readonly mesh: InstancedMesh
  readonly #slotOf: Int32Array
  readonly #positions: Float32Array
  readonly #matrix = new Matrix4()

  constructor(plan: FloorPlan, plant: PlantIndex) {
    const sensorsOf = plan.machines.map(place => ({
      place,
      sensors: plant.signalsOf(place.machine.index).filter(signal => signal.role === 'sensor'),
    }))
    const count = sensorsOf.reduce((sum, { sensors }) => sum + sensors.length, 0)
    this.#slotOf = new Int32Array(plant.signalCapacity).fill(-1)
    this.#positions = new Float32Array(count * 2)
    let slot = 0
    for (const { place, sensors } of sensorsOf) {
      const front = place.z + footprints[place.machine.archetype].depth / 2 + firstRow
      const width = (Math.min(inRow, sensors.length) - 1) * spacing
      for (const [at, sensor] of sensors.entries()) {
        this.#slotOf[sensor.index] = slot
        this.#positions[slot * 2] = place.x - width / 2 + (at % inRow) * spacing
        this.#positions[slot * 2 + 1] = front + Math.floor(at / inRow) * spacing
        slot++
      }
    }
    const geometry = new BoxGeometry(size, 1, size)
    geometry.translate(0, 0.5, 0)
    this.mesh = new InstancedMesh(geometry, new MeshBasicMaterial(), Math.max(1, count))
    this.mesh.count = count
    this.mesh.frustumCulled = false
    this.mesh.visible = false
    this.mesh.instanceMatrix.setUsage(DynamicDrawUsage)
  }

  /** Shows or hides the pips; true if that changed. */
  setScale(pixelsPerMetre: number): boolean {
    const isShown = pixelsPerMetre >= shownFrom
    if (this.mesh.visible === isShown) return false
    this.mesh.visible = isShown
    return true
  }

  setStatus(signal: number, status: number, palette: Palette): void {
    const slot = this.#slotOf[signal]!
    if (slot < 0) return
    const grade = gradeOf(status)
    const [x, z] = [this.#positions[slot * 2]!, this.#positions[slot * 2 + 1]!]
    this.#matrix.makeScale(1, heights[grade]!, 1).setPosition(x, 0, z)
    this.mesh.setMatrixAt(slot, this.#matrix)
    this.mesh.setColorAt(slot, palette.levelFill[grade] as Color)
    this.mesh.instanceMatrix.needsUpdate = true
    this.mesh.instanceColor!.needsUpdate = true
  }
}

function gradeOf(status: number): 0 | 1 | 2 | 3 {
  if (connectionOf(status) !== 'live') return 3
  const level = levelOf(status)
  if (level.startsWith('critical')) return 2
  return level.startsWith('warning') ? 1 : 0
}
