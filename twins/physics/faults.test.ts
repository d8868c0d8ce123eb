import { describe, expect, it } from 'vitest'
import type { FaultPatternId } from '../../schema/fault-catalogue.js'
import type { Injection } from './faults.js'
import { type FaultyLine, faulty, isAborted, watchLine } from './faulty-line.js'

const hour = 3_600_000

const line = (type = 'cnc-mill', seed = 1): FaultyLine =>
  watchLine(type, 'tool-wear', { seed, period: 60_000 })

function inject(on: FaultyLine, pattern: FaultPatternId, injection: Omit<Injection, 'pattern'>): void {
  on.behaviour.changeFaults(faulty, (faults, time) => {
    faults.inject(faults.bank.slotOf(faulty, pattern)!, time, { pattern, ...injection })
  })
}

function damage(on: FaultyLine, pattern: FaultPatternId): number {
  const { bank } = on.behaviour.faults
  return bank.damage(bank.slotOf(faulty, pattern)!, on.now)
}

const repair = (
  on: FaultyLine,
  pattern: FaultPatternId,
  how: { kind: 'imperfect' | 'minimal'; keeps?: number },
) =>
  on.behaviour.changeFaults(faulty, (faults, time) => {
    faults.startRepair(faults.bank.slotOf(faulty, pattern)!, time, { who: 'Ada', ...how }, 600_000)
  })

/** How long the tool of a machine lasts, ms. */
function toolLife(seed: number, withCoolantFailing: boolean): number {
  const on = line('cnc-mill', seed)
  if (withCoolantFailing) inject(on, 'coolant-failure', { severity: 0.9, timeToFailure: hour / 4 })
  inject(on, 'tool-wear', { severity: 1 })
  const begin = on.now
  while (damage(on, 'tool-wear') < 1) on.pass(hour / 4)
  return on.now - begin
}

describe('what is told of a fault', () => {
  it.each(['tool-wear', 'electrical-fault', 'bearing-failure'] as const)(
    'is how far %s is on its way, where somebody said how long that takes',
    pattern => {
      const on = line('cnc-mill')
      const onset = on.now
      inject(on, pattern, { severity: 1, timeToFailure: 2 * hour })
      inject(on, 'coolant-failure', { severity: 1 })
      on.pass(2.1 * hour)
      const told = on.reports.filter(report => report.kind === 'damage')
      const own = told.filter(report => report.pattern === pattern)
      expect(own.length).toBeGreaterThan(10)
      for (const { time, progress } of own) expect(progress).toBeCloseTo((time - onset) / (2 * hour), 3)
      const shares = own.map(({ progress }) => progress!)
      expect(shares).toEqual([...shares].sort((a, b) => a - b))
      expect(shares.at(-1)).toBe(1)
      // Of what is drawn nobody hears how long it takes.
      const drawn = told.filter(report => report.pattern === 'coolant-failure')
      expect(drawn.length).toBeGreaterThan(0)
      expect(drawn.every(({ progress }) => progress === undefined)).toBe(true)
    },
  )

  it('is that it was cleared, where nobody has worked on it', () => {
    const on = line('cnc-mill')
    inject(on, 'tool-wear', { severity: 1, timeToFailure: hour })
    inject(on, 'bearing-failure', { severity: 0.6, timeToFailure: hour, clearAfter: hour / 2 })
    on.pass(hour / 4)
    on.behaviour.changeFaults(faulty, (faults, time) => {
      faults.clear(faults.bank.slotOf(faulty, 'tool-wear')!, time, { who: 'Ada', note: 'done' })
    })
    on.pass(hour)
    expect(on.reports.filter(({ kind }) => kind !== 'damage')).toEqual([
      expect.objectContaining({ pattern: 'tool-wear', kind: 'cleared', who: 'Ada', note: 'done' }),
      expect.objectContaining({ pattern: 'bearing-failure', kind: 'cleared', who: 'the simulator' }),
    ])
    expect(damage(on, 'tool-wear') + damage(on, 'bearing-failure')).toBe(0)
  })
})

describe('the growth of a fault', () => {
  it('is faster under a heavy load, and takes a told time literally', () => {
    const lives = Array.from({ length: 12 }, (_, seed) => {
      const on = line('cnc-mill', seed + 1)
      inject(on, 'tool-wear', { severity: 1, timeToFailure: hour })
      on.pass(hour + 2)
      expect(damage(on, 'tool-wear')).toBe(1)
      const { bank } = on.behaviour.faults
      const other = line('cnc-mill', seed + 1)
      inject(other, 'bearing-failure', { severity: 1 })
      const slot = other.behaviour.faults.bank.slotOf(faulty, 'bearing-failure')!
      expect(bank.idleRate[bank.slotOf(faulty, 'tool-wear')!]).toBe(1)
      return other.behaviour.faults.bank.workRate[slot]!
    })
    // Workloads of 0.9 to 1.1 to the third power.
    expect(Math.min(...lives)).toBeGreaterThanOrEqual(0.9 ** 3)
    expect(Math.max(...lives)).toBeLessThanOrEqual(1.1 ** 3 + 1e-9)
    expect(Math.max(...lives) - Math.min(...lives)).toBeGreaterThan(0.1)
  })

  it('of a tool is hastened by failing coolant: its life is cut by 30 to 60 %', () => {
    for (const seed of [1, 2, 3]) {
      const share = toolLife(seed, true) / toolLife(seed, false)
      expect(share, `seed ${seed}`).toBeGreaterThan(0.4)
      expect(share, `seed ${seed}`).toBeLessThan(0.7)
    }
  })
})

describe('a repair', () => {
  it('that is imperfect leaves its share of the damage, which grows on; minimal leaves all of it', () => {
    const on = line()
    inject(on, 'tool-wear', { severity: 1, timeToFailure: 10 * hour })
    on.pass(7 * hour)
    const before = damage(on, 'tool-wear')
    repair(on, 'tool-wear', { kind: 'imperfect', keeps: 0.25 })
    on.pass(600_001)
    const after = damage(on, 'tool-wear')
    expect(after / before).toBeGreaterThan(0.24)
    expect(after / before).toBeLessThan(0.26)
    on.pass(hour)
    expect(damage(on, 'tool-wear')).toBeGreaterThan(after)
    const later = damage(on, 'tool-wear')
    repair(on, 'tool-wear', { kind: 'minimal' })
    on.pass(600_001)
    expect(damage(on, 'tool-wear')).toBeGreaterThanOrEqual(later)
    expect(on.reports.filter(({ kind }) => kind === 'repaired')).toMatchObject([
      { repair: 'imperfect', keeps: 0.25, who: 'Ada' },
      { repair: 'minimal', keeps: null },
    ])
  })

  it('that is minimal lets a failed machine run, and it soon fails again', () => {
    const on = line()
    inject(on, 'tool-wear', { severity: 1, timeToFailure: 10 * hour })
    on.pass(10.1 * hour)
    expect(isAborted(on)).toBe(true)
    repair(on, 'tool-wear', { kind: 'minimal' })
    on.pass(700_000)
    expect(isAborted(on)).toBe(false)
    on.pass(hour)
    expect(isAborted(on)).toBe(true)
  })

  it('of one fault does not free a machine that another keeps down', () => {
    const on = line()
    inject(on, 'tool-wear', { severity: 1, timeToFailure: hour })
    inject(on, 'electrical-fault', { severity: 1, timeToFailure: hour })
    on.pass(1.1 * hour)
    on.behaviour.changeFaults(faulty, (faults, time) => {
      faults.clear(faults.bank.slotOf(faulty, 'tool-wear')!, time, { who: 'Ada' })
    })
    on.pass(hour)
    expect(isAborted(on)).toBe(true)
    on.behaviour.changeFaults(faulty, (faults, time) => {
      faults.clear(faults.bank.slotOf(faulty, 'electrical-fault')!, time, { who: 'Ada' })
    })
    on.pass(hour / 4)
    expect(isAborted(on)).toBe(false)
  })

  it('goes on, and the machine stands, though another fault that kept it down is gone', () => {
    const on = line()
    inject(on, 'tool-wear', { severity: 1, timeToFailure: hour })
    inject(on, 'electrical-fault', { severity: 1, timeToFailure: hour })
    on.pass(1.1 * hour)
    repair(on, 'electrical-fault', { kind: 'imperfect', keeps: 0.2 })
    on.behaviour.changeFaults(faulty, (faults, time) => {
      faults.clear(faults.bank.slotOf(faulty, 'tool-wear')!, time, { who: 'Ada' })
    })
    on.pass(590_000)
    expect(isAborted(on)).toBe(true)
    on.pass(10_000 + hour / 20)
    expect(isAborted(on)).toBe(false)
  })

  it('that is imperfect lets what is left be told of anew as it grows', () => {
    const on = line()
    inject(on, 'tool-wear', { severity: 1, timeToFailure: 10 * hour })
    on.pass(7 * hour)
    repair(on, 'tool-wear', { kind: 'imperfect', keeps: 0.25 })
    on.pass(2 * hour)
    const told = on.reports.slice(on.reports.findIndex(({ kind }) => kind === 'repaired') + 1)
    const damages = told.map(report => (report.kind === 'damage' ? report.damage : Number.NaN))
    expect(damages.length).toBeGreaterThan(2)
    expect(Math.max(...damages)).toBeLessThan(0.5)
    expect(damages).toEqual([...damages].sort((a, b) => a - b))
  })
})

describe('an injection over a fault that is there', () => {
  it('is gone by itself after its own time', () => {
    const on = line()
    inject(on, 'bearing-failure', { severity: 0.3, timeToFailure: hour })
    on.pass(hour / 4)
    inject(on, 'bearing-failure', { severity: 0.6, timeToFailure: hour, clearAfter: hour / 2 })
    on.pass(hour / 2 - 1000)
    expect(damage(on, 'bearing-failure')).toBeGreaterThan(0.3)
    on.pass(2000)
    expect(damage(on, 'bearing-failure')).toBe(0)
  })
})
