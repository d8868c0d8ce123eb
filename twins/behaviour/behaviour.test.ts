import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mapMachines } from '../../schema/map-machines.js'
import { packmlNumber } from '../../schema/packml.js'
import type { Plant, Signal } from '../../schema/plant.js'
import { referencePlant } from '../../schema/reference-plant/reference-plant.js'
import { healthyDuty } from '../flow/duty.js'
import { compileLimits, nextLevelNumber } from '../sensor/level.js'
import { Behaviour, type BehaviourOptions, behaviourMachines } from './behaviour.js'
import { testMachine, testPlant } from './test-plant.js'

const start = Date.UTC(2026, 0, 5, 6)
const minute = 60_000
const all = () => true

interface Sample {
  readonly id: string
  readonly time: number
  readonly value: number
}

const begin = (
  plant: Plant,
  options: Partial<BehaviourOptions> = {},
  isWanted: (signal: Signal) => boolean = all,
) => new Behaviour(behaviourMachines(plant, isWanted), { seed: 1, start, ...options })

/** Everything a plant says up to `minutes`, advanced in steps of `step` ms. */
function collect(behaviour: Behaviour, minutes: number, step = minute): Sample[] {
  const samples: Sample[] = []
  for (let time = start; time < start + minutes * minute; ) {
    time = Math.min(time + step, start + minutes * minute)
    behaviour.advance(time, (signal, at, value) => {
      samples.push({ id: behaviour.signals[signal]!.id, time: at, value })
    })
  }
  return samples
}

/** FNV-1a of samples as text, hexadecimal. */
function hashOf(samples: readonly Sample[]): string {
  let hash = 0x811c9dc5
  for (const { id, time, value } of samples) {
    const text = `${id} ${time} ${value}\n`
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  }
  return (hash >>> 0).toString(16)
}

const valuesOf = (samples: readonly Sample[], id: string) =>
  samples.filter(sample => sample.id === id).map(({ value }) => value)

function correlation(a: readonly number[], b: readonly number[]): number {
  const n = Math.min(a.length, b.length)
  const mean = (values: readonly number[]) => values.slice(0, n).reduce((sum, value) => sum + value, 0) / n
  const [meanA, meanB] = [mean(a), mean(b)]
  let ab = 0
  let aa = 0
  let bb = 0
  for (let i = 0; i < n; i++) {
    ab += (a[i]! - meanA) * (b[i]! - meanB)
    aa += (a[i]! - meanA) ** 2
    bb += (b[i]! - meanB) ** 2
  }
  return ab / Math.sqrt(aa * bb)
}

describe('the samples of a simulated plant', () => {
  it('are the same bytes for the same seed and start, today and in every release', () => {
    expect(hashOf(collect(begin(testPlant()), 10))).toMatchInlineSnapshot(`"a1f6e5d0"`)
  })

  it('are others for another seed and for another start', () => {
    const hashes = [{}, { seed: 2 }, { start: start + 1 }].map(options =>
      hashOf(collect(begin(testPlant(), options), 2)),
    )
    expect(new Set(hashes).size).toBe(3)
  })

  it('are the same however the time is divided and however few are taken at once', () => {
    const whole = hashOf(collect(begin(testPlant()), 5))
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4000 }), fc.integer({ min: 1, max: 50 }), (step, limit) => {
        expect(hashOf(collect(begin(testPlant()), 5, step))).toBe(whole)
        const behaviour = begin(testPlant())
        const samples: Sample[] = []
        const keep = (signal: number, time: number, value: number) => {
          samples.push({ id: behaviour.signals[signal]!.id, time, value })
        }
        while (behaviour.advance(start + 5 * minute, keep, limit) > 0) {}
        expect(hashOf(samples)).toBe(whole)
      }),
      { numRuns: 10 },
    )
  })

  it('are the same however the time is divided, with faults that come, fail and are repaired', () => {
    const worn = () => begin(testPlant(), { faultShare: 0.9, period: 20_000 })
    const reports: string[] = []
    const whole = hashOf(
      collect(
        begin(testPlant(), {
          faultShare: 0.9,
          period: 20_000,
          onDamage: ({ kind }) => reports.push(kind),
        }),
        1200,
        1200 * minute,
      ),
    )
    expect(new Set(reports)).toEqual(new Set(['damage', 'repair-started', 'repaired']))
    for (const step of [7_001, 333_333]) expect(hashOf(collect(worn(), 1200, step))).toBe(whole)
  })

  it('do not change when a line elsewhere gets a machine', () => {
    const before = collect(begin(testPlant()), 10)
    const more = collect(begin(testPlant([testMachine('mill-9', 'mill', 40, [])])), 10)
    expect(more.length).toBeGreaterThan(before.length)
    expect(hashOf(more.filter(({ id }) => !id.startsWith('mill-9')))).toBe(hashOf(before))
  })

  it('do not change when another sensor of the machine is left out', () => {
    const withAll = collect(begin(testPlant()), 10)
    const without = collect(
      begin(testPlant(), {}, ({ name }) => name !== 'current'),
      10,
    )
    expect(hashOf(without)).toBe(hashOf(withAll.filter(({ id }) => !id.endsWith('.current'))))
  })

  it('come in the order of time, each sensor at exactly its period, machines at different moments', () => {
    const samples = collect(begin(testPlant()), 2)
    for (const [i, { time }] of samples.entries())
      expect(time).toBeGreaterThanOrEqual(samples[i - 1]?.time ?? start)
    const phases = ['mill-1', 'press-1', 'belt-1'].map(machine => {
      const times = samples.filter(({ id }) => id === `${machine}.current`).map(({ time }) => time)
      expect(times).toHaveLength(120)
      expect(times).toEqual(times.map((_, i) => times[0]! + i * 1000))
      return times[0]! % 1000
    })
    expect(new Set(phases).size).toBe(3)
    const together = collect(begin(testPlant(), { phaseSpread: 0, period: 500 }), 1)
    const times = together.filter(({ id }) => id.endsWith('.current')).map(({ time }) => time % 500)
    expect(new Set(times)).toEqual(new Set([0]))
  })

  it('of a sensor reported on change are told only when they differ', () => {
    const plant = testPlant()
    const machines = behaviourMachines(plant, ({ name }) => name === 'voltage').map(machine => ({
      ...machine,
      signals: machine.signals.map(signal => ({ ...signal, period: 0, resolution: 1 })),
    }))
    const samples = collect(new Behaviour(machines, { seed: 1, start }), 10)
    const values = valuesOf(samples, 'mill-1.voltage')
    expect(values.length).toBeGreaterThan(3)
    expect(values.length).toBeLessThan(300)
    for (const [i, value] of values.entries()) expect(value).not.toBe(values[i - 1])
  })

  it('tell every machine state and counter at the start and at least once a minute', () => {
    const behaviour = begin(testPlant())
    const samples = collect(behaviour, 30)
    for (const machine of ['mill-1', 'press-1', 'belt-1']) {
      for (const name of ['state', 'produced', 'rejected']) {
        const times = samples.filter(({ id }) => id === `${machine}.${name}`).map(({ time }) => time)
        expect(times[0]).toBe(start)
        for (const [i, time] of times.entries())
          expect(time - (times[i - 1] ?? start)).toBeLessThanOrEqual(minute)
      }
      const counts = valuesOf(samples, `${machine}.produced`)
      expect(counts).toEqual([...counts].sort((a, b) => a - b))
      expect(counts[0]).toBe(0)
      expect(valuesOf(samples, `${machine}.rejected`)[0]).toBe(0)
      expect(counts.at(-1)).toBeGreaterThan(20)
    }
    const states = samples
      .filter(({ id }) => id.endsWith('.state'))
      .map(({ value }) => behaviour.words[value])
    expect(states).toContain('Execute')
  })

  it('of time count the hours on parts, of energy go on with every state', () => {
    const plant = testPlant()
    const extra = (machine: string, name: string, unit: string, resolution: number): Signal => ({
      ...plant.sites[0]!.areas[0]!.lines[0]!.machines[0]!.signals.at(-1)!,
      id: `${machine}.${name}`,
      name,
      unit,
      resolution,
    })
    const machines = behaviourMachines(plant, ({ quantity }) => quantity === 'state').map(each => ({
      ...each,
      signals: [
        ...each.signals,
        extra(each.machine.id, 'hours', 'h', 0.001),
        extra(each.machine.id, 'energy', 'kWh', 0.01),
      ],
    }))
    const behaviour = new Behaviour(machines, { seed: 1, start })
    const samples = collect(behaviour, 180)
    const hours = valuesOf(samples, 'mill-1.hours')
    expect(hours.at(-1)).toBeCloseTo(behaviour.flow.operatingTime(0, start + 180 * minute) / (60 * minute), 1)
    expect(hours).toEqual([...hours].sort((a, b) => a - b))
    const kept = samples.filter(({ id }) => id === 'mill-1.energy')
    const states = samples.filter(({ id }) => id === 'mill-1.state')
    const metered = new Set(kept.map(({ time }) => time))
    const changes = states.filter(({ value }, i) => value !== states[i - 1]?.value)
    // At rest a hundredth of a kWh takes a while, so that a short stay may end on the same step.
    expect(changes.filter(({ time }) => metered.has(time)).length).toBeGreaterThan(0.6 * changes.length)
    expect(kept.at(-1)!.value).toBeGreaterThan(10)
  })
})

describe('the signals of a machine', () => {
  const behaviour = begin(testPlant())
  const samples = collect(behaviour, 120)
  const of = (name: string) => valuesOf(samples, `mill-1.${name}`)

  it('move together: current and power with the load, vibration too', () => {
    expect(correlation(of('load'), of('current'))).toBeGreaterThan(0.8)
    expect(correlation(of('current'), of('power'))).toBeGreaterThan(0.8)
    expect(correlation(of('load'), of('vibration'))).toBeGreaterThan(0.4)
  })

  it('follow one load even when the machine never stops and hardly has a cycle', () => {
    const duty = { ...healthyDuty, minorStopEvery: 1e9, breakdownEvery: 1e9, changeoverEvery: 1e9 }
    const belt = testPlant([testMachine('belt-9', 'belt', 28, [])])
    const alone = collect(
      begin(belt, { duty }, ({ id }) => id.startsWith('belt-9')),
      120,
    )
    const valuesOfBelt = (name: string) => valuesOf(alone, `belt-9.${name}`)
    expect(correlation(valuesOfBelt('load'), valuesOfBelt('current'))).toBeGreaterThan(0.8)
    expect(correlation(valuesOfBelt('load'), valuesOfBelt('power'))).toBeGreaterThan(0.8)
    expect(correlation(valuesOfBelt('load'), valuesOfBelt('voltage'))).toBeLessThan(-0.1)
  })

  it('have a memory, the slow ones a long one', () => {
    const temperature = of('temperature')
    expect(correlation(temperature, temperature.slice(1))).toBeGreaterThan(0.9)
    const vibration = of('vibration')
    expect(correlation(vibration, vibration.slice(1))).toBeGreaterThan(0.5)
  })

  it('visibly move, each of them', () => {
    for (const signal of behaviour.signals.filter(({ role }) => role === 'sensor')) {
      expect(new Set(valuesOf(samples, signal.id)).size, signal.id).toBeGreaterThan(5)
    }
  })

  it('differ between machines with the same sensors', () => {
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
    const means = ['mill-1', 'press-1', 'belt-1'].map(machine =>
      mean(valuesOf(samples, `${machine}.voltage`)),
    )
    expect(new Set(means.map(value => value.toFixed(2))).size).toBe(3)
  })

  it('fall to rest when the machine stops', () => {
    const plant = testPlant()
    const stopping = begin(plant)
    const speedOf = stopping.signals.findIndex(({ id }) => id === 'mill-1.speed')
    let since = Number.NaN
    const atRest: number[] = []
    stopping.advance(start + 12 * 60 * minute, (signal, time, value) => {
      const isStopped = [packmlNumber.Held, packmlNumber.Suspended, packmlNumber.Aborted].includes(
        stopping.flow.state[0]!,
      )
      if (!isStopped) since = Number.NaN
      else if (Number.isNaN(since)) since = time
      if (signal === speedOf && time - since > 20_000) atRest.push(value)
    })
    expect(atRest.length).toBeGreaterThan(10)
    expect(Math.max(...atRest)).toBeLessThan(100)
  })
})

describe('the healthy reference plant over an hour', () => {
  const behaviour = begin(referencePlant())
  const limits = behaviour.signals.map(signal => compileLimits(signal.limits))
  const levels = new Uint8Array(behaviour.signals.length)
  let sensorSamples = 0
  let warnings = 0
  let outside = 0
  let offGrid = 0
  behaviour.advance(start + 60 * minute, (s, _time, value) => {
    const { role, range, resolution } = behaviour.signals[s]!
    if (role !== 'sensor') return
    sensorSamples++
    levels[s] = nextLevelNumber(levels[s]!, value, limits[s]!)
    if (levels[s] !== 0) warnings++
    if (value < range[0] || value > range[1]) outside++
    if (Math.abs(value / resolution - Math.round(value / resolution)) > 1e-6) offGrid++
  })

  it('has every sensor every second', () => {
    expect(sensorSamples).toBeGreaterThanOrEqual(1716 * 3600)
    expect(sensorSamples).toBeLessThanOrEqual(1716 * 3601)
  })

  it('warns in less than one sample of ten thousand', () => {
    expect(warnings / sensorSamples).toBeLessThan(1e-4)
  })

  it('stays inside the range of every instrument, on the grid of its resolution', () => {
    expect(outside).toBe(0)
    expect(offGrid).toBe(0)
  })

  it('keeps 70 to 95 % of its machines in Execute', () => {
    const running = behaviour.flow.state.filter(state => state === packmlNumber.Execute).length
    expect(running / behaviour.flow.state.length).toBeGreaterThan(0.7)
    expect(running / behaviour.flow.state.length).toBeLessThan(0.95)
  })
})

describe('a machine with interlock tags', () => {
  it('tells by them, before its state, whether it is blocked or starved', () => {
    const told = mapMachines(testPlant(), machine => ({
      ...machine,
      signals: [
        ...machine.signals,
        ...(['blocked', 'starved'] as const).map(quantity => {
          const state = machine.signals.find(signal => signal.quantity === 'state')!
          const id = `${machine.id}.${quantity}`
          return { ...state, id, name: quantity, quantity, type: 'number' as const, range: [0, 1] as const }
        }),
      ],
    }))
    const says = new Map<string, number>()
    const seen = new Set<string>()
    const behaviour = begin(told)
    for (const { id, value } of collect(behaviour, 10 * 60)) {
      says.set(id, value)
      const [machine, signal] = id.split('.')
      const word = behaviour.words[value]
      if (signal !== 'state' || word === undefined || !/^Suspended |^Execute$/.test(word)) continue
      // In the very first round the state is told first.
      if (!says.has(`${machine}.starved`)) continue
      seen.add(word)
      const interlocks = [says.get(`${machine}.blocked`), says.get(`${machine}.starved`)]
      expect(interlocks, word).toEqual([Number(word.endsWith('blocked')), Number(word.endsWith('starved'))])
    }
    expect(seen).toEqual(new Set(['Execute', 'Suspended blocked', 'Suspended starved']))
  })
})
