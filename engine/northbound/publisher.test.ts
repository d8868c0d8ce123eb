import { pino } from 'pino'
import { expect, it } from 'vitest'
import { configSchema } from '../../schema/config.js'
import type { Floor } from '../floor/floor.js'
import { publishNorthbound } from './publisher.js'

it('is off unless a broker is named: the floor is not even looked at', async () => {
  const untouched = new Proxy({} as Floor, {
    get: (_, name) => {
      throw new Error(`${String(name)} was read`)
    },
  })
  const silent = pino({ level: 'silent' })
  const of = (given: object) => () =>
    publishNorthbound(
      configSchema.parse({ data: 'nowhere', ...given }),
      untouched,
      untouched as never,
      silent,
    )
  const publishing = of({})()
  publishing.pass({} as never)
  await publishing.stop()
  expect(of({ publishUrl: 'mqtt://127.0.0.1:1' })).toThrow('was read')
})
