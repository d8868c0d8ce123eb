import { type Distribution, distributionProblem } from '../../schema/distribution.js'
import type { Demand, FlowModel, MachineModel, Pool, RepeatingHours } from './model.js'

/** What keeps a model from running. */
export interface FlowProblem {
  /** Where, as keys and places from the model down: `['machines', 2, 'cycle']`. */
  readonly path: readonly (string | number)[]
  readonly message: string
}

type Path = FlowProblem['path']
type Add = (path: Path, message: string) => void

/** Everything that is wrong with a model; nothing if it can run. */
export function checkFlowModel(model: FlowModel): readonly FlowProblem[] {
  const problems: FlowProblem[] = []
  const add: Add = (path, message) => problems.push({ path, message })
  const ids = new Set<string>()
  for (const [place, machine] of model.machines.entries()) {
    const path = ['machines', place]
    if (ids.has(machine.id))
      add([...path, 'id'], `there are two machines "${machine.id}"; chance is drawn by id`)
    ids.add(machine.id)
    checkMachine(machine, path, add)
    checkPlaces(machine, model, path, add)
  }
  checkCircles(model.machines, add)
  const calendars = model.calendars ?? []
  for (const [place, pool] of (model.pools ?? []).entries())
    checkPool(pool, calendars.length, ['pools', place], add)
  for (const [place, calendar] of calendars.entries()) {
    if (calendar.kind === 'repeating') checkHours(calendar, ['calendars', place], add)
    else if (calendar.open.length === 0) add(['calendars', place, 'open'], 'it is never open')
  }
  for (const [place, demand] of (model.demands ?? []).entries()) checkDemand(demand, ['demands', place], add)
  return problems
}

const isWhole = (value: number): boolean => Number.isSafeInteger(value) && value >= 0
const isShare = (value: number): boolean => value >= 0 && value <= 1

function checkMachine(machine: MachineModel, path: Path, add: Add): void {
  const { buffer, scrap, rework, paces = [] } = machine
  const times: [Path, Distribution | undefined][] = [
    [['cycle'], machine.cycle],
    [['patience'], machine.patience],
    ...Object.entries(machine.acting).map(([state, time]): [Path, Distribution] => [['acting', state], time]),
    ...(machine.setups ?? []).map(({ time }, i): [Path, Distribution] => [['setups', i, 'time'], time]),
    ...machine.failures.flatMap(({ up, down }, i): [Path, Distribution][] => [
      [['failures', i, 'up'], up],
      [['failures', i, 'down'], down],
    ]),
  ]
  for (const [at, time] of times) {
    const problem = time && distributionProblem(time)
    if (problem !== undefined) add([...path, ...at], problem)
  }
  if (!isWhole(buffer.capacity)) {
    add([...path, 'buffer', 'capacity'], `${buffer.capacity} parts fit; a whole number from 0 is needed`)
  }
  if (!isWhole(buffer.initial) || buffer.initial > buffer.capacity) {
    add([...path, 'buffer', 'initial'], `${buffer.initial} parts do not fit where ${buffer.capacity} do`)
  }
  if (!(Number.isFinite(buffer.transport) && buffer.transport >= 0)) {
    add([...path, 'buffer', 'transport'], `the way takes ${buffer.transport} s; it is finite and from 0 s`)
  }
  for (const [product, pace] of paces.entries()) {
    if (!(pace > 0 && Number.isFinite(pace)))
      add([...path, 'paces', product], `a pace of ${pace}; it is above 0`)
  }
  if (!isShare(scrap)) add([...path, 'scrap'], `a share of ${scrap}; shares are from 0 to 1`)
  if (rework !== undefined && !isShare(rework.share)) {
    add([...path, 'rework', 'share'], `a share of ${rework.share}; shares are from 0 to 1`)
  }
  if (rework?.share === 1) {
    add([...path, 'rework', 'share'], 'every part is done again, so that none is ever finished')
  }
  if (isShare(scrap) && rework !== undefined && isShare(rework.share) && scrap + rework.share > 1) {
    add([...path, 'rework', 'share'], `scrap and rework are ${scrap + rework.share} of the parts together`)
  }
}

/** The machine's references to others, to demands, people and calendars. */
function checkPlaces(machine: MachineModel, model: FlowModel, path: Path, add: Add): void {
  const check = (
    at: Path,
    place: number | undefined,
    list: readonly unknown[] | undefined,
    what: string,
  ): void => {
    if (place === undefined || (isWhole(place) && place < (list?.length ?? 0))) return
    add([...path, ...at], `there is no ${what} ${place}`)
  }
  for (const [i, to] of machine.feeds.entries()) check(['feeds', i], to, model.machines, 'machine')
  if (new Set(machine.feeds).size < machine.feeds.length) add([...path, 'feeds'], 'a machine is fed twice')
  check(['rework', 'to'], machine.rework?.to, model.machines, 'machine')
  check(['demand'], machine.demand, model.demands, 'demand')
  check(['calendar'], machine.calendar, model.calendars, 'calendar')
  check(['operator'], machine.operator, model.pools, 'pool')
  for (const [i, { crew }] of machine.failures.entries())
    check(['failures', i, 'crew'], crew, model.pools, 'pool')
  const isFed = model.machines.some(({ feeds }) => feeds.includes(model.machines.indexOf(machine)))
  if (isFed && machine.demand !== undefined) {
    add([...path, 'demand'], `${machine.id} is fed by other machines; demand is for the first of a line`)
  }
}

/** Parts may go back only as rework, or a line could jam for ever. */
function checkCircles(machines: readonly MachineModel[], add: Add): void {
  const isDone = new Uint8Array(machines.length)
  const visit = (place: number, trail: readonly number[]): void => {
    if (isDone[place] === 1) return
    for (const to of machines[place]!.feeds) {
      if (machines[to] === undefined) continue
      if (to === place || trail.includes(to)) {
        const round = [...trail.slice(trail.indexOf(to)), place, to].map(each => machines[each]!.id)
        add(['machines', place, 'feeds'], `parts go round in a circle: ${[...new Set(round)].join(' → ')}`)
      } else {
        visit(to, [...trail, place])
      }
    }
    isDone[place] = 1
  }
  for (const place of machines.keys()) visit(place, [])
}

function checkPool({ id, size, shifts = [] }: Pool, calendars: number, path: Path, add: Add): void {
  const people = shifts.reduce((sum, shift) => sum + shift.size, size)
  const isSound = [size, ...shifts.map(shift => shift.size)].every(isWhole) && people >= 1
  if (!isSound) add([...path, 'size'], `${id} has ${people} people; somebody has to be there`)
  for (const [i, { calendar }] of shifts.entries()) {
    if (!isWhole(calendar) || calendar >= calendars)
      add([...path, 'shifts', i, 'calendar'], `there is no calendar ${calendar}`)
  }
}

function checkHours({ origin, period, open }: RepeatingHours, path: Path, add: Add): void {
  if (!Number.isFinite(origin))
    add([...path, 'origin'], `the period begins at ${origin}; a Unix time in ms is needed`)
  if (!(period > 0 && Number.isFinite(period))) {
    add([...path, 'period'], `a period of ${period} s; it is above 0`)
    return
  }
  if (open.length === 0) add([...path, 'open'], 'it is never open')
  let end = 0
  for (const [i, [from, to]] of open.entries()) {
    if (from >= end && from < to && to <= period) end = to
    else
      add([...path, 'open', i], `from ${from} to ${to} s: spans are in order, apart and within ${period} s`)
  }
}

function checkDemand(demand: Demand, path: Path, add: Add): void {
  if (demand.kind === 'campaigns') {
    const [least, most] = demand.quantity
    if (demand.products.length === 0) add([...path, 'products'], 'there is no product to make')
    if (!isWhole(least) || !isWhole(most) || least < 1 || least > most) {
      add([...path, 'quantity'], `from ${least} to ${most} parts: whole numbers from 1, the smaller first`)
    }
    return
  }
  for (const [i, { quantity }] of demand.orders.entries()) {
    if (!isWhole(quantity) || quantity < 1) {
      add(
        [...path, 'orders', i, 'quantity'],
        `an order of ${quantity} parts; a whole number from 1 is needed`,
      )
    }
  }
}
