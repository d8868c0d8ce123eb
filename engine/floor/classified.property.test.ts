import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Plant } from '../../schema/plant.js'
import { SampleBatchBuilder } from '../../schema/sample-batch.js'
import { connectionOf, type Limits, levelOf } from '../../schema/sensor-state.js'
import { propertyRuns } from '../../twins/proof/runs.js'
import { testPlant } from '../gateway/test-floor.js'
import { Dictionary } from './dictionary.js'
import { FloorClock } from './floor-clock.js'
import { LiveFloor } from './live-floor.js'
import { emptyIndexBook, makeRegistry } from './registry.js'

const start = 1_763_000_000_000

/** What may happen on the way of a sensor's samples, good and bad. */
const happening = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('sample' as const),
      value: fc.oneof(
        fc.integer({ min: 60, max: 100 }),
        fc.constant(Number.NaN),
        fc.constant(Number.POSITIVE_INFINITY),
      ),
      quality: fc.constantFrom(0, 1, 2),
      age: fc.integer({ min: -2_000, max: 5_000 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 6_000 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('lost' as const, 'connected' as const) }) },
)

/** One sensor with limits on each of two machines. */
function plantWith(clock: 'wall' | 'source', delays: Limits): Plant {
  const plant = testPlant(1, 1)
  for (const area of plant.sites[0]!.areas) {
    for (const signal of area.lines[0]!.machines[0]!.signals) Object.assign(signal.limits, delays)
  }
  return { ...plant, sources: [{ id: 'plc', adapter: 'test', clock, options: {} }] }
}

describe('a sensor on the live floor', () => {
  it.each([
    ['wall', 'without delays', {}],
    ['wall', 'with delays', { onDelay: 2_000, offDelay: 3_000 }],
    ['source', 'without delays', {}],
    ['source', 'with delays', { onDelay: 2_000, offDelay: 3_000 }],
  ] as const)(
    'shows what its twin says, and its twin refuses nothing, whatever the source does (clock: %s, %s)',
    (clock, _, delays) => {
      fc.assert(
        fc.property(fc.array(happening, { maxLength: 40 }), happenings => {
          const plant = plantWith(clock, delays)
          const { registry } = makeRegistry(plant, emptyIndexBook)
          let now = start
          const wall = { now: () => now }
          const floor = new LiveFloor({
            plant,
            registry,
            dictionary: new Dictionary(),
            clock: new FloorClock(wall, clock),
            wall,
          })
          const { index } = registry.signalById('b-01.t1')!
          for (const one of happenings) {
            if (one.kind === 'sample') {
              const batch = new SampleBatchBuilder(1)
              batch.push(index, now - one.age, now, one.value, one.quality)
              floor.ingest('plc', { kind: 'samples', batch: batch.take() })
            } else if (one.kind === 'pass') {
              now += one.ms
              floor.tick()
            } else if (one.kind === 'lost') floor.sourceLost('plc')
            else floor.ingest('plc', { kind: 'connected' })

            const status = floor.signals.status[index]!
            const twin = floor.inspect('sensor:b-01.t1')!
            const { connection, level } = twin.state as Record<string, string>
            expect([connectionOf(status), levelOf(status)]).toEqual([connection, level])
            expect(twin.lastEvents.filter(({ outcome }) => outcome === 'refused')).toEqual([])
          }
        }),
        { numRuns: propertyRuns },
      )
    },
  )
})
