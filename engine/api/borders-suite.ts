import fc from 'fast-check'
import { expect, it } from 'vitest'
import { change, minute, parts, six } from '../kpi/test-ground.js'
import { common } from './figures-ground.js'
import { kpiApi } from './test-kpis.js'

const numRuns = process.env.GEMBA_SOAK ? 100 : 2
/** From six in the morning over a break, the end of a shift and a night without one: minutes from six. */
const end = 25 * 60
const state = fc.constantFrom('Execute', 'Aborted', 'Held', 'Idle', 'Undefined', 'Suspended')
const day = fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: end - 1 }), state), {
  selector: ([at]) => at,
  minLength: 5,
  maxLength: 20,
})
/** Which of the stops a border lies in, and how far. */
const cut = fc.tuple(fc.nat(), fc.double({ min: 0.001, max: 0.999, noNaN: true }))

type Sums = Map<string, number>
interface Bar extends Record<'seconds' | 'count', number> {
  readonly key: string
}
type Mode = Record<'failures' | 'repairHours' | 'upHours', number> & { readonly key: string }

const barKeys = ['reason', 'kind']
const modeKeys = ['machine', 'reason']

let floors = 0

it('stops over a border between two ranges are in each with what lies there, so that parts add up to the whole', async () => {
  await fc.assert(
    fc.asyncProperty(day, day, fc.array(cut, { minLength: 1, maxLength: 2 }), async (one, other, cuts) => {
      const machines = [`border-${++floors}`, `border-${floors}-other`] as const
      const floor = common.floor(machines)
      const { open, tell, goTo, settle } = floor
      const book = open()
      await book.start()
      const { get, send } = kpiApi(common, floor, book)
      for (const [place, changes] of [one, other].entries()) {
        const machine = machines[place]!
        // A micro-stop, always, and a border in it.
        for (const [i, name] of ['Execute', 'Held', 'Execute'].entries())
          tell(book, { source: 's', stateChanges: [change(machine, six + i * 20_000, name)] })
        for (const [at, name] of changes.toSorted(([a], [b]) => a - b))
          tell(book, { source: 's', stateChanges: [change(machine, six + at * minute, name)] })
        tell(book, parts(machine, six + 5 * minute, 1))
      }
      goTo(book, six + end * minute)
      await settle(book)
      const range = (from: number, to: number) =>
        `from=${new Date(from).toISOString()}&to=${new Date(to).toISOString()}`
      const goesOn = six + end * minute
      const all = range(six, goesOn)
      const { items: stops } = await get(`/downtime?${all}&limit=5000&micro=true`)
      if (stops.length > 0) {
        const { id } = stops[Math.floor(stops.length / 2)]
        const said = { who: 'Ada', reason: 'mechanical/bearing' }
        expect((await send('PATCH', `/downtime/${id}`, said)).status).toBe(200)
        await settle(book)
      }

      /** All that is added up, in whole ms and counts, and every stop that is listed. */
      const sumsOf = async (asked: string): Promise<{ sums: Sums; listed: object[] }> => {
        const sums: Sums = new Map()
        const add = (key: string, value: number): void => {
          if (value !== 0) sums.set(key, (sums.get(key) ?? 0) + value)
        }
        const [bars, modes, list] = await Promise.all([
          Promise.all(barKeys.map(by => get(`/kpis/pareto?${asked}&by=${by}&kind=all`))),
          Promise.all(modeKeys.map(by => get(`/kpis/reliability?${asked}&by=${by}`))),
          get(`/downtime?${asked}&limit=5000&micro=true`),
        ])
        for (const [place, by] of barKeys.entries()) {
          for (const { key, seconds, count } of bars[place].items as Bar[]) {
            add(`pareto ${by} ${key} ms`, Math.round(seconds * 1e3))
            add(`pareto ${by} ${key}`, count)
          }
        }
        for (const [place, by] of modeKeys.entries()) {
          for (const { key, failures, repairHours, upHours } of modes[place].items as Mode[]) {
            add(`failures ${by} ${key}`, failures)
            add(`repair ${by} ${key}`, Math.round(repairHours * 3.6e6))
            // By reason it is that of the whole scope at each.
            if (by !== 'reason') add(`up ${by} ${key}`, Math.round(upHours * 3.6e6))
          }
        }
        const { items, microStops, compliance } = list
        add('micro', microStops.count)
        add('micro ms', Math.round(microStops.seconds * 1e3))
        add('wanted', compliance.wanted)
        add('in time', compliance.inTime)
        return { sums, listed: items }
      }
      const whole = await sumsOf(all)
      const borders = cuts.flatMap(([which, share]) => {
        const stop = stops[which % Math.max(1, stops.length)] as
          | { start: string; end: string | null }
          | undefined
        if (stop === undefined) return []
        const begin = Date.parse(stop.start)
        return [Math.floor(begin + share * ((stop.end === null ? goesOn : Date.parse(stop.end)) - begin))]
      })
      const bounds = [six, ...[six + 30_000, ...borders].toSorted((a, b) => a - b), goesOn]
      const sums: Sums = new Map()
      const listed = new Map<string, object>()
      for (const [place, to] of bounds.slice(1).entries()) {
        const from = bounds[place]!
        if (from === to) continue
        const part = await sumsOf(range(from, to))
        for (const [key, value] of part.sums) sums.set(key, (sums.get(key) ?? 0) + value)
        for (const stop of part.listed) listed.set((stop as { id: string }).id, stop)
      }
      const sorted = (of: Sums) => [...of].sort(([a], [b]) => (a < b ? -1 : 1))
      expect(sorted(sums)).toEqual(sorted(whole.sums))
      // Each whole, in every range that it touches.
      const byId = new Map((whole.listed as { id: string }[]).map(stop => [stop.id, stop]))
      expect(listed).toEqual(byId)
    }),
    // Each run asks much: a failure is told as it was found, not made smaller.
    { numRuns, endOnFailure: true },
  )
})
