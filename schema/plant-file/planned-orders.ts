import type { Line, PlannedOrder, Site } from '../plant.js'
import { DeclaredIds } from './declared-ids.js'
import type { Orders } from './orders.js'
import { orderEntry } from './plan-entries.js'
import type { PlantPath } from './problem.js'
import type { Report } from './report.js'

/** Reads the work orders; each needs a line that makes its product, and on which parts begin. */
export function readPlannedOrders(
  value: unknown,
  {
    sites,
    orders,
  }: { readonly sites: readonly Site[]; readonly orders: Pick<Orders, 'products' | 'customers'> },
  report: Report,
): PlannedOrder[] {
  const lines = new Map(
    sites.flatMap(site => site.areas.flatMap(area => area.lines)).map(line => [line.id, line]),
  )
  const machines = [...lines.values()].flatMap(line => line.machines)
  const isFed = new Set(machines.flatMap(({ feeds }) => feeds))
  const products = new Map(orders.products.map(product => [product.id, product]))
  const customers = new Set(orders.customers.map(({ id }) => id))
  const ids = new DeclaredIds(report, 'order')

  const refer = (id: string, known: Iterable<string>, what: string, path: PlantPath): void => {
    const fix = report.suggest(id, known, `use the id of a ${what}`)
    report.add(path, id, `there is no ${what} "${id}"`, fix)
  }
  const checkRoute = (order: PlannedOrder, line: Line, path: PlantPath): void => {
    const product = products.get(order.product)
    if (product !== undefined && !product.lines.includes(line.id)) {
      const message = `"${order.product}" has no route on "${line.id}"; it is made on ${product.lines.join(', ')}`
      report.add(
        [...path, 'line'],
        line.id,
        message,
        'name one of those lines, or add this one to the product',
      )
    }
    if (line.machines.some(({ id }) => !isFed.has(id))) return
    const [first] = line.machines
    const feeder = machines.find(({ feeds }) => first !== undefined && feeds.includes(first.id))
    const message =
      first === undefined
        ? `"${line.id}" has no machine that could work on it`
        : `no part begins on "${line.id}": ${feeder?.id} feeds its first machine`
    report.add([...path, 'line'], line.id, message, 'order from the line on which the parts begin')
  }

  return report.list(value, ['orders']).flatMap(([entry, path]): PlannedOrder[] => {
    ids.declareEntry(entry, path)
    const order = report.read(orderEntry, entry, path)
    if (order === undefined) return []
    const line = lines.get(order.line)
    if (line === undefined) refer(order.line, lines.keys(), 'line', [...path, 'line'])
    else checkRoute(order, line, path)
    if (!products.has(order.product)) refer(order.product, products.keys(), 'product', [...path, 'product'])
    if (order.customer !== undefined && !customers.has(order.customer))
      refer(order.customer, customers, 'customer', [...path, 'customer'])
    if (order.release !== undefined && order.due !== undefined && order.due <= order.release) {
      const message = `the order is due at ${order.due}, before it may begin`
      report.add([...path, 'due'], order.due, message, 'write a time after the one at "release"')
    }
    return [order]
  })
}
