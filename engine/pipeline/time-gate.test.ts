import { describe, expect, it } from 'vitest'
import { Quality } from '../../schema/quality.js'
import { SampleBatchBuilder } from '../../schema/sample-batch.js'
import { testFloor, testPlant, testStart } from '../gateway/test-floor.js'
import { TimeGate } from './time-gate.js'

const minute = 60_000
const day = 86_400_000

function gateOf(clock: 'wall' | 'source' = 'wall') {
  const sources = [{ id: 'plc', adapter: 'x', clock, options: {} }]
  const floor = testFloor({ ...testPlant(1, 2), sources })
  const gate = new TimeGate(floor, 'plc')
  const tell = (times: readonly number[], quality: Quality = Quality.good, isHistory = false) => {
    const builder = new SampleBatchBuilder()
    for (const time of times) builder.push(0, time, testStart, 20, quality)
    const { batch, ...others } = gate.gate(builder.take(), isHistory)
    return { kept: [...batch.sourceTime], quality: [...batch.quality], ...others }
  }
  return { gate, floor, tell }
}

const gated = (times: readonly number[], clock?: 'wall' | 'source') => {
  const { kept, rejects } = gateOf(clock).tell(times)
  return { kept, rejects }
}

describe('times', () => {
  it('up to five minutes ahead of the floor, and as old as what is kept, can be true', () => {
    const times = [testStart + 5 * minute, testStart, testStart - 90 * day]
    expect(gated(times)).toEqual({ kept: times, rejects: [] })
  })

  it('beyond that are rejects with value, rule, time and source', () => {
    const [ahead, old] = [testStart + 5 * minute + 1, testStart - 90 * day - 1]
    const { kept, rejects, turnedAway } = gateOf().tell([ahead, testStart, old, Number.NaN])
    expect(turnedAway.map(({ place }) => place)).toEqual([0, 2, 3])
    expect(kept).toEqual([testStart])
    expect(rejects).toMatchObject([
      {
        rule: 'time.in-future',
        signal: 'b-01.t1',
        value: 20,
        sourceTime: ahead,
        time: testStart,
        source: 'plc',
      },
      { rule: 'time.too-old', sourceTime: old },
      { rule: 'time.too-old', sourceTime: Number.NaN },
    ])
    expect(rejects[0]!.reason).toContain('more than 5 minutes ahead of the clock of this floor')
  })

  it('of a source that is the clock of its floor may leave the wall behind, as a plant simulated fast does', () => {
    const { floor, tell } = gateOf('source')
    const month = Array.from({ length: 30 * 24 }, (_, hour) => testStart + hour * 60 * minute)
    for (const time of month) {
      expect(tell([time])).toMatchObject({ kept: [time], rejects: [] })
      floor.clock.now = () => time
    }
    expect(tell([month.at(-1)! + day + 1])).toMatchObject({ kept: [], rejects: [{ rule: 'time.in-future' }] })
  })

  it('of a source that is the clock of its floor may be of any year', () => {
    const times = [0, Date.UTC(2017, 5, 6), testStart + day]
    const { kept, rejects } = gated([...times, testStart + day + 1, -1], 'source')
    expect(kept).toEqual(times)
    expect(rejects.map(({ rule }) => rule)).toEqual(['time.in-future', 'time.too-old'])
  })

  it('of a set point nobody has touched for years is taken as true now, known as old, once a link', () => {
    const { gate, tell } = gateOf()
    const years = testStart - 3 * 365 * day
    gate.connected()
    const first = tell([years])
    expect(first).toMatchObject({ kept: [testStart], quality: [Quality.uncertain], outdated: [] })
    expect(first.rejects).toMatchObject([{ rule: 'time.too-old', sourceTime: years, value: 20 }])
    expect(first.rejects[0]!.reason).toContain('taken as what is true now, of uncertain quality')
    // The same again is no news; a link that is made anew tells it anew.
    expect(tell([years])).toMatchObject({ kept: [], outdated: [], rejects: [{ rule: 'time.too-old' }] })
    gate.connected()
    expect(tell([years], Quality.bad)).toMatchObject({ kept: [testStart], quality: [Quality.bad] })
  })

  it.each([
    [testStart / 1e3, 's', 'time.too-old'],
    [testStart * 1e3, 'us', 'time.in-future'],
    [testStart * 1e6, 'ns', 'time.in-future'],
  ])('that are of now in another unit say so: %d', (time, unit, rule) => {
    const { gate, tell } = gateOf()
    const reasonOf = (at: number) => tell([at]).rejects.map(({ rule, reason }) => [rule, reason])
    const advised = [
      [
        rule,
        expect.stringMatching(new RegExp(`; it is of now if it counts in ${unit}, .*timeUnit: ${unit},`)),
      ],
    ]
    const years = testStart - 3 * 365 * day
    expect(reasonOf(years)).toEqual([['time.too-old', expect.stringMatching(/ link tells\.$/)]])
    expect(reasonOf(years)).toEqual([
      ['time.too-old', expect.stringMatching(/; set the clock of the source\.$/)],
    ])
    expect(reasonOf(time)).toEqual(advised)
    gate.connected()
    if (unit === 's') expect(reasonOf(time)).toEqual(advised)
  })

  it('too far ahead make what is shown outdated, unless they are told after the event', () => {
    const { gate, tell } = gateOf()
    gate.connected()
    const ahead = testStart + 6 * minute
    expect(tell([testStart])).toMatchObject({ outdated: [] })
    expect(tell([ahead])).toMatchObject({ kept: [], rejects: [{ rule: 'time.in-future' }], outdated: [0] })
    expect(tell([ahead], Quality.good, true)).toMatchObject({ kept: [], rejects: [{}], outdated: [] })
  })

  it('of what was are a reject where they are still to come, by however little', () => {
    const { tell } = gateOf()
    const ahead = testStart + 2_000
    expect(tell([testStart - 5, ahead], Quality.good, true)).toMatchObject({
      kept: [testStart - 5],
      rejects: [{ rule: 'time.in-future', sourceTime: ahead }],
    })
    expect(tell([ahead])).toMatchObject({ kept: [ahead], rejects: [] })
  })

  it('of a clock that stands in another year make what is shown outdated at the first change', () => {
    const { gate, tell } = gateOf()
    gate.connected()
    expect(tell([1_000, 2_000])).toMatchObject({ kept: [testStart], rejects: [{}, {}], outdated: [] })
    expect(tell([3_000])).toMatchObject({ kept: [], outdated: [0] })
  })

  it('older than what is kept are never the present where newer is told, or where it is history', () => {
    const { gate, tell } = gateOf()
    gate.connected()
    const years = testStart - 3 * 365 * day
    expect(tell([years], Quality.good, true)).toMatchObject({ kept: [] })
    expect(tell([years, testStart - 5])).toMatchObject({ kept: [testStart - 5], quality: [Quality.good] })
  })
})
