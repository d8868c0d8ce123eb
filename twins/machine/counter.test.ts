import { describe, expect, it } from 'vitest'
import { freshCounter, increment, read } from './counter.js'

describe('increment', () => {
  it.each([
    ['says only where it stands at the first reading', null, 500, 0, { by: 0, cause: 'count' }],
    ['counts on', 500, 503, 0, { by: 3, cause: 'count' }],
    ['counts nothing twice', 500, 500, 0, { by: 0, cause: 'count' }],
    ['takes what it shows after a reset', 500, 3, 0, { by: 3, cause: 'reset' }],
    ['goes round where it has a width', 65_534, 1, 65_536, { by: 3, cause: 'rollover' }],
    ['goes round to exactly nothing', 65_535, 0, 65_536, { by: 1, cause: 'rollover' }],
    ['calls it a reset when half the width would have passed', 50, 0, 100, { by: 0, cause: 'reset' }],
    ['still goes round just before half the width', 51, 0, 100, { by: 49, cause: 'rollover' }],
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
