import pino from 'pino'
import { Registry } from 'prom-client'
import { emptyIndexBook, makeRegistry } from '../floor/registry.js'
import { testFloor, testStart } from '../gateway/test-floor.js'
import { costRates } from '../kpi/cost-rates.js'
import { DowntimeRegister } from '../kpi/downtime-register.js'
import type { KpiBook } from '../kpi/kpi-book.js'
import { ProductionDesk } from '../kpi/production-desk.js'
import type { KpiGround } from '../kpi/test-ground.js'
import { OrderBook } from '../orders/order-book.js'
import { PastPlants } from '../store/past-plants.js'
import { createApi } from './api.js'
import { manifestDocument } from './manifest.js'

/** Floors of a test file share a database: no two have a signal of the same index. */
let indexes = emptyIndexBook

/** REST over a floor of a test and the book of its figures, with the desks at which people tell of them. */
export function kpiApi(
  { store, pool }: Pick<KpiGround, 'store' | 'pool'>,
  { plant, clock, tell }: Pick<ReturnType<KpiGround['floor']>, 'plant' | 'clock' | 'tell'>,
  book: KpiBook,
) {
  const record = tell.bind(undefined, book)
  const parts = { plant, book, store, clock, record }
  const isKept = (entry: Parameters<typeof record>[0]): boolean => {
    store.append(entry)
    return true
  }
  const orders = new OrderBook({ store, wall: clock, clock, record: isKept })
  indexes = makeRegistry(plant, indexes).book
  const rates = costRates(plant, book.plans, orders)
  const floor = { ...testFloor(plant, testStart, indexes), clock }
  const api = createApi(
    {
      ...{ floor, store, kpis: book, values: store, pool, orders },
      plants: new PastPlants(store, floor, () => indexes),
      ...{ production: new ProductionDesk({ ...parts, rates }), downtime: new DowntimeRegister(parts) },
      ...{
        sources: new Map(),
        metrics: new Registry(),
        logger: pino({ level: 'silent' }),
        missing: () => [],
      },
    },
    manifestDocument(floor),
  )
  /** The text of an answer, whatever its status. */
  const text = async (path: string): Promise<string> => (await api.request(`/api/v1${path}`)).text()
  return {
    ...{ floor, orders },
    text,
    get: async (path: string) => JSON.parse(await text(path)),
    /** The status of the answer. */
    remove: async (path: string) => (await api.request(`/api/v1${path}`, { method: 'DELETE' })).status,
    send: async (method: string, path: string, body: object) => {
      const headers = { 'content-type': 'application/json' }
      const answer = await api.request(`/api/v1${path}`, { method, headers, body: JSON.stringify(body) })
      return { status: answer.status, body: JSON.parse(await answer.text()) }
    },
  }
}
