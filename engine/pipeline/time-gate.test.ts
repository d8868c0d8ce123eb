import { describe, expect, it } from 'vitest'
import { SampleBatchBuilder } from '../../schema/sample-batch.js'
import { testFloor, testPlant, testStart } from '../gateway/test-floor.js'
import { gateTimes } from './time-gate.js'

const minute = 60_000
const day = 86_400_000

function gated(times: readonly number[], clock: 'wall' | 'source' = 'wall') {
  const sources = [{ id: 'plc', adapter: 'x', clock, options: {} }]
  const floor = testFloor({ ...testPlant(1, 1), sources })
  const builder = new SampleBatchBuilder()
  for (const time of times) builder.push(0, time, testStart, 20, 0)
  const { batch, rejects } = gateTimes(floor, 'plc', builder.take())
  return { kept: [...batch.sourceTime].slice(0, batch.count), rejects }
}

describe('times', () => {
  it('up to five minutes ahead of the floor, and as old as what is kept, can be true', () => {
    const times = [testStart + 5 * minute, testStart, testStart - 90 * day]
    expect(gated(times)).toEqual({ kept: times, rejects: [] })
  })

  it('beyond that are rejects with value, rule, time and source', () => {
    const [ahead, old] = [testStart + 5 * minute + 1, testStart - 90 * day - 1]
    const { kept, rejects } = gated([ahead, testStart, old, Number.NaN])
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

  it('of a source that is the clock of its floor may be of any year', () => {
    const times = [0, Date.UTC(2017, 5, 6), testStart + day]
    const { kept, rejects } = gated([...times, testStart + day + 1, -1], 'source')
    expect(kept).toEqual(times)
    expect(rejects.map(({ rule }) => rule)).toEqual(['time.in-future', 'time.too-old'])
  })
})
