import { expect, it } from 'vitest'
import { defaultAlarmSettings } from '../../schema/alarm.js'
import { Quality } from '../../schema/quality.js'
import { SampleBatchBuilder } from '../../schema/sample-batch.js'
import { Dictionary } from '../floor/dictionary.js'
import { machineOf, plantOf, sensor, start, stateSignal } from '../floor/floor.fixture.js'
import { FloorClock } from '../floor/floor-clock.js'
import { LiveFloor } from '../floor/live-floor.js'
import { emptyIndexBook, makeRegistry } from '../floor/registry.js'
import { alarmAddress, alarmKind } from '../floor/twin-kinds.js'
import type { TwinMessage } from '../twin-system/definition.js'
import { Namespace, type NamespaceOptions } from './namespace.js'

function makeFloor(options?: NamespaceOptions, more = 0) {
  const sensors = Array.from({ length: more }, (_, i) => sensor('m1', `s${i}`))
  const plant = {
    ...plantOf([machineOf('m1', [sensor('m1', 'temp'), stateSignal('m1'), ...sensors])]),
    enterprise: 'Example + Sons/EU',
  }
  const { registry } = makeRegistry(plant, emptyIndexBook)
  const wall = { time: start, now: () => wall.time }
  const floor = new LiveFloor({
    plant,
    registry,
    dictionary: new Dictionary(),
    clock: new FloorClock(wall, 'wall'),
    wall,
  })
  const say = (id: string, value: number, time: number) => {
    const batch = new SampleBatchBuilder()
    batch.push(registry.signalById(id)!.index, time, time, value, Quality.good)
    floor.ingest('plc', { kind: 'samples', batch: batch.take() })
  }
  const namespace = new Namespace(floor, options)
  const look = () =>
    namespace.look().map(({ topic, payload, qos }) => ({ topic, qos, ...(JSON.parse(payload) as object) }))
  return { floor, say, look, namespace, wall, registry }
}

const place = 'Example-Sons-EU/s1/a1/l1/m1'

it('tells states and values as paths of ISA-95, each once until it changes', () => {
  const { floor, say, look } = makeFloor()
  look()
  expect(look()).toEqual([])
  floor.ingest('plc', { kind: 'connected' })
  say('m1.temp', 21.5, start)
  say('m1.execution', floor.intern('ACTIVE'), start)
  expect(look()).toMatchObject([
    { topic: `${place}/state`, value: 'Execute', timestamp: start },
    {
      topic: `${place}/edge/temp`,
      value: 21.5,
      timestamp: start,
      quality: 'GOOD',
      unit: '°C',
      connection: 'live',
      qos: 0,
    },
    { topic: `${place}/edge/execution`, value: 'ACTIVE' },
  ])
  say('m1.temp', 22, start + 1)
  say('m1.temp', 23, start + 2)
  expect(look()).toMatchObject([{ topic: `${place}/edge/temp`, value: 23 }])
})

it('tells times in whole milliseconds, as store and API do', () => {
  const { floor, say, look } = makeFloor()
  floor.ingest('plc', { kind: 'connected' })
  say('m1.temp', 21.5, start + 0.883)
  say('m1.execution', floor.intern('ACTIVE'), start + 1.883)
  expect(look()).toMatchObject([
    { topic: `${place}/state`, value: 'Execute', timestamp: start + 1 },
    { topic: `${place}/edge/temp`, timestamp: start },
    { topic: `${place}/edge/execution`, timestamp: start + 1 },
  ])
})

it('tells first what is not known, in place of what an earlier run has retained, and no time of it', () => {
  const unknown = { value: null, quality: 'BAD', connection: 'lost', timestamp: null, qos: 0 }
  const nothing = [
    { topic: `${place}/state`, value: 'Undefined', timestamp: null, qos: 1 },
    { topic: `${place}/edge/temp`, ...unknown },
    { topic: `${place}/edge/execution`, ...unknown },
  ]
  for (const everyNth of [undefined, 3]) {
    const { floor, say, look, namespace } = makeFloor({ everyNth })
    expect(look()).toMatchObject(nothing)
    expect(look(), 'once').toEqual([])
    floor.ingest('plc', { kind: 'connected' })
    say('m1.temp', 21.5, start)
    look()
    namespace.forget()
    expect(look(), 'a new broker').toMatchObject([
      { topic: `${place}/state` },
      { topic: `${place}/edge/temp`, value: 21.5, timestamp: start, connection: 'live' },
      { topic: `${place}/edge/execution`, value: null },
    ])
  }
})

it('tells the unknown of a large plant in parts', () => {
  const { namespace } = makeFloor(undefined, 1_500)
  const counts = [1, 2, 3].map(() => namespace.look().filter(({ topic }) => topic.includes('/edge/')).length)
  expect(counts).toEqual([1_000, 502, 0])
})

it('tells that a value is no longer known, and everything again to a new broker', () => {
  const { floor, say, look, namespace } = makeFloor()
  floor.ingest('plc', { kind: 'connected' })
  say('m1.temp', 21.5, start)
  say('m1.execution', floor.intern('ACTIVE'), start)
  look()
  floor.ingest('plc', { kind: 'stale', signals: [floor.registry.signalById('m1.temp')!.index] })
  expect(look()).toMatchObject([{ topic: `${place}/edge/temp`, value: 21.5, connection: 'stale' }])
  namespace.forget()
  expect(look()).toMatchObject([
    { topic: `${place}/state` },
    { topic: `${place}/edge/temp` },
    { topic: `${place}/edge/execution` },
  ])
})

it('tells the OEE of the shift and what it is made from, every ten seconds at most, and nothing before there is any', () => {
  let busy = 0
  const figures = {
    of: () => ({
      since: start,
      busy,
      running: 3_000,
      ideal: 2_400,
      idealGood: 2_160,
      produced: 100,
      good: 90,
      recomputing: busy === 5_000 ? 1 : 0,
    }),
  }
  const { look, wall } = makeFloor({ figures })
  const kpis = () => look().filter(({ topic }) => topic.endsWith('/kpi/oee'))
  expect(kpis()).toEqual([])
  busy = 4_000
  expect(kpis()).toEqual([])
  wall.time += 10_000
  const shown = { value: 0.54, availability: 0.75, effectiveness: 0.8, quality: 0.9, produced: 100, good: 90 }
  expect(kpis()).toEqual([
    {
      topic: `${place}/kpi/oee`,
      qos: 1,
      ...shown,
      recomputing: false,
      since: start,
      timestamp: start + 10_000,
    },
  ])
  busy = 5_000
  wall.time += 9_999
  expect(kpis()).toEqual([])
  wall.time += 1
  expect(kpis()).toMatchObject([{ value: 0.432, recomputing: true }])
  wall.time += 10_000
  expect(kpis(), 'what has not changed').toEqual([])
})

it('tells the first and then each third value at once where that is asked for, and what became of the connection', () => {
  const { floor, look, namespace, registry } = makeFloor({ everyNth: 3 })
  floor.ingest('plc', { kind: 'connected' })
  look()
  const { index } = registry.signalById('m1.temp')!
  const pass = (...values: number[]) => {
    const batch = new SampleBatchBuilder()
    for (const value of values) batch.push(index, start + value, start, value, Quality.good)
    const { samples } = floor.ingest('plc', { kind: 'samples', batch: batch.take() })!
    return namespace.pass(samples!).map(({ payload }) => JSON.parse(payload).value)
  }
  expect(pass(1, 2, 3)).toEqual([1])
  expect(pass(4, 5, 6, 7, 8)).toEqual([4, 7])
  expect(pass(2), 'late').toEqual([])
  expect(look()).toEqual([])
  floor.ingest('plc', { kind: 'stale', signals: [index] })
  expect(look()).toMatchObject([{ topic: `${place}/edge/temp`, connection: 'stale' }])
})

it('tells the state of an alarm at each transition, below its machine, and anew to a new broker', () => {
  const { floor, look, namespace } = makeFloor()
  const alarm = 'm1.temp.high'
  floor.twins.add(alarmAddress(alarm), alarmKind, { alarm, settings: defaultAlarmSettings })
  namespace.forget()
  const alarms = () => look().filter(({ topic }) => topic.includes('/alarm/'))
  const topic = `${place}/alarm/m1.temp.high`
  expect(alarms()).toMatchObject([{ topic, value: 'Normal', active: false, qos: 1 }])
  expect(alarms(), 'what has not changed').toEqual([])
  const send = (type: string, more: object) => {
    floor.twins.send(alarmAddress(alarm), { type, ...more } as TwinMessage)
    namespace.hear(floor.tick()?.twinEvents ?? [])
  }
  send('CONDITION', { time: start + 1_000, isActive: true, value: 82.5, limit: 80 })
  expect(alarms()).toMatchObject([
    {
      ...{ topic, value: 'Unacknowledged', active: true, acknowledged: false, suppressed: false },
      ...{ priority: 'medium', occurrence: 1, reading: 82.5, limit: 80, timestamp: start + 1_000, qos: 1 },
    },
  ])
  send('ACKNOWLEDGE', { time: start + 2_000, who: 'Ada', comment: 'on my way' })
  expect(alarms()).toMatchObject([{ value: 'Acknowledged', acknowledged: true, comment: 'on my way' }])
  send('CONDITION', { time: start + 3_000, isActive: false, value: 70, limit: 80 })
  expect(alarms()).toMatchObject([{ value: 'Normal', active: false, timestamp: start + 3_000 }])
  namespace.forget()
  expect(alarms()).toMatchObject([{ topic, value: 'Normal' }])
})
