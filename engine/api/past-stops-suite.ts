import { expect, it } from 'vitest'
import { change, minute, six } from '../kpi/test-ground.js'
import { common } from './figures-ground.js'
import { kpiApi } from './test-kpis.js'

it('an instant shows the stops that went on then, ended or not, with the reason that is known today', async () => {
  const floor = common.floor(['press', 'saw'])
  const book = floor.open()
  await book.start()
  const { get, send } = kpiApi(common, floor, book)
  const says = (machine: string, at: number, state: string): void =>
    floor.tell(book, { source: 's', stateChanges: [change(machine, six + at * minute, state)] })
  says('press', 0, 'Execute')
  says('saw', 0, 'Execute')
  says('press', 10, 'Aborted')
  says('saw', 20, 'Aborted')
  says('press', 30, 'Execute')
  floor.goTo(book, six + 60 * minute)
  await floor.settle(book)

  const time = (ms: number): string => new Date(six + ms).toISOString()
  const { items } = await get(`/downtime?from=${time(0)}&to=${time(60 * minute)}`)
  const { id } = items.find(({ machine }: { machine: string }) => machine === 'press')
  const said = { who: 'Ada', reason: 'mechanical/bearing' }
  expect((await send('PATCH', `/downtime/${id}`, said)).status).toBe(200)
  await floor.settle(book)

  const press = {
    machine: 'press',
    since: time(10 * minute),
    kind: 'breakdown',
    reason: 'mechanical/bearing',
    category: 'mechanical',
  }
  const saw = { machine: 'saw', since: time(20 * minute), kind: 'breakdown', reason: null, category: null }
  const stopsAt = async (ms: number): Promise<unknown> => (await get(`/state?at=${time(ms)}`)).stops
  expect(await stopsAt(10 * minute - 1)).toEqual([])
  expect(await stopsAt(10 * minute)).toEqual([press])
  expect(await stopsAt(20 * minute)).toEqual([saw, press])
  expect(await stopsAt(30 * minute - 1)).toEqual([saw, press])
  expect(await stopsAt(30 * minute)).toEqual([saw])
  expect(await stopsAt(59 * minute)).toEqual([saw])
})
