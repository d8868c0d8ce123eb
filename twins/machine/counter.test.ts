import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { propertyRuns } from '../proof/runs.js'
import { freshCounter, increment, read } from './counter.js'

describe('increment', () => {
  it.each([
    [10, 0, 0],
    [269, 0, 0],
    [270, 0, 0],
    [273, 0, 3],
    [5, 300, 0],
  ])(
    'believes of a link that began anew only what goes on: from 270 to %i, width %i, counts %i',
    (reading, width, by) => {
      expect(increment(270, reading, width, true)).toEqual({ by, cause: 'count' })
    },
  )

  it.each([
    ['takes what it shows after a reset', 270, 3, 0, { by: 3, cause: 'reset' }],
    ['goes round where it has a width', 65_534, 1, 65_536, { by: 3, cause: 'rollover' }],
    ['believes no more than can have been made', 270, 4, 0, { by: 0, cause: 'leap' }],
    ['nor when it goes round', 65_534, 2, 65_536, { by: 0, cause: 'leap' }],
    ['corrects', 270, 269, 0, { by: 0, cause: 'count' }],
    ['calls a leap one', 270, 274, 0, { by: 0, cause: 'leap' }],
  ] as const)(
    'of a link that began anew, since when 3 parts can have been made, %s',
    (_, last, reading, width, expected) => {
      expect(increment(last, reading, width, true, 3)).toEqual(expected)
    },
  )

  it.each([
    ['says only where it stands at the first reading', null, 500, 0, { by: 0, cause: 'count' }],
    ['counts on', 500, 503, 0, { by: 3, cause: 'count' }],
    ['counts nothing twice', 500, 500, 0, { by: 0, cause: 'count' }],
    ['takes what it shows after a reset', 500, 3, 0, { by: 3, cause: 'reset' }],
    ['counts nothing where somebody took a part back', 1001, 1000, 0, { by: 0, cause: 'count' }],
    ['corrects down to half', 1000, 500, 0, { by: 0, cause: 'count' }],
    ['resets below half', 1000, 499, 0, { by: 499, cause: 'reset' }],
    ['corrects near the top of its width as well', 65_535, 65_530, 65_536, { by: 0, cause: 'count' }],
    ['goes round where it has a width', 65_534, 1, 65_536, { by: 3, cause: 'rollover' }],
    ['goes round to exactly nothing', 65_535, 0, 65_536, { by: 1, cause: 'rollover' }],
    ['calls it a reset when an eighth of the width would have passed', 87, 0, 100, { by: 0, cause: 'reset' }],
    ['still goes round just before an eighth of the width', 88, 0, 100, { by: 12, cause: 'rollover' }],
    ['makes no part up when it is reset at 60 % of its width', 39_321, 5, 65_536, { by: 5, cause: 'reset' }],
    ['cannot go round from beyond its width', 300, 40, 100, { by: 40, cause: 'reset' }],
    ['goes round from its very width', 100, 0, 100, { by: 0, cause: 'rollover' }],
  ] as const)('%s', (_, last, reading, width, expected) => {
    expect(increment(last, reading, width)).toEqual(expected)
  })
})

describe('read', () => {
  it('counts a gap between two readings once', () => {
    const read1 = read(freshCounter, 100, 10, 0)
    const read2 = read(read1, 180, 9_000, 0)
    expect(read2).toEqual({ count: 80, reading: 180, time: 9_000 })
  })
})

/** What a PLC's counter shows while parts are made: it rolls over at its width, and is set to nothing now and then. */
const widths = fc.constantFrom(2 ** 16, 2 ** 32)
const runs = { numRuns: propertyRuns }

describe('a counter of 16 or 32 bit', () => {
  it('loses no part and makes none up, however often it rolls over between readings less than an eighth of a round apart', () => {
    const steps = (width: number) =>
      fc.array(fc.integer({ min: 0, max: Math.ceil(width / 8) - 1 }), { maxLength: 50 })
    fc.assert(
      fc.property(
        widths.chain(width =>
          fc.tuple(fc.constant(width), fc.integer({ min: 0, max: width - 1 }), steps(width)),
        ),
        ([width, first, made]) => {
          let counter = read(freshCounter, first, 1, width)
          let parts = 0
          for (const by of made) {
            parts += by
            counter = read(counter, (first + parts) % width, counter.time + 1, width)
            expect(counter.count).toBe(parts)
          }
        },
      ),
      runs,
    )
  })

  it('counts what it shows, each shift from nothing, when it is reset below seven eighths of its round', () => {
    const shifts = (width: number) =>
      fc.array(fc.array(fc.integer({ min: 0, max: Math.floor(width / 10) }), { maxLength: 8 }), {
        maxLength: 6,
      })
    fc.assert(
      fc.property(
        widths.chain(width => fc.tuple(fc.constant(width), shifts(width))),
        ([width, made]) => {
          let counter = read(freshCounter, 0, 1, width)
          let parts = 0
          for (const shift of made) {
            let shown = 0
            for (const by of [0, ...shift]) {
              shown += by
              parts += by
              counter = read(counter, shown, counter.time + 1, width)
            }
            expect(counter.count).toBe(parts)
          }
        },
      ),
      runs,
    )
  })
})
