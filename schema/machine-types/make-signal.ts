import type { Signal } from '../plant.js'
import type { SignalTemplate } from './machine-type-template.js'

/** Where a machine stands (ISA-95), as far as that matters: what a pattern of tags may name. */
export interface MachinePlace {
  readonly site?: string
  readonly area?: string
  readonly line?: string
  readonly machine: string
}

/** Where a signal is: on which machine, and how its source names things there. */
export interface SignalPlace extends MachinePlace {
  /** Id of the source that reports the machine. */
  readonly source: string
  /** How the machine's own signals are named, where its entry or its type says so. */
  readonly tags?: string
  /** How each source names its signals, by source id; `{signal}` where it is not listed. */
  readonly tagPatterns: ReadonlyMap<string, string>
}

/** A source's name for a signal when nobody says how it names things: the signal's own name. */
export const plainTagPattern = '{signal}'

/** The signal that a template becomes on a machine. */
export function makeSignal(
  name: string,
  role: Signal['role'],
  template: SignalTemplate,
  place: SignalPlace,
): Signal {
  const source = template.source ?? place.source
  const ofMachine = source === place.source ? place.tags : undefined
  const pattern = template.tag ?? ofMachine ?? place.tagPatterns.get(source) ?? plainTagPattern
  return {
    id: `${place.machine}.${name}`,
    name,
    role,
    quantity: template.quantity,
    unit: template.unit,
    type: template.type,
    period: template.period,
    range: template.range,
    resolution: template.resolution,
    limits: template.limits,
    ...(template.maxRate !== undefined && { maxRate: template.maxRate }),
    source,
    tag: expandTag(pattern, place, name),
    ...(template.stateMap !== undefined && { stateMap: template.stateMap }),
    ...(template.normal !== undefined && { normal: template.normal }),
  }
}

/** The tag that a pattern with `{site}`, `{area}`, `{line}`, `{machine}` and `{signal}` stands for. */
export function expandTag(pattern: string, place: MachinePlace, signal: string): string {
  const names: Readonly<Record<string, string | undefined>> = { ...place, signal }
  return pattern.replaceAll(
    /\{(site|area|line|machine|signal)\}/g,
    (whole, name: string) => names[name] ?? whole,
  )
}
