import fc from 'fast-check'
import { expect, it } from 'vitest'
import { asCame, longestRaw, shown } from './shown.js'

/** 50,000 levels are deeper than the call stack is. */
const nested = (open: string, close: string, depth: number): unknown =>
  JSON.parse(`${open.repeat(depth)}1${close.repeat(depth)}`)

it.each([
  ['a list', nested('[', ']', 50_000), /^\[\[\[+"…"\]+$/],
  ['an object', nested('{"a":', '}', 50_000), /^\{"a":\{"a":.*"…"\}+$/],
  ['both', nested('{"a":[2,', ']}', 50_000), /^\{"a":\[2,\{/],
])('shows the outer levels of %s within itself, however deep it is', (_, value, expected) => {
  expect(asCame(value)).toMatch(expected)
  expect(shown(value).length).toBeLessThanOrEqual(60)
})

it('keeps what came as it came, cut at the longest', () => {
  expect(asCame({ v: [1, 'a', null] })).toBe('{"v":[1,"a",null]}')
  expect(asCame('no json')).toBe('no json')
  expect(asCame(Buffer.from('bytes'))).toBe('bytes')
  expect(asCame('x'.repeat(9_999))).toHaveLength(longestRaw)
  expect(asCame(['x'.repeat(9_999)])).toHaveLength(longestRaw)
  expect(asCame(undefined)).toBe('undefined')
})

it('throws for nothing', () => {
  fc.assert(
    fc.property(fc.anything({ withBigInt: true, withNullPrototype: true, maxDepth: 6 }), value => {
      expect(asCame(value).length).toBeLessThanOrEqual(longestRaw)
      expect(shown(value).length).toBeLessThanOrEqual(60)
    }),
  )
})
