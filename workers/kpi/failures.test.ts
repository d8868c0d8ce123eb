import { describe, expect, it } from 'vitest'
import { Calendar } from '../../schema/calendar.js'
import { type FailureStop, failuresOf, gapsOf } from './failures.js'
import { aDay, minute, testSetup } from './test-day.js'

const { calendar } = testSetup()
const hour = 60 * minute
const notRun = () => false
const isFailure = ({ kind }: FailureStop) => kind === 'breakdown'

/** `from` and `to` in hours since midnight of the first day. */
function stop(from: number, to: number, reason = '', kind: FailureStop['kind'] = 'breakdown'): FailureStop {
  const times = { from: aDay + from * hour, to: aDay + to * hour, busyMs: (to - from) * hour }
  return { machine: 'm', ...times, kind, reason }
}

describe('a failure', () => {
  it('is one, with all of its repair, however its stop is split', () => {
    const whole = failuresOf([stop(7, 8, 'mechanical')], calendar, isFailure, notRun)
    const split = [stop(7, 7.5, 'mechanical'), stop(7.5, 8, 'electrical')]
    expect(whole).toEqual([{ machine: 'm', from: aDay + 7 * hour, repairMs: hour, reason: 'mechanical' }])
    expect(failuresOf(split, calendar, isFailure, notRun)).toEqual(whole)
    const later = [stop(7, 7.5), stop(7.5, 8, 'mechanical')]
    expect(failuresOf(later, calendar, isFailure, notRun)).toEqual(whole)
    const setUp = [stop(7, 7.25, 'mechanical'), stop(7.25, 7.5, 'changeover', 'setup'), stop(7.5, 8)]
    expect(failuresOf(setUp, calendar, isFailure, notRun)).toMatchObject([{ repairMs: 0.75 * hour }])
  })

  it('has of its repair what counts of each of its stops', () => {
    const stops = [stop(7, 7.5, 'mechanical'), stop(7.5, 8, 'electrical')]
    const half = failuresOf(stops, calendar, isFailure, notRun, ({ busyMs }) => busyMs / 2)
    expect(half).toMatchObject([{ from: aDay + 7 * hour, repairMs: hour / 2 }])
  })

  it('is one over a night and a weekend without a shift, unless it ran meanwhile', () => {
    const night = [stop(21, 22), stop(30, 31)]
    expect(failuresOf(night, calendar, isFailure, notRun)).toMatchObject([{ repairMs: 2 * hour }])
    expect(gapsOf(night, calendar)).toEqual([{ machine: 'm', from: aDay + 22 * hour, to: aDay + 30 * hour }])
    expect(failuresOf(night, calendar, isFailure, () => true)).toHaveLength(2)
    // The clock is set to summer time in it: an hour less.
    const weekend = [stop(4 * 24 + 20, 4 * 24 + 22), stop(7 * 24 + 5, 7 * 24 + 6)]
    expect(failuresOf(weekend, calendar, isFailure, notRun)).toHaveLength(1)
  })

  it('is another one once the machine ran, or was able to', () => {
    expect(failuresOf([stop(7, 8), stop(9, 10)], calendar, isFailure, notRun)).toHaveLength(2)
    expect(failuresOf([stop(7, 8), stop(8.01, 9)], calendar, isFailure, notRun)).toHaveLength(2)
    const starved = [stop(7, 8), stop(8, 9, '', 'starved'), stop(9, 10)]
    expect(failuresOf(starved, calendar, isFailure, notRun)).toHaveLength(2)
    const always = new Calendar({ timeZone: 'UTC', shifts: [] })
    expect(failuresOf([stop(21, 22), stop(30, 31)], always, isFailure, notRun)).toHaveLength(2)
  })
})
