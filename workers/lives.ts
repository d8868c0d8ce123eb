import { MessageChannel } from 'node:worker_threads'
import { type BehaviourMachine, wordsOf } from '../twins/behaviour/behaviour.js'
import type { PlantPlan } from '../twins/flow/plant-plan.js'
import { Life, type LifeOptions, type Part, type Share } from './life.js'
import { createPool, type WorkerPool } from './pool.js'
import { joined, type Stretch } from './stretch.js'

/** The machines behind a source, as they are simulated. */
export interface SourceLife {
  readonly machines: readonly BehaviourMachine[]
  readonly options: LifeOptions
}

/** Some shares of the sources' lives, wherever they are lived. */
interface Living {
  advance(until: number): Promise<readonly Stretch[]>
  close(): void
}

/**
 * The lives behind some sources, on so many threads of their own, or here with none. The bytes are the same whatever
 * the number: what is lived apart, and in which order it is told, is a matter of the plant alone.
 */
export class Lives {
  /** Of each source what its texts may say; their values are places in here. */
  readonly words: readonly (readonly string[])[]
  readonly #living: readonly Living[]
  readonly #pool: WorkerPool | undefined

  constructor(sources: readonly SourceLife[], threads: number) {
    this.words = sources.map(({ options }) => wordsOf(options.plan))
    const shares = sources.map((source, i) =>
      sharesOf(lifeParts(source), this.words[i]!, Math.max(1, threads)),
    )
    const pool = threads === 0 ? undefined : createPool({ maxThreads: threads })
    this.#pool = pool
    this.#living = Array.from({ length: Math.max(1, threads) }, (_, i) => {
      const own = shares.map(each => each[i]!)
      return pool === undefined ? here(own) : onThread(own, pool)
    })
  }

  /**
   * Everything up to and including `until`, Unix ms, of each source, from where it was left. The next may be asked for
   * before this is there. Throws PoolError where a thread has failed.
   */
  async advance(until: number): Promise<readonly Stretch[]> {
    const told = await Promise.all(this.#living.map(each => each.advance(until)))
    return this.words.map((_, source) => joined(told.map(stretches => stretches[source]!)))
  }

  /** Lives no further. */
  async close(): Promise<void> {
    for (const each of this.#living) each.close()
    await this.#pool?.close()
  }
}

function here(shares: readonly Share[]): Living {
  const lives = shares.map(share => new Life(share))
  return { advance: async until => lives.map(life => life.advance(until)), close: () => undefined }
}

function onThread(shares: readonly Share[], pool: WorkerPool): Living {
  const { port1: port, port2 } = new MessageChannel()
  const waiting: ((stretches: readonly Stretch[]) => void)[] = []
  port.on('message', (stretches: readonly Stretch[]) => waiting.shift()?.(stretches))
  const failure = pool.run('life', { port: port2, shares }, { transferList: [port2] }).then(() => {
    throw new Error('The life was closed.')
  })
  failure.catch(() => port.close())
  return {
    advance: until => {
      const told = new Promise<readonly Stretch[]>(resolve => waiting.push(resolve))
      port.postMessage(until)
      return Promise.race([told, failure])
    },
    close: () => port.close(),
  }
}

/**
 * Machines that pass parts to each other or wait for the same people, and those of one line, apart from all others: no
 * part of a plant knows of another, so that each may be simulated anywhere, and the plant is the same however its parts
 * are shared out.
 */
export function partsOf(machines: readonly BehaviourMachine[], plan?: PlantPlan): BehaviourMachine[][] {
  const places = new Map(machines.map(({ machine }, place) => [machine.id, place]))
  const parent = machines.map((_, place) => place)
  const rootOf = (place: number): number => {
    let root = place
    while (parent[root] !== root) root = parent[root]!
    return root
  }
  const join = (a: number, b: number): void => {
    const [one, other] = [rootOf(a), rootOf(b)]
    // The first machine stands for its part, so that the parts keep the order of the plant.
    parent[Math.max(one, other)] = Math.min(one, other)
  }
  for (const [from, { machine }] of machines.entries()) {
    for (const id of machine.feeds) {
      const to = places.get(id)
      if (to !== undefined) join(from, to)
    }
  }
  const firsts = new Map<string, number>()
  for (const shared of plan === undefined ? [] : sharedIn(plan)) {
    const place = places.get(shared.machine)
    if (place === undefined) continue
    const first = firsts.get(shared.what)
    if (first === undefined) firsts.set(shared.what, place)
    else join(first, place)
  }
  const parts = new Map<number, BehaviourMachine[]>()
  for (const [place, machine] of machines.entries()) {
    const root = rootOf(place)
    const part = parts.get(root)
    if (part === undefined) parts.set(root, [machine])
    else part.push(machine)
  }
  return [...parts.values()]
}

/** What machines have in common without passing parts to each other: the work of their line, and people. */
function sharedIn({ sites }: PlantPlan): { readonly machine: string; readonly what: string }[] {
  return sites.flatMap(site =>
    site.areas
      .flatMap(({ lines }) => lines)
      .flatMap(line =>
        line.machines.flatMap(({ id: machine, flow }) => {
          const people = [flow?.operator, ...(flow?.failures ?? []).map(({ crew }) => crew)]
          const crews = people.flatMap(crew => (crew === undefined ? [] : [`crew ${site.id} ${crew}`]))
          return [`line ${line.id}`, ...crews].map(what => ({ machine, what }))
        }),
      ),
  )
}

/** The parts behind a source, each with what of the plan is its own. */
function lifeParts({ machines, options }: SourceLife): Part[] {
  const offsets = new Map<string, number>()
  let offset = 0
  for (const { machine, signals } of machines) {
    offsets.set(machine.id, offset)
    offset += signals.length
  }
  const { plan } = options
  return partsOf(machines, plan).map(part => ({
    machines: part,
    signals: Uint32Array.from(
      part.flatMap(({ machine, signals }) => signals.map((_, i) => offsets.get(machine.id)! + i)),
    ),
    options: plan === undefined ? options : { ...options, plan: planFor(part, plan) },
  }))
}

/** The plan without the lines of other parts, so that each part costs what it is and not what the plant is. */
function planFor(part: readonly BehaviourMachine[], plan: PlantPlan): PlantPlan {
  const own = new Set(part.map(({ machine }) => machine.id))
  const sites = plan.sites.map(site => ({
    ...site,
    areas: site.areas.map(area => ({
      ...area,
      lines: area.lines.filter(({ machines }) => machines.some(({ id }) => own.has(id))),
    })),
  }))
  return { ...plan, sites }
}

/** Parts for so many threads, side by side in their order and about as many signals to each. */
function sharesOf(parts: readonly Part[], words: readonly string[], threads: number): Share[] {
  const total = parts.reduce((sum, { signals }) => sum + signals.length, 0)
  const shares: Part[][] = Array.from({ length: threads }, () => [])
  let before = 0
  for (const part of parts) {
    const middle = before + part.signals.length / 2
    shares[Math.min(threads - 1, Math.floor((middle / total) * threads))]!.push(part)
    before += part.signals.length
  }
  return shares.map(own => ({ parts: own, words }))
}
