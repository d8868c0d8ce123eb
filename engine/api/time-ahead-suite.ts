import { expect, it } from 'vitest'
import { change, minute, six } from '../kpi/test-ground.js'
import { common } from './figures-ground.js'
import { kpiApi } from './test-kpis.js'

const at = (minutes: number): string => new Date(six + minutes * minute).toISOString()

it('figures end now where they are asked for longer, and say so; of the future alone there are none', async () => {
  const floor = common.floor(['ahead'])
  const book = floor.open()
  await book.start()
  const { get } = kpiApi(common, floor, book)
  floor.goTo(book, six)
  floor.tell(book, { source: 's', stateChanges: [change('ahead', six, 'Execute')] })
  floor.goTo(book, six + 90 * minute)
  const scope = 'scope=machine:ahead'
  for (const path of ['/kpis/oee', '/kpis/losses', '/kpis/pareto', '/kpis/reliability', '/kpis/energy']) {
    const answer = await get(`${path}?${scope}&from=${at(0)}&to=${at(9_000)}`)
    expect([path, answer.from, answer.to]).toEqual([path, at(0), at(90)])
    expect(answer).toEqual(await get(`${path}?${scope}&from=${at(0)}&to=${at(90)}`))
  }
  const usual = await get(`/kpis/oee?${scope}&to=${at(9_000)}`)
  expect([usual.from, usual.to]).toEqual([at(90 - 480), at(90)])
  for (const path of ['/kpis/oee', '/downtime', '/production'])
    expect(await get(`${path}?${scope}&from=${at(90)}&to=${at(9_000)}`)).toMatchObject({
      status: 422,
      errors: [{ path: 'query.from', message: `${at(90)} is not before ${at(90)}` }],
    })
})
