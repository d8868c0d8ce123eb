import type { Crew, Customer, Product, Shift } from '../plant.js'
import { DeclaredIds } from './declared-ids.js'
import { crewEntry, customerEntry, productEntry, shiftEntry } from './entries.js'
import type { Report } from './report.js'

/** What a plant file says besides the machines: who works when, and what is made for whom. */
export interface Orders {
  readonly shifts: Shift[]
  readonly products: Product[]
  readonly customers: Customer[]
  readonly crews: Crew[]
}

export interface OrderSections {
  readonly shifts?: unknown
  readonly products?: unknown
  readonly customers?: unknown
  readonly crews?: unknown
}

export function readOrders(
  sections: OrderSections,
  sites: DeclaredIds,
  lines: DeclaredIds,
  report: Report,
): Orders {
  const crewIds = new DeclaredIds(report, 'crew')
  const crews = report.list(sections.crews, ['crews']).flatMap(([value, path]): Crew[] => {
    crewIds.declareEntry(value, path)
    const crew = report.read(crewEntry, value, path)
    if (crew === undefined) return []
    sites.refer(crew.site, [...path, 'site'])
    return [{ ...crew, name: crew.name ?? crew.id }]
  })
  const siteOfCrew = new Map(crews.map(crew => [crew.id, crew.site]))

  const shiftIds = new DeclaredIds(report, 'shift')
  const shifts = report.list(sections.shifts, ['shifts']).flatMap(([value, path]): Shift[] => {
    shiftIds.declareEntry(value, path)
    const shift = report.read(shiftEntry, value, path)
    if (shift === undefined) return []
    sites.refer(shift.site, [...path, 'site'])
    if (shift.start === shift.end) {
      const message = `the shift ends when it begins, at ${shift.start}`
      report.add(
        [...path, 'end'],
        shift.end,
        message,
        'write the time at which it ends; split a day into shifts',
      )
    }
    if (shift.crew !== undefined && crewIds.refer(shift.crew, [...path, 'crew'])) {
      const site = siteOfCrew.get(shift.crew)
      if (site !== undefined && site !== shift.site) {
        const message = `the crew "${shift.crew}" works in "${site}", not in "${shift.site}"`
        report.add([...path, 'crew'], shift.crew, message, 'name a crew of the same site')
      }
    }
    return [{ ...shift, name: shift.name ?? shift.id }]
  })

  const productIds = new DeclaredIds(report, 'product')
  const products = report.list(sections.products, ['products']).flatMap(([value, path]): Product[] => {
    productIds.declareEntry(value, path)
    const product = report.read(productEntry, value, path)
    if (product === undefined) return []
    for (const [place, line] of product.lines.entries()) lines.refer(line, [...path, 'lines', place])
    return [{ ...product, name: product.name ?? product.id, category: product.category ?? '' }]
  })

  const customerIds = new DeclaredIds(report, 'customer')
  const customers = report.list(sections.customers, ['customers']).flatMap(([value, path]): Customer[] => {
    customerIds.declareEntry(value, path)
    const customer = report.read(customerEntry, value, path)
    if (customer === undefined) return []
    for (const [place, product] of customer.products.entries()) {
      productIds.refer(product, [...path, 'products', place])
    }
    return [{ ...customer, name: customer.name ?? customer.id }]
  })
  return { shifts, products, customers, crews }
}
