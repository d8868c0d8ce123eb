import fc from 'fast-check'
import { Calendar } from '../../schema/calendar.js'
import { packmlStates } from '../../schema/packml.js'
import type { LedgerSetup } from './ledger.js'
import type { LedgerEvent } from './ledger-event.js'

export const minute = 60_000
/** Midnight of a Monday in Berlin. */
export const aDay = Date.UTC(2026, 2, 22, 23)

/** Two shifts a day with a break, in Berlin; product `b` takes longer than the machine's own 30 s. */
export function testSetup({ isAlwaysBusy = false } = {}): LedgerSetup {
  const shift = { site: 's', days: [1, 2, 3, 4, 5] }
  const calendar = new Calendar({
    timeZone: 'Europe/Berlin',
    shifts: isAlwaysBusy
      ? []
      : [
          {
            ...shift,
            id: 'early',
            name: 'Early',
            start: '06:00',
            end: '14:00',
            breaks: [{ start: '09:00', end: '09:30' }],
          },
          { ...shift, id: 'late', name: 'Late', start: '14:00', end: '22:00' },
        ],
  })
  return {
    calendar,
    idealMs: product => (product === 'b' ? 45_500.5 : 30_000),
    breakdownFromMs: 5 * minute,
    warmUpMs: 10 * minute,
  }
}

/** Events as they may come in: in no order, with ties; `isDistinct`: each at a time of its own. */
export function eventsOf(span: {
  readonly from: number
  readonly to: number
  readonly isDistinct?: boolean
}): fc.Arbitrary<LedgerEvent[]> {
  const time = fc
    .integer({ min: Math.ceil(span.from / 1_000), max: Math.floor(span.to / 1_000) })
    .map(s => s * 1_000)
  const state = fc.record({
    state: fc.constantFrom(...packmlStates),
    reason: fc.constantFrom('none', 'blocked', 'starved'),
    sourceState: fc.constantFrom('', 'a', 'b'),
  })
  const parts = fc.integer({ min: 0, max: 20 }).chain(produced =>
    fc.record({
      produced: fc.constant(produced),
      scrapped: fc.integer({ min: 0, max: produced }),
    }),
  )
  const said: fc.Arbitrary<Omit<LedgerEvent, 'time'>> = fc.oneof(
    { arbitrary: state, weight: 6 },
    { arbitrary: fc.record({ mode: fc.constantFrom('Production', 'Maintenance', 'Manual') }), weight: 1 },
    {
      arbitrary: fc.record({ product: fc.constantFrom('', 'a', 'b'), order: fc.constantFrom('', 'o1') }),
      weight: 1,
    },
    { arbitrary: fc.record({ made: parts }), weight: 3 },
    {
      arbitrary: fc.record({
        downtimeReason: fc.constantFrom(
          '',
          'mechanical/bearing',
          'material',
          'scheduled',
          'changeover',
          'no-demand',
        ),
      }),
      weight: 1,
    },
    { arbitrary: fc.constant({ isReasonVoid: true }), weight: 1 },
  )
  const event = fc.tuple(time, said).map(([at, what]) => ({ time: at, ...what }) as LedgerEvent)
  return span.isDistinct === true
    ? fc.uniqueArray(event, { selector: ({ time: at }) => at, maxLength: 40 })
    : fc.array(event, { maxLength: 40 })
}
