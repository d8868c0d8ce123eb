const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, min: 60_000, h: 3_600_000 }

/** The word for a signal without a period: the source reports it when it changes. */
const onChange = 'on-change'

/** Milliseconds of a duration such as `10s`, `0s` or `1.5min`; undefined where it is none. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,9}(?:\.\d{1,6})?) ?(ms|s|min|h)$/.exec(text)
  const ms = Number(match?.[1]) * (unitMs[match?.[2] ?? ''] ?? Number.NaN)
  return Number.isNaN(ms) ? undefined : ms
}

/** The shortest way to write a duration in ms; `parseDuration` reads it back. */
export function formatDuration(ms: number): string {
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`
}

/** Milliseconds of a period such as `1s`, `100ms` or `on-change` (0); undefined where it is none. */
export function parsePeriod(text: string): number | undefined {
  if (text === onChange) return 0
  return parseDuration(text) || undefined
}

/** The shortest way to write a period; `parsePeriod` reads it back. */
export function formatPeriod(ms: number): string {
  return ms === 0 ? onChange : formatDuration(ms)
}

/** The word for patience without end. */
const never = 'never'

/** Milliseconds to wait, such as `30s`; `never` is 0; undefined where it is neither. */
export function parsePatience(text: string): number | undefined {
  return text === never ? 0 : parseDuration(text) || undefined
}

/** The shortest way to write a patience; `parsePatience` reads it back. */
export function formatPatience(ms: number): string {
  return ms === 0 ? never : formatDuration(ms)
}
