import fc from 'fast-check'
import type { CalendarParts } from '../../schema/calendar.js'
import type { Distribution } from '../../schema/distribution.js'
import type { Shift } from '../../schema/plant.js'
import {
  type ActingState,
  actingStates,
  type Demand,
  type FailureMode,
  type FlowModel,
  type MachineModel,
} from './model.js'

const seconds = (min: number, max: number) => fc.double({ min, max, noNaN: true })
const share = (max: number) => seconds(0, max)

const distribution = (min: number, max: number): fc.Arbitrary<Distribution> =>
  fc.oneof(
    fc.record({ kind: fc.constant('constant' as const), value: seconds(min, max) }),
    fc.record({ kind: fc.constant('exponential' as const), mean: seconds(min, max) }),
    fc.record({ kind: fc.constant('weibull' as const), scale: seconds(min, max), shape: seconds(0.7, 3) }),
    fc
      .tuple(seconds(min, max), seconds(0.1, 9))
      .map(([mean, spread]) => ({ kind: 'lognormal' as const, mean, deviation: mean * spread })),
    fc.record({
      kind: fc.constant('empirical' as const),
      values: fc.array(seconds(min, max), { minLength: 1, maxLength: 5 }),
    }),
  )

const failureMode: fc.Arbitrary<FailureMode> = fc.record(
  {
    state: fc.constantFrom('Held' as const, 'Aborted' as const),
    clock: fc.constantFrom('operating' as const, 'calendar' as const),
    up: distribution(20, 600),
    down: distribution(1, 100),
    scrapsPart: fc.boolean(),
    crew: fc.constant(0),
  },
  { requiredKeys: ['state', 'clock', 'up', 'down', 'scrapsPart'] },
)

const acting: fc.Arbitrary<Partial<Record<ActingState, Distribution>>> = fc
  .uniqueArray(fc.constantFrom(...actingStates))
  .chain(states => fc.record(Object.fromEntries(states.map(state => [state, distribution(0.5, 5)]))))

const machine = (place: number, count: number): fc.Arbitrary<MachineModel> =>
  fc
    .record(
      {
        id: fc.constant(`m${place}`),
        cycle: distribution(1, 20),
        paces: fc.array(seconds(0.5, 2), { maxLength: 3 }),
        buffer: fc.record({
          capacity: fc.nat(6),
          initial: fc.constant(0),
          transport: fc.constantFrom(0, 0, 3, 40),
        }),
        blocking: fc.constantFrom('after-service' as const, 'before-service' as const),
        failures: fc.array(failureMode, { maxLength: 2 }),
        scrap: share(0.2),
        rework: fc.record({ share: share(0.3), to: fc.nat(place) }),
        setups: fc.constant([{ time: { kind: 'constant' as const, value: 15 } }]),
        calendar: fc.nat(1),
        operator: fc.constant(1),
        patience: distribution(5, 20),
        acting,
      },
      { requiredKeys: ['id', 'cycle', 'buffer', 'blocking', 'failures', 'scrap', 'acting'] },
    )
    .chain(each => {
      // To one or two of those behind it; the last feeds nobody.
      const behind = Array.from({ length: count - 1 - place }, (_, i) => place + 1 + i).slice(0, 2)
      const feeds =
        behind.length === 0 ? fc.constant([]) : fc.uniqueArray(fc.constantFrom(...behind), { minLength: 1 })
      return feeds.map((to): MachineModel => ({ ...each, feeds: to }))
    })

const demand: fc.Arbitrary<Demand> = fc.oneof(
  fc.record({
    id: fc.constant('demand'),
    kind: fc.constant('campaigns' as const),
    products: fc.constant([0, 1, 2]),
    quantity: fc.constant([3, 30] as const),
  }),
  fc.record({
    id: fc.constant('demand'),
    kind: fc.constant('orders' as const),
    orders: fc.array(
      fc.record({
        product: fc.nat(2),
        quantity: fc.integer({ min: 1, max: 40 }),
        release: fc.nat(7_200_000),
        due: fc.nat(14_400_000),
      }),
      { maxLength: 10 },
    ),
  }),
)

/** Any plant that can run: lines that part and join, with everything that a model may say. */
export const flowModel: fc.Arbitrary<FlowModel> = fc
  .integer({ min: 1, max: 6 })
  .chain(count =>
    fc.tuple(
      fc.tuple(...Array.from({ length: count }, (_, place) => machine(place, count))),
      fc.option(demand, { nil: undefined }),
    ),
  )
  .map(([machines, wanted]) => ({
    machines: machines.map((each, place) => (place === 0 && wanted ? { ...each, demand: 0 } : each)),
    demands: wanted === undefined ? [] : [wanted],
    pools: [
      { id: 'crew', size: 1 },
      { id: 'operators', size: 0, shifts: [{ calendar: 0, size: 2 }] },
    ],
    calendars: [
      {
        kind: 'repeating' as const,
        origin: 0,
        period: 3600,
        open: [
          [0, 1500],
          [1800, 3300],
        ] as const,
      },
      { kind: 'planned', parts: hourly, open: ['busy'] as const },
    ],
  }))

/** The same hours, as shifts with breaks. */
const hourly: CalendarParts = {
  timeZone: 'UTC',
  shifts: Array.from({ length: 24 }, (_, hour): Shift => {
    const at = (minute: number): string => `${String(hour).padStart(2, '0')}:${minute}`
    const name = `shift-${hour}`
    return {
      id: name,
      name,
      site: 'site',
      start: `${at(0)}0`,
      end: at(55),
      days: [1, 2, 3, 4, 5, 6, 7],
      breaks: [{ start: at(25), end: at(30) }],
    }
  }),
}
