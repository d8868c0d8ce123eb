import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { TimePolicy } from '../../schema/plant.js'
import { SampleBatchBuilder } from '../../schema/sample-batch.js'
import { SourceTime } from './source-time.js'

type Told = readonly [source: number, received: number, signal?: number]

/** What becomes of samples. */
function times(time: SourceTime, ...samples: readonly Told[]) {
  const batch = new SampleBatchBuilder()
  for (const [source, received, signal = 0] of samples) batch.push(signal, source, received, 1, 0)
  const told = batch.take()
  const { sourceTime, count } = time.apply(told)
  time.measureLag(told, count - 1)
  return [...sourceTime.subarray(0, count)]
}
const second = 1_000
const hour = 3_600_000
/** A moment each second from `from` on, of a clock that is `offset` ahead: each is 5 ms on its way, a fourth 45 ms. */
function run(time: SourceTime, offset: number, from: number, moments: number, signal = 0): number {
  for (let i = 0; i < moments; i++) {
    const at = from + i * second
    times(time, [at + offset, at + (i % 4 === 3 ? 45 : 5), signal])
  }
  return from + moments * second
}

describe('the time of a source', () => {
  it.each<[TimePolicy, number[]]>([
    ['source', [hour, hour + 20]],
    ['receive', [5, 40]],
    // The quickest take 5 ms, and are taken to take none.
    ['corrected', [5, 25]],
  ])('under the policy %s', (policy, expected) => {
    const time = new SourceTime(policy)
    const at = run(time, hour, 0, 6)
    expect(times(time, [at + hour, at + 5], [at + hour + 20, at + 40]).map(told => told - at)).toEqual(
      expected,
    )
    expect([time.offset, time.lag]).toEqual([hour - 5, 20 - hour])
  })

  it('leaves a clock alone that is as good as ours', () => {
    const time = new SourceTime('corrected')
    const at = run(time, 0, 0, 10)
    expect(times(time, [at + 10, at + 15], [at + 20, at + 90])).toEqual([at + 10, at + 20])
    expect(time.offset).toBe(-5)
  })

  it('knows no offset before several moments agree, and takes what is ahead as of its receipt meanwhile', () => {
    const time = new SourceTime('corrected')
    expect(times(time)).toEqual([])
    expect(times(time, [Number.NaN, 15])).toEqual([Number.NaN])
    expect(times(time, [20 + hour, 20], [30, 35])).toEqual([20, 30])
    expect(time.offset).toBeUndefined()
    run(time, hour, second, 4)
    expect(time.offset).toBe(hour - 5)
  })

  it.each([-1, 1])('is not moved by one wrong sample of another signal (%i × two hours)', sign => {
    for (const policy of ['source', 'corrected'] as const) {
      const time = new SourceTime(policy)
      let at = run(time, 0, 0, 10)
      times(time, [at + sign * 2 * hour, at, 1])
      expect(times(time, [at + 10, at + 12])).toEqual([at + 10])
      at = run(time, 0, at + second, 3)
      expect(times(time, [at, at + 2])).toEqual([at])
      expect(time.offset).toBe(-5)
    }
  })

  it('does not show a time that cannot be as an offset, and leaves it to the gate', () => {
    const time = new SourceTime('corrected')
    const never = Date.parse('9999-12-31T23:59:59Z')
    expect(times(time, [never, 1])).toEqual([never])
    run(time, 0, 2 * second, 8)
    expect(time.offset).toBe(-5)
  })

  it.each([1, 600])('takes %i values for old that waited in a buffer, after a quiet time', count => {
    const time = new SourceTime('corrected')
    const at = run(time, hour, 0, 10) + 62 * second
    const waited = Array.from({ length: count }, (_, i) => at - 600 * second + i * second)
    const told = times(time, ...waited.map((was): Told => [was + hour, at]))
    expect(told).toEqual(waited.map(was => was + 5))
    expect(times(time, [at + 2 * second + hour, at + 2 * second + 5])).toEqual([at + 2 * second + 5])
    expect(time.offset).toBe(hour - 5)
  })

  it('learns nothing from set points that a link tells anew, nor from a history', () => {
    const time = new SourceTime('corrected')
    for (let i = 0; i < 10; i++) times(time, [-hour, i * second])
    expect(time.offset).toBeUndefined()
    const batch = new SampleBatchBuilder()
    for (let i = 0; i < 10; i++) batch.push(0, i * second, hour + i * 2 * second, 1, 0)
    time.apply(batch.take(), true)
    expect(time.offset).toBeUndefined()
  })

  it.each([
    ['a sample a second', 1, 90],
    ['a sample a minute', 60, 7],
  ])('follows a clock that was set: %s', (_, apart, moments) => {
    const time = new SourceTime('corrected')
    let at = run(time, 0, 0, 60)
    for (let i = 0; i < moments; i++, at += apart * second) times(time, [at - hour, at])
    expect(time.offset).toBe(-hour)
    expect(times(time, [at - hour, at])).toEqual([at])
  })

  it('never lets a corrected sample be later than its receipt, nor changes an order in one batch', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -hour, max: hour }),
        fc.array(fc.tuple(fc.nat(2_000), fc.nat(500)), { minLength: 1, maxLength: 40 }),
        (offset, steps) => {
          const time = new SourceTime('corrected')
          let now = 0
          let received = 0
          const samples = steps.map(([step, delay]): Told => {
            now += step
            received = Math.max(received, now + delay)
            return [now + offset, received]
          })
          for (const sample of samples) expect(times(time, sample)[0]).toBeLessThanOrEqual(sample[1])
          const corrected = times(time, ...samples)
          corrected.forEach((at, i) => {
            expect(at).toBeLessThanOrEqual(samples[i]![1])
            if (i > 0) expect(at).toBeGreaterThanOrEqual(corrected[i - 1]!)
          })
        },
      ),
    )
  })
})
