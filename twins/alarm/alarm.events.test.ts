import { describe, expect, it } from 'vitest'
import { defaultAlarmSettings } from '../../schema/alarm.js'
import { checkAlarmEvent, nextAlarmDue } from './alarm.events.js'

const context = { time: 5000, settings: { ...defaultAlarmSettings, maximumShelvingTime: 60_000 } }
const action = { time: 6000, who: 'Ada', comment: '' }
const condition = { type: 'CONDITION', time: 6000, isActive: true, value: 3, limit: 4 }

describe('what an alarm takes', () => {
  it('takes every event of an alarm', () => {
    for (const event of [
      condition,
      { ...condition, value: null, limit: null },
      { type: 'TICK', time: 5000 },
      { type: 'ACKNOWLEDGE', ...action },
      { type: 'SHELVE', duration: 60_000, ...action },
      { type: 'REMOVE_FROM_SERVICE', ...action },
    ]) {
      expect(checkAlarmEvent(event, context), event.type).toBeUndefined()
    }
  })

  it('refuses what it does not know, also what only the chart says to itself', () => {
    for (const event of [undefined, null, 7, 'TICK', {}, { type: 'toString', time: 6000 }]) {
      expect(checkAlarmEvent(event, context)?.code).toBe('unknown-event')
    }
    expect(checkAlarmEvent({ type: 'ACTIVATED', time: 6000 }, context)).toEqual({
      code: 'unknown-event',
      detail: 'An alarm knows no event "ACTIVATED".',
    })
  })

  it('refuses a time that is missing, no number, or before the newest event', () => {
    expect(checkAlarmEvent({ type: 'TICK' }, context)?.code).toBe('bad-payload')
    expect(checkAlarmEvent({ type: 'TICK', time: Number.NaN }, context)?.code).toBe('not-a-number')
    expect(checkAlarmEvent({ type: 'TICK', time: Infinity }, context)?.code).toBe('not-a-number')
    expect(checkAlarmEvent({ type: 'TICK', time: 4999 }, context)).toEqual({
      code: 'time-backwards',
      detail: 'TICK at 4999 comes after an event at 5000.',
    })
  })

  it('refuses a condition that does not say what it found', () => {
    const check = (change: object) => checkAlarmEvent({ ...condition, ...change }, context)?.code
    expect(check({ isActive: 1 })).toBe('bad-payload')
    expect(check({ value: '3' })).toBe('bad-payload')
    expect(check({ limit: undefined })).toBe('bad-payload')
    expect(check({ value: Number.NaN })).toBe('not-a-number')
    expect(check({ limit: -Infinity })).toBe('not-a-number')
  })

  it('refuses to do anything for nobody', () => {
    for (const who of ['', '  ', undefined, 7]) {
      const event = { type: 'REMOVE_FROM_SERVICE', ...action, who }
      expect(checkAlarmEvent(event, context)).toEqual({
        code: 'bad-payload',
        detail: 'REMOVE_FROM_SERVICE needs the name of who does it.',
      })
    }
    expect(checkAlarmEvent({ type: 'RESET', ...action, comment: undefined }, context)?.code).toBe(
      'bad-payload',
    )
  })

  it('refuses to be shelved for no time or for longer than allowed, and says how long is allowed', () => {
    const check = (duration: unknown) => checkAlarmEvent({ type: 'SHELVE', ...action, duration }, context)
    expect(check(60_001)).toEqual({
      code: 'bad-payload',
      detail: 'The duration of SHELVE is 60001 ms; choose one above 0 and up to 60000 ms.',
    })
    expect(check(0)?.code).toBe('bad-payload')
    expect(check(Infinity)?.code).toBe('bad-payload')
    expect(check('1 h')?.code).toBe('bad-payload')
    expect(check(Number.NaN)?.code).toBe('not-a-number')
  })
})

describe('the next time an alarm does something by itself', () => {
  const quiet = { delayDue: null, reAlarmDue: null, shelf: null }
  const due = (change: object) => nextAlarmDue({ ...quiet, ...change } as Parameters<typeof nextAlarmDue>[0])

  it('is the earliest of its delay, its shelf and its re-alarm, or never', () => {
    expect(due({})).toBe(Infinity)
    expect(due({ delayDue: 3, reAlarmDue: 2, shelf: { until: 1, isOneShot: false } })).toBe(1)
    expect(due({ delayDue: 3, reAlarmDue: 2 })).toBe(2)
    expect(due({ delayDue: 3 })).toBe(3)
  })
})
