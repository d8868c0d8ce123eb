import fc from 'fast-check'

/** Texts that are numbers, that look like one, and that no double holds. */
export const numberText = fc.oneof(
  fc.double().map(String),
  fc.integer().map(String),
  fc.tuple(fc.integer(), fc.nat(9_999)).map(([whole, part]) => `${whole}.${part}`),
  fc.constantFrom(
    ...[
      '9007199254740993',
      '-9007199254740993.0',
      '1e400',
      '0x10',
      '0b1',
      '1,5',
      '--1',
      '1-1',
      '.5',
      '5.',
      '+3',
    ],
    ...['0:DAY', 'Infinity', 'NaN', '١', '1_000', '1e', 'e1', '', ' ', '1e5', '00012'],
  ),
)

/** The numbers that a text can be said to hold, apart from those that a double would change. */
export function numbersIn(text: string): Set<number> {
  const parts = text.split(/[\s:|]+/).filter(part => /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(part))
  const isHeld = (part: string): boolean => {
    const [, whole] = /^\+?(-?\d+)(?:\.0*)?$/.exec(part) ?? []
    // What a double is written as stands for it, whatever it is to the last digit.
    return whole === undefined || whole === String(Number(part)) || BigInt(whole) === BigInt(Number(part))
  }
  return new Set(parts.filter(part => Number.isFinite(Number(part)) && isHeld(part)).map(Number))
}
