import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { TimePolicy } from '../../schema/plant.js'
import { SampleBatchBuilder } from '../../schema/sample-batch.js'
import { SourceTime } from './source-time.js'

/** What becomes of samples given as [source time, receive time]. */
function times(time: SourceTime, ...samples: readonly (readonly [source: number, received: number])[]) {
  const batch = new SampleBatchBuilder()
  for (const [source, received] of samples) batch.push(0, source, received, 1, 0)
  const { sourceTime, count } = time.apply(batch.take())
  return [...sourceTime.subarray(0, count)]
}
const hour = 3_600_000

describe('the time of a source', () => {
  it.each<[TimePolicy, number[]]>([
    ['source', [hour + 10, hour + 20]],
    ['receive', [15, 40]],
    // The quickest took 5 ms, and is taken to have taken none.
    ['corrected', [15, 25]],
  ])('under the policy %s', (policy, expected) => {
    const time = new SourceTime(policy)
    expect(times(time, [hour + 10, 15], [hour + 20, 40])).toEqual(expected)
    expect([time.offset, time.lag]).toEqual([hour - 5, 20 - hour - 0])
  })

  it('leaves a clock alone that is as good as ours', () => {
    const time = new SourceTime('corrected')
    expect(times(time, [10, 15], [20, 90])).toEqual([10, 20])
  })

  it('knows no offset before the first sample, nor from times that are none', () => {
    const time = new SourceTime('corrected')
    expect(time.offset).toBeUndefined()
    expect(times(time)).toEqual([])
    expect(times(time, [Number.NaN, 15])).toEqual([Number.NaN])
    expect(time.offset).toBeUndefined()
  })

  it('follows a clock that was set, within a minute and a half', () => {
    const time = new SourceTime('corrected')
    times(time, [-hour, 0])
    times(time, [31_000, 31_005])
    expect(time.offset).toBe(-5)
    times(time, [-hour + 40_000, 40_000])
    times(time, [-hour + 70_000, 70_000])
    times(time, [-hour + 101_000, 101_000])
    expect(time.offset).toBe(-hour)
    expect(times(time, [-hour + 102_000, 102_000])).toEqual([102_000])
  })

  it('never lets a corrected sample be later than its receipt by more than jitter, nor changes an order in one batch', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -hour, max: hour }),
        fc.array(fc.tuple(fc.nat(50), fc.nat(500)), { minLength: 1, maxLength: 40 }),
        (offset, steps) => {
          const time = new SourceTime('corrected')
          let now = 0
          const samples = steps.map(([step, delay]) => {
            now += step
            return [now + offset, now + delay] as const
          })
          const corrected = times(time, ...samples)
          corrected.forEach((at, i) => {
            expect(at).toBeLessThanOrEqual(samples[i]![1] + 100)
            expect(at - corrected[0]!).toBe(samples[i]![0] - samples[0]![0])
          })
        },
      ),
    )
  })
})
