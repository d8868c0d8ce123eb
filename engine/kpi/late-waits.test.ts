import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Entry } from '../../schema/records.js'
import { floorOf, machineOf, sensor, stateSignal } from '../floor/floor.fixture.js'
import { KpiBook } from './kpi-book.js'
import { recordSettled } from './kpi-keeper.js'
import { LateCounts } from './late-counts.js'
import { KpiGround } from './test-ground.js'

let common: KpiGround
beforeAll(async () => {
  common = await KpiGround.open()
})
afterAll(() => common?.close())

const numRuns = process.env.GEMBA_SOAK ? 200 : 3
const minute = 60_000
const hour = 60 * minute
const firstDay = Date.UTC(2026, 0, 5, 6)
const interlock = (machine: string, quantity: 'blocked' | 'starved') =>
  sensor(machine, quantity, { role: 'status', quantity, unit: '', period: 0, range: [0, 1], resolution: 0 })

type Told = readonly [at: number, signal: 'execution' | 'blocked' | 'starved', value: string | number]

let days = 0

/** A new machine on each day that tells its state and its interlocks, watched for ten hours. */
async function watch() {
  const day = days++
  const begin = firstDay + 24 * hour * day
  const saw = `saw-${day}`
  const signals = [stateSignal(saw), interlock(saw, 'blocked'), interlock(saw, 'starved')]
  // What interlocks of other days were told last still holds for those: their signals come first.
  const others = Array.from({ length: 3 * day }, (_, place) => sensor('others', `t${place}`))
  const machines = [machineOf('others', others), machineOf(saw, signals)]
  const { floor, wall, registry, say } = floorOf(machines, { at: begin + 10 * hour })
  const { store } = common
  const open = async () => {
    const book = new KpiBook({ plant: floor.plant, store, clock: wall, wall: Date })
    await book.start()
    return book
  }
  const book = await open()
  const tellTo =
    (of: KpiBook) =>
    (entry: Entry | undefined): void => {
      if (entry === undefined) return
      store.append(entry)
      of.take(entry)
    }
  const settle = async (of = book): Promise<void> => {
    of.advance()
    const { plant } = floor
    await new LateCounts({ plant, registry, store, clock: wall, record: tellTo(of) }).settle(of.lateReadings)
    await of.reread()
    recordSettled(of, tellTo(of))
    await store.flush()
  }
  const tell = ([at, signal, value]: Told): void => tellTo(book)(say(`${saw}.${signal}`, value, begin + at))
  /** Time by what it counts as, ms, hour by hour. */
  const times = async (of = book) => {
    const cells = await of.cells([saw], begin, begin + 10 * hour)
    return cells
      .map(({ hour: at, tally }) => [
        (at - begin) / hour,
        Object.fromEntries(Object.entries(tally.time).filter(([, ms]) => ms > 0)),
      ])
      .sort(([a], [b]) => Number(a) - Number(b))
  }
  return { tell, settle, times, open }
}

/** What all of it comes to in order of time. */
async function inOrder(told: readonly Told[]) {
  const { tell, settle, times } = await watch()
  for (const each of told.toSorted(([a], [b]) => a - b)) tell(each)
  await settle()
  return times()
}

const first: Told = [0, 'execution', 'ACTIVE']
const states: readonly Told[] = [
  [300 * minute, 'execution', 'WAITING'],
  [320 * minute, 'execution', 'ACTIVE'],
  [450 * minute, 'execution', 'READY'],
]
/** The interlock falls before the machine goes on. */
const waits: readonly Told[] = [
  [300 * minute - 1_000, 'starved', 1],
  [319 * minute, 'starved', 0],
]

describe('why a machine waited', () => {
  it.each([
    ['the states come first', [...states, ...waits]],
    ['the interlock comes first', [...waits, ...states]],
    ['all come the last first', [...states, ...waits].toSorted(([a], [b]) => b - a)],
  ])('is known when %s; and after a start', async (_, told) => {
    const { tell, settle, times, open } = await watch()
    tell(first)
    for (const each of told) tell(each)
    await settle()
    const right = await times()
    expect(right).toContainEqual([5, { production: 40 * minute, starved: 20 * minute }])
    expect(await times(await open())).toEqual(right)
  })

  it('is worked out by the next start, where the engine ended before', async () => {
    const { tell, settle, times, open } = await watch()
    for (const each of [first, ...states, ...waits]) tell(each)
    const again = await open()
    await settle(again)
    expect(await times(again)).toContainEqual([5, { production: 40 * minute, starved: 20 * minute }])
  })

  it('is the same whatever the order of arrival, twice or not, by themselves or together', async () => {
    const value = fc.oneof(
      fc.tuple(
        fc.constant('execution' as const),
        fc.constantFrom('ACTIVE', 'WAITING', 'WAITING', 'FULL', 'DOWN'),
      ),
      fc.tuple(fc.constantFrom('blocked' as const, 'starved' as const), fc.constantFrom(0, 1)),
    )
    const drawn = fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: 599 }), value), {
      selector: ([at]) => at,
      minLength: 4,
      maxLength: 30,
    })
    const arrival = fc.infiniteStream(fc.tuple(fc.nat(), fc.nat(3), fc.nat(4)))
    await fc.assert(
      fc.asyncProperty(drawn, arrival, async (all, orders) => {
        const told = all.map(([at, [signal, shown]]): Told => [at * minute, signal, shown])
        const right = await inOrder([first, ...told])
        const { tell, settle, times, open } = await watch()
        tell(first)
        const arrivals = told.flatMap(each => {
          const [order, twice, rest] = orders.next().value!
          const one = { each, order, isRest: rest === 0 }
          return twice === 0 ? [one, { ...one, order: order / 2 }] : [one]
        })
        for (const { each, isRest } of arrivals.sort((a, b) => a.order - b.order)) {
          tell(each)
          if (isRest) await settle()
        }
        await settle()
        expect(await times()).toEqual(right)
        expect(await times(await open())).toEqual(right)
      }),
      { numRuns },
    )
  })
})
