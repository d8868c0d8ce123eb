import { afterAll, beforeAll, expect, it } from 'vitest'
import { readKpis } from './kpi-query.js'
import { LiveFigures } from './live-figures.js'
import { findScope } from './scope.js'
import { change, KpiGround, minute, morning, parts, six } from './test-ground.js'

let common: KpiGround
beforeAll(async () => {
  common = await KpiGround.open()
})
afterAll(() => common?.close())

it('the figures of the stream are those of REST for the same shift, to the last digit, and after a restart', async () => {
  const { plant, clock, open, tell, goTo, settle } = common.floor(['figure-1'])
  const book = open()
  await book.start()
  tell(book, { source: 's', stateChanges: [change('figure-1', six - 60 * minute, 'Execute')] })
  tell(book, parts('figure-1', six - 5 * minute, 7))
  for (const entry of morning('figure-1')) tell(book, entry)
  const scope = findScope(plant, 'enterprise')!
  const byRest = async (of: typeof book) => {
    const query = { scope, from: six, to: clock.now(), by: 'none', lines: 'sum' } as const
    const [group] = await readKpis(plant, of, query)
    const { PBT, APT, idealTime, idealGoodTime, PQ, GQ } = group!.elements
    const parts = { produced: PQ, good: GQ }
    const recomputing = Number(of.isRecomputing(['figure-1'], clock.now()))
    return {
      ...{ since: six, busy: PBT, running: APT, ideal: idealTime, idealGood: idealGoodTime, recomputing },
      ...parts,
    }
  }
  goTo(book, six + 170 * minute + 123)
  const live = new LiveFigures(plant, book, clock).of('figure-1')
  expect(live).toEqual(await byRest(book))
  expect(live).toMatchObject({ produced: 120, good: 116 })

  // Hours of the shift are written by then, and the ledgers begin anew behind them.
  goTo(book, six + 300 * minute)
  await settle(book)
  const again = open()
  await again.start()
  goTo(again, six + 301 * minute)
  const figures = new LiveFigures(plant, again, clock)
  expect(figures.of('figure-1')).toEqual(await byRest(again))
  expect(figures.of('figure-1')).toMatchObject({ since: six, produced: 120 })
  // A part that came far too late: its hour is booked anew, and counts once.
  tell(again, parts('figure-1', six + 20 * minute, 1))
  expect(figures.of('figure-1')).toMatchObject({ produced: 120, recomputing: 1 })
  await again.reread()
  expect(figures.of('figure-1')).toEqual(await byRest(again))
  expect(figures.of('figure-1')).toMatchObject({ produced: 121, recomputing: 0 })
  // The next shift begins with nothing.
  goTo(again, six + 481 * minute)
  expect(figures.of('figure-1')).toMatchObject({ since: six + 480 * minute, busy: minute, produced: 0 })
  expect(figures.of('nobody')).toBeUndefined()
})
