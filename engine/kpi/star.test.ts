import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kpisOf } from '../../workers/kpi/kpi.js'
import { waterfallOf } from '../../workers/kpi/losses.js'
import { sumTallies, type Tally } from '../../workers/kpi/tally.js'
import { makeRegistry } from '../floor/registry.js'
import { KpiGround, minute, morning, six } from './test-ground.js'

let common: KpiGround
/** What the ledger says of the hours that are written. */
let tally: Tally

beforeAll(async () => {
  common = await KpiGround.open()
  const { plant, open, tell, goTo, settle } = common.floor(['star-1'])
  await common.store.upsertDimensions(makeRegistry(plant, { machines: {}, signals: {} }).registry)
  const book = open()
  await book.start()
  for (const entry of morning('star-1')) tell(book, entry)
  goTo(book, six + 300 * minute)
  await settle(book)
  // Once more, so that hours are there twice.
  const again = open()
  await again.start()
  await settle(again)
  tally = sumTallies((await book.cells(['star-1'], 0, six + 240 * minute)).map(cell => cell.tally))
})
afterAll(() => common?.close())

const page = readFileSync(new URL('../../docs/queries.md', import.meta.url), 'utf8')
const queries = [...page.matchAll(/\n([^\n]+):\n\n```sql\n([^`]*)```/g)].map(([, title, sql]) => ({
  title: title!,
  sql: sql!,
}))
const run = (title: string) =>
  common.store.query<Record<string, number & string>>(
    queries.find(query => query.title.startsWith(title))!.sql,
  )

describe('the queries of docs/queries.md', () => {
  it('are all there', () => expect(queries).toHaveLength(5))

  it('say the same OEE as the ledger', async () => {
    const { ratios } = kpisOf(tally)
    const [row] = await run('OEE by machine')
    expect(row).toMatchObject({ site: 'here', line: 'line-1', machine: 'star-1' })
    expect(row!.availability).toBeCloseTo(ratios.availability!, 12)
    expect(row!.effectiveness).toBeCloseTo(ratios.effectiveness!, 12)
    expect(row!.quality).toBeCloseTo(ratios.qualityRatio!, 12)
    expect(row!.oee).toBeCloseTo(ratios.oee!, 12)
    const days = await run('OEE by day')
    expect(days).toHaveLength(1)
    expect(days[0]).toMatchObject({ date: '2026-03-23', weekday: 1 })
    expect(days[0]!.oee).toBeCloseTo(ratios.oee!, 12)
  })

  it('say the same losses', async () => {
    const { losses } = waterfallOf(tally)
    const [row] = await run('Losses')
    const hours = (ms: number) => expect.closeTo(ms / 3.6e6, 10)
    expect(row).toEqual({
      breakdowns: hours(losses.breakdowns),
      setups: hours(losses.setup),
      idling_and_minor_stops: hours(losses.minorStops),
      reduced_speed: hours(losses.reducedSpeed),
      process_defects: hours(losses.processDefects),
      start_up_rejects: hours(losses.startUpRejects),
    })
  })

  it('put the stops in order, and know their shifts', async () => {
    expect(await run('Pareto')).toEqual([
      { why: 'unqualified', stops: expect.anything(), hours: expect.closeTo(23 / 60, 10), cumulated: 1 },
    ])
    const byShift = await run('Downtime by shift')
    expect(byShift.map(({ shift, kind }) => [shift, kind])).toEqual([
      ['early', 'breakdown'],
      ['early', 'starved'],
      ['early', 'minorStop'],
    ])
  })
})
