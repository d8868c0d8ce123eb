import { readFileSync } from 'node:fs'
import pino from 'pino'
import { describe, expect, it } from 'vitest'
import { simulate } from '../../adapters/simulator/adapter.js'
import { simulatorOptions } from '../../adapters/simulator/config.js'
import type { Maintenance } from '../../schema/maintenance.js'
import { loadPlant } from '../../schema/plant-file/load-plant.js'
import type { Entry, TwinSnapshot } from '../../schema/records.js'
import type { MachineContext } from '../../twins/machine/machine.context.js'
import { MaintenanceDesk } from '../maintenance/desk.js'
import { simulatedRepair } from '../maintenance/simulated-repair.js'
import { createSimulation } from '../simulation/simulation.js'
import { Dictionary } from './dictionary.js'
import { floorOf, machineOf, start, stateSignal } from './floor.fixture.js'
import { FloorClock } from './floor-clock.js'
import { LiveFloor } from './live-floor.js'
import { emptyIndexBook, makeRegistry } from './registry.js'

const second = 1_000
const minute = 60 * second
const pattern = 'hydraulic-leak'
const press = 'press-01'

const work: Omit<Maintenance, 'id' | 'start' | 'end'> = {
  machine: press,
  kind: 'corrective',
  fault: pattern,
  repair: 'perfect',
  keeps: null,
  parts: [],
  labourHours: 1,
  labourCost: 90,
  who: 'Ines',
  note: '',
}

/** The automotive cell on its simulator, whose time passes as the test says. */
function simulatedCell() {
  const text = readFileSync(new URL('../../plants/automotive-cell.yaml', import.meta.url), 'utf8')
  const plant = loadPlant(text, { file: 'automotive-cell.yaml' }).plant!
  const wall = { time: start, now: () => wall.time }
  const { registry } = makeRegistry(plant, emptyIndexBook)
  const dictionary = new Dictionary()
  const simulated = new Set(['simulator'])
  const clock = new FloorClock(wall, 'wall')
  const floor = new LiveFloor({ plant, registry, dictionary, clock, wall, simulated })
  const source = simulate(simulatorOptions.parse({ randomFaults: 0, overridePeriodMs: minute }), {
    source: 'simulator',
    plant,
    clock,
    wall,
    signals: registry.signals,
    intern: word => dictionary.intern(word),
  })
  const simulation = createSimulation({ floor, simulated, isBlocked: () => false, record: () => undefined })
  simulation.channel.commands('simulator')?.subscribe(command => source.obey?.(command))
  const entries: (Entry | undefined)[] = []
  const desk = new MaintenanceDesk({
    floor,
    works: [],
    calibrations: [],
    isBlocked: () => false,
    record: entry => entries.push(entry) > 0,
    mend: simulatedRepair(simulation.faults, pino({ level: 'silent' })),
  })
  const seen = () => {
    const { state, mode } = floor.inspect(`machine:${press}`)!.context as MachineContext
    const faults = floor.faults(registry.machineById(press)!.index)
    return { state, mode, fault: faults.find(fault => fault.pattern === pattern)?.state ?? 'none' }
  }
  /** Lets time pass, a second at a time, until it is so; what was to be seen on the way, each change once. */
  const pass = (most: number, isSo: (now: ReturnType<typeof seen>) => boolean = () => false) => {
    const way: ReturnType<typeof seen>[] = []
    for (const end = wall.time + most; wall.time < end && !isSo(seen()); ) {
      wall.time += second
      const batch = source.take(wall.time - start, 10_000)
      for (const event of source.takeEvents?.() ?? []) entries.push(floor.ingest('simulator', event as never))
      entries.push(floor.ingest('simulator', { kind: 'samples', batch }), floor.tick())
      desk.tick()
      if (JSON.stringify(seen()) !== JSON.stringify(way.at(-1))) way.push(seen())
    }
    return way
  }
  const modes = () =>
    entries
      .flatMap(entry => entry?.stateChanges ?? [])
      .filter(change => change.machine === press && change.mode !== '' && !change.observed)
      .map(({ mode, time }) => [mode, time])
  const by = { who: 'Ada', reason: 'to see it mended' }
  const leak = () => {
    simulation.faults.inject(press, { pattern, severity: 0.9, timeToFailure: 5 * second, ...by })
    pass(10 * minute, ({ state, fault }) => fault === 'severe' && state === 'Execute')
  }
  return { wall, desk, seen, pass, leak, modes }
}

describe('a repair told for a simulated machine at work', () => {
  it('stops it, keeps it in Maintenance while its fault is under repair, and lets it produce again', () => {
    const { wall, desk, seen, pass, leak, modes } = simulatedCell()
    leak()
    expect(seen()).toEqual({ state: 'Execute', mode: 'Production', fault: 'severe' })
    const begin = wall.time
    const told = desk.maintain({ ...work, start: begin, end: begin + 10 * minute })
    expect(desk.moved(told)).toEqual({
      mode: false,
      reason: `${press} is in Execute; it goes into Maintenance when it stands.`,
    })
    const way = pass(30 * minute, ({ state, fault }) => state === 'Execute' && fault === 'none')
    const atWork = { state: 'Aborted', mode: 'Maintenance', fault: 'underRepair' }
    expect(way).toContainEqual(atWork)
    expect(way.filter(({ mode }) => mode === 'Maintenance').every(({ state }) => state !== 'Execute')).toBe(
      true,
    )
    const after = way.slice(way.findIndex(({ mode }) => mode === 'Maintenance'))
    expect(after).toContainEqual(expect.objectContaining({ mode: 'Production', fault: 'repaired' }))
    expect(seen()).toEqual({ state: 'Execute', mode: 'Production', fault: 'none' })
    expect(modes()).toEqual([
      ['Maintenance', expect.any(Number)],
      ['Production', begin + 10 * minute],
    ])
  })

  it('is done when it was planned for', () => {
    const { wall, desk, seen, pass, leak } = simulatedCell()
    leak()
    const begin = wall.time + 5 * minute
    desk.maintain({ ...work, start: begin, end: begin + 10 * minute })
    const before = pass(5 * minute - second)
    expect(new Set(before.map(({ mode }) => mode))).toEqual(new Set(['Production']))
    expect(seen().fault).toBe('severe')
    pass(minute)
    expect(seen()).toEqual({ state: 'Aborted', mode: 'Maintenance', fault: 'underRepair' })
  })

  it('moves nothing where the machine does not carry the fault', () => {
    const { wall, desk, seen, pass } = simulatedCell()
    pass(10 * minute, ({ state }) => state === 'Execute')
    const told = desk.maintain({ ...work, start: wall.time, end: wall.time + 10 * minute })
    expect(desk.moved(told).reason).toMatch(/its mode changes only in/)
    expect(new Set(pass(2 * minute).map(({ mode }) => mode))).toEqual(new Set(['Production']))
    expect(seen().fault).toBe('none')
  })

  it('that is withdrawn before the machine stands leaves its mode', () => {
    const { wall, desk, pass, leak, modes } = simulatedCell()
    leak()
    const { id } = desk.maintain({ ...work, start: wall.time, end: wall.time + 10 * minute })
    desk.withdraw(id)
    expect(pass(minute)).toContainEqual(expect.objectContaining({ state: 'Aborted', mode: 'Production' }))
    expect(modes()).toEqual([])
  })
})

describe('a start after a crash', () => {
  /** A real machine that breaks down and is mended for a minute; `crash`: a floor from what was on record by now. */
  function mended() {
    const machines = [machineOf(press, [stateSignal(press)], { type: 'press' })]
    const ground = floorOf(machines, { savesTwinsWithEntries: true })
    const { floor, wall } = ground
    const told: Maintenance = { ...work, id: 'told', kind: 'breakdown', start, end: start + minute }
    const saved = new Map<string, TwinSnapshot>()
    const record = (entry: Entry | undefined): void => {
      for (const snapshot of entry?.snapshots ?? []) saved.set(snapshot.address, snapshot)
    }
    record(floor.maintain(told))
    const crash = () => {
      const lastAlive = wall.time
      const next = floorOf(machines, { snapshots: [...saved.values()], at: lastAlive + second })
      const resumed = next.floor.resumeMaintenance([told], lastAlive)
      const faults = () => next.floor.faults(0)
      return { next, resumed, faults }
    }
    return { ...ground, record, crash }
  }

  it('finds a fault as it is on record, and lets the work on it go on to its end', () => {
    const { floor, wall, crash } = mended()
    wall.time += second
    floor.tick()
    const { next, faults } = crash()
    expect(faults()).toEqual(floor.faults(0))
    expect(faults()).toMatchObject([{ pattern, state: 'underRepair', since: start }])
    next.wall.time = start + minute
    next.floor.tick()
    expect(faults()).toMatchObject([{ state: 'repaired', since: start + minute }])
  })

  it('finds a fault mended whose work was over, and mends nothing twice', () => {
    const { floor, wall, record, crash } = mended()
    wall.time += minute
    record(floor.tick())
    const { resumed, faults } = crash()
    expect(faults()).toMatchObject([{ state: 'repaired', since: start + minute }])
    expect(resumed?.rows?.fault_events).toBeUndefined()
  })
})

describe('work on a real machine', () => {
  const told: Maintenance = { ...work, id: 'told', fault: null, start, end: start + minute }
  const modeSignal = { ...stateSignal(press), id: `${press}.mode`, name: 'mode', quantity: 'mode' as const }
  const ground = (...more: (typeof modeSignal)[]) => {
    const floor = floorOf([machineOf(press, [stateSignal(press), ...more], { type: 'press' })])
    floor.say(`${press}.execution`, 'DOWN')
    const mode = () => (floor.floor.inspect(`machine:${press}`)!.context as MachineContext).mode
    return { ...floor, mode }
  }

  it('that has no signal for its mode puts it into Maintenance, and then back', () => {
    const { floor, wall, mode } = ground()
    const entry = floor.maintain(told)
    expect([floor.moved(told), mode()]).toEqual([{ mode: true, reason: '' }, 'Maintenance'])
    expect(entry?.stateChanges).toMatchObject([{ mode: 'Maintenance', observed: false }])
    wall.time += minute
    floor.tick()
    expect(mode()).toBe('Production')
  })

  it('that says itself which mode it is in leaves its mode alone', () => {
    const { floor, mode } = ground(modeSignal)
    floor.maintain(told)
    const reason = `${press} is a real machine and says itself which mode it is in.`
    expect([floor.moved(told), mode()]).toEqual([{ mode: false, reason }, 'Production'])
  })
})

describe('work for which nobody stops the machine', () => {
  it('is not said to wait for it, and does not, though the machine then comes to stand by itself', () => {
    const ground = floorOf([machineOf(press, [stateSignal(press)], { type: 'press' })], { isSimulated: true })
    const { floor, wall, say } = ground
    const told = { ...work, id: 'told', fault: null, start, end: start + minute }
    say(`${press}.execution`, 'ACTIVE')
    floor.maintain(told)
    say(`${press}.execution`, 'FAILING')
    expect(floor.moved(told)).toEqual({
      mode: false,
      reason: `${press} is in Aborting; its mode changes only in Stopped, Idle, Aborted.`,
    })
    wall.time += second
    say(`${press}.execution`, 'DOWN')
    floor.tick()
    expect((floor.inspect(`machine:${press}`)!.context as MachineContext).mode).toBe('Production')
  })
})
