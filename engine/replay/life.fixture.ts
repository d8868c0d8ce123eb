import fc from 'fast-check'
import { type Maintenance, maintenanceId } from '../../schema/maintenance.js'
import type { Plant } from '../../schema/plant.js'
import { Quality } from '../../schema/quality.js'
import type { Entry, TwinSnapshot } from '../../schema/records.js'
import { SampleBatchBuilder } from '../../schema/sample-batch.js'
import { Dictionary } from '../floor/dictionary.js'
import { machineOf, plantOf, sensor, start, stateSignal } from '../floor/floor.fixture.js'
import { FloorClock } from '../floor/floor-clock.js'
import { LiveFloor } from '../floor/live-floor.js'
import { emptyIndexBook, type IndexBook, makeRegistry } from '../floor/registry.js'
import { type PlantVersion, plantVersion } from '../store/plant-versions.js'
import type { Store } from '../store/store.js'
import { Checkpoints } from './checkpoints.js'

/** What happens to a floor, and how many ms after what happened before. */
export interface Happening {
  readonly wait: number
  readonly what: What
}

export type What =
  | { readonly kind: 'samples'; readonly samples: readonly Said[]; readonly isHistory?: true }
  | { readonly kind: 'connected' | 'alive' | 'ended' | 'lost' | 'silent' | 'interrupted' | 'tick' | 'stale' }
  | { readonly kind: 'maintain'; readonly machine: number; readonly after: number; readonly takes: number }
  | { readonly kind: 'withdraw' | 'rest' | 'checkpoint' | 'restart' }
  | { readonly kind: 'calibrate'; readonly machine: number; readonly due: number | null }
  | { readonly kind: 'damage'; readonly machine: number; readonly damage: number }
  | { readonly kind: 'past'; readonly value: number }

interface Said {
  readonly machine: number
  readonly signal: 'temp' | 'vibration' | 'execution' | 'mode' | 'parts' | 'blocked' | 'starved'
  readonly value: number | string
  readonly quality: number
  /** How long ago it was true, ms. */
  readonly age: number
}

const machine = fc.integer({ min: 1, max: 2 })
const age = fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 20_000 }))
const quality = fc.constantFrom(0, 0, 0, 0, 1, 2)
const said = (signal: Said['signal'], value: fc.Arbitrary<number | string>) =>
  fc.record({ machine, signal: fc.constant(signal), value, quality, age })

const samples = fc
  .array(
    fc.oneof(
      said('temp', fc.oneof(fc.integer({ min: 60, max: 110 }), fc.constantFrom(Number.NaN, 900))),
      said('vibration', fc.integer({ min: 0, max: 12 })),
      said('execution', fc.constantFrom('ACTIVE', 'READY', 'FULL', 'WAITING', 'DOWN', 'FAILING', 'what?')),
      said('mode', fc.constantFrom('PRODUCE', 'BY HAND')),
      said('parts', fc.integer({ min: 0, max: 50 })),
      said('blocked', fc.constantFrom(0, 1)),
      said('starved', fc.constantFrom(0, 1)),
    ),
    { minLength: 1, maxLength: 6 },
  )
  .map((samples): What => ({ kind: 'samples', samples }))

const simple = (
  ...kinds: ('connected' | 'alive' | 'ended' | 'lost' | 'silent' | 'interrupted' | 'stale')[]
) => fc.constantFrom(...kinds).map((kind): What => ({ kind }))

const what: fc.Arbitrary<What> = fc.oneof(
  { weight: 12, arbitrary: samples },
  { weight: 2, arbitrary: samples.map(told => ({ ...told, isHistory: true }) as What) },
  { weight: 8, arbitrary: fc.constant<What>({ kind: 'tick' }) },
  { weight: 4, arbitrary: simple('connected', 'alive', 'ended', 'lost', 'silent', 'interrupted', 'stale') },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('maintain' as const),
      machine,
      after: fc.constantFrom(0, 1_000, 60_000),
      takes: fc.constantFrom(1_000, 120_000),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom<What>({ kind: 'withdraw' }, { kind: 'rest' }, { kind: 'restart' }),
  },
  { weight: 2, arbitrary: fc.constant<What>({ kind: 'checkpoint' }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('calibrate' as const),
      machine,
      due: fc.constantFrom(null, 1_000),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('damage' as const),
      machine,
      damage: fc.constantFrom(0.1, 0.3, 0.5, 0.8, 1),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('past' as const), value: fc.constantFrom(60, 90) }),
  },
)

/** A random life of a floor of two machines: samples, late ones and repeats, links, silence, operators, restarts. */
export const happenings = (most: number): fc.Arbitrary<readonly Happening[]> =>
  fc.array(
    fc.record({
      wait: fc.oneof(
        { weight: 4, arbitrary: fc.integer({ min: 0, max: 2_000 }) },
        fc.integer({ min: 0, max: 90_000 }),
      ),
      what,
    }),
    { minLength: 4, maxLength: most },
  )

const limits = { warningHigh: 80, criticalHigh: 90, deadband: 2 }
const delays = { warningHigh: { onDelay: 3_000, offDelay: 2_000 } }

export function plantOfLife(clock: 'wall' | 'source' = 'wall'): Plant {
  const machines = [1, 2].map(i => {
    const id = `m${i}`
    const signals = [
      sensor(id, 'temp', { limits, maxRate: 1e9 }),
      sensor(id, 'vibration', {
        quantity: 'vibration',
        unit: 'mm/s',
        range: [0, 50],
        limits: { warningHigh: 6, criticalHigh: 10, delays },
      }),
      stateSignal(id),
      sensor(id, 'mode', {
        role: 'status',
        quantity: 'mode',
        unit: '',
        type: 'text',
        period: 0,
        resolution: 0,
        stateMap: 'words',
      }),
      sensor(id, 'parts', {
        role: 'status',
        quantity: 'counter',
        unit: 'parts',
        range: [0, 1e9],
        resolution: 1,
        tag: `${id}/produced`,
      }),
      ...(['blocked', 'starved'] as const).map(quantity =>
        sensor(id, quantity, {
          role: 'status',
          quantity,
          unit: '',
          period: 0,
          range: [0, 1],
          resolution: 0,
        }),
      ),
    ]
    return machineOf(id, signals, { feeds: i === 1 ? ['m2'] : [] })
  })
  return plantOf(machines, clock)
}

/** A moment of a life, as it was lived. */
export interface Lived {
  /** Floor time of the turn, Unix ms. */
  readonly ts: number
  readonly entry: Entry | undefined
}

export interface LifeOptions {
  readonly store: Store
  /** Unix ms. */
  readonly at?: number
  readonly isSimulated?: boolean
  readonly plant?: Plant
}

/** A floor that lives and whose record is kept, as the engine keeps it. */
export class Life {
  readonly plant: PlantVersion
  readonly wall: { time: number; now(): number }
  readonly lived: Lived[] = []
  readonly dictionary = new Dictionary()
  readonly book: IndexBook
  readonly simulated: ReadonlySet<string>
  floor!: LiveFloor
  readonly #store: Store
  readonly #snapshots = new Map<string, TwinSnapshot>()
  #checkpoints!: Checkpoints
  #works: Parameters<LiveFloor['maintain']>[0][] = []

  constructor({ store, at = start, isSimulated = false, plant = plantOfLife() }: LifeOptions) {
    this.#store = store
    this.plant = plantVersion(plant)
    this.wall = { time: at, now: () => this.wall.time }
    this.book = makeRegistry(plant, emptyIndexBook).book
    this.simulated = new Set(isSimulated ? ['plc'] : [])
  }

  /** An engine starts: at first, and again after it was stopped. */
  async begin(): Promise<void> {
    await this.#store.keepPlant(this.plant, this.wall.time)
    this.#wake(undefined)
  }

  async live(happenings: readonly Happening[]): Promise<void> {
    for (const { wait, what } of happenings) {
      this.wall.time += wait
      this.#let(what)
    }
    this.stop()
    await this.#store.flush()
  }

  /** The engine stops in good order: what the twins know is saved, and with it the last turns. */
  stop(): void {
    const entry = this.floor.snapshot()
    if (entry === undefined) return
    for (const snapshot of entry.snapshots ?? []) this.#snapshots.set(snapshot.address, snapshot)
    this.#store.append(entry)
  }

  /** The ground on which it can be replayed. */
  get ground() {
    return {
      store: this.#store,
      plantOf: async (hash: string) => (hash === this.plant.hash ? this.plant.plant : undefined),
      indexes: () => this.book,
      texts: () => this.texts(),
      simulated: () => this.simulated,
      wall: Date,
    }
  }

  *texts(): Generator<readonly [number, string]> {
    for (let code = 0; this.dictionary.text(code) !== undefined; code++)
      yield [code, this.dictionary.text(code)!]
  }

  #wake(lastAlive: number | undefined): void {
    const { plant } = this.plant
    const clock = new FloorClock(
      this.wall,
      plant.sources.some(({ clock }) => clock === 'source') ? 'source' : 'wall',
      lastAlive,
    )
    const { registry } = makeRegistry(plant, this.book)
    const parts = { plant, registry, dictionary: this.dictionary, clock, wall: this.wall }
    const snapshots = [...this.#snapshots.values()]
    this.floor = new LiveFloor({ ...parts, snapshots, simulated: this.simulated })
    this.#checkpoints = new Checkpoints(this.floor, this.plant.hash, this.wall)
    for (const entry of this.#checkpoints.start()) this.#store.append(entry)
    if (lastAlive === undefined) return
    this.#keep(() => this.floor.wake(lastAlive))
    this.#keep(() => this.floor.resumeMaintenance(this.#works, lastAlive))
  }

  #let(what: What): Entry | undefined {
    const { floor, wall } = this
    const time = floor.clock.now()
    switch (what.kind) {
      case 'samples': {
        const { kind, isHistory } = what
        const batch = this.#batch(what.samples)
        return this.#keep(() => floor.ingest('plc', { kind, batch, ...(isHistory && { isHistory }) }))
      }
      case 'connected':
        this.#keep(() => floor.tellSource('plc', { type: 'CONNECT', time }))
        return this.#keep(() => floor.ingest('plc', { kind: 'connected' }))
      case 'alive':
        return this.#keep(() => floor.ingest('plc', { kind: 'alive' }))
      case 'ended':
        return this.#keep(() => floor.tellSource('plc', { type: 'ENDED', time }))
      case 'lost':
        return this.#keep(() =>
          floor.tellSource('plc', { type: 'LOST', reason: 'cut', retryAt: time + 500, time }),
        )
      case 'silent':
        return this.#keep(() => floor.tellSource('plc', { type: 'SILENT', reason: 'nothing came', time }))
      case 'interrupted':
        return this.#keep(() => floor.ingest('plc', { kind: 'interrupted', reason: 'session' }))
      case 'stale': {
        const signals = floor.registry.signals.slice(0, 3).map(({ index }) => index)
        return this.#keep(() => floor.ingest('plc', { kind: 'stale', signals, since: time - 10 }))
      }
      case 'tick':
        return this.#keep(() => floor.tick())
      case 'maintain': {
        const at = time + what.after
        const id = `m${what.machine}`
        const work: Maintenance = {
          id: maintenanceId(id, at),
          machine: id,
          kind: 'corrective',
          start: at,
          end: at + what.takes,
          fault: 'bearing-failure',
          repair: 'perfect',
          keeps: null,
          parts: [],
          labourHours: 1,
          labourCost: 10,
          who: 'Kim',
          note: 'by hand',
        }
        if (this.#works.some(other => other.id === work.id)) return undefined
        this.#works.push(work)
        return this.#keep(() => floor.maintain(work))
      }
      case 'withdraw': {
        const work = this.#works.pop()
        return work && this.#keep(() => floor.withdraw(work))
      }
      case 'rest': {
        const work = this.#works.at(-1)
        if (work !== undefined) floor.awaitRest(work)
        return undefined
      }
      case 'calibrate': {
        const due = what.due === null ? null : time + what.due
        const said = { signal: `m${what.machine}.temp`, time, who: 'Kim', reference: 70, reading: 70.5, due }
        return this.#keep(() => floor.calibrate({ ...said, note: '' }))
      }
      case 'damage': {
        const { machine, damage } = what
        const fault = {
          machine: `m${machine}`,
          pattern: 'bearing-failure',
          time,
          damage,
          severity: 1,
        } as const
        const reports = [{ ...fault, kind: 'damage', cause: 'random' } as const]
        return this.#keep(() => floor.ingest('plc', { kind: 'damage', reports }))
      }
      case 'past':
        return this.#keep(() => floor.learnPast('dayAgo', new Map([[0, what.value]])))
      case 'checkpoint':
        for (const entry of this.#checkpoints.round()) this.#store.append(entry)
        return undefined
      case 'restart':
        this.stop()
        wall.time += 60_000
        this.#wake(time)
        return undefined
    }
  }

  #batch(samples: readonly Said[]) {
    const batch = new SampleBatchBuilder()
    const now = this.wall.time
    for (const { machine, signal, value, quality, age } of samples) {
      const { index } = this.floor.registry.signalById(`m${machine}.${signal}`)!
      const code = typeof value === 'string' ? this.floor.intern(value) : value
      batch.push(index, now - age, now, code, quality ?? Quality.good)
    }
    return batch.take()
  }

  #keep(turn: () => Entry | undefined): Entry | undefined {
    const ts = this.floor.clock.now()
    const entry = turn()
    this.lived.push({ ts, entry })
    if (entry !== undefined) this.#store.append(entry)
    return entry
  }
}
