import type { Entry } from '../../schema/records.js'
import { databaseName } from '../../schema/tables/definition.js'
import type { WorkOrder } from '../../schema/work-order.js'
import type { Store } from '../store/store.js'
import type { ReadOrders } from './order-file.js'

export type OrderSourceKind = 'folder' | 'rest'

/** An order with when the planning system last said it, wall time, Unix ms. */
export interface KnownOrder extends WorkOrder {
  readonly source: OrderSourceKind
  readonly synced: number
}

/** How it stands with a place that orders come from. */
export interface OrderSource {
  readonly kind: OrderSourceKind
  /** The folder, or the address without what may be secret in it. */
  readonly place: string
  /** When orders last came from it, wall time, Unix ms; undefined: never. */
  readonly lastSync: number | undefined
  /** Why the last try failed; undefined: it did not. */
  readonly lastError: string | undefined
  /** Names of columns of what came last that are no field of an order: what they say is left out. */
  readonly unknownFields: readonly string[]
  /** How often it is asked, ms; undefined: nobody knows when it brings some. */
  readonly everyMs: number | undefined
}

export interface OrderBookParts {
  readonly store: Pick<Store, 'query' | 'flush'>
  /** Wall time. */
  readonly wall: { now(): number }
  /** The floor's time, of rejects. */
  readonly clock: { now(): number }
  /** Makes an entry durable; false: not yet. */
  record(entry: Entry): boolean
}

/** Rows of one entry: no entry is so large that everything else waits for it. */
const rowsAtOnce = 5_000
/** A service is stale when it missed this many times in a row. */
const missesUntilStale = 2

/** The work orders as the planning system said them last. It is only read: nothing is ever written there. */
export class OrderBook {
  readonly #parts: OrderBookParts
  readonly #orders = new Map<string, KnownOrder>()
  readonly #sources = new Map<OrderSourceKind, OrderSource>()
  #version = 0

  constructor(parts: OrderBookParts) {
    this.#parts = parts
  }

  /** Reads back what was known. */
  async start(): Promise<void> {
    await this.#parts.store.flush()
    const rows = await this.#parts.store.query<KnownOrder>(
      `SELECT number, part, description, ordered, completed, scrapped, material_cost AS materialCost,
        labour_rate AS labourRate, customer, toFloat64(toUnixTimestamp64Milli(o.due)) AS due, status, source,
        toFloat64(toUnixTimestamp64Milli(o.synced)) AS synced
      FROM ${databaseName}.work_orders AS o FINAL ORDER BY number`,
    )
    for (const row of rows) this.#orders.set(row.number, row)
    for (const source of this.#sources.values())
      this.#sources.set(source.kind, { ...source, lastSync: this.#lastSyncOf(source.kind) })
    this.#version++
  }

  /** A place that orders come from, before anything does. */
  declare(source: Omit<OrderSource, 'lastSync' | 'lastError' | 'unknownFields'>): void {
    const lastSync = this.#lastSyncOf(source.kind)
    this.#sources.set(source.kind, { ...source, lastSync, lastError: undefined, unknownFields: [] })
  }

  /** Grows with every order that comes. */
  get version(): number {
    return this.#version
  }

  get size(): number {
    return this.#orders.size
  }

  get(number: string): KnownOrder | undefined {
    return this.#orders.get(number)
  }

  /** By number. */
  list(): KnownOrder[] {
    return [...this.#orders.values()].sort((a, b) => (a.number < b.number ? -1 : 1))
  }

  get sources(): readonly OrderSource[] {
    return [...this.#sources.values()]
  }

  /** Whether a source that is asked has not answered for so long that what it said may be old. */
  isStale({ everyMs, lastSync }: Pick<OrderSource, 'everyMs' | 'lastSync'>): boolean {
    if (everyMs === undefined) return false
    return lastSync === undefined || this.#parts.wall.now() - lastSync > missesUntilStale * everyMs
  }

  /** Whether an order was not said any more when its source last spoke, or its source is stale. */
  isStaleOrder({ source: kind, synced }: KnownOrder): boolean {
    const source = this.#sources.get(kind)
    return source?.everyMs !== undefined && this.isStale({ everyMs: source.everyMs, lastSync: synced })
  }

  /** Keeps what a source said; `from` names the file or the address. False: not durable yet, say it again. */
  take(kind: OrderSourceKind, from: string, { orders, refused, unknown }: ReadOrders): boolean {
    const synced = this.#parts.wall.now()
    const time = this.#parts.clock.now()
    const source = 'work-orders'
    let isKept = true
    for (let at = 0; at < Math.max(orders.length, refused.length); at += rowsAtOnce) {
      const rows = orders.slice(at, at + rowsAtOnce).map(({ materialCost, labourRate, ...order }) => ({
        ...order,
        material_cost: materialCost,
        labour_rate: labourRate,
        source: kind,
        synced,
      }))
      const rejects = refused.slice(at, at + rowsAtOnce).map(({ place, reason, raw }) => ({
        source,
        time,
        rule: 'work-order.refused',
        reason: `${from}, ${place}: ${reason}.`,
        raw: raw.slice(0, 4_096),
      }))
      isKept = this.#parts.record({ source, rows: { work_orders: rows }, rejects }) && isKept
    }
    for (const order of orders) this.#orders.set(order.number, { ...order, source: kind, synced })
    this.#version++
    const known = this.#sources.get(kind)
    if (known !== undefined) {
      const fresh = { lastSync: synced, lastError: undefined, unknownFields: unknown }
      this.#sources.set(kind, { ...known, ...fresh })
    }
    return isKept
  }

  /** A source could not be read. */
  failed(kind: OrderSourceKind, lastError: string): void {
    const known = this.#sources.get(kind)
    if (known !== undefined) this.#sources.set(kind, { ...known, lastError })
  }

  #lastSyncOf(kind: OrderSourceKind): number | undefined {
    let last: number | undefined
    for (const { source, synced } of this.#orders.values())
      if (source === kind) last = Math.max(last ?? 0, synced)
    return last
  }
}
