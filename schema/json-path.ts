import { z } from 'zod'

/** Names and places, from the outside in: `$.axes[2].load` is `['axes', 2, 'load']`. */
export type JsonPath = readonly (string | number)[]

const step = /\.?([^.[\]'"]+)|\[(\d+)\]|\[(?:'([^']*)'|"([^"]*)")\]/y

/**
 * Reads a path: the part of JSONPath (RFC 9535) that names one place, `$.a.b[0]['odd name']`, with or without `$`.
 * Undefined where the text is no such path.
 */
export function parseJsonPath(text: string): JsonPath | undefined {
  const path: (string | number)[] = []
  let at = text.startsWith('$') ? 1 : 0
  while (at < text.length) {
    // A name right behind another path needs its dot; the first may go without.
    const needsDot = at > 0 && text[at] !== '.' && text[at] !== '['
    step.lastIndex = at
    const match = needsDot ? null : step.exec(text)
    if (match === null) return undefined
    path.push(match[2] === undefined ? (match[1] ?? match[3] ?? match[4] ?? '') : Number(match[2]))
    at = step.lastIndex
  }
  return path
}

/** What stands there; undefined where nothing does. Only what the document says itself, never what objects inherit. */
export function valueAtPath(json: unknown, path: JsonPath): unknown {
  let found = json
  for (const key of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return undefined
    found = (found as Record<string | number, unknown>)[key]
  }
  return found
}

/** A path in a configuration, as text. */
export const jsonPathText = z.string().refine(text => parseJsonPath(text) !== undefined, {
  error: 'a path is written like $.axes[2].load, one place without wildcards',
})
