import type { Signal } from '../plant.js'
import type { SignalTemplate } from './machine-type-template.js'

/** Where a signal is: on which machine, and how its source names things there. */
export interface SignalPlace {
  readonly machine: string
  /** Id of the source that reports the machine. */
  readonly source: string
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
  const pattern = template.tag ?? place.tagPatterns.get(source) ?? plainTagPattern
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
    source,
    tag: expandTag(pattern, place.machine, name),
    ...(template.stateMap !== undefined && { stateMap: template.stateMap }),
    ...(template.normal !== undefined && { normal: template.normal }),
  }
}

/** The tag that a pattern with `{machine}` and `{signal}` stands for. */
export function expandTag(pattern: string, machine: string, signal: string): string {
  return pattern.replaceAll('{machine}', () => machine).replaceAll('{signal}', () => signal)
}
