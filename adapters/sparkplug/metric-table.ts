import type { Conversion } from '../../schema/unit-conversion.js'
import { conversionFrom, unitsSpelled } from '../../schema/unit-spelling.js'
import type { UnknownTag } from '../contract.js'
import type { TagBook } from '../mqtt/tag-book.js'
import { bigOf, type Datatype, datatypeOf, numberOf, own } from './datatype.js'
import type { Long64, WireMetric } from './definition.js'

/** A signal that a metric feeds. */
export interface MetricFeed {
  readonly index: number
  readonly type: 'number' | 'text'
  /** From the metric's engineering unit to the signal's; undefined = they are the same, or nobody says. */
  readonly conversion: Conversion | undefined
  /** Set where the metric's unit does not measure what the signal measures. */
  readonly mismatch: string | undefined
}

/** What a birth says of a metric, and data then leave out. */
export interface MetricDefinition {
  readonly name: string
  readonly tag: UnknownTag
  readonly type: Datatype | undefined
  /** Its engineering unit; empty where it says none. */
  readonly unit: string
  readonly feeds: readonly MetricFeed[]
  /** bdSeq and the controls of node and device: part of the protocol, no value of the plant. */
  readonly isControl: boolean
}

export const isControlName = (name: string): boolean =>
  name === 'bdSeq' || /^(?:Node|Device) Control\//.test(name)
const deepest = 8

/** The metrics of a node, or of one device of it, by name and alias, as its birth has told them. */
export class MetricTable {
  readonly #prefix: string
  readonly #tags: TagBook
  readonly #byName = new Map<string, MetricDefinition>()
  /** `undefined` where two metrics have one alias: nobody knows which of them is meant. */
  readonly #byAlias = new Map<number | bigint, MetricDefinition | undefined>()

  /** The names of the metrics of each alias: there should be one. */
  readonly #sharing = new Map<number | bigint, readonly string[]>()

  /** `prefix`: `group/node` or `group/node/device`; the tag of a metric is this, a slash, and its name. */
  constructor(prefix: string, metrics: readonly WireMetric[], tags: TagBook) {
    this.#prefix = prefix
    this.#tags = tags
    for (const metric of metrics) this.#define(metric, own(metric, 'name') ?? '', 0)
  }

  /** Indexes of all signals that it feeds. */
  get signals(): number[] {
    return [...this.#byName.values()].flatMap(({ feeds }) => feeds.map(({ index }) => index))
  }

  named(name: string): MetricDefinition | undefined {
    return this.#byName.get(name)
  }

  /** The metric that a message means, by alias or by name; undefined where the birth told none such, or several. */
  find(metric: WireMetric): MetricDefinition | undefined {
    const name = own(metric, 'name')
    const alias = own(metric, 'alias')
    if (alias === undefined) return name === undefined ? undefined : this.#byName.get(name)
    const found = this.#byAlias.get(aliasKey(alias))
    // A name beside the alias must be the alias's own.
    if (name === undefined || name === '' || found?.name === name) return found
    return this.#byName.get(name)
  }

  /** Indexes of the signals that a value may be of whose alias several metrics have. */
  sharing(metric: WireMetric): number[] {
    const alias = own(metric, 'alias')
    const names = (alias && this.#sharing.get(aliasKey(alias))) ?? []
    if (names.length < 2) return []
    return names.flatMap(name => (this.#byName.get(name)?.feeds ?? []).map(({ index }) => index))
  }

  #define(metric: WireMetric, name: string, depth: number): void {
    const template = own(metric, 'template_value')
    if (name === '' || template?.is_definition === true) return
    if (template !== undefined && depth < deepest) {
      for (const member of template.metrics)
        this.#define(member, `${name}/${own(member, 'name') ?? ''}`, depth + 1)
    }
    const tag = `${this.#prefix}/${name}`
    const isControl = isControlName(name)
    const type = template === undefined ? datatypeOf(own(metric, 'datatype')) : 'Template'
    const unit = unitOf(metric) ?? ''
    const feeds = isControl ? [] : this.#feeds(tag, unit)
    const raw = `${tag} (${type ?? 'no type'})`
    const definition = { name, tag: { tag, raw }, type, unit, feeds, isControl }
    this.#byName.set(name, definition)
    const alias = own(metric, 'alias')
    // Some nodes give their controls aliases, which the specification forbids, and use the numbers again.
    if (alias === undefined || isControl) return
    const key = aliasKey(alias)
    this.#sharing.set(key, [...(this.#sharing.get(key) ?? []), name])
    this.#byAlias.set(key, this.#byAlias.has(key) ? undefined : definition)
  }

  /**
   * The metric as this message tells it: data need not say its properties, but may. A unit that they say is the metric's
   * from then on, as all that is told by exception; in a historical value it is of that value alone.
   */
  retold(definition: MetricDefinition, metric: WireMetric): MetricDefinition {
    const unit = unitOf(metric)
    if (unit === undefined || unit === definition.unit) return definition
    const now = { ...definition, unit, feeds: this.#feeds(definition.tag.tag, unit) }
    if (own(metric, 'is_historical') === true) return now
    this.#byName.set(now.name, now)
    for (const [alias, known] of this.#byAlias) if (known === definition) this.#byAlias.set(alias, now)
    return now
  }

  /** The members of a metric that is a template, as its birth told them. */
  membersOf(name: string): readonly MetricDefinition[] {
    const prefix = `${name}/`
    return [...this.#byName.values()].filter(
      ({ name: each, type }) => each.startsWith(prefix) && type !== 'Template',
    )
  }

  #feeds(tag: string, unit: string): MetricFeed[] {
    // A unit in words that we do not know says nothing; the plant file does.
    const isKnown = unit !== '' && unitsSpelled(unit).length > 0
    // A metric has a property for its unit: a name that ends in one is another metric's.
    return (this.#tags.find(tag, false)?.signals ?? []).map(signal => {
      const isSame = !isKnown || unit === signal.unit || signal.unit === '' || signal.type === 'text'
      const conversion = isSame ? undefined : conversionFrom(unit, signal.unit)
      const mismatch = !isSame && conversion === undefined ? unit : undefined
      return { index: signal.index, type: signal.type, conversion, mismatch }
    })
  }
}

/** A number where it is exact: the usual and the quick case. */
const aliasKey = (alias: Long64): number | bigint =>
  alias.high >>> 0 < 2 ** 21 ? numberOf(alias) : bigOf(alias)

const unitOf = (metric: WireMetric): string | undefined => {
  const property = propertyOf(metric, 'engUnit')
  return property && own(property, 'string_value')
}

/** A property of a metric; of two of one name the last. */
export function propertyOf(metric: WireMetric, name: string): WireMetric | undefined {
  const properties = own(metric, 'properties')
  if (properties === undefined) return undefined
  const at = properties.keys.lastIndexOf(name)
  return at < 0 ? undefined : properties.values[at]
}
