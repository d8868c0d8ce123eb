import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SampleBatchBuilder } from '../../schema/sample-batch.js'
import { slackMs, TimeAhead } from './time-ahead.js'

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
    expect(taken(ahead, [minute + 500, 530])).toEqual([530])
    expect(ahead.of(0)).toBe(minute - 30)
  })

  it('takes all that its batch tells of the signal back with it, ahead or not', () => {
    const ahead = new TimeAhead()
    const batch = [-10_000, -5_000, 0, 5_000, 10_000].map(time => [time, 0] as const)
    expect(taken(ahead, ...batch)).toEqual([-20_000, -15_000, -10_000, -5_000, 0])
    // Newest first, of another signal.
    expect(taken(ahead, [600, 0, 1], [300, 0, 1], [0, 0, 1])).toEqual([0, -300, -600])
  })

  it('by half a second leaves what comes each second in its order', () => {
    const ahead = new TimeAhead()
    const made: number[] = []
    for (let second = 1; second <= 20; second++) {
      const received = second * 1_000 + (second % 3) * 40
      const told = [1, 2, 3, 4, 5].map(fifth => (second - 1) * 1_000 + fifth * 200 + 500)
      made.push(...taken(ahead, ...told.map(time => [time, received] as const)))
    }
    expect(made).toEqual(made.toSorted((a, b) => a - b))
  })

  it('is the furthest of its batch where the source is warned of', () => {
    const builder = new SampleBatchBuilder()
    for (const time of [-5_000, 900, 9_000, 3_000]) builder.push(4, time, 0, 1, 0)
    const { furthest } = new TimeAhead().take(builder.take())
    expect(furthest).toEqual({ signal: 4, sourceTime: 9_000, aheadMs: 9_000 })
  })

  it('stays with those that are told again together with it', () => {
    const ahead = new TimeAhead()
    expect(taken(ahead, [minute, 0], [minute + 1_000, 1_000], [minute + 2_000, 2_000])).toEqual([
      0, 1_000, 2_000,
    ])
    const again = [minute, minute + 1_000, minute + 2_000, minute + 8_000].map(time => [time, 8_000] as const)
    expect(taken(ahead, ...again)).toEqual([0, 1_000, 2_000, 8_000])
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

  it('is measured anew when the clock was set, in the midst of a batch, too', () => {
    const ahead = new TimeAhead()
    expect(taken(ahead, [4 * minute, 0])).toEqual([0])
    expect(taken(ahead, [3 * minute, 100])).toEqual([100])
    expect(taken(ahead, [3 * minute + 4_000, 6_000], [6_500, 6_510], [6_900, 6_910])).toEqual([
      6_000, 6_500, 6_900,
    ])
  })

  it('holds up nothing that its quicker successor tells by the right clock', () => {
    const ahead = new TimeAhead()
    // On its way for 800 ms.
    expect(taken(ahead, [10_000, 800])).toEqual([800])
    expect(taken(ahead, [300, 900], [400, 900], [880, 900])).toEqual([801, 802, 880])
    expect(ahead.of(0)).toBe(0)
    // What had waited for longer is late.
    expect(taken(ahead, [-5_000, 1_000])).toEqual([-5_000])
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
    // Its clock was set right.
    taken(ahead, [10_000, 10_000])
    expect(ahead.takeHistory(batch)).toBe(batch)
  })

  it('is never after its receipt, nor out of its order, nor in the way of what comes later', () => {
    const value = fc.record({ step: fc.nat(900), delay: fc.nat(800), signal: fc.nat(1) })
    const batches = fc.array(fc.array(value, { minLength: 1, maxLength: 6 }), { minLength: 2, maxLength: 12 })
    const moments = fc.record({
      // Of the first signal's clock, and of the second's: some of its values are ahead, some are not.
      offsets: fc.tuple(fc.nat(5 * minute - 1), fc.nat(1_500)),
      setAt: fc.nat(12),
      batches,
      isAtOnce: fc.boolean(),
    })
    fc.assert(
      fc.property(moments, ({ offsets, setAt, batches, isAtOnce }) => {
        const ahead = new TimeAhead()
        const newest = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]
        const hasStood = [false, false]
        const seen = new Set<string>()
        let at = 1_000_000
        let received = 0
        batches.forEach((values, n) => {
          const spoken = values.map(({ step, delay, signal }): Told => {
            at += step + 1
            received = Math.max(received, at + delay)
            return [at + (n < setAt ? offsets[signal]! : 0), received, signal]
          })
          // What is told to the very millisecond of another is taken for the same.
          for (const [time, , signal] of spoken) {
            fc.pre(!seen.has(`${signal} ${time}`))
            seen.add(`${signal} ${time}`)
          }
          // What was no further ahead than it was long on its way stood as it was told, and is ahead of what comes now.
          if (n === setAt)
            for (const signal of [0, 1]) if (hasStood[signal]) newest[signal]! -= offsets[signal]!
          // Values of one notification come at one moment, those of several messages each at its own.
          const came = spoken.map(([time, own, signal]): Told => [time, isAtOnce ? received : own, signal])
          taken(ahead, ...came).forEach((time, i) => {
            const [told, receipt, signal] = came[i]!
            expect(time).toBeLessThanOrEqual(receipt + slackMs)
            expect(time).toBeGreaterThanOrEqual(newest[signal!]!)
            newest[signal!] = time
            hasStood[signal!] = time === told
          })
        })
      }),
      { numRuns: 500 },
    )
  })
})
