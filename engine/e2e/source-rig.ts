import { Writable } from 'node:stream'
import { pino } from 'pino'
import { adapterDefinitions } from '../../adapters/list.js'
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
import { retryDelays } from '../pipeline/source-events.js'
import { Sources } from '../pipeline/sources.js'

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
  /** The lines of the engine's log. */
  readonly log: string[] = []
  readonly #stops: (() => void)[] = []

  /** `plant`: a plant file; `folder`: where the adapters keep files of their own. */
  constructor(plant: string, folder: string, options: { readonly installation?: string } = {}) {
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
    this.intake = new Intake({ floor: this.floor, append: entry => this.entries.push(entry) })
    const log = new Writable({
      write: (line: Buffer, _, done) => {
        this.log.push((JSON.parse(line.toString()) as { msg: string }).msg)
        done()
      },
    })
    const sources = new Sources({
      floor: this.floor,
      intake: this.intake,
      adapters: adapterDefinitions,
      wall: Date,
      logger: pino(log),
      // As the engine has it, but for chance.
      retry: { ...retryDelays, random: () => 0.5 },
      folder: () => folder,
      installation: options.installation ?? 'rig',
    })
    sources.start()
    this.#stops.push(() => sources.stop())
    const tick = setInterval(() => {
      this.intake.record(this.floor.tick())
      sources.tick()
    }, 100)
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
    return this.told(id).map(([value, , time]) => [value, time])
  }

  /** The same with its quality. */
  told(id: string): [value: number, quality: number, time: number][] {
    const { index } = this.#signal(id)
    return this.entries.flatMap(({ samples }) => {
      if (samples === undefined) return []
      const { count, signal, value, quality, sourceTime } = samples
      const places = Array.from({ length: count }, (_, place) => place)
      return places
        .filter(place => signal[place] === index)
        .map((place): [number, number, number] => [value[place]!, quality[place]!, sourceTime[place]!])
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
