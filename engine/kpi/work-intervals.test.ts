import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { emptyIndexBook, makeRegistry } from '../floor/registry.js'
import { change, KpiGround, minute, six } from './test-ground.js'

let common: KpiGround
beforeAll(async () => {
  common = await KpiGround.open()
})
afterAll(() => common?.close())

const numRuns = process.env.GEMBA_SOAK ? 100 : 5
/** Minutes from six in the morning to six a day later: over two shifts and a night without one. */
const day = 24 * 60
const at = fc.integer({ min: 1, max: day - 1 })
const shiftAt = (minutes: number): string =>
  minutes < 460 ? 'early@2026-03-23' : minutes < 960 ? 'late@2026-03-23' : ''

interface Row {
  readonly state: string
  readonly order: string
  readonly product: string
  readonly shift: string
  readonly start: number
  readonly end: number | null
}

let floors = 0

it('work_intervals are state_intervals with order, product and shift: no gap, no overlap, and the same sums', async () => {
  const changes = fc.uniqueArray(fc.tuple(at, fc.constantFrom('Execute', 'Held', 'Idle')), {
    selector: ([time]) => time,
    maxLength: 20,
  })
  const runs = fc.uniqueArray(fc.tuple(at, fc.integer({ min: 1, max: 400 }), fc.boolean()), {
    selector: ([time]) => time,
    maxLength: 5,
  })
  await fc.assert(
    fc.asyncProperty(changes, runs, async (states, drawn) => {
      const machine = `work-${++floors}`
      const other = `${machine}-other`
      const line = `line-of-${machine}`
      const shift = { site: 'here', days: [1, 2, 3, 4, 5] }
      const shifts = [
        // Not on the hour.
        { ...shift, id: 'early', name: 'Early', start: '06:00', end: '13:40' },
        { ...shift, id: 'late', name: 'Late', start: '13:40', end: '22:00' },
      ]
      const { plant, open, tell, goTo, settle } = common.floor([machine, other], { shifts }, line)
      await common.store.upsertDimensions(makeRegistry(plant, emptyIndexBook).registry)
      const book = open()
      await book.start()
      const told = [[0, 'Execute'] as const, ...states].map(([time, state]) =>
        change(machine, six + time * minute, state),
      )
      // By what another machine tells it is known how late it is.
      tell(book, { source: 's', stateChanges: [...told, change(other, six + day * minute, 'Execute')] })
      const ordered = drawn.toSorted(([a], [b]) => a - b)
      const rows = ordered.map(([start, length, isEnded], i) => ({
        line,
        start: six + start * minute,
        end: isEnded ? six + Math.min(start + length, ordered[i + 1]?.[0] ?? day) * minute : 0,
        product: `p-${i % 2}`,
        order: `o-${i}`,
        target: 0,
        who: 'Ada',
      }))
      tell(book, { source: 'operators', rows: { production_runs: rows } })
      goTo(book, six + day * minute)
      await settle(book)
      const found = await common.store.query<Row>(
        `SELECT state, order, product, shift, toFloat64(toUnixTimestamp64Milli(start)) AS start,
          toFloat64(toUnixTimestamp64Milli(end)) AS end
        FROM gemba.work_intervals WHERE machine = {machine:String} ORDER BY start`,
        { machine },
      )
      expect(found[0]!.start).toBe(six)
      expect(found.map(({ end }) => end)).toEqual([...found.slice(1).map(({ start }) => start), null])
      const inOrder = [[0, 'Execute'] as const, ...states.toSorted(([a], [b]) => a - b)]
      for (let minutes = 0; minutes < day; minutes += 7) {
        const time = six + minutes * minute
        const row = found.find(({ start, end }) => start <= time && (end === null || time < end))!
        const run = rows.findLast(each => each.start <= time)
        const isOn = run !== undefined && (run.end === 0 || time < run.end)
        expect(row).toMatchObject({
          state: inOrder.findLast(([begin]) => begin <= minutes)![1],
          order: isOn ? run.order : '',
          product: isOn ? run.product : '',
          shift: shiftAt(minutes),
        })
      }
      const sums = (view: string) =>
        common.store.query(
          `SELECT state, sum(greatest(0, least(ifNull(toUnixTimestamp64Milli(end), {to:Int64}), {to:Int64}) - toUnixTimestamp64Milli(start))) AS ms
          FROM gemba.${view} WHERE machine = {machine:String} GROUP BY state ORDER BY state`,
          { machine, to: six + day * minute },
        )
      expect(await sums('work_intervals')).toEqual(await sums('state_intervals'))
    }),
    { numRuns },
  )
})
