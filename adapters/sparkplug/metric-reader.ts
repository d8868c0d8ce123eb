import { Quality } from '../../schema/quality.js'
import { isBroken } from '../exact.js'
import { asCame } from '../shown.js'
import { datatypeOf, isScalar, numberOf, own, readValue } from './datatype.js'
import type { WireMetric } from './definition.js'
import { type MetricDefinition, type MetricFeed, type MetricTable, propertyOf } from './metric-table.js'
import type { Outbox, SparkplugRule } from './outbox.js'

const longestText = 4096
const deepest = 8

/** Of the message that a metric is in. */
export interface MetricContext {
  /** When the message was sent, Unix ms UTC; for metrics without a time of their own. */
  readonly sentAt: number | undefined
  /** When it was received, by the host's clock. */
  readonly now: number
  readonly out: Outbox
  /** Of the template's instance that it is a member of: told after the event, and what its values are worth at best. */
  readonly isHistory?: boolean
  readonly quality?: Quality
  intern(text: string): number
}

/** Turns a metric into samples of the signals it feeds, or says why not. */
export function readMetric(
  definition: MetricDefinition,
  metric: WireMetric,
  table: MetricTable,
  context: MetricContext,
): void {
  if (own(metric, 'template_value') !== undefined && own(metric, 'is_null') !== true) {
    readTemplate(definition.name, metric, table, context, 0)
    return
  }
  if (definition.isControl) return
  const isNull = own(metric, 'is_null') === true
  if (definition.type === 'Template' && isNull) {
    // None of its members has a value.
    for (const member of table.membersOf(definition.name))
      if (member.feeds.length > 0) readMetric(member, nullOf(metric), table, context)
    return
  }
  const { feeds, tag } = table.retold(definition, metric)
  if (feeds.length === 0) {
    context.out.unknown(tag)
    return
  }
  const timestamp = own(metric, 'timestamp')
  const time = timestamp === undefined ? (context.sentAt ?? context.now) : numberOf(timestamp)
  const isHistory = own(metric, 'is_historical') ?? context.isHistory ?? false
  const refuse = (rule: SparkplugRule, why: string, refused: readonly MetricFeed[] = feeds) => {
    context.out.reject(rule, `${tag.tag}: ${why}`, asCame(metric), context.now)
    for (const { index } of refused) context.out.none(index, time, context.now, isHistory)
  }
  const type = datatypeOf(own(metric, 'datatype')) ?? definition.type
  if (type === undefined) {
    refuse('sparkplug.no-type', 'neither the message nor the birth says its type')
    return
  }
  if (!isScalar(type)) {
    refuse('sparkplug.unsupported-type', `a ${type} is no single value`)
    return
  }
  const value = isNull ? undefined : readValue(type, metric)
  if (value === undefined && !isNull) {
    refuse('sparkplug.wrong-value', `the message holds no value that a ${type} can have`)
    return
  }
  const quality = isNull ? Quality.bad : worse(qualityOf(metric), context.quality)
  for (const feed of feeds) {
    if (feed.mismatch !== undefined) {
      const why = `its unit ${feed.mismatch} does not measure what its signal measures`
      refuse('sparkplug.unit-mismatch', why, [feed])
      continue
    }
    const told = value === undefined ? Number.NaN : toldAs(feed, value, context)
    if (told === undefined) refuse('sparkplug.wrong-value', `${String(value)} is no ${feed.type}`, [feed])
    else context.out.sample(feed.index, time, context.now, told, quality, isHistory)
  }
}

/** The members of a template's instance are metrics of their own, by its name, a slash, and theirs. */
function readTemplate(
  name: string,
  metric: WireMetric,
  table: MetricTable,
  context: MetricContext,
  depth: number,
): void {
  const template = own(metric, 'template_value')
  if (template === undefined || template.is_definition === true || depth >= deepest) return
  const timestamp = own(metric, 'timestamp')
  const inner = {
    ...context,
    ...(timestamp !== undefined && { sentAt: numberOf(timestamp) }),
    isHistory: own(metric, 'is_historical') ?? context.isHistory ?? false,
    quality: worse(qualityOf(metric), context.quality),
  }
  for (const member of template.metrics) {
    const memberName = `${name}/${own(member, 'name') ?? ''}`
    if (own(member, 'template_value') !== undefined && own(member, 'is_null') !== true) {
      readTemplate(memberName, member, table, inner, depth + 1)
      continue
    }
    const definition = table.named(memberName)
    if (definition !== undefined) readMetric(definition, member, table, inner)
    else {
      const why = `${memberName}: its birth told no such member`
      context.out.reject('sparkplug.unknown-metric', why, asCame(member), context.now)
    }
  }
}

/** The number or the text's code that a signal shows for a value; undefined where it can show none. */
function toldAs(
  { type, conversion }: MetricFeed,
  value: number | boolean | string | bigint,
  context: MetricContext,
): number | undefined {
  if (type === 'text') {
    const text = String(value)
    return text.length <= longestText && !isBroken(text) ? context.intern(text) : undefined
  }
  if (typeof value === 'string') return undefined
  const number = Number(value)
  // Beyond 2^53 a double holds few of the whole numbers: a neighbour is another number.
  if (typeof value === 'bigint' && BigInt(number) !== value) return undefined
  if (!Number.isFinite(number)) return undefined
  const converted = conversion === undefined ? number : number * conversion.scale + conversion.offset
  return Number.isFinite(converted) ? converted : undefined
}

/** A null with the time of another metric. */
const nullOf = (metric: WireMetric): WireMetric => {
  const { timestamp, is_historical } = metric
  return {
    is_null: true,
    ...(own(metric, 'timestamp') !== undefined && { timestamp: timestamp! }),
    ...(own(metric, 'is_historical') !== undefined && { is_historical: is_historical! }),
  }
}

const worse = (own: Quality, above: Quality = Quality.good): Quality => Math.max(own, above) as Quality

/** Property `Quality` (Sparkplug 3.0, 6.4.9): 0 bad, 192 good, 500 stale; good where nothing is said. */
function qualityOf(metric: WireMetric): Quality {
  const property = propertyOf(metric, 'Quality') ?? propertyOf(metric, 'quality')
  if (property === undefined) return Quality.good
  const long = own(property, 'long_value')
  switch (own(property, 'int_value') ?? (long && numberOf(long))) {
    case 192:
      return Quality.good
    case 500:
      return Quality.uncertain
  }
  return Quality.bad
}
