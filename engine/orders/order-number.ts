export type DecimalMark = '.' | ','

/** How numbers are written in a file. */
export interface NumberWriting {
  /** Marks that may stand before decimals. */
  readonly decimals: readonly DecimalMark[]
  /** Of them those that do, whatever follows: of others 1.000 may be one or a thousand. */
  readonly sure: readonly DecimalMark[]
  /** The mark that may stand between thousands; undefined: none. */
  readonly thousands?: DecimalMark
}

/** As programs write numbers. */
export const plainNumbers: NumberWriting = { decimals: ['.'], sure: ['.'] }

/** How a CSV that is divided by `delimiter` writes numbers; `decimal`: the mark before decimals, where somebody said. */
export function csvNumbers(delimiter: string, decimal: DecimalMark | undefined): NumberWriting {
  if (decimal !== undefined)
    return { decimals: [decimal], sure: [decimal], thousands: decimal === '.' ? ',' : '.' }
  if (delimiter === ',') return plainNumbers
  // Semicolons are for those who need the comma in numbers; tabs say nothing.
  return { decimals: ['.', ','], sure: delimiter === ';' ? [','] : [] }
}

const groupedBy: Readonly<Record<DecimalMark, RegExp>> = {
  '.': /^[+-]?\d{1,3}(\.\d{3})+(,\d+)?$/,
  ',': /^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$/,
}

/** The number that a text says; undefined: none; the two that it may be where nobody can tell. */
export function readNumber(
  text: string,
  { decimals, sure, thousands }: NumberWriting,
): number | readonly [number, number] | undefined {
  const isGrouped = thousands !== undefined && groupedBy[thousands].test(text)
  const plain = isGrouped ? text.replaceAll(thousands, '') : text
  const [, whole = '', mark, digits = ''] =
    /^([+-]?\d+)(?:([.,])(\d+))?(?:[eE][+-]?\d{1,2})?$/.exec(plain) ?? []
  if (whole === '') return undefined
  if (mark === undefined) return Number(plain)
  const isOne = (marks: readonly DecimalMark[]): boolean => marks.some(each => each === mark)
  if (!isOne(decimals)) return undefined
  const number = Number(plain.replace(mark, '.'))
  const mayBeThousands = !isOne(sure) && /^[+-]?[1-9]\d{0,2}$/.test(whole) && /^\d{3}$/.test(digits)
  return mayBeThousands ? [number, Number(plain.replace(mark, ''))] : number
}
