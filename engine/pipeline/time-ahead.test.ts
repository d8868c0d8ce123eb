import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SampleBatchBuilder } from '../../schema/sample-batch.js'
import { TimeAhead } from './time-ahead.js'

type Told = readonly [source: number, received: number, signal?: number]

function taken(ahead: TimeAhead, ...samples: readonly Told[]): number[] {
  const builder = new SampleBatchBuilder()
  for (const [source, received, signal = 0] of samples) builder.push(signal, source, received, 1, 0)
  const { batch } = ahead.take(builder.take())
  return [...batch.sourceTime.subarray(0, batch.count)]
}

const minute = 60_000

describe('a time that is ahead of its receipt', () => {
  it('by up to a tenth of a second stands as it was told, and so does one that no clock can be ahead by', () => {
    const ahead = new TimeAhead()
    const times = [100, -50, 5 * minute + 1, Number.NaN]
    expect(taken(ahead, ...times.map(time => [time, 0] as const))).toEqual(times)
    expect(ahead.of(0)).toBe(0)
  })

  it('is taken back to it, and the distances between values stay', () => {
    const ahead = new TimeAhead()
    expect(taken(ahead, [minute - 400, 0], [minute - 300, 0], [minute, 0])).toEqual([-400, -300, 0])
    // The next is 30 ms slower on its way.
    expect(taken(ahead, [minute + 500, 530])).toEqual([500])
    expect(ahead.of(0)).toBe(minute)
  })

  it('is taken back however little it is ahead, once its clock is known to be', () => {
    const ahead = new TimeAhead()
    expect(taken(ahead, [110, 0])).toEqual([0])
    expect(taken(ahead, [190, 100])).toEqual([80])
    expect(taken(ahead, [290, 200])).toEqual([180])
    // It is no longer: the next stands as it is told.
    expect(taken(ahead, [300, 300])).toEqual([300])
    expect(taken(ahead, [450, 400])).toEqual([450])
  })

  it('is taken back for its own signal: a gateway speaks for many clocks', () => {
    const ahead = new TimeAhead()
    expect(taken(ahead, [4 * minute, 0, 1], [10_000, 0, 2], [-5, 0, 3])).toEqual([0, 0, -5])
  })

  it('is no newer when it is told again, even once it has come', () => {
    const ahead = new TimeAhead()
    for (const received of [0, 1_000, 30_000, minute, 2 * minute])
      expect(taken(ahead, [minute, received])).toEqual([0])
    expect(taken(ahead, [2 * minute + 1, 2 * minute + 1])).toEqual([2 * minute + 1])
    expect(ahead.of(0)).toBe(0)
  })

  it('is measured anew when the clock was set, and when it drifts back', () => {
    const ahead = new TimeAhead()
    expect(taken(ahead, [4 * minute, 0])).toEqual([0])
    expect(taken(ahead, [3 * minute, 100])).toEqual([100])
    expect(taken(ahead, [3 * minute + 4_000, 6_000])).toEqual([6_000])
    expect(taken(ahead, [6_500, 6_510])).toEqual([6_500])
  })

  it('takes what the same clock told of before with it', () => {
    const ahead = new TimeAhead()
    const history = new SampleBatchBuilder()
    history.push(0, minute - 5_000, 10, 1, 0)
    history.push(1, minute - 5_000, 10, 1, 0)
    const batch = history.take()
    expect(ahead.takeHistory(batch)).toBe(batch)
    taken(ahead, [minute, 0])
    expect([...ahead.takeHistory(batch).sourceTime.subarray(0, 2)]).toEqual([-5_000, minute - 5_000])
  })

  it('is never after its receipt, nor out of its order, while the clock goes on', () => {
    const steps = fc.array(fc.record({ step: fc.nat(900), delay: fc.nat(800) }), { minLength: 2 })
    fc.assert(
      fc.property(fc.integer({ min: 2_000, max: 290_000 }), steps, (offset, moments) => {
        const ahead = new TimeAhead()
        let at = 1_000_000
        let newest = Number.NEGATIVE_INFINITY
        for (const { step, delay } of moments) {
          at += step + 1
          const received = at + delay
          const [time] = taken(ahead, [at + offset, received])
          expect(time).toBeLessThanOrEqual(received)
          // A quicker way than any before may take it back by as much, and no more.
          expect(time! - newest).toBeGreaterThan(-800)
          newest = time!
        }
      }),
    )
  })
})
