import { describe, expect, it } from 'vitest'
import { displayNumber } from '../../schema/display-state.js'
import { type MachineConfig, standardConfig } from '../../schema/machine-config.js'
import { packmlNumber } from '../../schema/packml.js'
import type { Plant, Signal } from '../../schema/plant.js'
import { Quality } from '../../schema/quality.js'
import type { Entry, TwinSnapshot } from '../../schema/records.js'
import { SampleBatchBuilder } from '../../schema/sample-batch.js'
import { connectionOf, type Limits, levelOf } from '../../schema/sensor-state.js'
import type { MachineContext } from '../../twins/machine/machine.context.js'
import { Dictionary } from './dictionary.js'
import { FloorClock } from './floor-clock.js'
import { LiveFloor } from './live-floor.js'
import { emptyIndexBook, makeRegistry } from './registry.js'

const signal = (name: string, rest: Partial<Signal>): Signal => ({
  id: `m1.${name}`,
  name,
  role: 'sensor',
  quantity: 'temperature',
  unit: '°C',
  type: 'number',
  period: 1000,
  range: [0, 200],
  resolution: 0.1,
  limits: {},
  source: 'plc',
  tag: name,
  ...rest,
})

function plantWith(
  clock: 'wall' | 'source',
  statePeriod = 0,
  tempLimits: Limits = { warningHigh: 80, deadband: 2 },
  packml?: MachineConfig,
): Plant {
  const signals = [
    signal('temp', { limits: tempLimits }),
    signal('execution', {
      role: 'status',
      quantity: 'state',
      type: 'text',
      period: statePeriod,
      stateMap: 'words',
    }),
    signal('mode', { role: 'status', quantity: 'mode', type: 'text', period: 0, stateMap: 'modes' }),
  ]
  const machine = {
    id: 'm1',
    name: 'Mill',
    type: 'cnc-mill',
    source: 'plc',
    feeds: [],
    idealCycleTime: 60,
    ...(packml && { packml }),
    signals,
  }
  const line = { id: 'l1', name: 'Line', kind: 'machining', machines: [machine] }
  return {
    name: 'p',
    enterprise: 'e',
    machineTypes: [],
    shifts: [],
    products: [],
    customers: [],
    crews: [],
    sites: [{ id: 's1', name: 'Site', timeZone: 'UTC', areas: [{ id: 'a1', name: 'Area', lines: [line] }] }],
    sources: [{ id: 'plc', adapter: 'test', clock, options: {} }],
    stateMaps: {
      words: {
        words: {
          ACTIVE: { state: 'Execute' },
          READY: { state: 'Idle' },
          RUNNING: { state: 'Execute', mode: 'Production' },
          FULL: { state: 'Suspended', reason: 'blocked' },
          DOWN: { state: 'Aborted' },
        },
      },
      modes: { words: { AUTOMATIC: { mode: 'Production' }, MANUAL: { mode: 'Manual' } } },
    },
  }
}

const [temp, execution, mode] = [0, 1, 2]

function makeFloor(
  options: {
    clock?: 'wall' | 'source'
    statePeriod?: number
    snapshots?: TwinSnapshot[]
    at?: number
    tempLimits?: Limits
    packml?: MachineConfig
    savesTwinsWithEntries?: boolean
  } = {},
) {
  const wall = { time: options.at ?? 1_000_000, now: () => wall.time }
  const plant = plantWith(options.clock ?? 'wall', options.statePeriod, options.tempLimits, options.packml)
  const { registry } = makeRegistry(plant, emptyIndexBook)
  const dictionary = new Dictionary()
  const clock = new FloorClock(wall, options.clock ?? 'wall')
  const { snapshots, savesTwinsWithEntries } = options
  const parts = { plant, registry, dictionary, clock, wall, snapshots, savesTwinsWithEntries }
  const floor = new LiveFloor(parts)
  const say = (
    ...samples: [index: number, value: number | string, time: number, quality?: Quality][]
  ): Entry | undefined => {
    const batch = new SampleBatchBuilder()
    for (const [index, value, time, quality] of samples) {
      batch.push(
        index,
        time,
        clock.now(),
        typeof value === 'string' ? dictionary.intern(value) : value,
        quality ?? Quality.good,
      )
    }
    return floor.ingest('plc', { kind: 'samples', batch: batch.take() })
  }
  return { floor, wall, say }
}

describe('the live floor', () => {
  it('shows the newest value and keeps a late one out of the present but in the record', () => {
    const { floor, say } = makeFloor()
    say([temp, 20, 5000])
    const entry = say([temp, 10, 4000])
    expect(floor.signals.value[temp]).toBe(20)
    expect(entry?.samples?.count).toBe(1)
    expect(floor.counts.late).toBe(1)
  })

  it('makes a machine Undefined whose state is told in bad quality, and believes an uncertain one', () => {
    const { floor, say } = makeFloor()
    const state = () => floor.machines.state[0]
    say([execution, 'ACTIVE', 1], [mode, 'AUTOMATIC', 1])
    const entry = say([execution, 'DOWN', 2, Quality.bad], [mode, 'MANUAL', 2, Quality.bad])
    expect(state()).toBe(packmlNumber.Undefined)
    expect(entry?.stateChanges).toMatchObject([
      { time: 2, state: 'Undefined', mode: '', reason: 'none', sourceState: 'DOWN (bad quality)' },
    ])
    expect(entry?.rejects).toBeUndefined()
    say([execution, 'ACTIVE', 3, Quality.uncertain])
    expect(state()).toBe(packmlNumber.Execute)
    expect((floor.inspect('machine:m1')!.context as MachineContext).mode).toBe('Production')
    // What was late was bad all the same.
    expect(say([execution, 'DOWN', 2.5, Quality.bad])?.stateChanges).toMatchObject([{ state: 'Undefined' }])
    expect(state()).toBe(packmlNumber.Execute)
    expect(say([execution, 'UNHEARD OF', 4, Quality.bad])?.rejects).toBeUndefined()
  })

  it('moves the level of a sensor and records it once', () => {
    const { floor, say } = makeFloor()
    const entry = say([temp, 90, 1], [temp, 91, 2], [temp, 79, 3])
    expect(levelOf(floor.signals.status[temp]!)).toBe('warning-high')
    expect(entry?.twinEvents?.filter(({ type }) => type === 'level.changed')).toHaveLength(1)
  })

  it('enters a level with a delay by itself when the delay has passed, by the clock of the sensor', () => {
    const { floor, wall, say } = makeFloor({ tempLimits: { warningHigh: 80, onDelay: 2000 }, at: 10_000_000 })
    // The sensor's clock is an hour behind.
    const there = wall.time - 3_600_000
    say([temp, 90, there])
    wall.time += 1999
    expect(floor.tick()?.twinEvents ?? []).not.toContainEqual(
      expect.objectContaining({ type: 'level.changed' }),
    )
    wall.time += 200
    expect(floor.tick()?.twinEvents).toContainEqual({
      address: 'sensor:m1.temp',
      time: there + 2000,
      type: 'level.changed',
      payload: { to: 'warning-high', value: 90 },
    })
    expect(levelOf(floor.signals.status[temp]!)).toBe('warning-high')
  })

  it('goes on with a delay that ran when the engine stopped only after a new value', () => {
    const options = { tempLimits: { warningHigh: 80, onDelay: 2000 } }
    const before = makeFloor(options)
    before.say([temp, 90, before.wall.time])
    const snapshots = [...before.floor.snapshot()!.snapshots!]
    const { floor, wall, say } = makeFloor({ ...options, snapshots })
    wall.time += 60_000
    floor.tick()
    expect(levelOf(floor.signals.status[temp]!)).toBe('normal')
    floor.ingest('plc', { kind: 'connected' })
    say([temp, 90, wall.time])
    wall.time += 2000
    floor.tick()
    expect(levelOf(floor.signals.status[temp]!)).toBe('warning-high')
  })

  it('says what the line does when its machine changes, and who holds it back', () => {
    const { floor, say } = makeFloor()
    const events = [
      ...(say([execution, 'ACTIVE', 10])?.twinEvents ?? []),
      ...(say([execution, 'DOWN', 20])?.twinEvents ?? []),
      ...(floor.sourceLost('plc')?.twinEvents ?? []),
    ].filter(({ address }) => address === 'line:l1')
    expect(events).toMatchObject([
      { time: 10, type: 'line.changed', payload: { to: 'running', machine: null } },
      { time: 20, type: 'line.changed', payload: { to: 'down', machine: 'm1', cause: 'stopped' } },
      { type: 'line.changed', payload: { to: 'unknown', machine: null } },
    ])
  })

  it('brings a line back from its snapshot and lets its source begin with another day', () => {
    const before = makeFloor()
    before.say([execution, 'DOWN', 900_000])
    const { floor, say } = makeFloor({ snapshots: [...before.floor.snapshot()!.snapshots!] })
    const value = () => (floor.twins.get('line:l1')!.snapshot as unknown as { value: string }).value
    expect(value()).toBe('down')
    floor.ingest('plc', { kind: 'connected' })
    say([execution, 'ACTIVE', 910_000])
    expect(value()).toBe('running')
  })

  it('calls a signal stale after three missed periods, live again at its next value, lost with its source', () => {
    const { floor, wall, say } = makeFloor()
    say([temp, 20, wall.time])
    wall.time += 3000
    floor.tick()
    expect(connectionOf(floor.signals.status[temp]!)).toBe('live')
    wall.time += 1
    floor.tick()
    expect(connectionOf(floor.signals.status[temp]!)).toBe('stale')
    say([temp, 20, wall.time])
    expect(connectionOf(floor.signals.status[temp]!)).toBe('live')
    floor.sourceLost('plc')
    expect(connectionOf(floor.signals.status[temp]!)).toBe('lost')
    floor.ingest('plc', { kind: 'connected' })
    expect(connectionOf(floor.signals.status[temp]!)).toBe('stale')
  })

  it('never calls a signal stale that reports only changes while its source stands', () => {
    const { floor, wall, say } = makeFloor()
    say([execution, 'ACTIVE', wall.time])
    wall.time += 86_400_000
    floor.tick()
    expect(connectionOf(floor.signals.status[execution]!)).toBe('live')
  })

  it('finds the silence of signals that were last heard by a clock that was ahead and has been set right', () => {
    const { floor, wall, say } = makeFloor()
    wall.time += 7_200_000
    say([temp, 20, wall.time])
    wall.time -= 7_200_000
    floor.tick()
    expect(connectionOf(floor.signals.status[temp]!), 'it was heard just now').toBe('live')
    wall.time += 3001
    floor.tick()
    expect(connectionOf(floor.signals.status[temp]!)).toBe('stale')
  })

  it('believes a source that says it is alive: a signal that has not changed is not silent', () => {
    const { floor, wall, say } = makeFloor()
    say([temp, 20, wall.time])
    wall.time += 3000
    floor.ingest('plc', { kind: 'alive' })
    wall.time += 3000
    floor.tick()
    expect(connectionOf(floor.signals.status[temp]!)).toBe('live')
    wall.time += 1
    floor.tick()
    expect(connectionOf(floor.signals.status[temp]!)).toBe('stale')
    floor.ingest('plc', { kind: 'alive' })
    floor.tick()
    expect(connectionOf(floor.signals.status[temp]!), 'only a value makes it live again').toBe('stale')
  })

  it('knows nothing of a source whose link is interrupted, until it is connected', () => {
    const { floor, wall, say } = makeFloor()
    floor.ingest('plc', { kind: 'connected' })
    say([temp, 20, wall.time], [execution, 'ACTIVE', wall.time])
    const entry = floor.ingest('plc', { kind: 'interrupted', reason: 'cut' })
    expect(connectionOf(floor.signals.status[temp]!)).toBe('lost')
    expect(entry?.stateChanges).toMatchObject([{ state: 'Undefined', observed: false }])
    floor.ingest('plc', { kind: 'connected' })
    expect(connectionOf(floor.signals.status[temp]!)).toBe('stale')
  })

  it('reads the machine’s state and mode from the words of its source', () => {
    const { floor, say } = makeFloor()
    const entry = say([execution, 'full', 10], [mode, 'MANUAL', 11])
    expect(floor.machines.state[0]).toBe(packmlNumber.Suspended)
    expect(floor.machines.display[0]).toBe(displayNumber.blocked)
    expect(floor.machines.since[0]).toBe(10)
    expect(entry?.stateChanges).toEqual([
      {
        machine: 'm1',
        time: 10,
        state: 'Suspended',
        mode: '',
        reason: 'blocked',
        sourceState: 'full',
        observed: true,
      },
      { machine: 'm1', time: 11, state: '', mode: 'Manual', reason: '', sourceState: '', observed: true },
    ])
  })

  it('takes the mode from its own signal and not from what a word for the state implies', () => {
    const { floor, say } = makeFloor()
    say([mode, 'MANUAL', 999_000])
    const changes = say([execution, 'RUNNING', 999_500])?.stateChanges
    expect(changes).toMatchObject([{ state: 'Execute', mode: '' }])
    expect(floor.inspect('machine:m1')?.context).toMatchObject({ mode: 'Manual' })
  })

  it('records a late state where it belongs and leaves the present alone', () => {
    const { floor, say } = makeFloor()
    say([execution, 'ACTIVE', 100])
    const entry = say([execution, 'DOWN', 50])
    expect(floor.machines.state[0]).toBe(packmlNumber.Execute)
    expect(entry?.stateChanges).toMatchObject([{ time: 50, state: 'Aborted' }])
  })

  it('keeps what a source says from its own store in the record, and out of the present whatever its time', () => {
    const { floor, wall, say } = makeFloor()
    say([temp, 20, wall.time], [execution, 'ACTIVE', wall.time])
    const batch = new SampleBatchBuilder()
    batch.push(temp, wall.time + 5, wall.time, 95, Quality.good)
    batch.push(execution, wall.time + 5, wall.time, floor.intern('DOWN'), Quality.good)
    const entry = floor.ingest('plc', { kind: 'samples', batch: batch.take(), isHistory: true })
    expect(entry?.samples?.count).toBe(2)
    expect(entry?.stateChanges).toMatchObject([{ time: wall.time + 5, state: 'Aborted' }])
    expect([floor.signals.value[temp], floor.machines.state[0]]).toEqual([20, packmlNumber.Execute])
    expect(levelOf(floor.signals.status[temp]!)).toBe('normal')
  })

  it('makes stale what a source no longer knows, and its machine Undefined, until it is told anew', () => {
    const { floor, wall, say } = makeFloor()
    const connection = () => connectionOf(floor.signals.status[temp]!)
    say([temp, 20, wall.time], [execution, 'ACTIVE', wall.time])
    wall.time += 1000
    expect(floor.ingest('plc', { kind: 'stale', signals: [temp] })?.stateChanges).toBeUndefined()
    expect([connection(), floor.machines.state[0]]).toEqual(['stale', packmlNumber.Execute])
    expect(floor.ingest('plc', { kind: 'stale', signals: [execution, 999] })?.stateChanges).toMatchObject([
      { state: 'Undefined', time: wall.time, observed: false },
    ])
    expect(floor.machines.state[0]).toBe(packmlNumber.Undefined)
    say([temp, 20, wall.time + 1], [execution, 'ACTIVE', wall.time + 1])
    expect([connection(), floor.machines.state[0]]).toEqual(['live', packmlNumber.Execute])
  })

  it('records a polled state only when it is another', () => {
    const { say } = makeFloor({ statePeriod: 1000 })
    expect(say([execution, 'ACTIVE', 100])?.stateChanges).toHaveLength(1)
    expect(say([execution, 'ACTIVE', 1100])?.stateChanges).toBeUndefined()
    const changes = say([execution, 'READY', 2100])?.stateChanges
    expect(changes?.filter(({ observed }) => observed)).toHaveLength(1)
  })

  it('takes an unknown word for Undefined and says once which map lacks it', () => {
    const { floor, say } = makeFloor()
    const entry = say([execution, 'DANCING', 1], [execution, 'DANCING', 2])
    expect(floor.machines.state[0]).toBe(packmlNumber.Undefined)
    const reason = expect.stringContaining('counts as Undefined')
    expect(entry?.rejects).toMatchObject([{ rule: 'state.unknown-word', raw: 'DANCING', reason }])
  })

  it('stays in its mode at an unknown word for it, and says so', () => {
    const { floor, say } = makeFloor()
    const modeOf = () => (floor.inspect('machine:m1')!.context as MachineContext).mode
    say([mode, 'MANUAL', 1])
    const reason = expect.stringContaining('stays in the mode of before')
    expect(say([mode, 'DANCING', 2])?.rejects).toMatchObject([{ rule: 'state.unknown-word', reason }])
    expect(modeOf()).toBe('Manual')
  })

  it('does not know a machine’s state while its source is gone, and knows it again from the first word after', () => {
    const { floor, wall, say } = makeFloor()
    say([execution, 'ACTIVE', wall.time])
    const activeAt = wall.time
    wall.time += 60_000
    expect(floor.sourceLost('plc')?.stateChanges).toMatchObject([
      { state: 'Undefined', time: wall.time, observed: false },
    ])
    expect(floor.machines.display[0]).toBe(displayNumber.unknown)
    wall.time += 60_000
    floor.ingest('plc', { kind: 'connected' })
    const entry = say([execution, 'ACTIVE', activeAt])
    expect(floor.machines.state[0]).toBe(packmlNumber.Execute)
    expect(entry?.stateChanges?.map(({ state, time }) => [state, time])).toEqual([
      ['Execute', activeAt],
      ['Execute', wall.time],
    ])
  })

  it('takes its time from a recording, and an older recording played next counts as new', () => {
    const { floor, say } = makeFloor({ clock: 'source' })
    floor.ingest('plc', { kind: 'connected' })
    say([execution, 'ACTIVE', 1_500_000_000_000])
    expect(floor.clock.now()).toBe(1_500_000_000_000)
    expect(floor.sourceLost('plc')?.stateChanges).toBeUndefined()
    floor.ingest('plc', { kind: 'connected' })
    say([execution, 'READY', 1_400_000_000_000])
    expect(floor.clock.now()).toBe(1_400_000_000_000)
    expect(floor.machines.state[0]).toBe(packmlNumber.Idle)
    expect(floor.counts.late).toBe(0)
  })

  it('goes on from snapshots, knowing that it does not know what happened meanwhile', () => {
    const first = makeFloor()
    first.say([execution, 'ACTIVE', 999_000], [temp, 90, 999_000])
    const snapshots = [...(first.floor.snapshot()?.snapshots ?? [])]
    const { floor, say } = makeFloor({ snapshots, at: 2_000_000 })
    // Machine, line and two sensors; the third has said nothing yet.
    expect(floor.restored).toMatchObject({ restored: 4, fresh: 1 })
    expect(floor.machines.state[0]).toBe(packmlNumber.Execute)
    expect(levelOf(floor.signals.status[temp]!)).toBe('warning-high')
    expect(connectionOf(floor.signals.status[temp]!)).toBe('lost')
    expect(floor.wake(1_000_000)?.stateChanges).toMatchObject([
      { state: 'Undefined', time: 1_000_000, observed: false },
    ])
    expect(floor.machines.display[0]).toBe(displayNumber.unknown)
    say([execution, 'READY', 2_000_000])
    expect(floor.machines.state[0]).toBe(packmlNumber.Idle)
  })

  it('holds to a state that is told on change alone where the machine’s data go on after a short absence', () => {
    const first = makeFloor()
    first.say([execution, 'ACTIVE', 999_000], [temp, 90, 999_000])
    const snapshots = [...(first.floor.snapshot()?.snapshots ?? [])]
    const wake = (at: number, statePeriod = 0) => {
      const made = makeFloor({ snapshots, at, statePeriod })
      made.floor.wake(1_000_000)
      made.floor.ingest('plc', { kind: 'connected' })
      return made
    }
    const held = wake(1_060_000)
    held.say([temp, 90, 1_061_000])
    held.wall.time = 1_069_000
    expect(held.floor.tick()?.stateChanges).toBeUndefined()
    expect(held.floor.machines.display[0]).toBe(displayNumber.unknown)
    held.wall.time = 1_070_000
    expect(held.floor.tick()?.stateChanges).toEqual([
      expect.objectContaining({ machine: 'm1', time: 1_060_000, state: 'Execute', observed: false }),
    ])
    expect(held.floor.machines.state[0]).toBe(packmlNumber.Execute)
    // Told at last: it had changed while nobody looked, and that is so now.
    const told = held.say([execution, 'READY', 1_030_000])
    expect(told?.stateChanges?.filter(({ observed }) => observed)).toMatchObject([
      { state: 'Idle', time: 1_030_000 },
      { state: 'Idle', time: 1_070_000 },
    ])
    expect(held.floor.machines.state[0]).toBe(packmlNumber.Idle)

    const isUnknown = ({ floor, wall }: ReturnType<typeof wake>) => {
      wall.time += 60_000
      floor.tick()
      return floor.machines.display[0] === displayNumber.unknown
    }
    // Its other signals are silent too; it is polled; an hour has passed; the link broke again.
    expect(isUnknown(wake(1_060_000))).toBe(true)
    const polled = wake(1_060_000, 1_000)
    polled.say([temp, 90, 1_061_000])
    expect(isUnknown(polled)).toBe(true)
    const late = wake(4_600_000)
    late.say([temp, 90, 4_601_000])
    expect(isUnknown(late)).toBe(true)
    const broken = wake(1_060_000)
    broken.say([temp, 90, 1_061_000])
    broken.floor.ingest('plc', { kind: 'interrupted', reason: 'cut' })
    expect(isUnknown(broken)).toBe(true)
  })

  it('goes on from the very record after a crash: what says that a machine changed brings its twin', () => {
    const first = makeFloor({ savesTwinsWithEntries: true })
    expect(first.say([temp, 20, 998_000])?.snapshots).toBeUndefined()
    const changed = first.say([execution, 'ACTIVE', 999_000])
    expect(changed?.stateChanges).toHaveLength(1)
    const { floor } = makeFloor({ snapshots: [...changed!.snapshots!], at: 2_000_000 })
    expect(floor.restored).toMatchObject({ restored: 1, fresh: 4 })
    expect(floor.machines.state[0]).toBe(packmlNumber.Execute)
    // Until it changes again it need not be saved again.
    const later = first.floor.snapshot()?.snapshots ?? []
    expect(later.map(({ address }) => address)).not.toContain('machine:m1')
  })

  it('uses PackML as the plant file of today says, whatever it said when the twin was saved', () => {
    const configOf = ({ floor }: ReturnType<typeof makeFloor>) =>
      (floor.inspect('machine:m1')?.context as MachineContext | undefined)?.config
    const packml = { ...standardConfig, counterWidth: 65_536 }
    const first = makeFloor({ packml })
    first.say([execution, 'ACTIVE', 999_000])
    expect(configOf(first)).toEqual(packml)
    const snapshots = [...(first.floor.snapshot()?.snapshots ?? [])]
    const second = makeFloor({ snapshots, at: 2_000_000, packml: { ...packml, executeCompletes: true } })
    expect(configOf(second)).toEqual({ ...packml, executeCompletes: true })
    expect(second.floor.machines.state[0]).toBe(packmlNumber.Execute)
    expect(configOf(makeFloor({ snapshots, at: 2_000_000 }))).toBeUndefined()
  })

  it('keeps the indexes of what stays when the plant is edited', () => {
    const plant = plantWith('wall')
    const { book } = makeRegistry(plant, { machines: { gone: 0 }, signals: { 'gone.x': 0, 'm1.mode': 7 } })
    expect(book.signals).toEqual({ 'gone.x': 0, 'm1.mode': 7, 'm1.temp': 8, 'm1.execution': 9 })
    expect(book.machines).toEqual({ gone: 0, m1: 1 })
  })
})
