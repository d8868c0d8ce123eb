import { afterAll, beforeAll } from 'vitest'
import { KpiGround } from '../kpi/test-ground.js'

/** The database of all tests of figures through REST; each has machines, lines and orders of its own in it. */
export let common: KpiGround
beforeAll(async () => {
  common = await KpiGround.open()
})
afterAll(() => common?.close())
