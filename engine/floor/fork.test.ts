import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { DamageReport } from '../../schema/damage-report.js'
import { type FaultPatternId, faultsOf, type RepairKind, repairKinds } from '../../schema/fault-catalogue.js'
import type { Machine, Signal } from '../../schema/plant.js'
import { faultStates } from '../../twins/fault/fault.events.js'
import { propertyRuns } from '../../twins/proof/runs.js'
import { type FloorOptions, floorOf, machineOf, sensor, start, stateSignal } from './floor.fixture.js'
import type { LiveFloor } from './live-floor.js'

const patterns = faultsOf({ type: 'press' } as Machine)

const ids = ['press.01', 'press-02'] as const
const machines = () =>
  ids.map(id => {
    const oil = sensor(id, 'oil', { limits: { warningHigh: 60, criticalHigh: 80, onDelay: 2_000 } })
    return machineOf(id, [oil, stateSignal(id)], { type: 'press' })
  })
const floorWith = (options: FloorOptions = {}) => floorOf(machines(), { isSimulated: true, ...options })
type Ground = ReturnType<typeof floorWith>

/** What happens on the floor, plain, so that a failure prints it. */
type Step =
  | { readonly does: 'pass'; readonly ms: number }
  | { readonly does: 'say'; readonly signal: string; readonly value: number | string }
  | {
      readonly does: 'damage'
      readonly machine: string
      readonly pattern: FaultPatternId
      readonly damage: number
    }
  | { readonly does: 'begin repair'; readonly machine: string; readonly pattern: FaultPatternId }
  | {
      readonly does: 'repair'
      readonly machine: string
      readonly pattern: FaultPatternId
      readonly repair: RepairKind
    }
  | { readonly does: 'link'; readonly kind: 'connected' | 'alive' | 'lost' }

function take(step: Step, { floor, wall, say }: Ground): void {
  const { time } = wall
  const report = (one: DamageReport) => floor.ingest('plc', { kind: 'damage', reports: [one] })
  switch (step.does) {
    case 'pass':
      wall.time += step.ms
      floor.tick()
      break
    case 'say':
      say(step.signal, step.value)
      break
    case 'damage': {
      const { does: _, ...damage } = step
      report({ ...damage, kind: 'damage', time, severity: 0.5, cause: 'injected' })
      break
    }
    case 'begin repair':
      report({ machine: step.machine, pattern: step.pattern, kind: 'repair-started', time, who: 'Ines' })
      break
    case 'repair': {
      const { does: _, ...work } = step
      const keeps = step.repair === 'imperfect' ? 0.3 : null
      report({ ...work, kind: 'repaired', time, who: 'Ines', keeps })
      break
    }
    case 'link':
      if (step.kind === 'lost') floor.sourceLost('plc')
      else floor.ingest('plc', { kind: step.kind })
  }
}

const does = <const Name extends Step['does']>(name: Name) => fc.constant(name)
const machine = fc.constantFrom(...ids)
const pattern = fc.constantFrom(...patterns.slice(0, 3))
const damage = fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constant(1))
const word = fc.constantFrom('ACTIVE', 'READY', 'FULL', 'DOWN')
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 2, arbitrary: fc.record({ does: does('pass'), ms: fc.integer({ min: 100, max: 90_000 }) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        does: does('say'),
        signal: machine.map(id => `${id}.oil`),
        value: fc.integer({ min: 20, max: 120 }),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ does: does('say'), signal: machine.map(id => `${id}.execution`), value: word }),
    },
    { weight: 6, arbitrary: fc.record({ does: does('damage'), machine, pattern, damage }) },
    { weight: 1, arbitrary: fc.record({ does: does('begin repair'), machine, pattern }) },
    {
      weight: 2,
      arbitrary: fc.record({
        does: does('repair'),
        machine,
        pattern,
        repair: fc.constantFrom(...repairKinds),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ does: does('link'), kind: fc.constantFrom('connected', 'alive', 'lost') }),
    },
  ),
  { maxLength: 25, size: 'max' },
)

/** Every twin as it stands, and what is shown of it. */
function standing(floor: LiveFloor, isAsked: (address: string) => boolean = () => true) {
  const twins = floor.fork().twins.filter(({ address }) => isAsked(address))
  return {
    twins: Object.fromEntries(
      twins.map(({ address, snapshot }) => [address, JSON.parse(snapshot) as unknown]),
    ),
    faults: [0, 1].map(machine => floor.faults(machine).toSorted((a, b) => (a.fault < b.fault ? -1 : 1))),
    machines: [floor.machines.state, floor.machines.display, floor.machines.since].map(shown => [...shown]),
  }
}
const restoredIn = (floor: LiveFloor, into: LiveFloor) => into.restore(structuredClone(floor.fork()))

/** A life by which the leak of press 1 comes into each stage. */
const leaking = { machine: 'press.01', pattern: 'hydraulic-leak' } as const
const leaks = (damage: number): Step => ({ does: 'damage', ...leaking, damage })
const stages: Readonly<Record<(typeof faultStates)[number], readonly Step[]>> = {
  dormant: [
    leaks(0.5),
    { does: 'repair', ...leaking, repair: 'perfect' },
    { does: 'say', signal: 'press.01.execution', value: 'ACTIVE' },
  ],
  incipient: [leaks(0.1)],
  developing: [leaks(0.3)],
  severe: [leaks(0.8)],
  failed: [leaks(1)],
  underRepair: [leaks(0.8), { does: 'begin repair', ...leaking }],
  repaired: [leaks(0.8), { does: 'repair', ...leaking, repair: 'imperfect' }],
}
const leak = 'fault:press.01.hydraulic-leak'

describe('a fork of the whole floor', { timeout: 600_000 }, () => {
  it.each(faultStates)('brings a fault that is %s with it into a floor that never heard of it', stage => {
    const ground = floorWith()
    for (const step of stages[stage]) take(step, ground)
    expect(ground.floor.inspect(leak)?.context).toMatchObject({ state: stage })
    const other = floorWith()
    expect(other.floor.inspect(leak)).toBeUndefined()
    restoredIn(ground.floor, other.floor)
    expect(other.floor.inspect(leak)?.context).toMatchObject({ state: stage })
    expect(standing(other.floor)).toEqual(standing(ground.floor))
  })

  it('is the same in the floor that was made from it, and both live on alike', () => {
    fc.assert(
      fc.property(steps, steps, steps, (life, elsewhere, after) => {
        const one = floorWith()
        for (const step of life) take(step, one)
        const other = floorWith({ at: one.wall.time })
        const outcomes = restoredIn(one.floor, other.floor)
        expect(outcomes).toEqual({ ...outcomes, restored: one.floor.twins.size, fresh: 0 })
        expect(standing(other.floor)).toEqual(standing(one.floor))
        // What both are told anew, so that neither knows more of what was said than its twins do.
        for (const ground of [one, other]) {
          for (const kind of ['lost', 'connected'] as const) take({ does: 'link', kind }, ground)
          take({ does: 'pass', ms: 60_000 }, ground)
          for (const id of ids) {
            ground.say(`${id}.execution`, 'READY')
            ground.say(`${id}.oil`, 40)
          }
          for (const step of after) take(step, ground)
        }
        expect(standing(other.floor)).toEqual(standing(one.floor))

        // Another that has had a life of its own goes back to it too.
        const third = floorWith()
        for (const step of elsewhere) take(step, third)
        restoredIn(one.floor, third.floor)
        const isThere = (address: string): boolean => one.floor.inspect(address) !== undefined
        expect(standing(third.floor, isThere)).toEqual(standing(one.floor))
      }),
      { numRuns: propertyRuns },
    )
  })

  it('lets a line hear its machines in the order of telling, where one signal’s clock is ahead of another’s', () => {
    const mode: Signal = { ...stateSignal('m1'), id: 'm1.mode', name: 'mode', quantity: 'mode' }
    const [one, other] = [0, 1].map(() => floorOf([machineOf('m1', [stateSignal('m1'), mode])]))
    one!.say('m1.execution', 'READY', start)
    one!.say('m1.mode', 'BY HAND', start + 5_000)
    restoredIn(one!.floor, other!.floor)
    for (const { floor, say } of [one!, other!]) {
      say('m1.execution', 'ACTIVE', start + 3_000)
      expect(floor.twins.refused['time-backwards']).toBe(0)
    }
    expect(other!.floor.inspect('line:l1')?.context).toEqual(one!.floor.inspect('line:l1')?.context)
  })

  it('comes back from the store too, but for links, which nobody knows of, and for lines, which are told anew', () => {
    const isKept = (address: string): boolean => !/^(source|sensor|line):/.test(address)
    fc.assert(
      fc.property(steps, life => {
        const one = floorWith()
        for (const step of life) take(step, one)
        const snapshots = one.floor.snapshot()?.snapshots ?? []
        const { floor } = floorWith({ at: one.wall.time, snapshots })
        expect(floor.twins.unused).toEqual([])
        expect(standing(floor, isKept)).toEqual(standing(one.floor, isKept))
        const line = (floor: LiveFloor) => floor.inspect('line:l1')
        expect(line(floor)?.state).toEqual(line(one.floor)?.state)
      }),
      { numRuns: propertyRuns },
    )
  })

  it('leaves out, by name, what this plant has not, from a fork and from the store alike', () => {
    const ground = floorWith()
    take(leaks(0.8), ground)
    const saved = ground.floor.fork().twins.find(({ address }) => address === leak)!
    const strangers = [
      { ...saved, address: 'fault:press-99.hydraulic-leak' },
      { ...saved, address: 'fault:press-02.gremlins' },
      { ...saved, address: 'machine:press-99', definition: 'machine' },
      { ...saved, address: 'pump:1', definition: 'pump' },
    ]
    const named = [
      ['fault:press-99.hydraulic-leak', 'unknown-address', 'no fault of that address'],
      ['fault:press-02.gremlins', 'unknown-address', 'no fault of that address'],
      ['machine:press-99', 'unknown-address', 'no machine of that address'],
      ['pump:1', 'unknown-definition', 'the definition "pump"'],
    ].map(([address, outcome, detail]) => ({ address, outcome, detail: expect.stringContaining(detail!) }))
    const counts = { 'unknown-address': 3, 'unknown-definition': 1 }

    const forked = floorWith()
    const fork = ground.floor.fork()
    expect(forked.floor.restore({ ...fork, twins: [...fork.twins, ...strangers] })).toMatchObject(counts)
    expect(forked.floor.twins.unused).toEqual(named)
    expect(standing(forked.floor)).toEqual(standing(ground.floor))

    const restarted = floorWith({ snapshots: [saved, ...strangers], at: start + 1_000 })
    expect(restarted.floor.restored).toMatchObject({ ...counts, restored: 1 })
    expect(restarted.floor.twins.unused).toEqual(named)
  })
})
