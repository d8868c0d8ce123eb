/** Characters of an input that a reject keeps. */
export const longestRaw = 4_096
/** Of a value within a message for people. */
const longestShown = 60
/** Levels that are shown of a value too deep for JSON.stringify, which works by recursion. */
const deepest = 16

/** An input as it came, for a reject: JSON of what was parsed, bytes and text as they are. Nothing makes it throw. */
export function asCame(input: unknown): string {
  if (typeof input === 'string') return input.slice(0, longestRaw)
  if (input instanceof Uint8Array) return Buffer.from(input.subarray(0, longestRaw)).toString('utf8')
  return jsonOf(input).slice(0, longestRaw)
}

/** A value in a message for people, cut short. Nothing makes it throw. */
export function shown(value: unknown): string {
  const text = jsonOf(value)
  return text.length > longestShown ? `${text.slice(0, longestShown - 1)}…` : text
}

function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return JSON.stringify(pruned(value, deepest)) ?? typeof value
  }
}

/** A copy of what JSON can say of the value, down to a depth. */
function pruned(value: unknown, depth: number): unknown {
  if (typeof value === 'bigint' || typeof value === 'symbol') return String(value)
  if (typeof value !== 'object' || value === null) return value
  if (depth === 0) return '…'
  if (Array.isArray(value)) return value.map(each => pruned(each, depth - 1))
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, pruned(each, depth - 1)]))
}
