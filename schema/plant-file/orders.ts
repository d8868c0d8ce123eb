import {
  type CalendarException,
  type Crew,
  type Customer,
  onShift,
  type PlannedStop,
  type Product,
  type Shift,
  type Target,
} from '../plant.js'
import { type CalendarSections, checkShifts, readCalendar } from './calendar.js'
import { DeclaredIds } from './declared-ids.js'
import { crewEntry, customerEntry, productEntry, shiftEntry, targetEntry } from './plan-entries.js'
import type { PlantPath } from './problem.js'
import type { Report } from './report.js'

/** What a plant file says besides the machines: who works when, and what is made for whom. */
export interface Orders {
  readonly shifts: Shift[]
  readonly products: Product[]
  readonly customers: Customer[]
  readonly crews: Crew[]
  readonly calendarExceptions?: CalendarException[]
  readonly plannedStops?: PlannedStop[]
  readonly targets?: Target[]
}

export interface OrderSections extends CalendarSections {
  readonly targets?: unknown
  readonly shifts?: unknown
  readonly products?: unknown
  readonly customers?: unknown
  readonly crews?: unknown
}

export function readOrders(
  sections: OrderSections,
  sites: DeclaredIds,
  lines: DeclaredIds,
  machines: ReadonlySet<string>,
  report: Report,
): Orders {
  const crewIds = new DeclaredIds(report, 'crew')
  const crews = report.list(sections.crews, ['crews']).flatMap(([value, path]): Crew[] => {
    crewIds.declareEntry(value, path)
    const crew = report.read(crewEntry, value, path)
    if (crew === undefined) return []
    if (crew.id === onShift) {
      const message = `"${onShift}" stands for whichever crew is on shift`
      report.add([...path, 'id'], crew.id, message, 'call the crew something else')
    }
    sites.refer(crew.site, [...path, 'site'])
    return [{ ...crew, name: crew.name ?? crew.id }]
  })
  const siteOfCrew = new Map(crews.map(crew => [crew.id, crew.site]))

  const shiftIds = new DeclaredIds(report, 'shift')
  const shiftPaths = new Map<Shift, PlantPath>()
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
    const named = { ...shift, name: shift.name ?? shift.id }
    shiftPaths.set(named, path)
    return [named]
  })
  checkShifts(shifts, shiftPaths, report)
  const stoppable = new Set([...sites.ids, ...lines.ids, ...machines])
  const calendar = readCalendar(sections, { sites, shifts: shiftIds, sound: shifts, stoppable }, report)

  const productIds = new DeclaredIds(report, 'product')
  const products = report.list(sections.products, ['products']).flatMap(([value, path]): Product[] => {
    productIds.declareEntry(value, path)
    const product = report.read(productEntry, value, path)
    if (product === undefined) return []
    if (product.lines.length === 0) {
      const message = `"${product.id}" has no route: no line makes it`
      report.add(
        [...path, 'lines'],
        product.lines,
        message,
        'name the lines that make it, or remove the product',
      )
    }
    for (const [place, line] of product.lines.entries()) lines.refer(line, [...path, 'lines', place])
    const makers = new Set([...lines.ids, ...machines])
    for (const maker of Object.keys(product.cycleTimes ?? {})) {
      if (makers.has(maker)) continue
      const fix = report.suggest(maker, makers, 'use the id of a line or a machine')
      report.add([...path, 'cycleTimes', maker], maker, `there is no line or machine "${maker}"`, fix, 'key')
    }
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
  const targetPaths = new Map<string, PlantPath>()
  const targets = report.list(sections.targets, ['targets']).flatMap(([value, path]): Target[] => {
    const target = report.read(targetEntry, value, path)
    if (target === undefined) return []
    lines.refer(target.line, [...path, 'line'])
    if (target.shift !== undefined) shiftIds.refer(target.shift, [...path, 'shift'])
    if (target.product !== undefined) productIds.refer(target.product, [...path, 'product'])
    const { line, shift = '', product = '' } = target
    const key = JSON.stringify([line, shift, product])
    const first = targetPaths.get(key)
    if (first !== undefined) {
      const message = `there is a target for the same line, shift and product already, in line ${report.lineOf(first)}`
      report.add([...path, 'line'], line, message, 'remove one of the two')
    } else targetPaths.set(key, path)
    return [target]
  })
  return { shifts, products, customers, crews, ...calendar, ...(targets.length > 0 && { targets }) }
}
