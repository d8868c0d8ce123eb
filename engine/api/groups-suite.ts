import { expect, it } from 'vitest'
import { change, minute, parts, six } from '../kpi/test-ground.js'
import { readOrder } from '../orders/read-order.js'
import { common } from './figures-ground.js'
import { kpiApi } from './test-kpis.js'

it('adds runs, stops and orders up by what they have in common, times and counts first, ratios last', async () => {
  const product = (id: string) => ({ id, name: id, category: '', lines: ['group-line'] })
  const floor = common.floor(['group-1'], { products: [product('bolt'), product('nut')] }, 'group-line')
  const { open, tell, goTo } = floor
  const book = open()
  await book.start()
  const { get, text, send, orders } = kpiApi(common, floor, book)
  const states = (...of: readonly (readonly [number, string])[]) => {
    for (const [at, state] of of)
      tell(book, { source: 's', stateChanges: [change('group-1', six + at * minute, state)] })
  }
  const run = async (at: number, what: object) => {
    goTo(book, six + at * minute)
    const body = { line: 'group-line', who: 'Ada', target: 0, ...what }
    expect((await send('POST', '/production', body)).status).toBe(201)
  }
  goTo(book, six)
  states([0, 'Execute'])
  await run(0, { product: 'bolt', order: 'W-1', target: 60 })
  tell(book, parts('group-1', six + 10 * minute, 20))
  await run(20, { product: 'nut', order: 'W-2', target: 10 })
  states([25, 'Aborted'], [35, 'Execute'])
  tell(book, parts('group-1', six + 36 * minute, 10))
  await run(40, { product: 'bolt', order: 'W-3', target: 40 })
  states([45, 'Aborted'], [52, 'Execute'])
  tell(book, parts('group-1', six + 70 * minute, 80))
  tell(book, parts('group-1', six + 71 * minute, 16, 'defective'))
  goTo(book, six + 100 * minute)
  const range = `from=${new Date(six).toISOString()}&to=${new Date(six + 100 * minute).toISOString()}`

  const runs = await get(`/production?${range}&by=product`)
  expect(runs.items).toHaveLength(3)
  // By hand: bolts in 20 and 60 min, 100 of them of 30 s, 16 bad; nuts in 20 min.
  expect(runs.groups).toMatchObject([
    {
      ...{ key: 'bolt', runs: 2, target: 100, actual: 100, good: 84, scrap: 16, firstPassYield: 0.84 },
      oee: expect.closeTo((84 * 30) / (80 * 60), 12),
    },
    { key: 'nut', runs: 1, target: 10, actual: 10, good: 10, oee: expect.closeTo((10 * 30) / (20 * 60), 12) },
  ])
  const byProduct = await get(`/kpis/oee?${range}&by=product&lines=output`)
  const oeeOf = ({ items }: { items: { key: string; ratios: { oee: number } }[] }) =>
    items.map(({ key, ratios }) => [key, ratios.oee])
  expect(oeeOf(byProduct)).toEqual(
    runs.groups.map(({ key, oee }: { key: string; oee: number }) => [key, expect.closeTo(oee, 12)]),
  )
  expect((await get(`/production?${range}`)).groups).toEqual([])
  const table = (await text(`/production?${range}&by=order&format=csv`)).trim().split('\r\n')
  expect(table.map(row => row.split(',').slice(0, 4).join())).toEqual([
    'key,runs,target,actual',
    'W-1,1,60,20',
    'W-2,1,10,10',
    'W-3,1,40,80',
  ])

  // The second stop over the end of the range.
  const until = `from=${new Date(six).toISOString()}&to=${new Date(six + 50 * minute).toISOString()}`
  expect((await get(`/downtime?${until}&by=kind`)).groups).toEqual([
    { key: 'breakdown', count: 2, seconds: 15 * 60 },
  ])
  const from = `from=${new Date(six + 50 * minute).toISOString()}&to=${new Date(six + 100 * minute).toISOString()}`
  expect(await text(`/downtime?${from}&by=line&format=csv`)).toBe(
    'key,count,seconds,recomputing\r\ngroup-line,0,120,false\r\n',
  )

  const order = (number: string, part: string, ordered: number, due: string) =>
    readOrder({ number, part, ordered, completed: 1, scrapped: 2, due })
  const told = [
    order('W-1', 'bolt', 60, '2026-03-24'),
    order('W-2', 'nut', 10, '2026-03-25'),
    order('W-3', 'bolt', 40, '2026-03-26'),
  ]
  orders.take('folder', 'a.csv', { orders: told, refused: [], unknown: [] })
  const all = await get('/work-orders?by=part')
  expect(all.groups).toEqual([
    { key: 'bolt', orders: 2, ordered: 100, completed: 2, scrapped: 4 },
    { key: 'nut', orders: 1, ordered: 10, completed: 1, scrapped: 2 },
  ])
  const due = await get('/work-orders?from=2026-03-25T00:00:00Z&to=2026-03-26T00:00:00Z')
  expect(due.items.map(({ number }: { number: string }) => number)).toEqual(['W-2'])
  expect(await text('/work-orders?by=part&format=csv')).toBe(
    'key,orders,ordered,completed,scrapped\r\nbolt,2,100,2,4\r\nnut,1,10,1,2\r\n',
  )
})
