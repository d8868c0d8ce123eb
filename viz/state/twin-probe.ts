import { lookNumber, looks, stateWord } from '../looks/looks.js'
import type { FloorHandle } from '../ui/floor-view.js'
import type { FloorStore } from './floor-store.js'

const ringSize = 1024

declare global {
  interface Window {
    __twin?: TwinProbe
  }
}

/** What tests and the diagnostics overlay ask of the running viewer, so that nobody has to guess from pictures. */
export class TwinProbe {
  readonly #store: FloorStore
  readonly #handle: FloorHandle
  renders = 0
  /** Updates applied. */
  updates = 0
  readonly #cpu = new Float32Array(ringSize)
  #cpuCount = 0
  #pendingCpu = 0

  constructor(store: FloorStore, handle: FloorHandle) {
    this.#store = store
    this.#handle = handle
  }

  /** An update was applied in so many ms. */
  applied(milliseconds: number): void {
    this.updates++
    if (this.#pendingCpu > 0) this.#push(this.#pendingCpu)
    this.#pendingCpu = milliseconds
  }

  /** A picture was drawn in so many ms. */
  drawn(milliseconds: number): void {
    this.renders++
    this.#push(this.#pendingCpu + milliseconds)
    this.#pendingCpu = 0
  }

  /** Time of the main thread per applied and drawn update, ms, oldest first; the newest thousand. */
  get cpuMs(): number[] {
    const filled = Math.min(this.#cpuCount, ringSize)
    return Array.from({ length: filled }, (_, at) => this.#cpu[(this.#cpuCount - filled + at) % ringSize]!)
  }

  get medianCpu(): number {
    const sorted = this.cpuMs.sort((a, b) => a - b)
    return sorted[sorted.length >> 1] ?? 0
  }

  /** Forgets the times so far. */
  clearCpu(): void {
    this.#cpuCount = 0
  }

  get counts(): { machines: number; signals: number; lines: number; sites: number } {
    const plant = this.#store.open.peek()?.plant
    return {
      machines: plant?.manifest.machines.length ?? 0,
      signals: plant?.sensorCount ?? 0,
      lines: plant?.manifest.lines.length ?? 0,
      sites: plant?.manifest.sites.length ?? 0,
    }
  }

  get calls(): number {
    return this.#handle.scene?.figures.calls ?? 0
  }

  get triangles(): number {
    return this.#handle.scene?.figures.triangles ?? 0
  }

  /** Newest sequence number of each topic. */
  get seq(): readonly number[] {
    return this.#store.status.peek()?.seqs ?? []
  }

  get epoch(): number {
    return this.#store.status.peek()?.epoch ?? 0
  }

  get age(): number {
    return this.#store.age()
  }

  get freshness(): string {
    return this.#store.freshness.peek()
  }

  get gaps(): number {
    return this.#store.status.peek()?.counts.gaps ?? 0
  }

  /** Frames received over all connections. */
  get frames(): number {
    return this.#store.status.peek()?.counts.frames ?? 0
  }

  get resyncs(): number {
    return this.#store.status.peek()?.counts.resyncs ?? 0
  }

  /** Id of the selected machine. */
  get selected(): string | undefined {
    return this.#store.open.peek()?.plant.machine(this.#store.selected.peek())?.id
  }

  /** Brings a machine to the middle of the picture. */
  show(id: string): void {
    this.#handle.scene?.flyTo(this.#indexOf(id))
  }

  /** A point of the canvas that shows the machine's plain colour, CSS pixels. */
  pixelOf(id: string): { x: number; y: number; isVisible: boolean } | undefined {
    return this.#handle.scene?.pixelOf(this.#indexOf(id))
  }

  /** The colour there, 0–255. */
  colourOf(id: string): readonly [number, number, number] | undefined {
    const pixel = this.pixelOf(id)
    return pixel?.isVisible === true ? this.#handle.scene?.readPixel(pixel.x, pixel.y) : undefined
  }

  /** How a machine is shown: its state, its look, and the atlas cell that is drawn for it. */
  displayOf(
    id: string,
  ): { state: string; look: string; fill: string; glyph: number; since: number } | undefined {
    const open = this.#store.open.peek()
    const index = this.#indexOf(id)
    if (open === undefined || index < 0) return undefined
    const look = looks[open.live.look[index] ?? lookNumber.unknown]!
    return {
      state: stateWord(open.live.display[index]!),
      look: look.name,
      fill: look.fill,
      glyph: this.#handle.scene?.glyphCellOf(index) ?? look.cell,
      since: open.live.since[index]!,
    }
  }

  /** The latest value of a signal. */
  valueOf(id: string): number {
    const open = this.#store.open.peek()
    const signal = open?.plant.signalById(id)
    return signal === undefined ? Number.NaN : (open?.live.value[signal.index] ?? Number.NaN)
  }

  /** Everything the viewer holds of the floor, for comparison with the server's own. */
  picture(): { values: number[]; statuses: number[]; displays: number[]; sinces: number[] } | undefined {
    const live = this.#store.open.peek()?.live
    if (live === undefined) return undefined
    return {
      values: [...live.value],
      statuses: [...live.status],
      displays: [...live.display],
      sinces: [...live.since],
    }
  }

  #indexOf(id: string): number {
    return this.#store.open.peek()?.plant.machineById(id)?.index ?? -1
  }

  #push(milliseconds: number): void {
    this.#cpu[this.#cpuCount % ringSize] = milliseconds
    this.#cpuCount++
  }
}
