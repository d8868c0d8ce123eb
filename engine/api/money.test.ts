import { expect, it } from 'vitest'
import { noCosts } from '../../workers/kpi/costs.js'
import { viewCosts } from './costs-schema.js'

it('money is told the same in whatever order it was added up', () => {
  const amounts = [0.1, 0.2, 0.3]
  const sum = (of: readonly number[]): number => of.reduce((all, each) => all + each, 0)
  const [live, again] = [sum(amounts), sum(amounts.toReversed())]
  expect(live).not.toBe(again)
  const told = (scrap: number) => viewCosts({ ...noCosts(), scrap, downtime: scrap, setup: scrap })
  expect(told(live)).toEqual(told(again))
  expect(told(live)).toMatchObject({ scrap: 0.6, downtime: 0.6, setup: 0.6 })
})
