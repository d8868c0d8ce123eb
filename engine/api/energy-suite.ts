import { expect, it } from 'vitest'
import type { Plant, Signal } from '../../schema/plant.js'
import { SampleBatchBuilder } from '../../schema/sample-batch.js'
import { change, minute, parts, six } from '../kpi/test-ground.js'
import { common } from './figures-ground.js'
import { kpiApi } from './test-kpis.js'

const meter = (machine: string, name: string, unit: string, period: number): Signal => ({
  id: `${machine}.${name}`,
  name,
  role: 'sensor',
  quantity: unit === 'kWh' ? 'counter' : 'power',
  unit,
  type: 'number',
  period,
  range: [0, 100_000],
  resolution: 0.01,
  limits: {},
  source: 's',
  tag: name,
})

const meters: Record<string, Signal[]> = {
  'e-1': [meter('e-1', 'power', 'W', 10_000)],
  'e-2': [meter('e-2', 'power', 'kW', 1_000), meter('e-2', 'energy', 'kWh', minute)],
  'e-3': [],
  'e-5': [
    meter('e-5', 'energy', 'kWh', minute),
    meter('e-5', 'power', 'kW', minute),
    meter('e-5', 'heat', 'kWh', minute),
  ],
  'e-4': [meter('e-4', 'energy', 'kWh', 0)],
}

function withMeters(plant: Plant): Plant {
  const [site] = plant.sites
  const [area] = site!.areas
  const [line] = area!.lines
  const machines = line!.machines.map(machine => ({ ...machine, signals: meters[machine.id]! }))
  return { ...plant, sites: [{ ...site!, areas: [{ ...area!, lines: [{ ...line!, machines }] }] }] }
}

/**
 * By hand. e-1 draws 6 kW for an hour of production (6 kWh), 1 kW for half an hour of breakdown (0.5), then nobody
 * measures it for half an hour. e-2 is counted, 3 kW all the time: 80 min of production, with a reset at half an hour
 * and 20 min unread (4 kWh), 20 min unread in which it was held (1, nobody knows when), and 10 min held (0.5); then
 * somebody sets the counter to 5000. The line made 100 good parts.
 */
it('energy comes out as by hand: by what it was used for, per good part, in money; from samples and from minutes', async () => {
  const machineTypes = [{ id: 'mill', name: 'Mill', archetype: 'machining', ratedPower: 10 }] as const
  const costs = { currency: 'EUR', energy: 0.2 }
  const base = common.floor(['e-1', 'e-2', 'e-3'], { machineTypes, costs }, 'line-e')
  const { open, tell, goTo } = base
  const book = open()
  await book.start()
  const rest = kpiApi(common, { ...base, plant: withMeters(base.plant) }, book)
  goTo(book, six)
  const states: readonly (readonly [machine: string, at: number, state: string])[] = [
    ['e-1', 0, 'Execute'],
    ['e-2', 0, 'Execute'],
    ['e-1', 60, 'Aborted'],
    ['e-1', 90, 'Execute'],
    ['e-2', 90, 'Held'],
  ]
  for (const [machine, at, state] of states)
    tell(book, { source: 's', stateChanges: [change(machine, six + at * minute, state)] })
  tell(book, parts('e-3', six + 59 * minute, 104))
  tell(book, parts('e-3', six + 59 * minute, 4, 'defective'))
  tell(book, { source: 's', stateChanges: [change('e-3', six, 'Execute')] })
  const samples = new SampleBatchBuilder()
  const push = (signal: Signal, ms: number, value: number, quality = 0): void =>
    samples.push(rest.floor.registry.signalById(signal.id)!.index, six + ms, six + ms, value, quality)
  const [power] = meters['e-1']!
  for (let ms = 0; ms < 90 * minute; ms += 10_000) push(power!, ms, ms < 60 * minute ? 6_000 : 1_000)
  push(power!, 90 * minute, 99, 2)
  const [, energy] = meters['e-2']!
  let shows = 100
  for (let at = 0; at <= 120; at++) {
    if (at === 30) shows = 0
    if (at > 0) shows += 0.05
    if (at === 111) shows = 5_000
    if (at <= 60 || at === 80 || (at >= 100 && at <= 111)) push(energy!, at * minute, shows)
  }
  common.store.append({ source: 's', samples: samples.take() })
  goTo(book, six + 120 * minute)
  const get = (query: string) => rest.get(`/kpis/energy?${query}`)
  const day = `from=${new Date(six).toISOString()}&to=${new Date(six + 120 * minute).toISOString()}`
  const by = (value: number, digits = 6) => expect.closeTo(value, digits)

  const whole = await get(`scope=line:line-e&${day}`)
  expect(whole).toMatchObject({
    table: 'telemetry',
    currency: 'EUR',
    meters: [
      { machine: 'e-1', signal: 'e-1.power', kind: 'power' },
      { machine: 'e-2', signal: 'e-2.energy', kind: 'counter' },
    ],
    unmetered: ['e-3'],
  })
  expect(whole.items).toMatchObject([
    {
      kWh: by(12),
      classes: { production: by(10), breakdown: by(1), starved: 0 },
      states: { Execute: by(10), Aborted: by(0.5), Held: by(0.5) },
      unattributed: by(1),
      idleShare: by(1 / 11),
      goodParts: 100,
      kWhPerGoodPart: by(0.12),
      cost: by(2.4),
      measuredShare: by((90 + 110) / 240),
    },
  ])
  const machines = (await get(`by=machine&${day}`)).items
  expect(machines).toMatchObject([
    { key: 'e-1', kWh: by(6.5), measuredShare: by(0.75), goodParts: 0, kWhPerGoodPart: null },
    { key: 'e-2', kWh: by(5.5), measuredShare: by(110 / 120) },
  ])
  const hours = (await get(`scope=line:line-e&by=hour&${day}`)).items
  expect(hours.map(({ kWh }: { kWh: number }) => kWh)).toEqual([by(9), by(3)])
  expect((await get('scope=machine:e-3')).items).toEqual([])

  // Two months of samples would be too many: minutes of them say the same.
  const months = `from=${new Date(six - 60 * 24 * 60 * minute).toISOString()}&to=${new Date(six + 120 * minute).toISOString()}`
  const long = await get(`scope=line:line-e&${months}`)
  expect(long.table).toBe('telemetry_1m')
  expect(long.items[0]).toMatchObject({
    kWh: by(12, 1),
    classes: { production: by(10, 1), breakdown: by(1, 1) },
  })
  const table = await rest.text(`/kpis/energy?by=machine&${day}&format=csv`)
  expect(table.split('\r\n')[0]).toMatch(
    /^key,kWh,unattributed,idleShare,goodParts,kWhPerGoodPart,cost,measuredShare,production/,
  )
})

/** 10 kW all the time, read at 7, 22, 37 and 52 minutes past: no range begins or ends with a reading. */
it('the steps of a counter over the ends of a range count as far as they lie within it', async () => {
  const base = common.floor(['e-4'], {}, 'line-e4')
  const { open, tell, goTo } = base
  const book = open()
  await book.start()
  const rest = kpiApi(common, { ...base, plant: withMeters(base.plant) }, book)
  goTo(book, six)
  tell(book, { source: 's', stateChanges: [change('e-4', six, 'Execute')] })
  const samples = new SampleBatchBuilder()
  const { index } = rest.floor.registry.signalById('e-4.energy')!
  const push = (at: number, value: number, quality = 0): void => {
    samples.push(index, six + at * minute, six + at * minute, value, quality)
  }
  for (let at = 7; at < 360; at += 15) push(at, (at - 7) / 6)
  // Those next to ends of ranges that cannot be used are not there.
  push(59, 7, 2)
  push(121, Number.NaN)
  common.store.append({ source: 's', samples: samples.take() })
  goTo(book, six + 360 * minute)
  const at = (minutes: number): string => new Date(six + minutes * minute).toISOString()
  const between = async (from: number, to: number): Promise<{ kWh: number; measuredShare: number }> =>
    (await rest.get(`/kpis/energy?scope=machine:e-4&from=${at(from)}&to=${at(to)}`)).items[0]
  for (const [from, to] of [
    [60, 120],
    [30, 45],
    [40, 44],
    [60, 300],
  ] as const)
    expect(await between(from, to), `${from} to ${to}`).toMatchObject({
      kWh: expect.closeTo((to - from) / 6, 6),
      measuredShare: expect.closeTo(1, 9),
    })
  // Before the first reading, and after the last one at 352, nobody knows.
  expect(await between(0, 10)).toMatchObject({ kWh: expect.closeTo(0.5, 6) })
  expect(await between(340, 360)).toMatchObject({ kWh: expect.closeTo(2, 6) })
})

/** Two hours at 10 kW; after the first of them the counter, which shows 7 kWh an hour, begins to speak. */
it('a counter that has never told a value leaves the word to the other meters of its machine', async () => {
  const base = common.floor(['e-5'], {}, 'line-e5')
  const { open, tell, goTo } = base
  const book = open()
  await book.start()
  const rest = kpiApi(common, { ...base, plant: withMeters(base.plant) }, book)
  goTo(book, six)
  tell(book, { source: 's', stateChanges: [change('e-5', six, 'Execute')] })
  tell(book, parts('e-5', six + 30 * minute, 40))
  const keep = (name: string, from: number, to: number, valueAt: (at: number) => number, quality = 0) => {
    const samples = new SampleBatchBuilder()
    const { index } = rest.floor.registry.signalById(`e-5.${name}`)!
    for (let at = from; at <= to; at++)
      samples.push(index, six + at * minute, six + at * minute, valueAt(at), quality)
    common.store.append({ source: 's', samples: samples.take() })
  }
  goTo(book, six + 120 * minute)
  const at = (minutes: number): string => new Date(six + minutes * minute).toISOString()
  const get = () => rest.get(`/kpis/energy?scope=machine:e-5&from=${at(0)}&to=${at(60)}`)
  const nothing = await get()
  expect(nothing.meters).toEqual([{ machine: 'e-5', signal: 'e-5.energy', kind: 'counter' }])
  expect(nothing.items[0]).toMatchObject({ kWh: 0, kWhPerGoodPart: null, idleShare: null, measuredShare: 0 })

  keep('energy', 0, 60, () => 0, 2)
  keep('power', 0, 120, () => 10)
  const byPower = await get()
  expect(byPower).toMatchObject({
    meters: [{ machine: 'e-5', signal: 'e-5.power', kind: 'power' }],
    unmetered: [],
  })
  expect(byPower.items[0]).toMatchObject({
    kWh: expect.closeTo(10, 6),
    kWhPerGoodPart: expect.closeTo(0.25, 6),
    measuredShare: expect.closeTo(1, 9),
  })

  keep('heat', 0, 120, at => at / 20)
  expect(await get()).toMatchObject({
    meters: [{ signal: 'e-5.heat' }],
    items: [{ kWh: expect.closeTo(3, 6) }],
  })
  keep('energy', 61, 120, at => (at * 7) / 60)
  expect(await get()).toMatchObject({ meters: [{ signal: 'e-5.energy' }], items: [{ kWh: 0 }] })
})

it('energy over a change of unit is told in the unit of now, from samples and from minutes', async () => {
  const base = common.floor(['e-6'], { machineTypes: [] }, 'line-e6')
  const { open, tell, goTo } = base
  const book = open()
  await book.start()
  const withUnit = (unit: string) => {
    // Its counter has never told a value, in no unit.
    meters['e-6'] = [meter('e-6', 'energy', 'kWh', minute), meter('e-6', 'power', unit, 10_000)]
    return kpiApi(common, { ...base, plant: withMeters(base.plant) }, book)
  }
  const tellPower = (rest: ReturnType<typeof withUnit>, from: number, value: number): void => {
    const samples = new SampleBatchBuilder()
    const { index } = rest.floor.registry.signalById('e-6.power')!
    for (let at = six + from * minute; at < six + (from + 60) * minute; at += 10_000)
      samples.push(index, at, at, value, 0)
    common.store.append({ source: 's', samples: samples.take() })
  }
  tell(book, { source: 's', stateChanges: [change('e-6', six, 'Execute')] })
  tellPower(withUnit('W'), 0, 6_000)
  const rest = withUnit('kW')
  goTo(book, six + 120 * minute)
  const of = async (begin: number) => {
    const times = `from=${new Date(begin).toISOString()}&to=${new Date(six + 120 * minute).toISOString()}`
    const { table, meters, items } = await rest.get(`/kpis/energy?scope=machine:e-6&${times}`)
    return [table, meters[0].signal, items[0].kWh]
  }
  // The last value holds for three periods, 20 s of them after the hour.
  const held = (6 * 20) / 3_600
  expect(await of(six)).toEqual(['telemetry', 'e-6.power', expect.closeTo(6 + held, 6)])
  tellPower(rest, 60, 3)
  expect(await of(six)).toEqual(['telemetry', 'e-6.power', expect.closeTo(9, 6)])
  expect(await of(six - 60 * 24 * 60 * minute)).toEqual(['telemetry_1m', 'e-6.power', expect.closeTo(9, 1)])
})
