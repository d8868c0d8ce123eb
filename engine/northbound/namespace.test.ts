import { expect, it } from 'vitest'
import { Quality } from '../../schema/quality.js'
import { SampleBatchBuilder } from '../../schema/sample-batch.js'
import { Dictionary } from '../floor/dictionary.js'
import { machineOf, plantOf, sensor, start, stateSignal } from '../floor/floor.fixture.js'
import { FloorClock } from '../floor/floor-clock.js'
import { LiveFloor } from '../floor/live-floor.js'
import { emptyIndexBook, makeRegistry } from '../floor/registry.js'
import { Namespace } from './namespace.js'

function makeFloor() {
  const plant = {
    ...plantOf([machineOf('m1', [sensor('m1', 'temp'), stateSignal('m1')])]),
    enterprise: 'Example + Sons/EU',
  }
  const { registry } = makeRegistry(plant, emptyIndexBook)
  const wall = { now: () => start }
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
  const namespace = new Namespace(floor)
  const look = () =>
    namespace.look().map(({ topic, payload, qos }) => ({ topic, qos, ...(JSON.parse(payload) as object) }))
  return { floor, say, look, namespace }
}

const place = 'Example-Sons-EU/s1/a1/l1/m1'

it('tells states and values as paths of ISA-95, each once until it changes', () => {
  const { floor, say, look } = makeFloor()
  expect(look()).toMatchObject([{ topic: `${place}/state`, value: 'Undefined', qos: 1 }])
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

it('tells that a value is no longer known, and everything again to a new broker', () => {
  const { floor, say, look, namespace } = makeFloor()
  floor.ingest('plc', { kind: 'connected' })
  say('m1.temp', 21.5, start)
  look()
  floor.ingest('plc', { kind: 'stale', signals: [floor.registry.signalById('m1.temp')!.index] })
  expect(look()).toMatchObject([{ topic: `${place}/edge/temp`, value: 21.5, connection: 'stale' }])
  namespace.forget()
  expect(look()).toMatchObject([{ topic: `${place}/state` }, { topic: `${place}/edge/temp` }])
})
