import fc from 'fast-check'

/** JSON within itself, deeper than what works by recursion can go; for the fuzzers of codecs. */
export const deepJson: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom(['[', ']'], ['{"a":', '}'], ['{"value":[', ']}']),
    fc.integer({ min: 1_000, max: 30_000 }),
  )
  .map(([[open, close], depth]) => `${open!.repeat(depth)}0${close!.repeat(depth)}`)
