import { AdapterError } from '../../adapters/contract.js'
import { findAdapter } from '../../adapters/list.js'
import { loadPlant } from '../../schema/plant-file/load-plant.js'
import { formatProblem } from '../../schema/plant-file/problem.js'
import { qualityNames } from '../../schema/quality.js'
import type { Entry, Reject } from '../../schema/records.js'
import { connectionOf } from '../../schema/sensor-state.js'
import { Dictionary } from '../floor/dictionary.js'
import { FloorClock } from '../floor/floor-clock.js'
import { LiveFloor } from '../floor/live-floor.js'
import { emptyIndexBook, makeRegistry } from '../floor/registry.js'
import { Intake } from '../pipeline/intake.js'
import { secretReader } from '../pipeline/read-secret.js'
import { sourceEvents } from '../pipeline/source-events.js'

export interface SourceRigOptions {
  /** The adapters' folder. */
  readonly folder: string
  readonly env?: NodeJS.ProcessEnv
  /** Most samples on their way. */
  readonly window?: number
}

/** What a person would see of a signal. */
interface Sight {
  readonly connection: string
  readonly quality: string
  readonly value: number
  /** When the source says that the value was true, Unix ms UTC. */
  readonly time: number
}

/** The sources of a plant on a live floor, without a store: what comes in, and what people would see of it. */
export class SourceRig {
  readonly floor: LiveFloor
  readonly intake: Intake
  readonly entries: Entry[] = []
  /** Why the link was lost, in order. */
  readonly losses: string[] = []
  readonly #stops: (() => void)[] = []

  /** `plant`: a plant file. */
  constructor(plant: string, options: SourceRigOptions) {
    const loaded = loadPlant(plant, { file: 'plant.yaml' })
    if (loaded.plant === undefined) throw new Error(loaded.problems.map(formatProblem).join('\n'))
    const { registry } = makeRegistry(loaded.plant, emptyIndexBook)
    this.floor = new LiveFloor({
      plant: loaded.plant,
      registry,
      dictionary: new Dictionary(),
      clock: new FloorClock(Date, 'wall'),
      wall: Date,
    })
    this.intake = new Intake(
      {
        floor: this.floor,
        append: entry => this.entries.push(entry),
        onLost: (_, error) => this.losses.push(error instanceof Error ? error.message : String(error)),
      },
      loaded.plant.sources.map(({ id }) => id),
    )
    for (const source of loaded.plant.sources) {
      const definition = findAdapter(source.adapter)
      if (definition === undefined) throw new AdapterError('protocol', `no adapter ${source.adapter}`)
      const context = {
        source: source.id,
        clock: this.floor.clock,
        wall: Date,
        plant: loaded.plant,
        signals: registry.signals.filter(({ signal }) => signal.source === source.id),
        folder: options.folder,
        readSecret: secretReader(options.env ?? {}),
        intern: (text: string) => this.floor.intern(text),
        window: options.window ?? 20_000,
      }
      // As the engine has it, but for chance.
      const policy = { firstDelay: 500, longestDelay: 5_000, random: () => 0.5 }
      const parsed = definition.options.parse(source.options)
      const subscription = sourceEvents(definition, parsed, context, policy).subscribe(signal =>
        this.intake.take(source.id, signal),
      )
      this.#stops.push(() => subscription.unsubscribe())
    }
    const tick = setInterval(() => this.intake.record(this.floor.tick()), 100)
    this.#stops.push(() => clearInterval(tick))
  }

  sees(id: string): Sight {
    const { index } = this.#signal(id)
    const { value, quality, sourceTime, status } = this.floor.signals
    return {
      connection: connectionOf(status[index]!),
      quality: qualityNames[quality[index]!]!,
      value: value[index]!,
      time: sourceTime[index]!,
    }
  }

  /** Everything that came of a signal, in the order of arrival: value and source time. */
  record(id: string): [value: number, time: number][] {
    const { index } = this.#signal(id)
    return this.entries.flatMap(({ samples }) => {
      if (samples === undefined) return []
      const { count, signal, value, sourceTime } = samples
      const places = Array.from({ length: count }, (_, place) => place)
      return places
        .filter(place => signal[place] === index)
        .map((place): [number, number] => [value[place]!, sourceTime[place]!])
    })
  }

  get rejects(): readonly Reject[] {
    return this.entries.flatMap(({ rejects }) => rejects ?? [])
  }

  stop(): void {
    for (const stop of this.#stops) stop()
  }

  #signal(id: string) {
    const found = this.floor.registry.signals.find(({ signal }) => signal.id === id)
    if (found === undefined) throw new Error(`there is no signal ${id}`)
    return found
  }
}
