import fc from 'fast-check'
import { Temporal } from 'temporal-polyfill'
import { describe, expect, it } from 'vitest'
import { Calendar } from './calendar.js'
import type { Shift } from './plant.js'

const hour = 3_600_000
const shift = (id: string, start: string, end: string, rest: Partial<Shift> = {}): Shift => ({
  id,
  name: id,
  site: 's',
  start,
  end,
  days: [1, 2, 3, 4, 5, 6, 7],
  ...rest,
})
const threeShifts = [
  shift('early', '06:00', '14:00'),
  shift('late', '14:00', '22:00'),
  shift('night', '22:00', '06:00'),
]

/** Hours of each shift that begins on a day. */
function hoursOf(calendar: Calendar, date: string, timeZone: string): Record<string, number> {
  const start = Temporal.PlainDate.from(date).toZonedDateTime(timeZone).epochMilliseconds
  const hours: Record<string, number> = {}
  for (const span of calendar.between(start - 24 * hour, start + 72 * hour)) {
    if (!span.shift.endsWith(date) || span.plan !== 'busy') continue
    hours[span.shift] = (hours[span.shift] ?? 0) + (span.to - span.from) / hour
  }
  return hours
}

describe('the calendar', () => {
  it.each([
    ['Europe/Berlin', '2026-03-28', 'night', 7],
    ['Europe/Berlin', '2026-10-24', 'night', 9],
    ['America/Detroit', '2026-03-07', 'night', 7],
    ['America/Detroit', '2026-10-31', 'night', 9],
    ['Europe/Berlin', '2026-03-28', 'early', 8],
    // Half an hour of summer time.
    ['Australia/Lord_Howe', '2026-10-03', 'night', 7.5],
    ['Asia/Kolkata', '2026-03-28', 'night', 8],
  ])('in %s, on %s, the %s shift lasts %d hours', (timeZone, date, id, hours) => {
    const calendar = new Calendar({ timeZone, shifts: threeShifts })
    expect(hoursOf(calendar, date, timeZone)[`${id}@${date}`]).toBe(hours)
  })

  it.each([
    'Europe/Berlin',
    'America/Detroit',
    'Asia/Kolkata',
    'Australia/Lord_Howe',
    'Pacific/Chatham',
    'UTC',
  ])('covers a year in %s without a gap, in hours of the local clock', timeZone => {
    const calendar = new Calendar({ timeZone, shifts: threeShifts })
    const from = Date.UTC(2026, 0)
    const to = Date.UTC(2027, 0)
    let at = from
    for (const span of calendar.between(from, to)) {
      const isSound = span.from === at && span.to > at && span.to - span.hour <= hour && span.plan === 'busy'
      if (!isSound) expect(span).toBe('a sound span')
      at = span.to
    }
    expect(at).toBe(to)
  })

  it('puts breaks, planned stops and holidays where they belong', () => {
    const breaks = [{ start: '01:30', end: '02:00' }]
    const calendar = new Calendar({
      timeZone: 'UTC',
      shifts: [shift('night', '22:00', '06:00', { breaks, days: [1] })],
      exceptions: [
        { site: 's', date: '2026-06-08', name: 'Holiday', shifts: [] },
        { site: 's', date: '2026-06-14', name: 'Sunday work', shifts: ['night'] },
      ],
      stops: [{ for: 's', from: '2026-06-02T04:00', to: '2026-06-02T05:00', name: 'Pump exchange' }],
    })
    const plans = (date: number) =>
      [...calendar.between(Date.UTC(2026, 5, date, 21), Date.UTC(2026, 5, date + 1, 7))]
        .filter((span, place, all) => all[place - 1]?.plan !== span.plan)
        .map(({ from, plan }) => `${new Date(from).toISOString().slice(11, 16)} ${plan}`)
    const worked = ['21:00 none', '22:00 busy', '01:30 pause', '02:00 busy', '06:00 none']
    expect(plans(1)).toEqual([...worked.slice(0, 4), '04:00 stop', '05:00 busy', '06:00 none'])
    expect(plans(8)).toEqual(['21:00 none'])
    expect(plans(14)).toEqual(worked)
    expect(plans(15)).toEqual(worked)
    expect(plans(16)).toEqual(['21:00 none'])
  })

  it('is always busy where there are no shifts', () => {
    const calendar = new Calendar({ timeZone: 'UTC', shifts: [] })
    expect(calendar.at(Date.UTC(2026, 0, 4, 3, 30))).toMatchObject({ plan: 'busy', shift: '' })
  })

  it('refuses shifts that overlap, over midnight and over Sunday too, and takes those that meet', () => {
    const make = (...shifts: Shift[]) => new Calendar({ timeZone: 'UTC', shifts })
    expect(() => make(shift('a', '06:00', '14:30'), shift('b', '14:00', '22:00'))).toThrow(
      'The shifts a (06:00–14:30) and b (14:00–22:00) overlap; end one where the other begins.',
    )
    expect(() =>
      make(shift('a', '22:00', '06:00', { days: [7] }), shift('b', '05:00', '14:00', { days: [1] })),
    ).toThrow(/overlap/)
    make(...threeShifts)
  })

  it('refuses a planned stop that ends before it begins, and times that are none', () => {
    const make = (from: string, to: string) =>
      new Calendar({ timeZone: 'UTC', shifts: [], stops: [{ for: 's', from, to, name: 'x' }] })
    expect(() => make('2026-01-02T00:00', '2026-01-01T00:00')).toThrow(/ends before it begins; swap the two/)
    expect(() => make('tomorrow', '2026-01-01T00:00')).toThrow(/"tomorrow" is not a date and time such as/)
  })

  it('has hours of the local clock, before and after it was moved by half an hour', () => {
    const calendar = new Calendar({ timeZone: 'Australia/Lord_Howe', shifts: [] })
    const [from, to] = [Date.parse('2026-10-03T14:30:00Z'), Date.parse('2026-10-03T18:00:00Z')]
    const hours = [...calendar.between(from, to)].map(span => new Date(span.hour).toISOString().slice(11, 16))
    // Two o'clock is half past two: what is left of that hour is half an hour.
    expect(hours).toEqual(['14:30', '15:30', '16:00', '17:00'])
  })

  it('says the same of an instant however it is asked', () => {
    const calendar = new Calendar({ timeZone: 'Europe/Berlin', shifts: threeShifts })
    const instant = fc.integer({ min: Date.UTC(2026, 2, 27), max: Date.UTC(2026, 2, 31) })
    fc.assert(
      fc.property(instant, fc.nat(10 * hour), (from, length) => {
        for (const span of calendar.between(from, from + length)) {
          expect(calendar.at(span.from)).toMatchObject({ plan: span.plan, shift: span.shift })
          expect(calendar.at(span.to - 1)).toMatchObject({ plan: span.plan, shift: span.shift })
        }
      }),
      { numRuns: 200 },
    )
  })
})

it.each([
  ['America/New_York', '2026-11-01', '01:45', '02:15', 30],
  ['Europe/Berlin', '2026-10-25', '01:45', '02:15', 30],
  ['Europe/Berlin', '2026-10-25', '02:45', '03:15', 30],
  ['Europe/Berlin', '2026-03-29', '02:45', '03:15', 30],
  // The hour that comes twice lies within.
  ['Europe/Berlin', '2026-10-25', '01:45', '03:15', 150],
])('a break in %s on %s from %s to %s lasts %i to the clock', (timeZone, date, start, end, minutes) => {
  const shift = { id: 'n', name: 'N', site: 's', start: '22:00', end: '06:00', days: [1, 2, 3, 4, 5, 6, 7] }
  const calendar = new Calendar({ timeZone, shifts: [{ ...shift, breaks: [{ start, end }] }] })
  const noon = Date.parse(`${date}T12:00:00Z`)
  const pauses = [...calendar.between(noon - 18 * 3_600_000, noon)].filter(({ plan }) => plan === 'pause')
  expect(pauses.reduce((sum, { from, to }) => sum + to - from, 0)).toBe(minutes * 60_000)
})

it.each([
  ['America/Santiago', '2026-09-06', '00:30', '01:15', '01:30', '02:15'],
  ['Europe/Berlin', '2026-03-29', '02:45', '03:15', '03:45', '04:15'],
  ['Europe/Berlin', '2026-03-29', '02:15', '03:45', '03:15', '04:45'],
  ['Europe/Berlin', '2026-03-29', '02:15', '02:45', '03:15', '03:45'],
  ['Europe/Berlin', '2026-03-29', '01:45', '02:15', '01:45', '03:15'],
])(
  'a break in %s on %s from %s to %s, which the clock leaves out, is from %s to %s',
  (timeZone, date, start, end, ...clock) => {
    const shift = { id: 'n', name: 'N', site: 's', start: '22:00', end: '06:00', days: [1, 2, 3, 4, 5, 6, 7] }
    const calendar = new Calendar({ timeZone, shifts: [{ ...shift, breaks: [{ start, end }] }] })
    const noon = Date.parse(`${date}T15:00:00Z`)
    const pauses = [...calendar.between(noon - 18 * 3_600_000, noon)].filter(({ plan }) => plan === 'pause')
    const format = new Intl.DateTimeFormat('de', { timeZone, hour: '2-digit', minute: '2-digit' })
    expect([pauses[0]!.from, pauses.at(-1)!.to].map(time => format.format(time))).toEqual(clock)
  },
)
