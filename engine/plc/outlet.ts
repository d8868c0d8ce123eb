import type { LinkFaultKind } from '../../schema/link-fault.js'
import type { MachinePlace } from '../../schema/machine-types/make-signal.js'
import type { Plant, Signal, SourceSpec } from '../../schema/plant.js'

/** Faults of a link that nobody can see over a protocol, and why. */
export type HiddenFaults = Readonly<Partial<Record<LinkFaultKind, string>>>

/** What no server tells: each of its tags has a type, and what does not fit it never gets there. */
export const neverServed = {
  missing: 'a tag has a value or bad quality: try bad-quality or dropout',
  text: 'a tag that is a number holds no text: try bad-quality or outlier',
} as const satisfies HiddenFaults

/**
 * A simulated plant as others find it over a protocol: what its signals show is set here and read there. It is made,
 * opened once it is known what the signals show, and closed.
 */
export interface Outlet {
  /** Signals that can be read. */
  readonly tags: number
  /** Where they can be read, for people; once it is open. */
  readonly place: string
  /** The plant as somebody would configure it who has it behind this outlet; once it is open. */
  readonly behind: Plant
  readonly hidden: HiddenFaults
  /** `value`: NaN where there is none; `quality`: see schema/quality; `time`: Unix ms UTC. */
  set(signal: Signal, value: number | string, quality: number, time: number): void
  /** What was set since the last time belongs together and may go out. */
  flush(): void
  /** Throws EngineError where the address cannot be listened on or does not answer. */
  open(): Promise<void>
  /** As a server that loses its power: gone for everybody at once. While it is open. */
  goDown(): Promise<void>
  /** It is there again, at the same address. Throws EngineError where it cannot be. */
  comeBack(): Promise<void>
  close(): Promise<void>
}

/** What the sources of a plant become behind an outlet, and its signals. */
interface Retagging {
  readonly adapter: string
  readonly options: Readonly<Record<string, unknown>>
  /** At a broker each client needs a name of its own, or it drives the others away: as this and the id of its source. */
  readonly clientId?: string
  tag(signal: Signal, place: MachinePlace): string
  /** What else is different of a signal. */
  readonly signal?: Partial<Signal>
}

/** The plant with its sources and tags as they are behind an outlet; all else stays. */
export function retagged(
  plant: Plant,
  { adapter, options, clientId, tag, signal: changed }: Retagging,
): Plant {
  const sources = plant.sources.map(
    ({ id }): SourceSpec => ({
      id,
      adapter,
      clock: 'wall',
      options: clientId === undefined ? options : { ...options, clientId: `${clientId}-${id}` },
    }),
  )
  const sites = plant.sites.map(site => ({
    ...site,
    areas: site.areas.map(area => ({
      ...area,
      lines: area.lines.map(line => ({
        ...line,
        machines: line.machines.map(machine => {
          const place = { site: site.id, area: area.id, line: line.id, machine: machine.id }
          const signals = machine.signals.map(each => ({ ...each, ...changed, tag: tag(each, place) }))
          return { ...machine, signals }
        }),
      })),
    })),
  }))
  return { ...plant, sources, sites }
}

/** Whether it counts parts: only whole numbers. Energy and hours are counted as well, and are not. */
export const countsParts = ({ quantity, unit }: Signal): boolean => quantity === 'counter' && unit === 'parts'

/** Every signal of a plant with its place. */
export function* placedSignals(plant: Plant): Generator<{ signal: Signal; place: Required<MachinePlace> }> {
  for (const site of plant.sites)
    for (const area of site.areas)
      for (const line of area.lines)
        for (const machine of line.machines) {
          const place = { site: site.id, area: area.id, line: line.id, machine: machine.id }
          for (const signal of machine.signals) yield { signal, place }
        }
}
