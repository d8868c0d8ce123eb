import { parseCsv } from '../../adapters/csv.js'
import { isBroken } from '../../adapters/exact.js'
import type { WorkOrder } from '../../schema/work-order.js'
import type { OrderFileFormat } from '../../schema/work-order-sources.js'
import { csvNumbers, plainNumbers } from './order-number.js'
import {
  fieldNames,
  foldName,
  OrderFault,
  type OrderFields,
  type OrderWriting,
  readOrder,
} from './read-order.js'

/** A row, or an entry of a list, that could not be taken. */
interface RefusedRow {
  /** Where it begins: a line of the file, or for JSON which entry of the list, from 1. */
  readonly place: string
  readonly reason: string
  /** As it came. */
  readonly raw: string
}

export interface ReadOrders {
  /** Each number once. */
  readonly orders: readonly WorkOrder[]
  readonly refused: readonly RefusedRow[]
  /** Names of columns that are no field of an order, as they stand there: what they say is left out. */
  readonly unknown: readonly string[]
}

/** A file that is no list of orders at all: nothing of it can be taken. */
export class OrderFileFault extends Error {}

export const orderFileEndings = ['.csv', '.json'] as const

/**
 * The orders of a file by its ending: CSV with a row of names, or JSON with a list of orders (or one order, or a map
 * with a list `orders`). Throws OrderFileFault where it is neither.
 */
export function readOrderFile(name: string, text: string, format: OrderFileFormat): ReadOrders {
  return name.toLowerCase().endsWith('.json') ? readJson(text, format) : readCsv(text, format)
}

/** What to do where a file turns out not to be in the encoding that it was taken for. */
const lostIn = (encoding: string): string =>
  `it is not in ${encoding}; say what files are written in (workOrders.folder.encoding, such as windows-1252)`

/** The orders of a list; `fieldsOf` finds the fields in an entry; `unknown`: what of entries it does not look at. */
export function readOrderList(
  entries: readonly unknown[],
  fieldsOf: (entry: Readonly<Record<string, unknown>>) => OrderFields,
  unknown: readonly string[] = [],
  writing?: OrderWriting,
): ReadOrders {
  const book = new OrderCollector(unknown)
  for (const [index, entry] of entries.entries()) {
    const raw = JSON.stringify(entry) ?? ''
    book.take(`entry ${index + 1}`, raw, () => {
      if (!isObject(entry)) throw new OrderFault('it is not an object with the fields of an order')
      return readOrder(fieldsOf(entry), writing)
    })
  }
  return book.taken
}

function readCsv(text: string, { columns, encoding, decimal }: OrderFileFormat): ReadOrders {
  const { names, rows, delimiter, isWhole } = parseCsv(text)
  const fields = fieldNames(columns)
  const lost = lostIn(encoding)
  const broken = names.find(isBroken)
  if (broken !== undefined)
    throw new OrderFileFault(`line 1 names the column "${broken}", of which letters were lost: ${lost}`)
  const ofColumn = names.map(name => fields.get(foldName(name)))
  if (!ofColumn.includes('number')) {
    const wanted = columns.number ?? 'number'
    throw new OrderFileFault(
      `its first row has no column "${wanted}"; it has ${names.join(', ') || 'nothing'}`,
    )
  }
  if (!isWhole) throw new OrderFileFault('it ends within a quoted field, so its end is missing')
  const book = new OrderCollector(names.filter((name, at) => name !== '' && ofColumn[at] === undefined))
  const writing = { numbers: csvNumbers(delimiter, decimal), lost }
  for (const { line, raw, fields: values } of rows) {
    book.take(`line ${line}`, raw, () => {
      if (values.length > names.length)
        throw new OrderFault(`it has ${values.length} fields, more than the ${names.length} columns`)
      const said = values.map((value, at) => [ofColumn[at] ?? '', value] as const)
      return readOrder(Object.fromEntries(said), writing)
    })
  }
  return book.taken
}

function readJson(text: string, { columns, encoding }: OrderFileFormat): ReadOrders {
  let json: unknown
  try {
    json = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (cause) {
    throw new OrderFileFault(`it is no JSON: ${(cause as Error).message}`, { cause })
  }
  const listed = isObject(json) ? json.orders : undefined
  const entries = [json, listed].find(each => Array.isArray(each)) ?? (isObject(json) ? [json] : undefined)
  if (entries === undefined) throw new OrderFileFault('it is neither a list of orders nor one order')
  const fields = fieldNames(columns)
  const keys = new Set(entries.flatMap(entry => (isObject(entry) ? Object.keys(entry) : [])))
  return readOrderList(
    entries,
    entry =>
      Object.fromEntries(
        Object.entries(entry).map(([key, value]) => [fields.get(foldName(key)) ?? '', value]),
      ),
    [...keys].filter(key => !fields.has(foldName(key))),
    { numbers: plainNumbers, lost: lostIn(encoding) },
  )
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Orders by number; of several of one number the last holds, and the others are told. */
class OrderCollector {
  readonly #orders = new Map<
    string,
    { readonly order: WorkOrder; readonly place: string; readonly raw: string }
  >()
  readonly #refused: RefusedRow[] = []
  readonly #unknown: readonly string[]

  constructor(unknown: readonly string[]) {
    this.#unknown = unknown
  }

  take(place: string, raw: string, read: () => WorkOrder): void {
    try {
      const order = read()
      const before = this.#orders.get(order.number)
      if (before !== undefined) {
        const reason = `${order.number} comes again at ${place}, which holds`
        this.#refused.push({ place: before.place, raw: before.raw, reason })
      }
      this.#orders.set(order.number, { order, place, raw })
    } catch (error) {
      if (!(error instanceof OrderFault)) throw error
      this.#refused.push({ place, raw, reason: error.message })
    }
  }

  get taken(): ReadOrders {
    const orders = [...this.#orders.values()].map(({ order }) => order)
    return { orders, refused: this.#refused, unknown: this.#unknown }
  }
}
