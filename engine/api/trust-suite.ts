import { expect, it } from 'vitest'
import type { Signal } from '../../schema/plant.js'
import { Quality } from '../../schema/quality.js'
import { SampleBatchBuilder } from '../../schema/sample-batch.js'
import { change, minute, morning, six } from '../kpi/test-ground.js'
import { readOrder } from '../orders/read-order.js'
import { common } from './figures-ground.js'
import { kpiApi } from './test-kpis.js'

const power: Signal = {
  ...{ id: 'trust-1.power', name: 'power', role: 'sensor', quantity: 'power', unit: 'kW', type: 'number' },
  ...{ period: 60_000, range: [0, 100], resolution: 0.1, limits: {}, source: 's', tag: 'power' },
}

it('every answer of figures says that something came too late for it, as a table as well, until it is worked out', async () => {
  const floor = common.floor(['trust-1', 'trust-2'], {}, 'trust-line')
  const [machine] = floor.plant.sites[0]!.areas[0]!.lines[0]!.machines
  Object.assign(machine!, { signals: [power] })
  const { open, tell, goTo, settle } = floor
  const book = open()
  await book.start()
  const { get, text, send, orders, floor: shown } = kpiApi(common, floor, book)
  const order = readOrder({ number: 'T-1', part: 'bolt', ordered: 5, due: '2026-03-27' })
  orders.take('folder', 'a.csv', { orders: [order], refused: [], unknown: [] })
  goTo(book, six)
  for (const entry of [...morning('trust-1'), ...morning('trust-2')]) tell(book, entry)
  goTo(book, six + minute)
  await send('POST', '/production', { line: 'trust-line', order: 'T-1', who: 'Ada' })
  const samples = new SampleBatchBuilder()
  const { index } = shown.registry.signalById(power.id)!
  for (let at = 0; at < 280; at++) samples.push(index, six + at * minute, six + at * minute, 5, Quality.good)
  common.store.append({ source: 's', samples: samples.take() })
  goTo(book, six + 290 * minute)
  await settle(book)
  const range = `from=${new Date(six).toISOString()}&to=${new Date(six + 285 * minute).toISOString()}`
  const tables = [
    ...['oee', 'losses', 'reliability', 'pareto', 'energy'].map(name => `/kpis/${name}?${range}`),
    ...['downtime', 'production'].map(name => `/${name}?${range}`),
  ]
  const others = (scope: string) => [
    `/kpis/goals?scope=${scope}`,
    `/kpis/control-chart?machine=trust-1&of=scrap-rate&${range}`,
  ]
  const marks = async (scope: string) => ({
    json: await Promise.all(
      [...tables.map(path => `${path}&scope=${scope}`), ...others(scope)].map(
        async path => (await get(path)).recomputing,
      ),
    ),
    csv: await Promise.all(
      tables.map(async path => {
        const rows = (await text(`${path}&scope=${scope}&format=csv`)).trim().split('\r\n')
        return [...new Set(rows.map(row => row.split(',').at(-1)!))].join()
      }),
    ),
  })
  const all = (isLate: boolean) => ({
    json: [...tables, ...others('')].map(() => isLate),
    csv: tables.map(() => `recomputing,${isLate}`),
  })
  const ofOrder = async () => (await get('/work-orders/T-1')).production.recomputing
  expect([await marks('machine:trust-1'), await ofOrder()]).toEqual([all(false), false])

  tell(book, { source: 's', stateChanges: [change('trust-1', six + 50 * minute, 'Aborted')] })
  expect([await marks('machine:trust-1'), await ofOrder()]).toEqual([all(true), true])
  // Nothing of the other machine; the chart is of the one that it names.
  expect((await marks('machine:trust-2')).json).toEqual([...tables.map(() => false), false, true])
  await settle(book)
  expect([await marks('machine:trust-1'), await ofOrder()]).toEqual([all(false), false])
})
