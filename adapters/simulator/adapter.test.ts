import { BehaviorSubject } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { mapMachines } from '../../schema/map-machines.js'
import type { Plant } from '../../schema/plant.js'
import { referencePlant } from '../../schema/reference-plant/reference-plant.js'
import { testPlant } from '../../twins/behaviour/test-plant.js'
import { describeAdapterContract } from '../contract-suite.js'
import { simulator } from './adapter.js'
import { begin, TestRun, type TestRunOptions, virtualHarness } from './test-run.js'

const plant = testPlant()

describeAdapterContract(virtualHarness(simulator, {}, referencePlant()))

const start = (given: Record<string, unknown> = {}, options: Partial<TestRunOptions> = {}) =>
  new TestRun(simulator, given, { plant, ...options })

describe('the simulator as a source', () => {
  it('is connected at once and tells the state of every machine first', () => {
    const run = start()
    expect(run.events[0]).toEqual({ kind: 'connected' })
    const first = run.samples.filter(({ time }) => time === begin)
    const states = first.filter(sample => run.signalOf(sample).endsWith('.state'))
    expect(states.map(run.signalOf, run)).toEqual(['mill-1.state', 'press-1.state', 'belt-1.state'])
    expect(states.map(({ value }) => run.texts[value])).toContain('Execute')
  })

  it('sends what fell due, and only that, about twenty times a second', () => {
    const run = start()
    for (let i = 0; i < 100; i++) {
      run.pass(100)
      const now = begin + (i + 1) * 100
      expect(run.samples.at(-1)!.time).toBeLessThanOrEqual(now)
    }
    const sensors = run.samples.filter(sample => !/state|produced|rejected/.test(run.signalOf(sample)))
    expect(sensors).toHaveLength(3 * 8 * 10)
    expect(run.batches.length).toBeLessThanOrEqual(20 * 10 + 1)
    expect(Math.max(...run.batches)).toBeLessThan(20)
  })

  it('keeps the order of each signal and its own time apart from the time of receipt', () => {
    const run = start()
    run.pass(5000)
    const last = new Map<number, number>()
    for (const event of run.events) {
      if (event.kind !== 'samples') continue
      const { batch } = event
      for (let i = 0; i < batch.count; i++) {
        expect(batch.sourceTime[i]!).toBeGreaterThanOrEqual(last.get(batch.signal[i]!) ?? 0)
        expect(batch.receiveTime[i]! - batch.sourceTime[i]!).toBeGreaterThanOrEqual(0)
        expect(batch.receiveTime[i]! - batch.sourceTime[i]!).toBeLessThanOrEqual(50)
        expect(batch.quality[i]).toBe(0)
        last.set(batch.signal[i]!, batch.sourceTime[i]!)
      }
    }
    expect(last.size).toBe(run.signals.length)
  })

  it('gives the same samples at every speed and every rhythm of the timer', () => {
    const real = start()
    real.pass(120_000)
    const fast = start({ speed: 60 })
    fast.pass(2000)
    const stuttering = start()
    for (const pause of [10, 7000, 90, 60_000, 52_900]) stuttering.pass(pause)
    expect(real.samples.length).toBeGreaterThan(2800)
    expect(fast.samples).toEqual(real.samples)
    expect(stuttering.samples).toEqual(real.samples)
  })

  it('tells of the damage of its machines, and of nothing of the kind when nothing is to break', () => {
    const told = (randomFaults: number) => {
      const run = start({ randomFaults, speed: 600 })
      run.pass(20_000)
      return run.events.flatMap(event => (event.kind === 'damage' ? event.reports : []))
    }
    const reports = told(0.9)
    expect(new Set(reports.map(({ kind }) => kind))).toEqual(
      new Set(['damage', 'repair-started', 'repaired']),
    )
    for (const report of reports) {
      expect(report.machine).toMatch(/^(mill|press|belt)-1$/)
      expect(report.time).toBeGreaterThanOrEqual(begin)
      if (report.kind === 'damage') expect(report.cause).toBe('random')
    }
    expect(told(0)).toEqual([])
  })

  it('tells what its lines make, where the plan says so', () => {
    const runsOf = (products: Plant['products']) => {
      const run = start({}, { plant: { ...plant, products } })
      run.pass(1000)
      return run.events.flatMap(event => (event.kind === 'runs' ? event.runs : []))
    }
    const bolt = { id: 'bolt', name: 'Bolt', category: '', lines: ['line-1'] }
    const target = 0
    const goesOn = { line: 'line-1', start: begin, end: 0, product: 'bolt', order: '', target }
    expect(runsOf([bolt])).toEqual([goesOn])
    expect(runsOf([])).toEqual([])
  })

  it('gives the same samples to every subscriber, and others for another seed', () => {
    const [one, same, other] = [start(), start(), start({ seed: 2 })]
    for (const run of [one, same, other]) run.pass(3000)
    expect(same.samples).toEqual(one.samples)
    expect(other.samples).not.toEqual(one.samples)
  })

  it('holds back while its window is full and then sends everything it owes, with the times it had', () => {
    const free = start()
    free.pass(60_000)

    const accepted = new BehaviorSubject(0)
    const window = 100
    const held = start({}, { accepted, window })
    held.pass(30_000)
    // Sensors of a machine are read together: a batch may run over the window by one scan.
    expect(held.samples.length).toBeGreaterThanOrEqual(window)
    expect(held.samples.length).toBeLessThan(window + 12)
    const before = held.samples.length
    held.pass(29_000)
    expect(held.samples).toHaveLength(before)
    held.pass(1000)
    while (held.samples.length > accepted.value) {
      expect(held.samples.length - accepted.value).toBeLessThan(window + 12)
      accepted.next(held.samples.length)
    }
    expect(held.samples).toEqual(free.samples)
  })

  it('does not trip over an acceptance that arrives while it sends', () => {
    const accepted = new BehaviorSubject(0)
    const run = start({}, { accepted, window: 20, onBatch: total => accepted.next(total) })
    run.pass(10_000)
    const free = start()
    free.pass(10_000)
    expect(run.samples).toEqual(free.samples)
  })

  it('stops at once when nobody listens any more', () => {
    const run = start()
    run.pass(1000)
    run.stop()
    const seen = run.events.length
    run.pass(10_000)
    expect(run.events).toHaveLength(seen)
  })

  it('says that it is alive when nothing changes', () => {
    const quiet = withSignals(plant, name => name === 'produced')
    const run = start({}, { plant: quiet })
    run.pass(5000)
    expect(run.events.filter(({ kind }) => kind === 'alive').length).toBeGreaterThanOrEqual(2)
  })

  it('reports only the signals of its source', () => {
    const run = start({}, { plant: withSignals(plant, name => name === 'current') })
    run.pass(2000)
    expect(new Set(run.samples.map(run.signalOf, run))).toEqual(
      new Set(['mill-1.current', 'press-1.current', 'belt-1.current']),
    )
  })

  it('samples sensors at the period it is told', () => {
    const run = start({ overridePeriodMs: 100 }, { plant: withSignals(plant, name => name === 'current') })
    run.pass(2000)
    expect(run.samples.length).toBeGreaterThanOrEqual(3 * 20)
    expect(run.samples.length).toBeLessThanOrEqual(3 * 21)
  })

  it('begins at the time it is told, and at the wall when the floor has no time yet', () => {
    const told = start({ start: '2020-02-02T00:00:00Z' })
    expect(told.samples[0]?.time).toBe(Date.UTC(2020, 1, 2))
    const floorWithoutTime = start({}, { floorBegin: Number.NaN })
    expect(floorWithoutTime.samples[0]?.time).toBe(begin)
  })

  it('ends with the error of whoever cannot take its texts', () => {
    const run = start({ speed: 3600 })
    const cause = new Error('the dictionary is full')
    run.texts.includes = () => {
      throw cause
    }
    run.pass(2000)
    expect(run.error).toBe(cause)
  })

  it('names the option that is wrong', () => {
    const wrong = [
      { speed: 0 },
      { seed: 1.5 },
      { phaseSpread: 2 },
      { overridePeriodMs: 0 },
      { start: 'today' },
    ]
    for (const options of wrong) {
      const result = simulator.options.safeParse(options)
      expect(result.error?.issues[0]?.path).toEqual(Object.keys(options))
    }
    expect(simulator.options.safeParse({ sead: 1 }).success).toBe(false)
  })
})

/** The plant with only those signals. */
function withSignals(from: Plant, isWanted: (name: string) => boolean): Plant {
  return mapMachines(from, machine => ({
    ...machine,
    signals: machine.signals.filter(({ name }) => isWanted(name)),
  }))
}
