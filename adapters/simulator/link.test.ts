import { Subject } from 'rxjs'
import { describe, expect, it } from 'vitest'
import type { LinkFault, LinkFaultKind } from '../../schema/link-fault.js'
import type { Plant } from '../../schema/plant.js'
import { Quality } from '../../schema/quality.js'
import type { SimulationCommand } from '../../schema/simulation-command.js'
import { testPlant } from '../../twins/behaviour/test-plant.js'
import { lineOf } from '../../twins/physics/faulty-line.js'
import type { SourceEvent } from '../contract.js'
import { simulator } from './adapter.js'
import { Link } from './link.js'
import { begin, TestRun } from './test-run.js'

const second = 1000

interface Seen {
  readonly id: string
  readonly time: number
  readonly value: number
  readonly quality: number
}

/** The same simulated minutes twice: undisturbed, and with a fault of the link from second 10 on. */
function compare(
  given: Partial<LinkFault> & { kind: LinkFaultKind },
  length = 60,
  plant: Plant = testPlant(),
) {
  const fault: LinkFault = {
    id: `${given.kind}-1`,
    share: 1,
    start: begin + 10 * second,
    clearAfter: 20 * second,
    signals: [],
    shift: 0,
    ...given,
  }
  const wanted = { who: 'Ada', reason: 'test' }
  const commands = new Subject<SimulationCommand>()
  const run = new TestRun(simulator, { randomFaults: 0 }, { plant, commands })
  commands.next({ kind: 'disturb', fault, ...wanted })
  const truth = new TestRun(simulator, { randomFaults: 0 }, { plant })
  run.pass(length * second)
  truth.pass(length * second)
  const during = ({ time }: { time: number }) => time > fault.start + 100 && time < fault.start + 19_900
  return {
    run,
    truth: samplesOf(truth).filter(during),
    seen: samplesOf(run),
    spoiled: samplesOf(run).filter(during),
    after: samplesOf(run).filter(({ time }) => time > fault.start + 20_100),
    afterTruth: samplesOf(truth).filter(({ time }) => time > fault.start + 20_100),
  }
}

function samplesOf(run: TestRun): Seen[] {
  const ids = new Map(run.signals.map(({ index, signal }) => [index, signal.id]))
  return run.events.flatMap(event => {
    if (event.kind !== 'samples') return []
    const { count, signal, sourceTime, value, quality } = event.batch
    return Array.from({ length: count }, (_, i) => ({
      id: ids.get(signal[i]!)!,
      time: sourceTime[i]!,
      value: value[i]!,
      quality: quality[i]!,
    }))
  })
}

const kinds = (events: readonly SourceEvent[]) => events.map(({ kind }) => kind)
const isSensor = ({ id }: Seen) => !/state|produced|rejected/.test(id)

describe('a fault of the link', () => {
  it('of bad quality spoils only the quality, and is over when it is over', () => {
    const { spoiled, truth, after, afterTruth } = compare({ kind: 'bad-quality' })
    expect(spoiled).toEqual(truth.map(sample => ({ ...sample, quality: Quality.bad })))
    expect(after).toEqual(afterTruth)
    expect(truth.length).toBeGreaterThan(400)
  })

  it('freezes values while their times go on', () => {
    const { spoiled, truth } = compare({ kind: 'frozen' })
    expect(spoiled.map(({ id, time }) => [id, time])).toEqual(truth.map(({ id, time }) => [id, time]))
    const values = (samples: readonly Seen[]) =>
      new Set(samples.filter(({ id }) => id === 'mill-1.current').map(({ value }) => value))
    expect(values(spoiled).size).toBe(1)
    expect(values(truth).size).toBeGreaterThan(5)
  })

  it('drops out, and only the signals that are named', () => {
    const { spoiled, truth } = compare({ kind: 'dropout', signals: ['mill-1.current'] })
    expect(spoiled).toEqual(truth.filter(({ id }) => id !== 'mill-1.current'))
    expect(compare({ kind: 'dropout' }).spoiled).toEqual([])
  })

  it('drops about the share that it is told, the same ones each time', () => {
    const { spoiled, truth } = compare({ kind: 'dropout', share: 0.3 })
    expect(spoiled.length / truth.length).toBeGreaterThan(0.6)
    expect(spoiled.length / truth.length).toBeLessThan(0.8)
    expect(compare({ kind: 'dropout', share: 0.3 }).spoiled).toEqual(spoiled)
  })

  it('tells samples twice', () => {
    const { spoiled, truth } = compare({ kind: 'duplicate' })
    expect(spoiled).toEqual(truth.flatMap(sample => [sample, sample]))
  })

  it('tells samples late, each whole, after younger ones of the others', () => {
    const { run, seen, truth, spoiled } = compare({ kind: 'late', shift: 5000, signals: ['mill-1.current'] })
    const current = ({ id }: Seen) => id === 'mill-1.current'
    expect(spoiled.filter(current)).toEqual(truth.filter(current))
    const first = seen.findIndex(sample => current(sample) && sample.time > begin + 10_100)
    const before = Math.max(...seen.slice(0, first).map(({ time }) => time))
    expect(before - seen[first]!.time).toBeGreaterThanOrEqual(4900)
    expect(run.events.filter(({ kind }) => kind === 'rejects')).toEqual([])
  })

  it('moves the clock of the source', () => {
    const { seen, truth } = compare({ kind: 'clock-jump', shift: -3_600_000 })
    const moved = seen.filter(({ time }) => time < begin)
    expect(moved.map(sample => ({ ...sample, time: sample.time + 3_600_000 }))).toEqual(
      expect.arrayContaining(truth),
    )
  })

  it('tells another unit under the usual name, where the quantity has another', () => {
    const { spoiled, truth } = compare({ kind: 'wrong-unit' }, 60, lineOf('press'))
    const pairs = spoiled.map((sample, i) => [sample, truth[i]!] as const)
    const of = (name: string) => pairs.filter(([{ id }]) => id === `one.${name}`)
    for (const [wrong, right] of of('oil-temperature')) {
      expect(wrong.value).toBeCloseTo(right.value + 273.15, 6)
    }
    for (const [wrong, right] of of('hydraulic-pressure')) {
      expect([100, 100_000, 1000, 0.1, 14.5038]).toContainEqual(expect.closeTo(wrong.value / right.value, 3))
    }
    expect(of('state')).toEqual(of('state').map(([, right]) => [right, right]))
    expect(of('oil-temperature').length).toBeGreaterThan(10)
  })

  it('makes outliers of ten times the value, and wrong signs', () => {
    const outlier = compare({ kind: 'outlier', signals: ['mill-1.current'] })
    const truthOf = (samples: readonly Seen[]) => samples.filter(({ id }) => id === 'mill-1.current')
    expect(truthOf(outlier.spoiled)).toEqual(
      truthOf(outlier.truth).map(sample => ({ ...sample, value: sample.value * 10 })),
    )
    const negative = compare({ kind: 'negative', signals: ['mill-1.current'] })
    expect(truthOf(negative.spoiled)).toEqual(
      truthOf(negative.truth).map(sample => ({ ...sample, value: -sample.value })),
    )
  })

  it.each([
    ['missing', 'value.missing', null],
    ['text', 'value.not-a-number', 'n/a'],
  ] as const)('rejects what is %s, whole, with its reason', (kind, rule, value) => {
    const { run, spoiled, truth } = compare({ kind, signals: ['mill-1.current'] })
    const rejects = run.events.flatMap(event => (event.kind === 'rejects' ? event.rejects : []))
    expect(spoiled).toEqual(truth.filter(({ id }) => id !== 'mill-1.current'))
    const lost = truth.filter(({ id }) => id === 'mill-1.current')
    expect(rejects.length).toBeGreaterThanOrEqual(lost.length)
    expect(rejects[0]).toMatchObject({
      rule,
      source: 'test',
      reason: expect.stringContaining('mill-1.current'),
    })
    expect(JSON.parse(rejects[0]!.raw)).toEqual({ tag: 'mill-1.current', value })
  })

  it('finds nothing wrong with a text where a text belongs', () => {
    const { spoiled, truth } = compare({ kind: 'text' })
    expect(spoiled).toEqual(truth.filter(({ id }) => id.endsWith('.state')))
  })

  it('restarts the server: gone for a while, silent, then back with counters at 0', () => {
    const { run, spoiled, after } = compare({ kind: 'server-restart' }, 300)
    expect(spoiled).toEqual([])
    const told = run.events.filter(({ kind }) => kind === 'interrupted' || kind === 'connected')
    expect(kinds(told)).toEqual(['connected', 'interrupted', 'connected'])
    const gone = kinds(run.events).indexOf('interrupted')
    expect(kinds(run.events)[gone + 1]).toBe('connected')
    const counts = after.filter(({ id }) => id === 'mill-1.produced').map(({ value }) => value)
    expect(counts[0]).toBeLessThanOrEqual(1)
    expect(counts.at(-1)).toBeGreaterThan(5)
    expect(after.some(isSensor)).toBe(true)
  })

  it('ends when somebody ends it, and others go on', () => {
    const commands = new Subject<SimulationCommand>()
    const run = new TestRun(simulator, { randomFaults: 0 }, { plant: testPlant(), commands })
    const wanted = { who: 'Ada', reason: 'test' }
    const fault = (kind: LinkFaultKind): LinkFault => ({
      id: kind,
      kind,
      share: 1,
      start: begin,
      clearAfter: null,
      signals: [],
      shift: 0,
    })
    commands.next({ kind: 'disturb', fault: fault('bad-quality'), ...wanted })
    commands.next({ kind: 'disturb', fault: fault('duplicate'), ...wanted })
    run.pass(5000)
    commands.next({ kind: 'restore', fault: fault('duplicate'), ...wanted })
    const before = samplesOf(run).length
    run.pass(5000)
    const rest = samplesOf(run).slice(before)
    expect(before).toBeGreaterThan(1.8 * rest.length)
    expect(new Set(rest.map(({ quality }) => quality))).toEqual(new Set([Quality.bad]))
  })

  it('moves nothing else: what is wanted for now begins now, though the floor takes its time from a clock that jumped', () => {
    const jump = 3_600_000
    const commands = new Subject<SimulationCommand>()
    const given = { randomFaults: 0, start: new Date(begin).toISOString() }
    const run = new TestRun(simulator, given, { plant: lineOf('press'), commands, floorBegin: begin + jump })
    const wanted = { who: 'Ada', reason: 'test' }
    run.pass(5 * second)
    const start = begin + jump + 5 * second
    const silence = {
      id: 'd',
      kind: 'dropout',
      share: 1,
      clearAfter: 5 * second,
      signals: [],
      shift: 0,
    } as const
    commands.next({ kind: 'disturb', fault: { ...silence, start }, ...wanted })
    const fault = { machine: 'two', pattern: 'hydraulic-leak', severity: 1 } as const
    commands.next({
      kind: 'inject',
      ...fault,
      ...wanted,
      start,
      timeToFailure: 60 * second,
      clearAfter: null,
    })
    run.pass(30 * second)
    const seconds = (from: number, to: number) =>
      samplesOf(run).filter(({ time }) => time > begin + from * second && time <= begin + to * second)
    expect(seconds(5.1, 9.9)).toEqual([])
    expect(seconds(10.1, 15).length).toBeGreaterThan(50)
    const reports = run.events.flatMap(event => (event.kind === 'damage' ? event.reports : []))
    const onset = reports.find(({ pattern }) => pattern === 'hydraulic-leak')
    expect(onset!.time).toBeLessThan(begin + 35 * second)
  })
})

describe('the link alone', () => {
  const [machine] = lineOf('press').sites[0]!.areas[0]!.lines[0]!.machines
  const parts = machine!.signals.find(({ quantity }) => quantity === 'counter')!
  const meter = { ...parts, id: 'meter', name: 'meter', unit: 'kWh' }

  /** Seconds of a link with faults from their start on; `said` tells what came through at which second, and what it says. */
  function alone(...faults: readonly Pick<LinkFault, 'kind' | 'start' | 'clearAfter' | 'shift'>[]) {
    const link = new Link({ source: 'test', seed: 1, signals: [parts, meter] })
    for (const [i, fault] of faults.entries()) {
      const whole = { ...fault, id: `${i}`, share: 1, signals: [], start: fault.start * second }
      link.obey({ kind: 'disturb', fault: whole, who: 'Ada', reason: 'test' })
    }
    const said: { at: number; signal: number; time: number; value: number }[] = []
    let at = 0
    const deliver = (signal: number, time: number, value: number) =>
      void said.push({ at, signal, time: time / second, value })
    const sampleAt = (seconds: number, signal: number, value: number): void => {
      to(seconds)
      link.pass(signal, seconds * second, value, deliver)
    }
    const to = (seconds: number): void => {
      for (; at < seconds; at++) link.advance(at * second, deliver)
      link.advance(at * second, deliver)
    }
    return { said, sampleAt, to }
  }
  const late = (shift: number) => ({ kind: 'late', start: 0, clearAfter: 2 * second, shift }) as const
  const restart = { kind: 'server-restart', start: 3, clearAfter: 10 * second, shift: 0 } as const

  it('tells what it holds back only once the server is there again', () => {
    const { said, sampleAt, to } = alone(late(5 * second), restart)
    sampleAt(1, 0, 7)
    to(12)
    expect(said).toEqual([])
    to(20)
    expect(said).toEqual([{ at: 13, signal: 0, time: 1, value: 7 }])
  })

  it('is late by the longest of several', () => {
    const { said, sampleAt, to } = alone(late(8 * second), late(3 * second))
    sampleAt(1, 0, 7)
    to(20)
    expect(said).toEqual([{ at: 9, signal: 0, time: 1, value: 7 }])
  })

  it('begins counters of parts at 0 after a restart, and meters where they stood', () => {
    const { said, sampleAt } = alone(restart)
    sampleAt(2, 0, 100)
    sampleAt(2, 1, 100)
    sampleAt(20, 0, 103)
    sampleAt(20, 1, 103)
    expect(said.map(({ value }) => value)).toEqual([100, 100, 3, 103])
  })
})
