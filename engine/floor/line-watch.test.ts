import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SampleBatchBuilder } from '../../schema/sample-batch.js'
import type { LineContext } from '../../twins/line/line.machine.js'
import { CycleTimes } from './cycle-times.js'
import { floorOf, machineOf, sensor, start, stateSignal } from './floor.fixture.js'

const counter = (machine: string) =>
  sensor(machine, 'produced', {
    role: 'status',
    quantity: 'counter',
    unit: 'parts',
    period: 0,
    range: [0, 1e9],
  })
const machine = (id: string, feeds: string[]) => machineOf(id, [stateSignal(id), counter(id)], { feeds })
const [second, minute] = [1_000, 60_000]

function lineFloor() {
  const ground = floorOf([machine('a', ['b']), machine('b', [])])
  const { floor, registry, say } = ground
  const line = () =>
    floor.twins.get('line:l1')!.snapshot as unknown as { value: string; context: LineContext }
  const cycleOf = (id: string) => line().context.seen[id]?.cycleTime
  const moves = (entry: ReturnType<typeof say>) =>
    (entry?.twinEvents ?? [])
      .filter(({ address }) => address === 'line:l1')
      .map(({ time, payload }) => [time - start, payload.to, payload.machine])
  /** Several samples in one batch. */
  const sayAll = (...samples: readonly (readonly [id: string, value: string | number, time: number])[]) => {
    const batch = new SampleBatchBuilder()
    for (const [id, value, time] of samples) {
      const code = typeof value === 'string' ? floor.intern(value) : value
      batch.push(registry.signalById(id)!.index, time, time, code, 0)
    }
    return floor.ingest('plc', { kind: 'samples', batch: batch.take() })
  }
  return { ...ground, line, cycleOf, moves, sayAll }
}

describe('a line', () => {
  it('hears every change of a turn, in order, though the turn ends as it began', () => {
    const { sayAll, moves } = lineFloor()
    sayAll(['a.execution', 'ACTIVE', start], ['b.execution', 'ACTIVE', start])
    const entry = sayAll(
      ['b.execution', 'DOWN', start + 1_000],
      ['a.execution', 'FULL', start + 1_500],
      ['b.execution', 'ACTIVE', start + 2_000],
      ['a.execution', 'ACTIVE', start + 2_500],
    )
    expect(moves(entry)).toEqual([
      [1_000, 'down', 'b'],
      [2_000, 'running', null],
    ])
  })

  it('is slowed by the machine that takes longer for its parts than planned', () => {
    const { say, line, cycleOf } = lineFloor()
    say('a.execution', 'ACTIVE', start)
    say('b.execution', 'ACTIVE', start)
    let time = start
    let parts = 0
    const make = (count: number, each: number) => {
      for (let i = 0; i < count; i++) {
        time += each
        parts++
        say('a.produced', parts, time)
        say('b.produced', parts, time)
      }
    }
    make(3, minute)
    expect([cycleOf('a'), line().value]).toEqual([null, 'running'])
    make(9, minute)
    expect([cycleOf('a'), line().value]).toEqual([60, 'running'])
    for (let i = 0; i < 10; i++) {
      time += 90 * second
      say('b.produced', ++parts, time)
    }
    expect([cycleOf('a'), cycleOf('b')]).toEqual([60, 90])
    expect(line()).toMatchObject({
      value: 'slowed',
      context: { constraint: { machine: 'b', cause: 'slow' } },
    })
  })

  it('counts no stop as a part of a cycle', () => {
    const { say, cycleOf } = lineFloor()
    say('a.execution', 'ACTIVE', start)
    for (let i = 0; i <= 5; i++) say('a.produced', i, start + i * minute)
    say('a.execution', 'DOWN', start + 5 * minute + second)
    say('a.execution', 'ACTIVE', start + 65 * minute)
    for (let i = 6; i <= 8; i++) say('a.produced', i, start + (60 + i) * minute)
    expect(cycleOf('a')).toBe(60)
  })
})

describe('the present cycle time', () => {
  it('is that of the last parts, however many a reading of the counter tells of at once', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 9, maxLength: 30 }),
        fc.integer({ min: 1, max: 600 }),
        (readings, cycle) => {
          const cycles = new CycleTimes()
          let time = start
          for (const parts of readings) {
            time += parts * cycle * second
            cycles.counted('m', parts, 'count', time)
          }
          expect(cycles.of('m')).toBeCloseTo(cycle, 9)
        },
      ),
    )
  })

  it('is not known from the first parts, nor from a counter that was set back', () => {
    const cycles = new CycleTimes()
    expect(cycles.of('m')).toBeNull()
    cycles.counted('m', 1, 'count', start)
    cycles.counted('m', 1, 'count', start + minute)
    cycles.counted('m', 7, 'reset', start + 2 * minute)
    cycles.counted('m', 1, 'count', start + 3 * minute)
    expect(cycles.of('m')).toBeNull()
    cycles.counted('m', 1, 'rollover', start + 4 * minute)
    expect(cycles.of('m')).toBe(60)
  })
})
