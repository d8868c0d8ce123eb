import { isBroken } from '../../adapters/exact.js'
import { type WorkOrder, type WorkOrderField, workOrderFields } from '../../schema/work-order.js'
import { type NumberWriting, plainNumbers, readNumber } from './order-number.js'

/** What a file or an answer says of an order, field by field; undefined where it says nothing. */
export type OrderFields = Readonly<Partial<Record<WorkOrderField, unknown>>>

/** Text of an order that cannot be taken: which field, and what is wrong with it. */
export class OrderFault extends Error {}

const longest: Readonly<Partial<Record<WorkOrderField, number>>> = { number: 100, description: 500 }
const usualLongest = 200

export interface OrderWriting {
  readonly numbers: NumberWriting
  /** What to do where letters were lost on the way. */
  readonly lost: string
}

const usual: OrderWriting = { numbers: plainNumbers, lost: 'it has to come in UTF-8' }

/**
 * The order that these fields say. Numbers may be texts, as people write them. Throws OrderFault naming the first field
 * that cannot be taken.
 */
export function readOrder(fields: OrderFields, { numbers, lost } = usual): WorkOrder {
  const text = (field: WorkOrderField): string => {
    const value = fields[field]
    if (value === undefined || value === null) return ''
    if (typeof value !== 'string' && typeof value !== 'number')
      throw new OrderFault(`${field} is ${JSON.stringify(value)}, not a text`)
    const plain = String(value).trim()
    const most = longest[field] ?? usualLongest
    if (plain.length > most)
      throw new OrderFault(`${field} has ${plain.length} characters; ${most} are the most`)
    if (isBroken(plain)) throw new OrderFault(`${field} is "${plain}", of which letters were lost: ${lost}`)
    return plain
  }
  const number = (field: WorkOrderField): number | null => {
    const plain = text(field)
    if (plain === '') return null
    const value = readNumber(plain, numbers)
    if (typeof value === 'object') {
      const either = value.join(' or ')
      throw new OrderFault(
        `${field} is "${plain}", which may be ${either}: write it without the mark, or say which mark stands before decimals (workOrders.folder.decimal)`,
      )
    }
    if (value === undefined) throw new OrderFault(`${field} is "${plain}", not a number`)
    if (value < 0) throw new OrderFault(`${field} is ${plain}; it must not be below 0`)
    return value
  }
  const order = text('number')
  if (order === '') throw new OrderFault('number is missing: an order is known by it')
  const part = text('part')
  if (part === '') throw new OrderFault('part is missing: say what is made')
  const ordered = number('ordered')
  if (ordered === null) throw new OrderFault('ordered is missing: say how many parts')
  return {
    number: order,
    part,
    description: text('description'),
    ordered,
    completed: number('completed') ?? 0,
    scrapped: number('scrapped') ?? 0,
    materialCost: number('materialCost'),
    labourRate: number('labourRate'),
    customer: text('customer'),
    due: dueOf(text('due')),
    status: text('status'),
  }
}

/** The fields by the names that they have where they come from; case, blanks, `-` and `_` do not count. */
export function fieldNames(
  columns: Readonly<Partial<Record<WorkOrderField, string>>>,
): ReadonlyMap<string, WorkOrderField> {
  return new Map(workOrderFields.map(field => [foldName(columns[field] ?? field), field]))
}

export const foldName = (name: string): string => name.toLowerCase().replaceAll(/[\s_-]/g, '')

/** A day (the begin of it, UTC) or a time with its zone. */
function dueOf(text: string): number | null {
  if (text === '') return null
  const isDay = /^\d{4}-\d\d-\d\d$/.test(text)
  const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/.test(text)
  const time = isDay || isTime ? Date.parse(text) : Number.NaN
  // There is no 31 February, whatever Date makes of it.
  const exists = !isDay || (!Number.isNaN(time) && new Date(time).toISOString().startsWith(text))
  if (Number.isNaN(time) || !exists || time < 0 || time >= Date.UTC(2200, 0))
    throw new OrderFault(`due is "${text}"; write 2026-12-24 or 2026-12-24T14:00:00Z`)
  return time
}
