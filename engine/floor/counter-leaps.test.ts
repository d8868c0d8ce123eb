import { describe, expect, it } from 'vitest'
import { standardConfig } from '../../schema/machine-config.js'
import { Quality } from '../../schema/quality.js'
import { floorOf, machineOf, sensor, start, stateSignal } from './floor.fixture.js'
import { PlausibleParts } from './plausible-parts.js'

const hour = 3_600_000
const week = 7 * 24 * hour
const most32 = 2 ** 32 - 1

const counter = sensor('saw', 'produced', {
  role: 'status',
  quantity: 'counter',
  unit: 'parts',
  range: [0, most32],
  resolution: 1,
})
const saw = (counterWidth = 0) =>
  machineOf('saw', [counter], { packml: { ...standardConfig, counterWidth }, idealCycleTime: 60 })

/** What the counter's readings, each so long after the one before, put on record. */
function told(counterWidth: number, ...readings: readonly [after: number, shows: number][]) {
  const { wall, say } = floorOf([saw(counterWidth)])
  return readings.map(([after, shows]) => {
    wall.time += after
    const entry = say('saw.produced', shows)
    const rows = entry?.rows?.production_events?.map(({ parts, cause }) => ({ parts, cause })) ?? []
    return { rows, rules: (entry?.rejects ?? []).map(({ rule }) => rule) }
  })
}

const leap = { rows: [{ parts: 0, cause: 'leap' }], rules: ['counter.leap'] }
const counted = (parts: number, cause = 'count') => ({ rows: [{ parts, cause }], rules: [] })

describe('a counter that goes on by more than can have been made', () => {
  it('counts nothing, is listed with what to look at, and counts on from there', () => {
    expect(told(0, [0, 300], [1_000, 4_294_967_200], [60_000, 4_294_967_203]).slice(1)).toEqual([
      leap,
      counted(3),
    ])
    const { wall, say } = floorOf([saw()])
    say('saw.produced', 300)
    wall.time += 1_000
    expect(say('saw.produced', 4_294_967_200)?.rejects).toMatchObject([
      {
        source: 'plc',
        rule: 'counter.leap',
        reason: expect.stringContaining('saw.produced came to 4294967200'),
        signal: 'saw.produced',
        value: 4_294_967_200,
        sourceTime: start + 1_000,
      },
    ])
  })

  it('may have made what its ideal cycle allows for in a week and twice the time between', () => {
    const inHour = (week + 2 * hour) / 60_000
    expect(told(0, [0, 1], [hour, 1 + inHour]).at(-1)).toEqual(counted(inHour))
    expect(told(0, [0, 1], [hour, 2 + inHour]).at(-1)).toEqual(leap)
    const inMonth = (week + 8 * week) / 60_000
    expect(told(0, [0, 1], [4 * week, 1 + inMonth]).at(-1)).toEqual(counted(inMonth))
  })

  it('rolls over where it has a width, and is no leap', () => {
    expect(told(2 ** 32, [0, 4_294_967_200], [hour, 4]).at(-1)).toEqual(counted(100, 'rollover'))
    // Far below the end of its range it was set back.
    expect(told(2 ** 32, [0, 3_900_000_000], [hour, 4]).at(-1)).toEqual(leap)
  })

  it('is not judged where nobody knows since when, as after a bad reading of a new link', () => {
    const { floor, wall, say } = floorOf([saw()])
    say('saw.produced', 300)
    floor.ingest('plc', { kind: 'interrupted', reason: 'cut' })
    wall.time += 4 * week
    floor.ingest('plc', { kind: 'connected' })
    say('saw.produced', 0, wall.time, Quality.bad)
    wall.time += 1_000
    expect(say('saw.produced', 300 + (4 * week) / 60_000)?.rows?.production_events).toMatchObject([
      { parts: (4 * week) / 60_000, cause: 'count' },
    ])
  })

  it('goes by the shortest cycle of all its products', () => {
    const product = { id: 'nut', name: 'Nut', category: '', lines: ['l1'], cycleTimes: { l1: 6 } }
    expect(new PlausibleParts({ products: [product] }).most(saw(), 'l1', hour)).toBe(
      (week + 2 * hour) / 6_000,
    )
  })
})

describe('a counter that fell while its link was cut', () => {
  const linked = (counterWidth = 0) => ({
    ...saw(counterWidth),
    signals: [counter, stateSignal('saw')],
  })

  /** What it shows after a cut of so long says of it. */
  function cut(cutMs: number, shows: number, counterWidth = 0, clock: 'wall' | 'source' = 'wall') {
    const { floor, wall, say } = floorOf([linked(counterWidth)], { clock })
    floor.ingest('plc', { kind: 'connected' })
    say('saw.produced', 65_530)
    floor.ingest('plc', { kind: 'interrupted', reason: 'cut' })
    wall.time += cutMs
    floor.ingest('plc', { kind: 'connected' })
    const rows = say('saw.produced', shows)?.rows?.production_events ?? []
    return rows.map(({ parts, cause }) => ({ parts, cause }))
  }

  const none = { parts: 0, cause: 'leap' }

  it('tells of the parts since, as far as its machine can be ten times as quick as it should be', () => {
    expect(cut(hour, 600)).toEqual([{ parts: 600, cause: 'reset' }])
    expect(cut(hour, 602)).toEqual([none])
    expect(cut(1_000, 1)).toEqual([{ parts: 1, cause: 'reset' }])
    expect(cut(1_000, 2)).toEqual([none])
    expect(cut(hour, 4, 65_536)).toEqual([{ parts: 10, cause: 'rollover' }])
    expect(cut(hour, 700, 65_536)).toEqual([none])
  })

  it('tells of none where a recording begins again', () => {
    expect(cut(-hour, 1, 0, 'source')).toEqual([])
    expect(cut(-hour, 65_531, 0, 'source')).toEqual([{ parts: 1, cause: 'count' }])
  })
})
