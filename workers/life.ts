import { once } from 'node:events'
import type { MessagePort } from 'node:worker_threads'
import type { DamageReport } from '../schema/damage-report.js'
import type { LineRun } from '../schema/line-run.js'
import { Behaviour, type BehaviourMachine, type BehaviourOptions } from '../twins/behaviour/behaviour.js'
import { Columns, joined, type Stretch } from './stretch.js'

export type LifeOptions = Omit<BehaviourOptions, 'duty' | 'onDamage' | 'onRun'>

/** Machines of a source that know of no others, see `partsOf`. */
export interface Part {
  readonly machines: readonly BehaviourMachine[]
  /** The place of each of their signals among those of the source. */
  readonly signals: Uint32Array
  readonly options: LifeOptions
}

/** Parts of the plant behind one source. */
export interface Share {
  readonly parts: readonly Part[]
  /** What text signals of the source may say; their values are places in here. */
  readonly words: readonly string[]
}

/** Some parts of a plant, lived from stretch to stretch. */
export class Life {
  readonly #parts: readonly ((until: number) => Stretch)[]

  constructor({ parts, words }: Share) {
    const places = new Map(words.map((word, place) => [word, place]))
    this.#parts = parts.map(part => living(part, places))
  }

  /** Everything up to and including `until`, Unix ms, from where it was left. */
  advance(until: number): Stretch {
    return joined(this.#parts.map(part => part(until)))
  }
}

function living(
  { machines, signals, options }: Part,
  places: ReadonlyMap<string, number>,
): (until: number) => Stretch {
  let reports: DamageReport[] = []
  let runs: LineRun[] = []
  const behaviour = new Behaviour(machines, {
    ...options,
    onDamage: report => reports.push(report),
    onRun: run => runs.push(run),
  })
  const isText = Uint8Array.from(behaviour.signals, ({ type }) => (type === 'text' ? 1 : 0))
  const wordPlaces = behaviour.words.map(word => places.get(word) ?? Number.NaN)
  const columns = new Columns()
  const emit = (place: number, time: number, value: number): void =>
    columns.push(signals[place]!, time, isText[place] === 1 ? wordPlaces[value]! : value)
  return until => {
    behaviour.advance(until, emit)
    const told = { ...columns.take(), reports, runs }
    reports = []
    runs = []
    return told
  }
}

export interface LifeTask {
  /** Takes times up to which is to be lived, Unix ms, and tells the stretches of all sources for each, in order. */
  readonly port: MessagePort
  /** Of each source the share that this thread lives; it may be empty. */
  readonly shares: readonly Share[]
}

/** Lives on a thread of its own for as long as its port is open, because a life goes on from what it was. */
export default async function life({ port, shares }: LifeTask): Promise<undefined> {
  const lives = shares.map(share => new Life(share))
  const failure = new Promise<never>((_, reject) => {
    port.on('message', (until: number) => {
      try {
        const stretches = lives.map(each => each.advance(until))
        const columns = stretches.flatMap(({ signal, time, value }) => [signal, time, value])
        port.postMessage(
          stretches,
          columns.map(({ buffer }) => buffer as ArrayBuffer),
        )
      } catch (error) {
        reject(error)
      }
    })
  })
  await Promise.race([once(port, 'close'), failure])
  return undefined
}
