import type { BehaviourMachine } from '../twins/behaviour/behaviour.js'
import type { PlantPlan } from '../twins/flow/plant-plan.js'
import degradation, { type Degradation, type DegradationTask } from './degradation.js'
import type { WorkerPool } from './pool.js'

/** What a part of the plant says, with the places of its signals among those of the whole plant. */
export interface Life extends Degradation {
  readonly signals: Uint32Array
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

/** Simulates a plant part by part: on the threads of a pool, or here where there is none. The bytes are the same. */
export async function simulateLives(task: DegradationTask, pool?: WorkerPool): Promise<Life[]> {
  const offsets = new Map<string, number>()
  let offset = 0
  for (const { machine, signals } of task.machines) {
    offsets.set(machine.id, offset)
    offset += signals.length
  }
  return Promise.all(
    partsOf(task.machines, task.plan).map(async machines => {
      const part = { ...task, machines }
      const life = pool === undefined ? degradation(part) : await pool.run('degradation', part)
      const signals = machines.flatMap(({ machine, signals: own }) =>
        own.map((_, i) => offsets.get(machine.id)! + i),
      )
      return { ...life, signals: Uint32Array.from(signals) }
    }),
  )
}
