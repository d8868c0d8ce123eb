import pino from 'pino'
import { Registry } from 'prom-client'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createApi } from '../api/api.js'
import { manifestDocument } from '../api/manifest.js'
import { emptyHistory } from '../api/test-history.js'
import { testFloor } from '../gateway/test-floor.js'
import { OrderBook } from '../orders/order-book.js'
import { readOrder } from '../orders/read-order.js'
import { costRates } from './cost-rates.js'
import { ProductionDesk } from './production-desk.js'
import { change, KpiGround, minute, parts, six } from './test-ground.js'

let common: KpiGround
beforeAll(async () => {
  common = await KpiGround.open()
})
afterAll(() => common?.close())

const product = (id: string) => ({ id, name: id, category: '', lines: ['line-9'] })

/**
 * By hand. m-1 feeds m-2, 30 s a part each. Order W-1 makes bolts: 4.00 of material and 36/h by the order, so 4.30 a
 * part. Then nuts without an order: 1.00 and 24/h of the plant file, 1.20 a part. A stopped hour costs 60 on m-1 by
 * itself, and 90 on m-2 by the line.
 */
it('an order, its scrap, the stops and what they cost come out as by hand, and the same wherever they are asked', async () => {
  const costs = {
    currency: 'EUR',
    labourRate: 24,
    material: { nut: 1 },
    downtime: { 'm-1': 60, 'line-9': 90 },
  }
  const { plant, clock, open, tell, goTo } = common.floor(
    ['m-1', 'm-2'],
    { products: [product('bolt'), product('nut')], costs },
    'line-9',
  )
  const book = open()
  await book.start()
  const record = tell.bind(undefined, book)
  const orders = new OrderBook({
    store: common.store,
    wall: clock,
    clock,
    record: entry => {
      common.store.append(entry)
      return true
    },
  })
  const told = {
    number: 'W-1',
    part: 'bolt',
    ordered: 200,
    materialCost: 4,
    labourRate: 36,
    due: '2026-03-27',
  }
  orders.take('folder', 'a.csv', { orders: [readOrder(told)], refused: [], unknown: [] })
  const rates = costRates(plant, book.plans, orders)
  const production = new ProductionDesk({ plant, book, store: common.store, clock, rates, record })
  const logger = pino({ level: 'silent' })
  const floor = Object.assign(testFloor(plant), { clock, plant })
  const context = { floor, store: emptyHistory, kpis: book, values: common.store, orders, production }
  const api = createApi(
    { ...context, sources: new Map(), metrics: new Registry(), logger, missing: () => [] },
    manifestDocument(floor),
  )
  const get = async (path: string) => JSON.parse(await (await api.request(path)).text())

  const tellState = (machine: string, at: number, state: string, reason = 'none') =>
    record({ source: 's', stateChanges: [change(machine, six + at * minute, state, reason)] })
  goTo(book, six)
  for (const machine of ['m-1', 'm-2']) tellState(machine, 0, 'Execute')
  await production.start({ line: 'line-9', product: 'bolt', order: 'W-1', target: 200, who: 'Ada' })
  tellState('m-1', 40, 'Aborted')
  tellState('m-2', 40, 'Suspended', 'starved')
  for (const machine of ['m-1', 'm-2']) tellState(machine, 50, 'Execute')
  for (const machine of ['m-1', 'm-2']) record(parts(machine, six + 59 * minute, 90))
  record(parts('m-1', six + 59 * minute, 3, 'defective'))
  goTo(book, six + 60 * minute)
  await production.start({ line: 'line-9', product: 'nut', order: '', target: 0, who: 'Ada' })
  tellState('m-2', 80, 'Held')
  tellState('m-2', 84, 'Execute')
  record(parts('m-2', six + 100 * minute, 60))
  goTo(book, six + 120 * minute)
  const entry = { kind: 'scrap' as const, operator: 'Ada', product: '', order: '', comment: '' }
  await production.scrap({
    ...entry,
    machine: 'm-1',
    quantity: 2,
    counted: true,
    time: six + 59 * minute,
    category: 'surface',
    reason: 'scratch',
  })
  await production.scrap({
    ...entry,
    machine: 'm-2',
    quantity: 5,
    time: six + 100 * minute,
    category: 'dimension',
    reason: '',
  })

  const day = `from=${new Date(six).toISOString()}&to=${new Date(six + 120 * minute).toISOString()}`
  const losses = await get(`/api/v1/kpis/losses?scope=line:line-9&by=order&${day}`)
  const unpriced = { unpricedParts: 0, unpricedSeconds: 0 }
  expect([
    losses.currency,
    losses.items.map((item: { key: string; costs: object }) => [item.key, item.costs]),
  ]).toEqual([
    'EUR',
    [
      ['', { scrap: expect.closeTo(5 * 1.2, 9), downtime: (90 * 4) / 60, setup: 0, ...unpriced }],
      ['W-1', { scrap: expect.closeTo(3 * 4.3, 9), downtime: (60 * 10) / 60, setup: 0, ...unpriced }],
    ],
  ])
  const [bolts, nuts] = (await get(`/api/v1/production?${day}`)).items
  expect(bolts).toMatchObject({
    order: 'W-1',
    scrap: 3,
    scrapCost: expect.closeTo(12.9, 9),
    downtimeCost: 10,
  })
  expect(nuts).toMatchObject({ order: '', scrap: 5, scrapCost: expect.closeTo(6, 9), downtimeCost: 6 })

  const pareto = async (query: string) =>
    (await get(`/api/v1/kpis/pareto?${day}&${query}`)).items.map(
      ({ key, seconds, count, quantity, cost, cumulated }: Record<string, number>) => [
        key,
        seconds,
        count,
        quantity,
        cost === null ? null : Number(cost?.toFixed(9)),
        Number(cumulated?.toFixed(6)),
      ],
    )
  expect(await pareto('of=scrap')).toEqual([
    ['dimension', 150, 1, 5, 6, 0.625],
    ['scratch', 60, 1, 2, 8.6, 0.875],
    ['unqualified', 30, 0, 1, 4.3, 1],
  ])
  expect(await pareto('of=scrap&measure=cost')).toEqual([
    ['scratch', 60, 1, 2, 8.6, 0.455026],
    ['dimension', 150, 1, 5, 6, 0.772487],
    ['unqualified', 30, 0, 1, 4.3, 1],
  ])
  expect(await pareto('of=scrap&by=order&measure=time')).toEqual([
    ['', 150, 1, 5, 6, 0.625],
    ['W-1', 90, 1, 3, 12.9, 1],
  ])
  expect(await pareto('by=machine&measure=cost')).toEqual([
    ['m-1', 600, 1, null, 10, 0.625],
    ['m-2', 240, 1, null, 6, 1],
  ])
  expect(await pareto('by=kind&kind=all&measure=quantity')).toEqual([
    ['breakdown', 600, 1, null, 10, 0.333333],
    ['minorStop', 240, 1, null, 6, 0.666667],
    ['starved', 600, 1, null, 0, 1],
  ])
  expect(await get(`/api/v1/kpis/pareto?of=scrap&by=word`)).toMatchObject({ status: 422 })

  // The order says the same as the figures by order.
  const order = await get('/api/v1/work-orders/W-1')
  expect(order).toMatchObject({
    ordered: 200,
    due: '2026-03-27T00:00:00.000Z',
    production: { produced: 90, good: 90, scrap: 3, currency: 'EUR', costs: losses.items[1].costs },
  })
  const byOrder = (query: string) => get(`/api/v1/kpis/oee?scope=line:line-9&by=order&${day}&${query}`)
  const [, output] = (await byOrder('lines=output')).items
  expect(order.production).toMatchObject({ oee: output.ratios.oee, busySeconds: output.times.PBT })
  expect((await byOrder('lines=sum')).items[1].quantities).toMatchObject({ PQ: 180, SQ: 3 })

  const list = await get('/api/v1/work-orders?limit=1')
  expect(list.items).toMatchObject([{ number: 'W-1', isStale: false, lastSynced: expect.any(String) }])
  expect(await get('/api/v1/work-orders/W-2')).toMatchObject({ status: 404 })
  const table = await (await api.request('/api/v1/work-orders?format=csv&part=bolt')).text()
  expect(table.split('\r\n')[1]).toMatch(/^W-1,bolt,,200,0,0,4,36,,2026-03-27T00:00:00.000Z,,folder,/)

  // What cannot be true is shown as it is, with a flag, wherever it is asked.
  const [sound] = (await get(`/api/v1/production?${day}`)).items
  expect([sound.flags, order.flags, order.production.flags]).toEqual([[], [], []])
  await production.scrap({
    ...entry,
    machine: 'm-2',
    quantity: 5_000,
    time: six + 59 * minute,
    category: 'dimension',
    reason: '',
  })
  const [wrong] = (await get(`/api/v1/production?${day}`)).items
  expect(wrong).toMatchObject({ order: 'W-1', scrap: 5_000 + 3, flags: ['rejectsExceedProduced'] })
  const runs = await (await api.request(`/api/v1/production?format=csv&${day}`)).text()
  expect(runs.split('\r\n')[1]).toContain(',rejectsExceedProduced,')
  orders.take('folder', 'b.csv', {
    orders: [readOrder({ ...told, scrapped: 201 })],
    refused: [],
    unknown: [],
  })
  expect(await get('/api/v1/work-orders/W-1')).toMatchObject({
    flags: ['scrappedExceedsOrdered'],
    production: { flags: ['rejectsExceedProduced'] },
  })
  const said = await (await api.request('/api/v1/work-orders?format=csv')).text()
  expect(said.split('\r\n')[1]).toMatch(/,scrappedExceedsOrdered$/)
})

it('what nobody has said the cost of is not 0', async () => {
  const { plant, clock, open, tell, goTo } = common.floor(['free-1'])
  const book = open()
  await book.start()
  tell(book, { source: 's', stateChanges: [change('free-1', six, 'Execute')] })
  tell(book, parts('free-1', six + minute, 10))
  tell(book, parts('free-1', six + minute, 1, 'defective'))
  tell(book, { source: 's', stateChanges: [change('free-1', six + 10 * minute, 'Aborted')] })
  goTo(book, six + 20 * minute)
  const lost = async (costs: NonNullable<typeof plant.costs>) => {
    const floor = Object.assign(testFloor(plant), { clock, plant: { ...plant, costs } })
    const context = { floor, store: emptyHistory, kpis: book, values: common.store, sources: new Map() }
    const api = createApi(
      { ...context, metrics: new Registry(), logger: pino({ level: 'silent' }), missing: () => [] },
      manifestDocument(floor),
    )
    const answer = await api.request('/api/v1/kpis/losses?scope=machine:free-1')
    return JSON.parse(await answer.text()).items[0].costs
  }
  const unpriced = { downtime: null, setup: null, unpricedParts: 1, unpricedSeconds: 600 }
  expect(await lost({})).toEqual({ ...unpriced, scrap: null })
  // Of a part without a material price the labour of its 30 s is known.
  expect(await lost({ labourRate: 36 })).toEqual({ ...unpriced, scrap: expect.closeTo(0.3, 12) })
  expect(await lost({ labourRate: 36, material: { '': 1 } })).toMatchObject({ unpricedParts: 0 })
})
