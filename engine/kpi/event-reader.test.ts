import { afterAll, beforeAll, expect, it } from 'vitest'
import type { StateChange } from '../../schema/records.js'
import type { MachinePlan } from '../../workers/kpi/machine-plan.js'
import { readEvents } from './event-reader.js'
import { firstHeard } from './first-heard.js'
import { KpiBook } from './kpi-book.js'
import { readRuns } from './runs.js'
import { change, KpiGround, minute, parts, six } from './test-ground.js'

let common: KpiGround
beforeAll(async () => {
  common = await KpiGround.open()
  const { tell, open } = common.floor([])
  const book = open()
  const say = (...changes: StateChange[]): void => tell(book, { source: 's', stateChanges: changes })
  say(
    bare('bare', six, 'Execute'),
    bare('bare', six + 40 * minute, 'Idle'),
    bare('bare', six + 45 * minute, 'Execute'),
  )
  say(bare('early', six, '', 'Production'), bare('early', six + 30 * minute, 'Execute'))
  say(bare('manual', six, '', 'Manual'), bare('manual', six + 30 * minute, 'Execute'))
  tell(book, parts('counter', six + 20 * minute, 5))
  tell(book, parts('counter', six + 100 * minute, 7))
  await common.store.flush()
})
afterAll(() => common?.close())

/** A change of which the source says nothing but the state, or nothing but the mode. */
const bare = (machine: string, time: number, state: string, mode = ''): StateChange =>
  ({ ...change(machine, time, state), mode, sourceState: '' }) as StateChange

const planOf = (machine: string): MachinePlan =>
  ({ machine, line: `line of ${machine}`, warmUpMs: 0 }) as MachinePlan

/** What is read of each from an hour and a half after six on, times in minutes from six. */
async function readLater(...machines: string[]): Promise<readonly object[][]> {
  const range = { from: six + 90 * minute, to: six + 120 * minute }
  const events = await readEvents(
    common.store,
    machines.map(machine => ({ plan: planOf(machine), ...range })),
  )
  return events.map(each => each.map(event => ({ ...event, time: (event.time - six) / minute })))
}

it('reads a machine whose mode, reason, product and order nobody ever told', async () => {
  expect(await readLater('bare')).toEqual([[{ time: 45, state: 'Execute', reason: 'none', sourceState: '' }]])
})

it('reads a mode that was told once, long before the state', async () => {
  const [early, manual] = await readLater('early', 'manual')
  expect(early).toEqual([
    { time: 30, mode: 'Production' },
    { time: 30, state: 'Execute', reason: 'none', sourceState: '' },
  ])
  // By hand nothing is produced, so that all of its past counts.
  expect(manual).toEqual([
    { time: 0, mode: 'Manual' },
    { time: 30, state: 'Execute', reason: 'none', sourceState: '' },
  ])
})

it('reads a machine that only counts, and one that was never heard', async () => {
  const [counter, silent] = await readLater('counter', 'silent')
  expect(counter).toMatchObject([{ time: 100, made: { produced: 7 } }])
  expect(silent).toEqual([])
  expect(await readRuns(common.store, ['line of bare'], 0, Number.POSITIVE_INFINITY)).toEqual([])
  const first = await firstHeard(common.store, ['bare', 'counter', 'silent'])
  expect([first.get('bare'), first.get('counter'), first.get('silent')]).toEqual([
    six,
    six + 20 * minute,
    undefined,
  ])
})

it('asks four times for days whose both ends lie within hours, and works out what it does of each by itself', async () => {
  const machines = ['asked-1', 'asked-2', 'asked-3']
  const { plant, clock, open, tell, goTo, settle } = common.floor(machines, {}, 'line of asked')
  const book = open()
  await book.start()
  const days = 2 * 24 * 60
  for (const machine of machines)
    for (let at = 0; at < days; at += 20) {
      tell(book, { source: 's', stateChanges: [change(machine, six + at * minute, 'Execute')] })
      tell(book, parts(machine, six + (at + 10) * minute, 5))
      tell(book, { source: 's', stateChanges: [change(machine, six + (at + 13) * minute, 'Aborted')] })
    }
  goTo(book, six + days * minute)
  await settle(book)
  let asked = 0
  const store = {
    flush: () => common.store.flush(),
    query: <Row>(...question: Parameters<typeof common.store.query>) => {
      asked++
      return common.store.query<Row>(...question)
    },
  }
  const counted = new KpiBook({ plant, store, clock, wall: clock })
  await counted.start()
  const sums = async (...some: readonly string[]) => {
    asked = 0
    const cells = await counted.cells(some, six + 25 * minute, six + (days - 6 * 60 - 25) * minute, 'none')
    return { asked, cells: cells.toSorted((a, b) => (a.machine < b.machine ? -1 : 1)) }
  }
  const all = await sums(...machines)
  // The hours, where the parts of hours begin and end, their changes, and all else that happened in them.
  expect(all.asked).toBeLessThanOrEqual(4)
  const apart = await Promise.all(machines.map(machine => sums(machine)))
  expect(all.cells).toEqual(apart.flatMap(({ cells }) => cells))
  expect(all.cells.length).toBeGreaterThanOrEqual(9)
})
