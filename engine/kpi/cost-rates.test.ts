import { describe, expect, it } from 'vitest'
import { tariffOf } from './cost-rates.js'

const berlin = 'Europe/Berlin'
/** Midnight in Berlin of the day on which the clock is set to summer time. */
const midnight = Date.UTC(2026, 2, 28, 23)
const hourMs = 3_600_000

describe('the price of energy', () => {
  it('is by the hours of the site’s clock, over midnight, on the day of 23 hours too', () => {
    const energy = { price: 0.1, times: [{ start: '22:00', end: '03:00', price: 0.05 }] }
    const price = tariffOf({ costs: { energy } }, 'north', berlin)
    const hours = Array.from({ length: 23 }, (_, place) => price(midnight + place * hourMs))
    // 00, 01, then 03 to 21, 22, 23.
    expect(hours).toEqual([0.05, 0.05, ...Array(19).fill(0.1), 0.05, 0.05])
  })

  it('is that of the site, one for all, or not known', () => {
    const energy = {
      north: 0.2,
      south: { price: 0.3, times: [{ start: '00:00', end: '00:00', price: 0.4 }] },
    }
    expect(tariffOf({ costs: { energy } }, 'north', berlin)(midnight)).toBe(0.2)
    expect(tariffOf({ costs: { energy } }, 'south', berlin)(midnight)).toBe(0.4)
    expect(tariffOf({ costs: { energy } }, 'west', berlin)(midnight)).toBeUndefined()
    expect(tariffOf({ costs: { energy: 0.21 } }, 'west', berlin)(midnight)).toBe(0.21)
    expect(tariffOf({}, 'west', berlin)(midnight)).toBeUndefined()
  })
})
