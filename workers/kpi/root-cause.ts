import type { Stop, StopKind } from './stops.js'

/** A machine of a line, with those that take its parts. */
export interface FlowMachine {
  readonly id: string
  readonly feeds: readonly string[]
}

/** So long may buffers hide that a neighbour stands, ms. */
const bufferMs = 10 * 60_000

/** A stop whose code has become its word. */
type WordedStop = Omit<Stop, 'stopCode'>

const ownKinds: ReadonlySet<StopKind> = new Set(['breakdown', 'minorStop', 'setup', 'planned', 'idle'])

/** What made a machine wait. */
export interface RootCause {
  readonly machine: string
  /** Why that one stood, `category/code`; empty: nobody has said. */
  readonly reason: string
}

/**
 * The machine whose own stop made this one wait, with its reason: up the flow for want of parts, down the flow for want
 * of room, the nearest that stood by itself then or just before; of machines side by side the one that stood first.
 * Undefined for a stop of the machine's own, and where the cause lies outside of the line.
 */
export function rootCause(
  machine: string,
  stop: WordedStop,
  line: readonly FlowMachine[],
  stopsOf: (machine: string) => readonly WordedStop[],
): RootCause | undefined {
  if (stop.kind !== 'starved' && stop.kind !== 'blocked') return undefined
  const visited = new Set([machine])
  for (let level = [machine]; level.length > 0; ) {
    level = level.flatMap(id => neighbours(id, stop.kind, line)).filter(id => !visited.has(id))
    for (const id of level) visited.add(id)
    const standing = level
      .flatMap(id => stopsOf(id).map(other => ({ id, ...other })))
      .filter(
        ({ kind, from, to }) =>
          ownKinds.has(kind) && from <= stop.to && to >= stop.from - bufferMs && from < stop.to,
      )
      .sort((a, b) => a.from - b.from)
    const [first] = standing
    if (first !== undefined) return { machine: first.id, reason: first.downtimeReason }
  }
  return undefined
}

function neighbours(id: string, kind: StopKind, line: readonly FlowMachine[]): string[] {
  if (kind === 'starved') return line.filter(({ feeds }) => feeds.includes(id)).map(feeder => feeder.id)
  const fed = line.find(machine => machine.id === id)?.feeds ?? []
  return line.filter(machine => fed.includes(machine.id)).map(taker => taker.id)
}
