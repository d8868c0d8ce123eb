import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Signal } from '../../schema/plant.js'
import { Quality } from '../../schema/quality.js'
import { referencePlant } from '../../schema/reference-plant/reference-plant.js'
import { SampleBatchBuilder } from '../../schema/sample-batch.js'
import { Behaviour, behaviourMachines } from '../../twins/behaviour/behaviour.js'
import { propertyRuns } from '../../twins/proof/runs.js'
import { testFloor, testPlant } from '../gateway/test-floor.js'
import { QualityGate } from './quality-gate.js'
import { emptyIndexBook, makeRegistry } from './registry.js'

const noon = Date.UTC(2026, 10, 20, 12)

type Row = readonly [time: number, value: number, quality?: number]

/** A gate before one signal; what `judge` says of rows that come in one batch. */
function gateFor(parts: Partial<Signal>) {
  const floor = testFloor(testPlant(1, 1))
  const [registered] = floor.registry.signals
  const signal = { ...registered!.signal, range: [0, 100] as const, resolution: 0, ...parts }
  const one = { ...registered!, signal }
  const gate = new QualityGate({ ...floor.registry, signals: [one], signalByIndex: () => one })
  return {
    gate,
    judge(rows: readonly Row[]) {
      const builder = new SampleBatchBuilder()
      for (const [time, value, quality = 0] of rows)
        builder.push(one.index, noon + time, noon + time, value, quality)
      const { batch, rejects } = gate.judge('plc', builder.take(), noon)
      return { qualities: [...batch.quality].slice(0, batch.count), rejects }
    },
  }
}

const jumping: Partial<Signal> = { quantity: 'vibration', unit: 'mm/s' }

describe('the gate before the twins', () => {
  it('takes what the instrument can show, its edges and the last step of its display included', () => {
    const { judge } = gateFor({ ...jumping, resolution: 0.5 })
    const { qualities, rejects } = judge([
      [0, 0],
      [1, 100],
      [2, -0.5],
      [3, 100.5],
    ])
    expect(qualities).toEqual([0, 0, 0, 0])
    expect(rejects).toEqual([])
  })

  it('makes the reading of a counter bad that is no whole number of parts, and says where to look', () => {
    const counter = { quantity: 'counter', unit: 'parts', role: 'status', tag: 'produced' } as const
    const { judge } = gateFor({ ...counter, id: 'saw.produced', name: 'produced', range: [0, 65_535] })
    const { qualities, rejects } = judge([
      [0, 100],
      [1, 101.5],
      [2, 103],
    ])
    expect(qualities).toEqual([0, 2, 0])
    expect(rejects).toMatchObject([
      {
        ...{ rule: 'value.not-whole', signal: 'saw.produced', value: 101.5 },
        reason:
          'saw.produced: 101.5 is no whole number of parts; look at the tag in the source, and at its unit and its scale.',
      },
    ])
    const hours = gateFor({ ...counter, unit: 'kWh', range: [0, 65_535] })
    expect(hours.judge([[0, 101.5]]).rejects).toEqual([])
  })

  it('makes a value outside of the range bad, and keeps value, rule, time and source', () => {
    const { judge } = gateFor(jumping)
    const { qualities, rejects } = judge([
      [0, 50],
      [1, 100.1],
      [2, Number.POSITIVE_INFINITY, Quality.uncertain],
    ])
    expect(qualities).toEqual([0, 2, 2])
    expect(rejects[0]).toMatchObject({
      source: 'plc',
      rule: 'value.out-of-range',
      time: noon,
      sourceTime: noon + 1,
      value: 100.1,
      signal: 'b-01.t1',
      reason:
        'b-01.t1: 100.1 mm/s lies outside of what it can show (0 to 100); look at the sensor, or at range and maxRate in the plant file.',
    })
    expect(rejects[1]!.raw).toMatch(/\|Infinity\|uncertain$/)
  })

  it('does not judge what nobody claims: bad values, no values, texts', () => {
    const { judge } = gateFor(jumping)
    expect(
      judge([
        [0, 999, Quality.bad],
        [1, Number.NaN],
      ]).rejects,
    ).toEqual([])
    expect(gateFor({ type: 'text', quantity: 'text', range: [0, 0] }).judge([[0, 77]]).rejects).toEqual([])
  })

  it('sees that a value is in another unit, from where the signal was last', () => {
    const { judge } = gateFor({ quantity: 'temperature', unit: '°C' })
    const { rejects } = judge([
      [0, 52],
      [1_000, 125.6],
    ])
    expect(rejects).toMatchObject([
      {
        rule: 'value.wrong-unit',
        reason: expect.stringContaining('in °F it would be 52 °C: look at the unit in the source'),
      },
    ])
  })

  it('sees it from where the signal is in normal production, too', () => {
    const { judge } = gateFor({ quantity: 'pressure', unit: 'bar', normal: [6, 0.1], range: [0, 16] })
    expect(judge([[0, 87]]).rejects).toMatchObject([{ rule: 'value.wrong-unit' }])
    expect(judge([[0, 300]]).rejects).toMatchObject([{ rule: 'value.out-of-range' }])
  })

  it('refuses what moved faster than heat can, and believes it again when there was time enough', () => {
    const { judge } = gateFor({ quantity: 'temperature', unit: '°C' })
    const { qualities, rejects } = judge([
      [0, 20],
      [1_000, 35],
      [2_000, 70],
      [3_000, 36],
      [7_000, 80],
      [12_000, 81],
    ])
    // 5 % of the range and 10 % for each second: 4 s after the 36 the 80 are within 45.
    expect(qualities).toEqual([0, 0, 2, 0, 0, 0])
    expect(rejects).toMatchObject([{ rule: 'value.too-fast', value: 70 }])
    expect(rejects[0]!.reason).toContain('70 °C is too far from 35 1 s before')
  })

  it('goes by the rate that the plant file gives', () => {
    const { judge } = gateFor({ ...jumping, maxRate: 2 })
    expect(
      judge([
        [0, 10],
        [1_000, 12],
        [2_000, 14.1],
        [3_000, 15],
      ]).qualities,
    ).toEqual([0, 0, 2, 0])
  })

  it('has nothing against the jumps of a signal that is told only when it changes', () => {
    const { judge } = gateFor({ quantity: 'temperature', unit: '°C', period: 0 })
    expect(
      judge([
        [0, 0],
        [1_000, 43],
        [2_000, 0],
      ]).rejects,
    ).toEqual([])
  })

  it('has nothing against late samples, nor against the first ones of a link that begins anew', () => {
    const { gate, judge } = gateFor({ ...jumping, maxRate: 1 })
    expect(
      judge([
        [10_000, 50],
        [5_000, 90],
      ]).qualities,
    ).toEqual([0, 0])
    gate.forget(0)
    expect(judge([[10_001, 90]]).qualities).toEqual([0])
  })

  it('says nothing else: it moves no time and no value, and good values pass in the same batch, unchanged', () => {
    const rows = fc.array(
      fc.tuple(
        fc.integer({ min: 0, max: 20_000 }),
        fc.oneof(fc.double({ noNaN: false }), fc.double({ min: 0, max: 100 })),
        fc.constantFrom(0, 1, 2),
      ),
      { maxLength: 30 },
    )
    fc.assert(
      fc.property(rows, rowsIn => {
        const { judge } = gateFor({ quantity: 'temperature', unit: '°C' })
        const { qualities, rejects } = judge(rowsIn)
        expect(qualities.length).toBe(rowsIn.length)
        const changed = rowsIn.filter(([, , quality], i) => qualities[i] !== quality)
        expect(rejects.map(({ value }) => value)).toEqual(changed.map(([, value]) => value))
        for (const [i, [, value]] of rowsIn.entries())
          if (qualities[i] !== 2 && !Number.isNaN(value)) expect(value >= 0 && value <= 100).toBe(true)
      }),
      { numRuns: propertyRuns },
    )
  })

  it('lets everything pass that a healthy plant says', () => {
    const plant = referencePlant()
    const { registry } = makeRegistry(plant, emptyIndexBook)
    const gate = new QualityGate(registry)
    const behaviour = new Behaviour(
      behaviourMachines(plant, signal => signal.type === 'number'),
      {
        seed: 3,
        start: noon,
      },
    )
    const index = Uint32Array.from(behaviour.signals, ({ id }) => registry.signalById(id)!.index)
    const builder = new SampleBatchBuilder(100_000)
    behaviour.advance(noon + 120_000, (signal, time, value) =>
      builder.push(index[signal]!, time, time, value, 0),
    )
    const batch = builder.take()
    expect(batch.count).toBeGreaterThan(200_000)
    const judged = gate.judge('simulator', batch, noon)
    expect(judged.rejects).toEqual([])
    expect(judged.batch).toBe(batch)
  })
})
