import { describe, expect, it } from 'vitest'
import { type FaultPatternId, faultCatalogue, faultPattern, faultsOf } from '../../schema/fault-catalogue.js'
import { shippedMachineTypes } from '../../schema/machine-types/shipped-machine-types.js'
import { packmlStates, suspendReasons } from '../../schema/packml.js'
import { boundariesOf, zoneOf } from '../../schema/vibration-zones.js'
import { RandomStream } from '../flow/random.js'
import { propertyRuns } from '../proof/runs.js'
import {
  atWork,
  crossing,
  driftCrossing,
  drifted,
  driftedSensors,
  mean,
  overHealthy,
  repair,
  type Trial,
  tryFault,
} from './fault-trial.js'
import { faulty, isAborted, watchLine } from './faulty-line.js'
import { drawBetween } from './life.js'
import { type Sign, signatures } from './signatures.js'

/** 10 seeds, 200 in the long form. */
const seeds = Array.from({ length: propertyRuns > 1000 ? 200 : 10 }, (_, i) => i + 1)
const samples = 800

function run(pattern: FaultPatternId, seed: number, type?: string): Trial {
  const chance = new RandomStream(seed, pattern, 'span')
  const span = Math.round(drawBetween(faultPattern(pattern).takes, chance))
  return tryFault(pattern, { seed, span, samples, peace: Math.max(0.2 * span, 60_000), type })
}

const seen = new Map<string, Trial>()

/** A trial that is only looked at: the same for all who look. */
function look(pattern: FaultPatternId, seed: number): Trial {
  const key = `${pattern} ${seed}`
  const known = seen.get(key) ?? run(pattern, seed)
  seen.set(key, known)
  return known
}

const gradual = faultCatalogue.filter(({ id }) => signatures[id].signs.length > 0).map(({ id }) => id)

describe.each(gradual)('%s', pattern => {
  const { signs, changes, type } = signatures[pattern]

  it(`shows its signs on a ${type} in their order`, () => {
    for (const seed of seeds) {
      const found = look(pattern, seed)
      for (const [i, sign] of signs.entries()) {
        const before = signs[i - 1]
        if (before === undefined) continue
        // One that lags may come after the next, but by no more than its lag.
        const earliest = crossing(found, before) - before.lag / found.span
        const what = `seed ${seed}: ${sign.signal} ${sign.limit} after ${before.signal} ${before.limit}`
        expect(crossing(found, sign), what).toBeGreaterThan(earliest)
      }
    }
  })

  it('shows each of them at its stage', () => {
    for (const seed of seeds) {
      const found = look(pattern, seed)
      const times = signs.map(sign => crossing(found, sign))
      for (const [i, { signal, limit, between, lag }] of signs.entries()) {
        const what = `seed ${seed}: ${signal} ${limit}`
        expect(times[i], what).toBeGreaterThanOrEqual(between[0])
        expect(times[i], what).toBeLessThanOrEqual(between[1] + lag / found.span)
      }
    }
  })

  it('was calm before, and changes the other signals as it should', () => {
    for (const seed of seeds) {
      const { line, onset, span } = look(pattern, seed)
      for (const { signal, time, value } of line.series.values()) {
        const { warningLow = -Infinity, warningHigh = Infinity } = signal.limits
        const healthy = value.filter((_, i) => time[i]! < onset)
        expect(Math.min(...healthy), signal.name).toBeGreaterThan(warningLow)
        expect(Math.max(...healthy), signal.name).toBeLessThan(warningHigh)
      }
      for (const [name, [least, greatest]] of Object.entries(changes)) {
        const series = line.series.get(name)!
        const change = atWork(series, onset + 0.93 * span, onset + span) / atWork(series, 0, onset) - 1
        expect(change, `seed ${seed}: ${name}`).toBeGreaterThan(least)
        expect(change, `seed ${seed}: ${name}`).toBeLessThan(greatest)
      }
    }
  })

  it('stops the machine where it should, does not shake it at rest, and is over once it is repaired', () => {
    const { trips } = signatures[pattern]
    for (const seed of seeds) {
      const trial = look(pattern, seed)
      const { line, onset, span } = trial
      line.pass(Math.max(10_000, span / 50))
      expect(isAborted(line), `seed ${seed}`).toBe(trips)
      const vibration = line.series.get('vibration')
      if (trips && vibration !== undefined) {
        const rest = mean(vibration, onset + 1.01 * span, line.now)
        expect(rest / atWork(vibration, 0, onset), `seed ${seed}`).toBeLessThan(0.3)
      }
      repair(trial, 60_000)
      line.pass(60_000)
      const since = line.now
      line.pass(1_200_000)
      const worksAgain = ({ machine, state, time }: (typeof line.states)[number]) =>
        machine === faulty && packmlStates[state] === 'Execute' && time >= since
      expect(line.states.some(worksAgain), `seed ${seed}`).toBe(true)
      const { flow } = line.behaviour
      expect([flow.cycleFactor[faulty], flow.extraReject[faulty]], `seed ${seed}`).toEqual([1, 0])
      expect(line.reports.at(-1)).toMatchObject({ kind: 'repaired', pattern })
    }
  })
})

describe('an electrical fault', () => {
  const pattern = 'electrical-fault'

  it('takes the voltage out of 400 V ± 5 %, then out of ± 10 %, each at its stage, by a sag or a swell', () => {
    const sides = new Set<string>()
    for (const seed of seeds) {
      const found = run(pattern, seed)
      const { onset, span, line } = found
      const voltage = line.series.get('voltage')!
      const bands = { warningLow: 380, criticalLow: 360, warningHigh: 420, criticalHigh: 440 }
      expect(voltage.signal.limits).toMatchObject(bands)
      const at = (limit: Sign['limit']) => crossing(found, { signal: 'voltage', limit })
      const side = at('criticalLow') < 1 ? 'Low' : 'High'
      sides.add(side)
      // Between two samples of the shortest ones a good part of their way passes.
      const grain = (2 * (voltage.time[1]! - voltage.time[0]!)) / span
      const [warning, critical] = [at(`warning${side}`), at(`critical${side}`)]
      expect(warning, `seed ${seed}`).toBeGreaterThan(0.05)
      expect(warning, `seed ${seed}`).toBeLessThan(0.09 + grain)
      expect(critical, `seed ${seed}`).toBeGreaterThan(Math.max(0.18, warning))
      expect(critical, `seed ${seed}`).toBeLessThan(0.26 + grain)
      const other = side === 'Low' ? 'High' : 'Low'
      expect(at(`warning${other}`)).toBe(Number.POSITIVE_INFINITY)
      const last = mean(voltage, onset + 0.9 * span, onset + span)
      expect(Math.abs(last / 400 - 1), `seed ${seed}`).toBeGreaterThan(0.13)
      expect(Math.abs(last / 400 - 1), `seed ${seed}`).toBeLessThan(0.17)
    }
    expect(sides).toEqual(new Set(['Low', 'High']))
  })

  // The current follows within a second: so of those that last for some seconds, against the same machine without.
  it('draws more than 120 % of the current that the machine would draw without it', () => {
    let shown = 0
    for (const seed of seeds) {
      const span = Math.round(drawBetween([3000, 10_000], new RandomStream(seed, pattern, 'span')))
      const trial = tryFault(pattern, { seed, span, samples, peace: 60_000 })
      const share = overHealthy(trial, 'current', seed)
      // What waits for parts just then draws little, fault or not, and its noise tells more.
      expect(share, `seed ${seed}`).toBeGreaterThan(1.1)
      expect(share, `seed ${seed}`).toBeLessThan(1.6)
      const speed = overHealthy(trial, 'spindle-speed', seed)
      expect(speed, `seed ${seed}`).toBeLessThan(1)
      if (share > 1.2 && share < 1.45 && speed < 0.97) shown++
    }
    expect(shown).toBeGreaterThanOrEqual(0.95 * seeds.length)
  })

  it('trips the machine however short it is', () => {
    for (const seed of seeds) {
      const { line } = run(pattern, seed)
      line.pass(10_000)
      expect(isAborted(line), `seed ${seed}`).toBe(true)
    }
  })
})

describe('sensor drift', () => {
  it('takes one instrument more than 5 % of its span off the truth, then leaves it stuck, and trips nothing', () => {
    for (const seed of seeds) {
      const trial = run('sensor-drift', seed)
      const { line, span, onset } = trial
      const found = driftedSensors(trial)
      expect(found, `seed ${seed}`).toHaveLength(1)
      // As it enters its second stage.
      expect(driftCrossing(trial, found[0]!), `seed ${seed}`).toBeGreaterThan(0.25)
      expect(driftCrossing(trial, found[0]!), `seed ${seed}`).toBeLessThan(0.5)
      expect(drifted(trial, found[0]!, 0.95), `seed ${seed}`).toBeGreaterThan(0.08)
      expect(drifted(trial, found[0]!, 0.95), `seed ${seed}`).toBeLessThan(0.16)
      line.pass(0.1 * span)
      const { time, value } = found[0]!
      const last = value.filter((_, i) => time[i]! > onset + 1.01 * span)
      expect(last.length).toBeGreaterThan(50)
      expect(new Set(last).size).toBe(1)
      expect(isAborted(line)).toBe(false)
    }
  })
})

describe('vibration of a failing bearing', () => {
  it('goes through the zones of ISO 20816-3 in their order, from A to D', () => {
    const boundaries = boundariesOf('2', 'rigid')!
    for (const seed of seeds) {
      const { line, onset, span } = look('bearing-failure', seed)
      const { time, value } = line.series.get('vibration')!
      const zones: string[] = []
      const width = span / 20
      for (let t = onset - 2 * width; t < onset + span - width; t += width) {
        const slice = value.filter((_, i) => time[i]! >= t && time[i]! < t + width)
        const zone = zoneOf(slice.reduce((sum, one) => sum + one, 0) / slice.length, boundaries)
        if (zones.at(-1) !== zone) zones.push(zone)
      }
      expect(zones.join(''), `seed ${seed}`).toBe('ABCD')
    }
  })
})

const pairs = shippedMachineTypes.flatMap(({ id }) =>
  faultsOf({ type: id }).map(pattern => ({ type: id, pattern })),
)

describe('every fault on every type that can have it', () => {
  it.each(pairs)(
    '$pattern on a $type: stages in time, cycle and scrap, trip, repair',
    ({ type, pattern }) => {
      const trial = run(pattern, 7, type)
      const { line, span, onset } = trial
      const { trips, cycle, rejects } = signatures[pattern]
      const { stages } = faultPattern(pattern)

      const damage = line.reports.filter(({ kind }) => kind === 'damage')
      const times = damage.map(({ time }) => time)
      expect(times).toEqual([...times].sort((a, b) => a - b))
      const reached = (least: number) =>
        damage.find(report => report.kind === 'damage' && report.damage >= least - 1e-9)!.time
      const order = [stages.incipient, stages.developing, stages.severe, 1].map(reached)
      expect(order).toEqual([...order].sort((a, b) => a - b))
      expect(order[3]).toBeGreaterThanOrEqual(onset + span)
      expect(order[3]).toBeLessThanOrEqual(onset + span + 2)

      const { flow } = line.behaviour
      expect(flow.cycleFactor[faulty]).toBeGreaterThanOrEqual(cycle[0])
      expect(flow.cycleFactor[faulty]).toBeLessThanOrEqual(cycle[1])
      expect(flow.extraReject[faulty]).toBeGreaterThanOrEqual(rejects[0])
      expect(flow.extraReject[faulty]).toBeLessThanOrEqual(rejects[1])
      line.pass(10_000)
      expect(isAborted(line)).toBe(trips)

      const slot = line.behaviour.faults.bank.slotOf(faulty, pattern)!
      line.behaviour.changeFaults(faulty, (faults, time) => {
        faults.startRepair(slot, time, { kind: 'perfect', who: 'Ada' }, 60_000)
      })
      line.pass(50_000)
      expect(isAborted(line)).toBe(true)
      line.pass(600_000)
      expect(packmlStates[flow.state[faulty]!]).toBe('Execute')
      expect([flow.cycleFactor[faulty], flow.extraReject[faulty]]).toEqual([1, 0])
      expect(line.reports.slice(-2).map(({ kind }) => kind)).toEqual(['repair-started', 'repaired'])
    },
  )
})

describe('a motor that was too hot', () => {
  it('cools as its frame lets it, slowly without its fan', () => {
    for (const seed of seeds.slice(0, 5)) {
      const { line } = run('motor-overheating', seed)
      const motor = line.series.get('motor-temperature')!
      const gearbox = line.series.get('gearbox-temperature')!
      const failed = line.now
      line.pass(3 * 3_600_000)
      const later = (minutes: number, of = motor) =>
        mean(of, failed + (minutes - 1) * 60_000, failed + (minutes + 1) * 60_000)
      const what = `seed ${seed}`
      // IEC 60034-1: a winding of some minutes in a frame of 20 to 60, that is of 1 to 3 hours without a fan.
      const [trip, room] = [mean(motor, failed - 60_000, failed), 20]
      expect((later(10) - room) / (trip - room), what).toBeGreaterThan(0.45)
      expect((later(10) - room) / (trip - room), what).toBeLessThan(0.8)
      expect((later(60) - room) / (trip - room), what).toBeGreaterThan(0.2)
      for (const minutes of [10, 30, 60])
        expect(later(minutes), what).toBeGreaterThan(later(minutes, gearbox))
      expect(later(170) - room, what).toBeLessThan(0.35 * (trip - room))
    }
  })
})

describe('a repaired machine', () => {
  it.each(gradual)('after %s is as calm as before, once what was hot is cool', pattern => {
    const trial = run(pattern, 3)
    const { line } = trial
    line.pass(10_000)
    repair(trial, 60_000)
    line.pass(4 * 3_600_000)
    const since = line.now
    line.pass(6 * 3_600_000)
    for (const { signal, time, value } of line.series.values()) {
      const { warningLow = -Infinity, warningHigh = Infinity } = signal.limits
      const late = value.filter((_, i) => time[i]! > since)
      if (late.length === 0) continue
      expect(Math.min(...late), signal.name).toBeGreaterThan(warningLow)
      expect(Math.max(...late), signal.name).toBeLessThan(warningHigh)
    }
  })
})

describe('the neighbours of a machine that fails', () => {
  it.each(seeds)(
    'are starved downstream and blocked upstream, and all go on when it is cleared (seed %i)',
    seed => {
      const line = watchLine('cnc-mill', 'electrical-fault', { seed, period: 60_000 })
      line.pass(3_600_000)
      line.inject({ severity: 1, timeToFailure: 1000 })
      line.pass(5000)
      const down = line.states.findLast(({ machine }) => machine === faulty)!.time
      line.pass(3 * 3_600_000)
      // A neighbour that waited already when the machine failed goes on waiting.
      const suspended = (machine: number) => {
        const changes = line.states.filter(change => change.machine === machine)
        const before = changes.findLastIndex(({ time }) => time <= down)
        return changes.slice(before).find(({ state }) => packmlStates[state] === 'Suspended')!
      }
      const [upstream, downstream] = [suspended(0), suspended(2)]
      expect(suspendReasons[upstream.reason]).toBe('blocked')
      expect(suspendReasons[downstream.reason]).toBe('starved')

      const slot = line.behaviour.faults.bank.slotOf(faulty, 'electrical-fault')!
      line.behaviour.changeFaults(faulty, (faults, time) => {
        faults.clear(slot, time, { who: 'Ada' })
      })
      const { produced } = line.behaviour.flow
      const before = [...produced]
      line.pass(1_200_000)
      // A slow one among them may keep a neighbour waiting even now, but all make parts again.
      for (const machine of [0, 1, 2]) expect(produced[machine]!).toBeGreaterThan(before[machine]! + 5)
    },
  )
})
