const integer = /^\s*\+?(-?\d+)(?:\.0*)?\s*$/

/**
 * The number that a decimal says, or undefined: a whole number that a double would round is another number, and is not
 * taken. What a double is written as is taken, however large.
 */
export function exactNumber(decimal: string): number | undefined {
  const number = Number(decimal)
  if (!Number.isFinite(number)) return undefined
  if (Number.isSafeInteger(number)) return number
  const digits = integer.exec(decimal)?.[1]
  return digits === undefined || digits === String(number) ? number : undefined
}

const longInteger = /"(?:[^"\\]|\\.)*"?|(?<![\d.eE+-])-?\d{16,}(?:\.0+)?(?![\d.eE])/gs

/** JSON.parse, which would round a whole number that no double holds: here it comes as the text it is written as. */
export function parseExactly(json: string): unknown {
  if (!/\d{16}/.test(json)) return JSON.parse(json)
  const kept = json.replaceAll(longInteger, token =>
    token.startsWith('"') || exactNumber(token) !== undefined ? token : `"${token}"`,
  )
  return JSON.parse(kept)
}

/** Whether bytes of a text were lost on its way: they were not in the encoding that they were taken for. */
export const isBroken = (text: string): boolean => text.includes('\uFFFD')
