import { Quality } from '../../schema/quality.js'

/** A tag's value as the IoT Gateway of a KEPServerEX has it to tell. */
export interface KepwareValue {
  /** `Channel.Device.Tag` */
  readonly tag: string
  /** NaN: there is none. */
  readonly value: number | string
  readonly quality: number
  /** Unix ms UTC. */
  readonly time: number
}

/**
 * How an agent tells: `standard` is the template that it comes with; `advanced` a template of somebody's own, with OPC
 * qualities; `topics` has a topic for each tag. The codec reads all three with the format `kepware`.
 */
export const kepwareTemplates = ['standard', 'advanced', 'topics'] as const
export type KepwareTemplate = (typeof kepwareTemplates)[number]

/** OPC DA qualities (good non-specific, last usable value, bad non-specific) by Quality. */
const opcQualities = [192, 68, 0]

/** What an agent publishes for some values. `sentAt`: its server's clock, Unix ms UTC; not for `topics`. */
export function encodeKepware(
  template: Exclude<KepwareTemplate, 'topics'>,
  values: readonly KepwareValue[],
  sentAt: number,
): string {
  if (template === 'advanced') {
    return JSON.stringify(values.map(each => ({ tagname: each.tag, ...cellOf(each) })))
  }
  const cells = values.map(({ tag, value, quality, time }) => ({
    id: tag,
    v: contentOf(value),
    // A truth is all that the template has: what is not good is bad.
    q: quality === Quality.good,
    t: time,
  }))
  return JSON.stringify({ timestamp: sentAt, values: cells })
}

/** The message of a tag that has a topic of its own. */
export const encodeKepwareCell = (value: KepwareValue): string => JSON.stringify(cellOf(value))

function cellOf({ value, quality, time }: KepwareValue) {
  return { value: contentOf(value), quality: opcQualities[quality] ?? 0, timestamp: time }
}

/** JSON has no NaN. */
const contentOf = (value: number | string): number | string | null =>
  typeof value === 'number' && !Number.isFinite(value) ? null : value
