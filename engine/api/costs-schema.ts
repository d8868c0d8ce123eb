import { z } from '@hono/zod-openapi'
import type { LossCosts } from '../../workers/kpi/costs.js'
import { tellMoney } from './money.js'

const money = z.number().nullable()

/** What was lost in money, in the currency of the plant file. */
export const costsSchema = z
  .object({
    scrap: money.describe(
      'Rejected parts: material, and labour of their ideal time; null = no price is known',
    ),
    downtime: money.describe('Breakdowns and minor stops of all machines; waiting costs nothing more'),
    setup: money,
    unpricedParts: z
      .number()
      .describe(
        'Rejected parts that nobody has said the material cost of; `scrap` has their labour alone, where that is known',
      ),
    unpricedSeconds: z.number().describe('Stops and setup that nobody has said the cost of'),
  })
  .openapi('LossCosts')

/** An amount is null where things were lost and nothing of it has a price: it is not 0. */
export function viewCosts(costs: LossCosts | undefined): z.infer<typeof costsSchema> {
  const { scrap = 0, downtime = 0, setup = 0, unpricedParts = 0, unpricedMs = 0 } = costs ?? {}
  const known = (amount: number, unpriced: number) =>
    amount === 0 && unpriced > 0 ? null : tellMoney(amount)
  return {
    scrap: known(scrap, unpricedParts),
    downtime: known(downtime, unpricedMs),
    setup: known(setup, unpricedMs),
    unpricedParts,
    unpricedSeconds: unpricedMs / 1_000,
  }
}
