import fc from 'fast-check'
import { expect, it } from 'vitest'
import { propertyRuns } from '../../twins/proof/runs.js'
import { busyWithin } from './busy-within.js'
import { aDay, minute, testSetup } from './test-day.js'

const { calendar } = testSetup()
const hour = 60 * minute

it('parts of a stop in ranges that join add up to it, over breaks, nights and a change of the clock', () => {
  const time = fc.integer({ min: aDay, max: aDay + 9 * 24 * hour })
  fc.assert(
    fc.property(time, time, fc.array(time, { maxLength: 4 }), (a, b, cuts) => {
      const [from, to] = [Math.min(a, b), Math.max(a, b)]
      const spans = [...calendar.between(from, to)].filter(({ plan }) => plan === 'busy')
      const busyMs = spans.reduce((sum, span) => sum + span.to - span.from, 0)
      const bounds = [aDay, ...cuts, aDay + 9 * 24 * hour].sort((x, y) => x - y)
      const parts = bounds
        .slice(1)
        .map((end, place) => busyWithin({ from, to, busyMs }, calendar, bounds[place]!, end))
      expect(parts.reduce((sum, ms) => sum + ms, 0)).toBe(busyMs)
    }),
    { numRuns: propertyRuns },
  )
})
