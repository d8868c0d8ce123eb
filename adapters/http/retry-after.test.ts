import { expect, it } from 'vitest'
import { retryAfterMs } from './retry-after.js'

const now = Date.UTC(2026, 10, 22)

it.each([
  [undefined, undefined],
  ['30', 30_000],
  ['0', undefined],
  ['100000', 600_000],
  ['Sun, 22 Nov 2026 00:00:45 GMT', 45_000],
  ['Sun, 22 Nov 2026 07:00:00 GMT', 600_000],
  ['Sat, 21 Nov 2026 00:00:00 GMT', undefined],
  ['soon', undefined],
])('a service that says Retry-After: %s is left alone for %s ms', (said, ms) => {
  expect(retryAfterMs(said, now)).toBe(ms)
})
