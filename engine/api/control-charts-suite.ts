import { expect, it } from 'vitest'
import { SampleBatchBuilder } from '../../schema/sample-batch.js'
import { change, minute, parts, six } from '../kpi/test-ground.js'
import { common } from './figures-ground.js'
import { kpiApi } from './test-kpis.js'

it('charts cycle times without the stops between, rejects by hour, and a signal with its capability', async () => {
  const base = common.floor(['chart-1'])
  const { plant, open, tell, goTo } = base
  const [site] = plant.sites
  const [line] = site!.areas[0]!.lines
  const force = {
    id: 'chart-1.force',
    name: 'force',
    role: 'sensor',
    quantity: 'force',
    unit: 'kN',
    type: 'number',
    period: 1_000,
    range: [0, 100],
    resolution: 0.1,
    limits: {},
    source: 's',
    tag: 'force',
  } as const
  const machines = line!.machines.map(machine => ({ ...machine, signals: [force] }))
  const areas = [{ ...site!.areas[0]!, lines: [{ ...line!, machines }] }]
  const book = open()
  await book.start()
  const withForce = { ...base, plant: { ...plant, sites: [{ ...site!, areas }] } }
  const rest = kpiApi(common, withForce, book)
  tell(book, { source: 's', stateChanges: [change('chart-1', six, 'Execute')] })
  for (const seconds of [30, 60, 91, 120]) tell(book, parts('chart-1', six + seconds * 1_000, 1))
  tell(book, { source: 's', stateChanges: [change('chart-1', six + 125_000, 'Held')] })
  tell(book, { source: 's', stateChanges: [change('chart-1', six + 300_000, 'Execute')] })
  for (const seconds of [330, 360]) tell(book, parts('chart-1', six + seconds * 1_000, 1))
  tell(book, parts('chart-1', six + 361_000, 2, 'defective'))
  const samples = new SampleBatchBuilder()
  for (const [place, value] of [50, 52, 48, 51, 49, 50].entries())
    samples.push(
      rest.floor.registry.signalById(force.id)!.index,
      six + place * 1_000,
      six + place * 1_000,
      value,
      0,
    )
  common.store.append({ source: 's', samples: samples.take() })
  goTo(book, six + 30 * minute)
  const get = (query: string) => rest.get(`/kpis/control-chart?machine=chart-1&${query}`)
  const values = (points: { value: number }[]) => points.map(({ value }) => value)

  const cycles = await get('of=cycle-time')
  expect(values(cycles.points)).toEqual([30, 31, 29, 30])
  // When each part was done; the two after the stop have no time of their own.
  const times = (points: { time: string }[]) => points.map(({ time }) => (Date.parse(time) - six) / 1_000)
  expect(times(cycles.points)).toEqual([60, 91, 120, 360])
  const rejects = await get('of=scrap-rate')
  expect([rejects.chart, values(rejects.points)]).toEqual(['p', [2 / 6]])
  expect(rejects.flags).toEqual([])
  // An hour later more rejects than parts; in the next only rejects.
  tell(book, parts('chart-1', six + 65 * minute, 2))
  tell(book, parts('chart-1', six + 66 * minute, 5, 'defective'))
  tell(book, parts('chart-1', six + 125 * minute, 1, 'defective'))
  goTo(book, six + 170 * minute)
  const odd = await get('of=scrap-rate')
  expect(odd).toMatchObject({ flags: ['rejectsExceedProduced'], points: [{ value: 2 / 6 }, { value: 2.5 }] })
  expect(times(odd.points)).toEqual([0, 3_600])
  const spread = 3 * Math.sqrt(((1 / 3) * (2 / 3)) / 6)
  expect(odd.points[0]).toMatchObject({
    centre: 2 / 6,
    low: 0,
    high: expect.closeTo(1 / 3 + spread, 12),
    breaks: [],
  })
  expect(odd.points[1]).toMatchObject({ low: 0, high: 1, breaks: ['beyond'] })
  const signal = await get('of=signal&signal=chart-1.force&size=3&lower=40&upper=60')
  expect([signal.chart, values(signal.points), values(signal.ranges)]).toEqual(['xbar', [50, 50], [4, 2]])
  // Of the last value of each subgroup.
  expect([times(signal.points), times(signal.ranges)]).toEqual([
    [2, 5],
    [2, 5],
  ])
  // Mean range 3 over d2 of three.
  expect(signal.capability.cm).toBeCloseTo(20 / (6 * (3 / 1.693)), 10)
  expect(times(rejects.points)).toEqual([0])
  expect(signal.capability.cp).toBeCloseTo(20 / (6 * Math.sqrt(2)), 10)

  // The plant file has another unit by now.
  const machinesThen = machines.map(each => ({ ...each, signals: [{ ...force, unit: 'N' }] }))
  const areasThen = [{ ...site!.areas[0]!, lines: [{ ...line!, machines: machinesThen }] }]
  const inNewtons = { ...base, plant: { ...plant, sites: [{ ...site!, areas: areasThen }] } }
  const path = '/kpis/control-chart?machine=chart-1&of=signal&signal=chart-1.force&size=3'
  const then = await kpiApi(common, inNewtons, book).get(path)
  expect([values(then.points), values(then.ranges)]).toEqual([
    [50_000, 50_000],
    [4_000, 2_000],
  ])

  expect((await get('of=signal&signal=chart-1.none')).status).toBe(422)
  const half = await get('of=cycle-time&lower=3')
  expect(half).toMatchObject({ status: 422, errors: [{ path: 'query.upper' }] })
})
