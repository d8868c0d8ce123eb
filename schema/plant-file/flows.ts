import { meanOf } from '../distribution.js'
import { type MachineFlow, onShift, type People } from '../plant.js'
import { type Failures, failureProblems } from './failures.js'
import type { FeedingMachine } from './feeds.js'
import type { Orders } from './orders.js'
import type { PlantPath } from './problem.js'
import type { Report } from './report.js'

/** At least so many of a machine's parts go on: with fewer no line would come to anything. */
const leastGoingOn = 0.01
/** Says so where a machine could not work as its flow says: nobody is there, parts never come back, no such product. */
export function checkFlows(
  machines: readonly FeedingMachine[],
  { crews, shifts, products }: Pick<Orders, 'crews' | 'shifts' | 'products'>,
  report: Report,
): void {
  const byId = new Map(machines.map(each => [each.machine.id, each]))
  const productIds = new Set(products.map(({ id }) => id))
  const told = new Set<string>()
  /** Machines of one type or one range share what is wrong with them. */
  const tell = (path: PlantPath, value: unknown, message: string, fix: string): void => {
    const key = JSON.stringify([path, message])
    if (!told.has(key)) report.add(path, value, message, fix)
    told.add(key)
  }

  const checkPeople = (people: People | undefined, site: string, path: PlantPath): void => {
    if (people === undefined) return
    if (people === onShift) {
      if (shifts.some(shift => shift.site === site && shift.crew !== undefined)) return
      const message = `no shift of "${site}" has a crew, so that nobody would ever be there`
      tell(path, people, message, 'add crew to the shifts, or name a crew')
      return
    }
    const crew = crews.find(({ id }) => id === people)
    if (crew === undefined) {
      const known = [onShift, ...crews.map(({ id }) => id)]
      const fix = report.suggest(people, known, `add it under crews, or write ${onShift}`)
      tell(path, people, `there is no crew "${people}"`, fix)
    } else if (crew.site !== site) {
      const message = `the crew "${people}" works in "${crew.site}", not in "${site}"`
      tell(path, people, message, 'name a crew of the same site')
    }
  }

  const checkRework = (id: string, { rework, scrap = 0 }: MachineFlow, path: PlantPath): void => {
    if (rework === undefined) return
    const { share, to } = rework
    if (share === 1 || scrap + share > 1 - leastGoingOn) {
      const message =
        share === 1
          ? 'every part is done again, so that none is ever finished'
          : `scrap and rework are ${scrap + share} of the parts together, so that fewer than one in a hundred goes on`
      tell([...path, 'share'], share, message, 'write a smaller share')
    }
    if (!byId.has(to)) {
      const fix = report.suggest(to, byId.keys(), 'use the id of a machine of this file')
      tell([...path, 'to'], to, `there is no machine "${to}" to do parts again`, fix)
    } else if (!leads(to, id, byId)) {
      const message = `parts that are done again at ${to} do not come to ${id}`
      tell([...path, 'to'], to, message, 'name the machine itself or one before it')
    }
  }

  const checkFailures = (failures: Failures, cycle: number, path: PlantPath): void => {
    for (const { place, value, message } of failureProblems(failures, cycle)) {
      const at = place === undefined ? path : [...path, place, 'every']
      tell(at, value, message, 'let it fail less often, or repair it sooner')
    }
  }

  for (const { machine, site, line, flowPaths } of machines) {
    const { flow } = machine
    if (flow === undefined) continue
    const at = (key: keyof MachineFlow): PlantPath => flowPaths[key] ?? []
    const { scrap = 0 } = flow
    if (scrap > 1 - leastGoingOn) {
      const message =
        scrap === 1
          ? 'every part is thrown away, so that none is ever finished'
          : `${scrap} of the parts are thrown away, so that fewer than one in a hundred goes on`
      tell(at('scrap'), scrap, message, 'write a smaller share')
    }
    const { id, idealCycleTime } = machine
    const cycles = products
      .filter(({ lines }) => lines.includes(line))
      .flatMap(({ cycleTimes }) => cycleTimes?.[id] ?? cycleTimes?.[line] ?? [])
    const usual = flow.cycle === undefined ? idealCycleTime : meanOf(flow.cycle)
    checkFailures(flow.failures ?? [], Math.max(usual, ...cycles), at('failures'))
    checkRework(machine.id, flow, at('rework'))
    checkPeople(flow.operator, site, at('operator'))
    for (const [place, { crew }] of (flow.failures ?? []).entries())
      checkPeople(crew, site, [...at('failures'), place, 'crew'])
    for (const [place, { from, to }] of (flow.changeovers ?? []).entries()) {
      for (const [key, product] of Object.entries({ from, to })) {
        if (product === undefined || productIds.has(product)) continue
        const fix = report.suggest(product, productIds, 'use the id of a product')
        tell([...at('changeovers'), place, key], product, `there is no product "${product}"`, fix)
      }
    }
  }
}

/** Whether parts of `from` come to `to`. */
function leads(from: string, to: string, byId: ReadonlyMap<string, FeedingMachine>): boolean {
  const seen = new Set([from])
  for (const id of seen) for (const next of byId.get(id)?.feeds ?? []) seen.add(next)
  return seen.has(to)
}
