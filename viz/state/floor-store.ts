import { computed, effect, signal } from '@preact/signals'
import { connectionOf } from '../../schema/sensor-state.js'
import type { Freshness } from '../../schema/stream/freshness.js'
import { LiveState } from '../plant/live-state.js'
import type { MachineFilter } from '../plant/machine-order.js'
import { indexPlant, type PlantIndex } from '../plant/plant-index.js'
import { Trend } from '../plant/trend.js'
import type { StreamStatus, WorkerMessage } from '../stream/worker-messages.js'
import type { ThemeName } from '../theme/tokens.js'

/** A plant and what is known of it now; replaced as a whole when the manifest changes. */
export interface OpenPlant {
  readonly plant: PlantIndex
  readonly live: LiveState
  readonly trend: Trend
}

/** Panels are drawn anew at most this often, ms. */
const panelPeriod = 200
/** A floor whose clock is within this of the wall's runs with it; a recording's stands between frames. */
const liveFloorWithin = 60_000

/**
 * What the page knows and what the person chose. Bulk values stay in typed arrays; signals carry choices and version
 * counters only, so that a panel is drawn anew at most five times a second however fast the data comes.
 */
export class FloorStore {
  readonly theme = signal<ThemeName>('light')
  readonly open = signal<OpenPlant | undefined>(undefined)
  readonly status = signal<StreamStatus | undefined>(undefined)
  /** Grows when values have changed, and when looks have. */
  readonly valuesVersion = signal(0)
  readonly looksVersion = signal(0)
  /** Grows once a second: ages and times in state count on. */
  readonly second = signal(0)

  readonly selected = signal(-1)
  readonly selectedSignal = signal(-1)
  readonly hovered = signal(-1)
  readonly filter = signal<MachineFilter | undefined>(undefined)
  readonly overlay = signal<'none' | 'search' | 'help'>('none')
  readonly isDiagnosticsShown = signal(false)
  readonly areLabelsShown = signal(true)
  /** Why the viewer itself has failed, for a person. */
  readonly broken = signal<string | undefined>(undefined)
  /** What a screen reader is told, politely. */
  readonly announcement = signal('')

  readonly freshness = computed<Freshness>(() => this.status.value?.freshness ?? 'lost')
  readonly hasBeenLive = computed(() => this.open.value !== undefined && (this.status.value?.epoch ?? 0) > 0)

  /** Called for every update after it was applied; the time that took this thread, ms. */
  onUpdate: (applyMs: number) => void = () => {}
  readonly #pace: number
  #panelTimer: ReturnType<typeof setTimeout> | undefined
  #lastLookCount = 0

  constructor(pace: number) {
    this.#pace = pace
    setInterval(() => this.#passSecond(), 1000 / Math.min(pace, 4))
    effect(() => this.#announce(this.freshness.value))
  }

  received(message: WorkerMessage): void {
    switch (message.kind) {
      case 'plant': {
        const plant = indexPlant(message.manifest)
        this.open.value = { plant, live: new LiveState(plant), trend: new Trend(plant.signalCapacity) }
        break
      }
      case 'update': {
        const open = this.open.peek()
        if (open === undefined) return
        const start = performance.now()
        for (const [code, text] of message.texts) open.live.texts.set(code, text)
        open.live.apply(message.update)
        this.onUpdate(performance.now() - start)
        this.#panelsChanged()
        break
      }
      case 'status':
        this.status.value = message.status
        break
    }
  }

  /** Age of the newest frame now, ms; infinite before the first. */
  age(): number {
    const status = this.status.peek()
    return status === undefined ? Number.POSITIVE_INFINITY : status.age + this.#since(status)
  }

  /** The floor's time now, Unix ms; 0 before the first frame. */
  floorNow(): number {
    const status = this.status.peek()
    if (status === undefined || status.floorTime === 0) return 0
    return this.isLiveFloor() ? status.floorTime + status.age + this.#since(status) : status.floorTime
  }

  /** Whether the floor's clock runs with the wall's; a recording's is elsewhere. */
  isLiveFloor(): boolean {
    const status = this.status.peek()
    if (status === undefined) return false
    return Math.abs(status.serverTime - status.age - status.floorTime) < liveFloorWithin
  }

  /** The server's wall time now, Unix ms. */
  serverNow(): number {
    const status = this.status.peek()
    return status === undefined ? 0 : status.serverTime + this.#since(status)
  }

  select(machine: number, signalIndex = -1): void {
    this.selected.value = machine
    this.selectedSignal.value = signalIndex
  }

  #since(status: StreamStatus): number {
    return (performance.timeOrigin + performance.now() - status.at) * this.#pace
  }

  #panelsChanged(): void {
    if (this.#panelTimer !== undefined) return
    this.#panelTimer = setTimeout(() => {
      this.#panelTimer = undefined
      this.valuesVersion.value++
      const changes = this.open.peek()?.live.lookChanges ?? 0
      if (changes !== this.#lastLookCount) {
        this.#lastLookCount = changes
        this.looksVersion.value++
      }
    }, panelPeriod)
  }

  #passSecond(): void {
    const open = this.open.peek()
    const isTrusted = this.freshness.peek() === 'live' || this.freshness.peek() === 'delayed'
    if (open !== undefined) {
      const { live, trend } = open
      trend.sample(live.value, index => isTrusted && connectionOf(live.status[index]!) === 'live')
    }
    this.second.value++
  }

  #announce(freshness: Freshness): void {
    if (!this.hasBeenLive.peek()) return
    this.announcement.value = announcements[freshness]
  }
}

const announcements: Readonly<Record<Freshness, string>> = {
  live: 'Data is live.',
  delayed: '',
  stale: 'Data is stale.',
  lost: 'Connection lost.',
  resync: '',
}
