/** More machines than this under one entry are a slip of the keyboard. */
export const longestRange = 1000

/** One id of a range, and the number that makes it different. */
export interface RangedId {
  readonly id: string
  /** As written, e.g. `07`; undefined where there is no range. */
  readonly number: string | undefined
}

/**
 * The ids that `press-{01..12}` stands for, padded as its first number is; just the id itself where it has no range;
 * undefined where the range runs backwards or is longer than `longestRange`.
 */
export function expandIdRange(text: string): RangedId[] | undefined {
  const match = /^([^{}]*)\{(\d{1,6})\.\.(\d{1,6})\}([^{}]*)$/.exec(text)
  if (match === null) return [{ id: text, number: undefined }]
  const [, before = '', from = '', to = '', after = ''] = match
  const count = Number(to) - Number(from) + 1
  if (count < 1 || count > longestRange) return undefined
  return Array.from({ length: count }, (_, step) => {
    const number = String(Number(from) + step).padStart(from.length, '0')
    return { id: `${before}${number}${after}`, number }
  })
}
