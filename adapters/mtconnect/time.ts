/** SHDR times: ISO 8601 in UTC, digits behind the second as many as the source likes, a duration behind `@`. */
const isoTime = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?(Z|[+-]\d\d:?\d\d)?$/

/** Milliseconds since the source's own beginning: what a source without a calendar sends as its time. */
const relativeTime = /^\d+(?:\.\d+)?$/

/** What the time field of a row says; times in Unix ms UTC (with a fraction), relative times in ms. */
export type ShdrTime =
  | { readonly kind: 'absolute'; readonly time: number }
  | { readonly kind: 'relative'; readonly offset: number }
  /** An empty field: the reader's clock counts. */
  | { readonly kind: 'none' }

const none: ShdrTime = { kind: 'none' }

/** Reads a row's time field; undefined where it is none. A duration (`…Z@100.5`) is checked and left out. */
export function parseShdrTime(field: string): ShdrTime | undefined {
  let text = field.trim()
  const at = text.indexOf('@')
  if (at >= 0) {
    if (!relativeTime.test(text.slice(at + 1))) return undefined
    text = text.slice(0, at)
  }
  if (text === '') return none
  const time = parseIsoTime(text)
  if (time !== undefined) return { kind: 'absolute', time }
  return relativeTime.test(text) ? { kind: 'relative', offset: Number(text) } : undefined
}

/**
 * Unix ms UTC of an ISO 8601 time, or undefined. Unlike Date.parse it keeps microseconds, takes a time without a zone
 * as UTC (MTConnect Part 1 knows no other), and does not roll 30 February over into March.
 */
export function parseIsoTime(text: string): number | undefined {
  const match = isoTime.exec(text)
  if (match === null) return undefined
  const [, year, month, day, hour, minute, second = '0', fraction, zone] = match
  const date = Date.UTC(Number(year), Number(month) - 1, Number(day))
  const isCalendarDay =
    new Date(date).getUTCDate() === Number(day) && Number(month) >= 1 && Number(month) <= 12
  if (!isCalendarDay || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return undefined
  const sinceMidnight = (Number(hour) * 60 + Number(minute)) * 60_000 + Number(second) * 1000
  const belowSecond = fraction === undefined ? 0 : Number(`0.${fraction}`) * 1000
  return date + sinceMidnight + belowSecond - zoneOffset(zone)
}

/** Milliseconds by which a zone is ahead of UTC. */
function zoneOffset(zone: string | undefined): number {
  if (zone === undefined || zone === 'Z') return 0
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2))
  return (zone.startsWith('-') ? -minutes : minutes) * 60_000
}
