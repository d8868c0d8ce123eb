import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { energyMeter } from '../../schema/machine-types/common-status.js'
import { makeSignal } from '../../schema/machine-types/make-signal.js'
import { shippedMachineTypes } from '../../schema/machine-types/shipped-machine-types.js'
import { packmlNumber, packmlStates } from '../../schema/packml.js'
import { Behaviour, behaviourMachines } from '../behaviour/behaviour.js'
import { Flow } from '../flow/flow.js'
import { plantFlow } from '../flow/plant-flow.js'
import { mean } from './fault-trial.js'
import { Faults } from './faults.js'
import { calmDuty, type FaultyLine, faulty, isAborted, lineOf, lineStart, watchLine } from './faulty-line.js'
import { MachineLoad } from './machine-load.js'
import { workShape, workShapeIntegral } from './response.js'
import { Supply, type SupplyMachine } from './supply.js'
import { bledDown, drivesOf, offShare, supplyNatures } from './supply-nature.js'

const minute = 60_000
const hour = 60 * minute

/** One machine of a shipped type with its mains, which lives with stops, breakdowns and changeovers. */
function rig(type: string, seed = 1, calm = false) {
  const template = shippedMachineTypes.find(({ id }) => id === type)!
  const place = { machine: 'one', source: 'simulator', tagPatterns: new Map<string, string>() }
  const machine: SupplyMachine = {
    ...template,
    id: 'one',
    sensors: Object.entries(template.signals).map(([name, signal]) =>
      makeSignal(name, 'sensor', signal, place),
    ),
  }
  let supply: Supply | undefined
  const hear = (m: number, time: number) => supply!.onEvent(m, time)
  const listener = { onState: hear, onPart: () => undefined, onWork: hear }
  const placed = { id: 'one', idealCycleTime: template.idealCycleTime, feeds: [] }
  const model = plantFlow([placed], seed, calm ? calmDuty : undefined)
  const flow = new Flow(model, { seed, start: lineStart, warmUp: hour, listener })
  const faults = new Faults([{ id: 'one', type, sensors: machine.sensors.length }], flow, {
    seed,
    start: lineStart,
    share: 0,
  })
  const load = new MachineLoad(['one'], seed, lineStart)
  supply = new Supply([machine], { seed, start: lineStart, flow, faults, load })
  return { flow, faults, supply, load, nature: supplyNatures[template.archetype] }
}

/** The machine stands from now on, its drives without power. */
function stop({ flow }: ReturnType<typeof rig>, time: number): void {
  flow.advance(time)
  flow.trip(0, time, 'test')
}

describe('energy', () => {
  it.each(shippedMachineTypes.map(({ id }) => id))(
    'of a %s is what its power adds up to, through work, waiting, stops, standby and off',
    type => {
      const it = rig(type)
      // By the middle of each millisecond: exact where power runs straight, and all but exact in a run-up.
      let sum = 0
      const until = lineStart + 40 * minute
      for (let time = lineStart; time < until; time++) {
        if (time === lineStart + 10 * minute) stop(it, time)
        else if (time === lineStart + 30 * minute) it.flow.repair(0, time)
        else it.flow.advance(time)
        sum += it.supply.kilowatts(0, time + 0.5)
      }
      it.flow.advance(until)
      const counted = it.supply.energy(0, until)
      expect(counted).toBeGreaterThan(0.1)
      expect(Math.abs(sum / 3_600_000 / counted - 1)).toBeLessThan(1e-7)
    },
  )

  it('is the same however often somebody asks for it, and never goes down', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 20 * minute }), { maxLength: 30 }), pauses => {
        const [asked, left] = [rig('press', 3), rig('press', 3)]
        let time = lineStart
        let before = 0
        for (const pause of pauses) {
          time += pause
          asked.flow.advance(time)
          const now = asked.supply.energy(0, time)
          expect(now).toBeGreaterThanOrEqual(before)
          before = now
        }
        left.flow.advance(time)
        expect(left.supply.energy(0, time)).toBe(asked.supply.energy(0, time))
      }),
      { numRuns: 20 },
    )
  })

  it('counts what a fault adds', () => {
    const [worn, healthy] = [rig('cnc-mill', 2, true), rig('cnc-mill', 2, true)]
    const slot = worn.faults.bank.slotOf(0, 'bearing-failure')!
    worn.faults.inject(slot, lineStart, {
      pattern: 'bearing-failure',
      severity: 0.6,
      timeToFailure: 100 * minute,
    })
    const counted = [worn, healthy].map(one => {
      for (let time = lineStart; time <= lineStart + 5 * hour; time += minute) {
        one.flow.advance(time)
        one.faults.handle(0, time)
      }
      return one.supply.energy(0, lineStart + 5 * hour)
    })
    // Power by up to 15 % at failure: 9 % at a damage of 0.6, less while it grows.
    expect(counted[0]! / counted[1]!).toBeGreaterThan(1.05)
    expect(counted[0]! / counted[1]!).toBeLessThan(1.09)
  })

  it('counts nothing of a fault while its drives are cut', () => {
    const [worn, healthy] = [rig('cnc-mill', 2, true), rig('cnc-mill', 2, true)]
    const pattern = 'bearing-failure'
    const slot = worn.faults.bank.slotOf(0, pattern)!
    worn.faults.inject(slot, lineStart, { pattern, severity: 0.6, timeToFailure: minute })
    const counted = [worn, healthy].map(one => {
      const cut = lineStart + 10 * minute
      one.flow.advance(cut)
      one.faults.handle(0, cut)
      stop(one, cut)
      one.flow.advance(cut + minute)
      const before = one.supply.energy(0, cut + minute)
      one.flow.advance(cut + hour)
      expect(one.supply.hasDrives(0)).toBe(false)
      return [one.supply.energy(0, cut + hour) - before, one.supply.kilowatts(0, cut + hour)]
    })
    expect(worn.faults.active[0]).toBe(1)
    for (const [i, value] of counted[0]!.entries()) expect(value).toBeCloseTo(counted[1]![i]!, 9)
  })

  it('needs no sensor of power: then it is what such a machine usually draws', () => {
    const flow = new Flow(plantFlow([{ id: 'one', idealCycleTime: 50, feeds: [] }], 1, calmDuty), {
      seed: 1,
      start: lineStart,
      warmUp: hour,
    })
    const faults = new Faults([{ id: 'one', type: 'lathe', sensors: 0 }], flow, {
      seed: 1,
      start: lineStart,
      share: 0,
    })
    const load = new MachineLoad(['one'], 1, lineStart)
    const machine = { id: 'one', archetype: 'machining', ratedPower: 20, sensors: [] } as const
    const { mean } = new Supply([machine], { seed: 1, start: lineStart, flow, faults, load })
    expect(mean[0]).toBeGreaterThan(0.5 * 20)
    expect(mean[0]).toBeLessThan(0.65 * 20)
  })
})

describe('the power of a machine', () => {
  it('falls from work to standby as it trips, and after an hour to off', () => {
    const it = rig('press', 1, true)
    it.flow.advance(lineStart + 5 * minute)
    expect(it.supply.power(0, lineStart + 5 * minute)).toBeGreaterThan(0.3)
    stop(it, lineStart + 5 * minute)
    const at = (minutes: number) => {
      it.flow.advance(lineStart + minutes * minute)
      return it.supply.power(0, lineStart + minutes * minute)
    }
    expect(at(6)).toBe(it.nature.standby)
    expect(at(64)).toBe(it.nature.standby)
    expect(at(66)).toBe(offShare)
    expect(it.supply.hasDrives(0)).toBe(false)
  })

  it('surges as the drives get their power back, and the surge decays by its time constant', () => {
    const it = rig('press', 1, true)
    const down = lineStart + 5 * minute
    stop(it, down)
    it.flow.advance(down + 10 * minute)
    expect(it.supply.inrush(0, down + 10 * minute)).toBe(0)
    it.flow.repair(0, down + 10 * minute)
    let time = down + 10 * minute
    while (it.flow.state[0] !== packmlNumber.Resetting) {
      time = it.flow.nextTime
      it.flow.advance(time)
    }
    expect(it.supply.inrush(0, time)).toBe(it.nature.inrush)
    const later = [1, 2, 4, 8].map(times => it.supply.inrush(0, time + times * it.nature.runUp))
    for (const [i, times] of [1, 2, 4, 8].entries())
      expect(later[i]).toBeCloseTo(it.nature.inrush * Math.exp(-times), 12)
    expect(it.supply.inrush(0, time + minute)).toBeLessThan(1e-9)
  })

  it('swings with the work: the integral of its shape is its shape’s', () => {
    let sum = 0
    const steps = 100_000
    for (let i = 0; i < steps; i++) {
      sum += workShape((i + 0.5) / steps) / steps
      if (i % 1000 === 0) expect(workShapeIntegral((i + 1) / steps)).toBeCloseTo(sum, 4)
    }
    expect(workShapeIntegral(1)).toBeCloseTo(sum, 6)
  })
})

describe('the pressure of a press whose pump has stopped', () => {
  it('bleeds down along a parabola, and never rises', () => {
    const held = Array.from({ length: 100 }, (_, i) => bledDown(140, 140, i * 4 * minute, 0))
    expect(held[0]).toBeCloseTo(140, 9)
    expect(held.at(-1)).toBe(0)
    for (const [i, value] of held.entries()) expect(value).toBeLessThanOrEqual(held[i - 1] ?? 141)
    // Its root falls in a straight line.
    const roots = held.slice(0, 60).map(Math.sqrt)
    for (let i = 2; i < roots.length; i++)
      expect(roots[i]! - roots[i - 1]!).toBeCloseTo(roots[1]! - roots[0]!, 12)
  })

  it('is the same whether it is looked at once or often, with a leak and without', () => {
    for (const lost of [0, 0.03]) {
      let often = 140
      for (let i = 0; i < 600; i++) often = bledDown(often, 140, 1000, lost)
      expect(often).toBeCloseTo(bledDown(140, 140, 10 * minute, lost), 9)
    }
  })
})

describe('a press with a leak', () => {
  const meanOf = ({ series }: FaultyLine, name: string, from: number, to: number) =>
    mean(series.get(name)!, from, to)

  it.each([1, 2, 3])('makes no pressure and no flow without its pump (seed %i)', seed => {
    const line = watchLine('press', 'hydraulic-leak', { seed, period: 1000 })
    line.pass(5 * minute)
    line.inject({ severity: 1, timeToFailure: 5 * minute })
    line.pass(5 * minute + 10_000)
    expect(isAborted(line)).toBe(true)
    const cut = line.now
    line.pass(minute)
    const slot = line.behaviour.faults.bank.slotOf(faulty, 'hydraulic-leak')!
    line.behaviour.changeFaults(faulty, (faults, time) => {
      faults.startRepair(slot, time, { kind: 'perfect', who: 'Ada' }, minute)
    })
    const { flow } = line.behaviour
    while (drivesOf[flow.state[faulty]!] === 0) line.pass(1000)
    const up = line.now - 1000
    expect(up - cut).toBeGreaterThan(2 * minute)
    const pressures = Array.from({ length: Math.floor((up - cut) / 20_000) }, (_, i) =>
      meanOf(line, 'hydraulic-pressure', cut + i * 20_000, cut + (i + 1) * 20_000),
    )
    // What the noise of a gauge leaves in the mean of 20 samples.
    for (let i = 1; i < pressures.length; i++) expect(pressures[i]).toBeLessThan(pressures[i - 1]! + 0.5)
    expect(pressures.at(-1)).toBeLessThan(0.7 * pressures[0]!)
    expect(meanOf(line, 'oil-flow', cut + 20_000, up)).toBeLessThan(2)
    line.pass(10 * minute)
    expect(meanOf(line, 'hydraulic-pressure', line.now - 5 * minute, line.now)).toBeGreaterThan(130)
    expect(meanOf(line, 'oil-flow', line.now - 5 * minute, line.now)).toBeGreaterThan(100)
  })

  it('bleeds down faster, the wider the leak', () => {
    const after = [0, 0.4, 0.7].map(severity => {
      const line = watchLine('press', 'hydraulic-leak', { seed: 4, period: 1000 })
      line.pass(minute)
      if (severity > 0) line.inject({ severity, timeToFailure: 10_000 })
      line.pass(minute)
      line.behaviour.flow.trip(faulty, line.now, 'test')
      const cut = line.now
      line.pass(5 * minute)
      const before = meanOf(line, 'hydraulic-pressure', cut - 10_000, cut)
      return meanOf(line, 'hydraulic-pressure', line.now - 10_000, line.now) / before
    })
    expect(after[0]).toBeGreaterThan(0.95)
    expect(after[1]).toBeLessThan(after[0]! - 0.1)
    expect(after[2]).toBeLessThan(after[1]! - 0.1)
  })
})

const sensorsOf = (type: string, quantity: string) =>
  Object.entries(shippedMachineTypes.find(({ id }) => id === type)!.signals)
    .filter(([, signal]) => signal.quantity === quantity)
    .map(([name, signal]) => ({ ...signal, name }))

/** A line of machines of which the middle one stands for a while, as its instruments show it. */
function standing(type: string, stands: number, after: number, period = 1000) {
  const plant = lineOf(type)
  const machines = behaviourMachines(plant, ({ id }) => id.startsWith('two.')).map(each => ({
    ...each,
    signals: [
      ...each.signals.filter(({ role }) => role === 'sensor'),
      makeSignal('energy', 'status', energyMeter, {
        machine: each.machine.id,
        source: 'simulator',
        tagPatterns: new Map(),
      }),
    ],
  }))
  const behaviour = new Behaviour(machines, { seed: 3, start: lineStart, duty: calmDuty, period })
  const series = new Map<string, [time: number, value: number][]>()
  for (const { name } of behaviour.signals) series.set(name, [])
  const keep = (signal: number, time: number, value: number): void => {
    series.get(behaviour.signals[signal]!.name)!.push([time, value])
  }
  const pass = (ms: number) => behaviour.advance(behaviour.time + ms, keep)
  pass(10 * minute)
  const down = behaviour.time
  behaviour.flow.trip(0, down, 'test')
  pass(stands)
  const up = behaviour.time
  behaviour.flow.repair(0, up)
  pass(after)
  return { series, down, up, state: packmlStates[behaviour.flow.state[0]!] }
}

describe('a machine that stands for half a day and starts again', () => {
  const values = (found: ReturnType<typeof standing>, name: string, from: number, to: number) =>
    found.series.get(name)!.filter(([time]) => time > from && time <= to)
  const mean = (samples: readonly (readonly [number, number])[]) =>
    samples.reduce((sum, [, value]) => sum + value, 0) / samples.length

  it('is a press without pressure and flow of its oil, which come back with the pump', () => {
    const found = standing('press', 6 * hour, 20 * minute, 10_000)
    expect(found.state).toBe('Execute')
    const { down, up } = found
    const quarters = Array.from({ length: 24 }, (_, i) =>
      mean(values(found, 'hydraulic-pressure', down + i * 15 * minute, down + (i + 1) * 15 * minute)),
    )
    for (let i = 1; i < 20; i++) expect(quarters[i]).toBeLessThan(quarters[i - 1]!)
    expect(quarters.at(-1)).toBeLessThan(1)
    expect(mean(values(found, 'oil-flow', down + minute, up))).toBeLessThan(1)
    const now = up + 20 * minute
    expect(mean(values(found, 'hydraulic-pressure', now - 5 * minute, now))).toBeGreaterThan(130)
    expect(mean(values(found, 'oil-flow', now - 5 * minute, now))).toBeGreaterThan(170)
  })

  it.each(shippedMachineTypes.map(({ id }) => id))(
    'is a %s as warm as the hall, and later warm again',
    type => {
      const found = standing(type, 12 * hour, 6 * hour, 30_000)
      const { down, up } = found
      for (const signal of sensorsOf(type, 'temperature')) {
        const [before, cold] = [
          mean(values(found, signal.name, down - 5 * minute, down)),
          mean(values(found, signal.name, up - 10 * minute, up)),
        ]
        expect(Math.abs(cold - 22), signal.name).toBeLessThan(3)
        const warm = mean(values(found, signal.name, up + 5.8 * hour, up + 6 * hour))
        expect(Math.abs(warm - before), signal.name).toBeLessThan(0.15 * Math.abs(before - 22) + 2)
      }
    },
  )

  it.each(['press', 'conveyor', 'cnc-mill'])(
    'is a %s whose motors draw more as they start, below the warning, and then less',
    type => {
      const found = standing(type, 20 * minute, 20 * minute)
      const { warningHigh = 0 } = sensorsOf(type, 'current')[0]!.limits
      const stood = mean(values(found, 'current', found.up - minute, found.up))
      const current = values(found, 'current', found.up, found.up + 3 * minute).map(([, value]) => value)
      expect(Math.max(...current)).toBeLessThan(warningHigh)
      // It resets for five seconds at least before it starts to move.
      const start = current.findIndex(value => value > 2.5 * stood)
      expect(start).toBeGreaterThan(0)
      expect(current[start + 5]!).toBeLessThan(0.85 * Math.max(current[start]!, current[start + 1]!))
    },
  )

  it('has an energy meter that agrees with its power, and stands almost still while it stands', () => {
    const found = standing('cnc-mill', 2 * hour, hour)
    const { down, up } = found
    const [first, ...rest] = found.series.get('energy')!
    expect(first![1]).toBe(0)
    let before = 0
    for (const [, value] of rest) {
      expect(value).toBeGreaterThanOrEqual(before)
      before = value
    }
    const meterAt = (time: number) => found.series.get('energy')!.findLast(([at]) => at <= time)!
    const spans = [
      [down - 8 * minute, down],
      [down + minute, up],
      [up + 10 * minute, up + 50 * minute],
    ] as const
    for (const [from, to] of spans) {
      const [start, end] = [meterAt(from), meterAt(to)]
      const hours = (end[0] - start[0]) / hour
      const power = mean(values(found, 'power', start[0], end[0]))
      expect(Math.abs(end[1] - start[1] - power * hours)).toBeLessThan(0.01 * power * hours + 0.02)
    }
  })
})
