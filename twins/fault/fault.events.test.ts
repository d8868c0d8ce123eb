import { describe, expect, it } from 'vitest'
import { checkFaultEvent, type FaultEvent, usualDuration } from './fault.events.js'

const simulated = { time: 5000, damage: 0.4, estimated: false, pattern: 'tool-wear' } as const
const real = { ...simulated, damage: 0, estimated: true } as const
const work = { time: 6000, who: 'Ada', comment: '' }
const evidence: FaultEvent = {
  type: 'EVIDENCE',
  time: 6000,
  pattern: 'tool-wear',
  level: 'alert',
  rule: 'vibration with current',
  signals: ['mill-01.vibration'],
  severity: 0.5,
  confidence: 1,
  growth: 'steady',
}
const ended = { type: 'REPAIR_ENDED', kind: 'imperfect', keeps: 0.2, ...work }

describe('what a fault takes', () => {
  it('takes every event of its kind of machine', () => {
    for (const event of [
      { type: 'REPAIR_STARTED', ...work },
      ended,
      { ...ended, kind: 'perfect', keeps: null },
      { type: 'RESTARTED', time: 5000 },
      { type: 'TICK', time: 6000 },
    ]) {
      expect(checkFaultEvent(event, simulated), event.type).toBeUndefined()
      expect(checkFaultEvent(event, real), event.type).toBeUndefined()
    }
    expect(checkFaultEvent({ type: 'DAMAGE', time: 6000, damage: 0.4 }, simulated)).toBeUndefined()
    expect(checkFaultEvent(evidence, real)).toBeUndefined()
    expect(checkFaultEvent({ ...evidence, level: 'none', severity: 0 }, real)).toBeUndefined()
    expect(checkFaultEvent({ type: 'BREAKDOWN', time: 6000 }, real)).toBeUndefined()
  })

  it('refuses what its kind of machine cannot know', () => {
    expect(checkFaultEvent({ type: 'DAMAGE', time: 6000, damage: 0.4 }, real)).toEqual({
      code: 'unknown-event',
      detail:
        'A fault of a real machine knows no event "DAMAGE"; it knows REPAIR_STARTED, REPAIR_ENDED, RESTARTED, TICK, EVIDENCE, BREAKDOWN.',
    })
    expect(checkFaultEvent(evidence, simulated)?.detail).toContain('A fault of a simulated machine')
    for (const event of [undefined, null, 'TICK', {}, { type: 7, time: 6000 }]) {
      expect(checkFaultEvent(event, real)?.code).toBe('unknown-event')
    }
  })

  it('refuses a time that is missing, no number, or before the newest event', () => {
    expect(checkFaultEvent({ type: 'TICK', time: '6000' }, real)?.code).toBe('bad-payload')
    expect(checkFaultEvent({ type: 'TICK', time: Number.NaN }, real)?.code).toBe('not-a-number')
    expect(checkFaultEvent({ type: 'TICK', time: 4999 }, real)?.code).toBe('time-backwards')
  })

  it('refuses damage that is no share, or less than was reached', () => {
    const check = (damage: unknown) => checkFaultEvent({ type: 'DAMAGE', time: 6000, damage }, simulated)
    expect(check('much')?.code).toBe('bad-payload')
    expect(check(Number.NaN)?.code).toBe('not-a-number')
    expect(check(1.1)?.detail).toBe('The damage is 1.1; it must lie between 0 and 1.')
    expect(check(-0.1)?.code).toBe('bad-payload')
    expect(check(0.3)).toEqual({
      code: 'bad-payload',
      detail: 'The damage is 0.3, but 0.4 was reached; only a repair makes it less.',
    })
  })

  it('refuses evidence of another pattern, and evidence that does not say what it found', () => {
    const check = (change: object) => checkFaultEvent({ ...evidence, ...change }, real)?.code
    expect(check({ pattern: 'bearing-failure' })).toBe('bad-payload')
    expect(check({ level: 'terrible' })).toBe('bad-payload')
    expect(check({ growth: 'fast' })).toBe('bad-payload')
    expect(check({ rule: undefined })).toBe('bad-payload')
    expect(check({ signals: 'mill-01.vibration' })).toBe('bad-payload')
    expect(check({ signals: [7] })).toBe('bad-payload')
    expect(check({ severity: 2 })).toBe('bad-payload')
    expect(check({ confidence: Number.NaN })).toBe('not-a-number')
    expect(check({ level: 'none' })).toBe('bad-payload')
    expect(check({ severity: 0 })).toBe('bad-payload')
  })

  it('refuses work by nobody and a repair that does not say what it left', () => {
    const check = (change: object) => checkFaultEvent({ ...ended, ...change }, simulated)?.code
    expect(check({ who: ' ' })).toBe('bad-payload')
    expect(check({ comment: null })).toBe('bad-payload')
    expect(check({ kind: 'quick' })).toBe('bad-payload')
    expect(check({ keeps: null })).toBe('bad-payload')
    expect(check({ keeps: 0 })).toBe('bad-payload')
    expect(check({ keeps: 1 })).toBe('bad-payload')
    expect(check({ keeps: Number.NaN })).toBe('not-a-number')
    expect(check({ kind: 'minimal' })).toBe('bad-payload')
  })
})

describe('the usual duration of a pattern', () => {
  it('is the geometric mean of its least and its greatest', () => {
    expect(usualDuration('tool-wear')).toBeCloseTo(Math.sqrt(4 * 48) * 3_600_000)
  })
})
