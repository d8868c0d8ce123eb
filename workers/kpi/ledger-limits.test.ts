import { expect, it } from 'vitest'
import { Ledger } from './ledger.js'
import { sumTallies } from './tally.js'
import { aDay, minute, testSetup } from './test-day.js'

const begin = aDay + 7 * 60 * minute

/** What becomes of a stop of a length, and of rejects a while after it. */
function after(stopMs: number, rejectMs: number) {
  const ledger = new Ledger(testSetup(), begin)
  const back = begin + 10 * minute + stopMs
  ledger.take({ time: begin, state: 'Execute', reason: 'none' })
  ledger.take({ time: begin + 10 * minute, state: 'Aborted', reason: 'none' })
  ledger.take({ time: back, state: 'Execute', reason: 'none' })
  ledger.take({ time: back + rejectMs, made: { scrapped: 1 } })
  ledger.advance(back + 30 * minute)
  const { time, made } = sumTallies(ledger.cells().map(({ tally }) => tally))
  const { breakdown, minorStop } = time
  return { breakdown, minorStop, warmUp: [...made.values()].reduce((sum, each) => sum + each.warmUp, 0) }
}

it('a stop of exactly five minutes is a breakdown, one a millisecond shorter a minor stop', () => {
  expect(after(5 * minute, 20 * minute)).toMatchObject({ breakdown: 5 * minute, minorStop: 0 })
  expect(after(5 * minute - 1, 20 * minute)).toMatchObject({ breakdown: 0, minorStop: 5 * minute - 1 })
})

it('rejects belong to the start up to the end of the warm-up, which is no part of it', () => {
  expect(after(6 * minute, 10 * minute - 1)).toMatchObject({ warmUp: 1 })
  expect(after(6 * minute, 10 * minute)).toMatchObject({ warmUp: 0 })
})
