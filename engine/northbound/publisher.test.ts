import { pino } from 'pino'
import { Registry } from 'prom-client'
import { expect, it } from 'vitest'
import { Broker } from '../../adapters/mqtt/broker.js'
import { configSchema } from '../../schema/config.js'
import { floorOf, machineOf, sensor } from '../floor/floor.fixture.js'
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
      new Registry(),
    )
  const publishing = of({})()
  publishing.pass({} as never)
  await publishing.stop()
  expect(of({ publishUrl: 'mqtt://127.0.0.1:1' })).toThrow('was read')
})

// Where it may queue nothing it hangs up instead of refusing.
const strict = ['acl_file $folder/acl', 'max_queued_messages 1000']

it('says what its broker does not let it publish, and that it is away', async () => {
  const broker = await Broker.start(strict, { acl: 'topic read #\n' })
  const { floor } = floorOf([machineOf('m', [sensor('m', 'oil')])])
  const log: string[] = []
  const metrics = new Registry()
  const publishing = publishNorthbound(
    configSchema.parse({ data: 'nowhere', publishUrl: broker.url, publishIntervalMs: 100 }),
    floor,
    { of: () => undefined },
    pino({ level: 'warn' }, { write: (line: string) => void log.push(line) }),
    metrics,
  )
  const up = () => metrics.getSingleMetricAsString('gemba_publish_up')
  try {
    const words = /does not let us publish .*Publish error: Not authorized.*; let its user write /
    // Its status and the state of its machine.
    await expect.poll(() => publishing.warnings, { timeout: 10_000 }).toEqual([expect.stringMatching(words)])
    await expect.poll(() => publishing.warnings[0]).toContain('and 1 more')
    expect(log).toEqual([expect.stringMatching(words)])
    expect(await up()).toContain('gemba_publish_up 0')
    await broker.halt('SIGKILL')
    await expect
      .poll(() => publishing.warnings, { timeout: 10_000 })
      .toContainEqual(expect.stringContaining('cannot be published to'))
  } finally {
    await publishing.stop()
    await broker.stop()
  }
})

it('has nothing to say of a broker that takes everything', async () => {
  const broker = await Broker.start()
  const { floor } = floorOf([machineOf('m', [sensor('m', 'oil')])])
  const metrics = new Registry()
  const given = configSchema.parse({ data: 'nowhere', publishUrl: broker.url, publishIntervalMs: 100 })
  const silent = pino({ level: 'silent' })
  const publishing = publishNorthbound(given, floor, { of: () => undefined }, silent, metrics)
  try {
    await expect
      .poll(() => metrics.getSingleMetricAsString('gemba_publish_up'), { timeout: 10_000 })
      .toContain('gemba_publish_up 1')
    expect(publishing.warnings).toEqual([])
  } finally {
    await publishing.stop()
    await broker.stop()
  }
})
