import { describe, expect, it } from 'vitest'
import {
  formatAge,
  formatDuration,
  formatMoment,
  formatName,
  formatStopwatch,
  formatTimeBeside,
  formatValue,
  formatZone,
} from './format.js'

describe('figures', () => {
  it('show as many decimals as the instrument resolves', () => {
    expect(formatValue(42.5, 0.1)).toBe('42.5')
    expect(formatValue(42.5, 0.01)).toBe('42.50')
    expect(formatValue(42, 1)).toBe('42')
    expect(formatValue(42.4, 0.5)).toBe('42.4')
  })

  it('keep thousands apart and write a true minus', () => {
    expect(formatValue(-1234567.25, 0.01)).toBe('−1\u202f234\u202f567.25')
  })

  it('show a dash where there is no value', () => {
    expect(formatValue(Number.NaN, 0.1)).toBe('–')
    expect(formatAge(Number.POSITIVE_INFINITY)).toBe('–')
  })

  it('say times in the largest units that matter', () => {
    expect(formatDuration(42_900)).toBe('42 s')
    expect(formatDuration(12 * 60_000)).toBe('12 min')
    expect(formatDuration(125 * 60_000)).toBe('2 h 05 min')
    expect(formatDuration(76 * 3_600_000)).toBe('3 d 4 h')
    expect(formatStopwatch(23_000)).toBe('00:23')
    expect(formatStopwatch(3_723_000)).toBe('1:02:03')
    expect(formatAge(240)).toBe('0.2 s')
  })

  it('write names as people do', () => {
    expect(formatName('spindle-temperature')).toBe('Spindle temperature')
  })

  it('say the day and the zone of a time that is not of the day at hand', () => {
    const time = new Date(2017, 5, 8, 19, 18, 39).getTime()
    const zone = formatZone(-new Date(time).getTimezoneOffset())
    expect(formatMoment(time)).toBe(`8 Jun 2017 19:18:39 ${zone}`)
    expect(formatTimeBeside(time, time + 3_600_000)).toBe('19:18:39')
    expect(formatTimeBeside(time, new Date(2026, 5, 8, 19, 18, 39).getTime())).toBe(formatMoment(time))
  })

  it('name a zone by its distance from UTC', () => {
    expect([0, 120, -210, 345].map(formatZone)).toEqual(['UTC', 'UTC+2', 'UTC−3:30', 'UTC+5:45'])
  })
})
