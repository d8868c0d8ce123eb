import type { DisplayState } from '../../schema/display-state.js'
import type { ConstraintCause, LineState } from '../../schema/line-state.js'

/** A machine of a line as the plant file has it. */
export interface LineMachine {
  readonly id: string
  /** Ids of the machines that take its parts; ids outside the line are of no concern here. */
  readonly feeds: readonly string[]
  /** Seconds per part it was planned with; 0 = not known. */
  readonly idealCycleTime: number
}

/** What a machine said last. */
export interface MachineSeen {
  readonly display: DisplayState
  /** The source's own word or the stop reason; empty where nobody said. */
  readonly reason: string
  /** Seconds per part at present; null = not known. */
  readonly cycleTime: number | null
  /** Shows this since, and said so last; Unix ms. */
  readonly since: number
  readonly toldAt: number
}

/** The machine that holds the line back, and why. */
export interface Constraint {
  readonly machine: string
  readonly cause: ConstraintCause
  readonly display: DisplayState
  readonly reason: string
  /** Present over planned cycle time; 1 where it is not slow. */
  readonly slowness: number
  /** Machines that wait because of it, in the order of the flow. */
  readonly explains: readonly string[]
}

export interface LineView {
  readonly state: LineState
  readonly constraint: Constraint | null
}

/** A cycle longer than planned by more than this factor is slow (ISO 22400-2: speed loss; ours to choose). */
const slowFrom = 1.1

type SeenById = Readonly<Record<string, MachineSeen | undefined>>

/**
 * What the line does, and who holds it back. A machine that is blocked or starved only passes on what another does:
 * the cause of starvation is sought up the flow, that of blocking down the flow, until a machine that stopped or runs
 * slow by itself. Of several, a stop outweighs a slow cycle, then who makes more machines wait, then who began first,
 * then who stands earlier in the flow: the same input gives the same answer.
 */
export function judgeLine(machines: readonly LineMachine[], seen: SeenById): LineView {
  const known = machines.filter(({ id }) => displayOf(seen, id) !== 'unknown')
  if (known.length === 0) return { state: 'unknown', constraint: null }
  const constraint = constraintOf(machines, seen)
  const inLine = new Set(machines.map(({ id }) => id))
  const running = machines.filter(({ id }) => displayOf(seen, id) === 'running')
  if (constraint === null) return { state: running.length > 0 ? 'running' : 'unknown', constraint }
  // Who has nothing to do holds nobody back who still has.
  if (constraint.cause === 'idle' && running.length > 0) return { state: 'running', constraint: null }
  const isProducing = running.some(({ feeds }) => !feeds.some(fed => inLine.has(fed)))
  if (constraint.cause === 'slow' || isProducing) return { state: 'slowed', constraint }
  return { state: stateBy[constraint.cause], constraint }
}

/** What a line does that gives no parts. */
const stateBy = {
  stopped: 'down',
  'blocked-outside': 'blocked',
  'starved-outside': 'starved',
  idle: 'no-demand',
} as const

function constraintOf(machines: readonly LineMachine[], seen: SeenById): Constraint | null {
  const waiting = new Map<string, string[]>()
  for (const { id } of machines) {
    for (const root of rootsOf(id, machines, seen)) {
      const explained = waiting.get(root)
      if (explained === undefined) waiting.set(root, [id])
      else explained.push(id)
    }
  }
  let worst: Constraint | null = null
  for (const machine of machines) {
    const constraint = asConstraint(machine, seen, waiting.get(machine.id) ?? [])
    if (constraint !== null && (worst === null || isWorse(constraint, worst, seen))) worst = constraint
  }
  return worst
}

/** The machine as a possible constraint; null if it does its part or only waits for another of the line. */
function asConstraint(machine: LineMachine, seen: SeenById, explained: readonly string[]): Constraint | null {
  const { id } = machine
  const said = seen[id]
  if (said === undefined) return null
  const slowness = slownessOf(machine, said)
  const cause = causeOf(said.display, slowness, explained.includes(id))
  if (cause === null) return null
  const explains = explained.filter(other => other !== id)
  return { machine: id, cause, display: said.display, reason: said.reason, slowness, explains }
}

/** `isOwnRoot`: it waits, and no machine of the line makes it wait. */
function causeOf(display: DisplayState, slowness: number, isOwnRoot: boolean): ConstraintCause | null {
  switch (display) {
    case 'down':
    case 'maintenance':
    case 'setup':
      return 'stopped'
    case 'running':
      return slowness > slowFrom ? 'slow' : null
    case 'blocked':
      return isOwnRoot ? 'blocked-outside' : null
    case 'starved':
      return isOwnRoot ? 'starved-outside' : null
    case 'idle':
    case 'off-shift':
      return 'idle'
    default:
      return null
  }
}

const gravity: Readonly<Record<ConstraintCause, number>> = {
  stopped: 3,
  slow: 2,
  'blocked-outside': 1,
  'starved-outside': 1,
  idle: 0,
}

/** Called in the order of the flow, so that of equals the earlier stays. */
function isWorse(a: Constraint, b: Constraint, seen: SeenById): boolean {
  if (gravity[a.cause] !== gravity[b.cause]) return gravity[a.cause] > gravity[b.cause]
  if (a.explains.length !== b.explains.length) return a.explains.length > b.explains.length
  if (a.slowness !== b.slowness) return a.slowness > b.slowness
  return (seen[a.machine]?.since ?? 0) < (seen[b.machine]?.since ?? 0)
}

/** Who makes this machine wait: up the flow if it is starved, down the flow if blocked; itself = somebody outside. */
function rootsOf(id: string, machines: readonly LineMachine[], seen: SeenById): string[] {
  const display = displayOf(seen, id)
  if (display !== 'starved' && display !== 'blocked') return []
  const roots: string[] = []
  const visited = new Set([id])
  const front = [id]
  for (let at = front.pop(); at !== undefined; at = front.pop()) {
    const next = display === 'starved' ? feedersOf(at, machines) : takersOf(at, machines)
    if (next.length === 0) roots.push(at)
    for (const neighbour of next) {
      if (visited.has(neighbour)) continue
      visited.add(neighbour)
      if (displayOf(seen, neighbour) === display) front.push(neighbour)
      else roots.push(neighbour)
    }
  }
  return roots
}

const feedersOf = (id: string, machines: readonly LineMachine[]): string[] =>
  machines.filter(({ feeds }) => feeds.includes(id)).map(machine => machine.id)

const takersOf = (id: string, machines: readonly LineMachine[]): string[] =>
  machines
    .filter(machine => machines.some(other => other.id === id && other.feeds.includes(machine.id)))
    .map(machine => machine.id)

const displayOf = (seen: SeenById, id: string): DisplayState => seen[id]?.display ?? 'unknown'

function slownessOf({ idealCycleTime }: LineMachine, { display, cycleTime }: MachineSeen): number {
  return display === 'running' && idealCycleTime > 0 && cycleTime !== null ? cycleTime / idealCycleTime : 1
}
