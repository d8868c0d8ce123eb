import { readFileSync } from 'node:fs'
import { connect } from 'mqtt'
import type { Logger } from 'pino'
import type { Config } from '../../schema/config.js'
import type { Floor } from '../floor/floor.js'
import { Namespace } from './namespace.js'

/** How long to wait before a broker that is away is tried again. */
const retryMs = 5_000

/**
 * Publishes the floor to a unified namespace, where `publishUrl` says so; else does nothing. It only publishes: nothing
 * that a broker says reaches a machine. Returns what ends it.
 */
export function publishNorthbound(config: Config, floor: Floor, logger: Logger): () => Promise<void> {
  const { publishUrl: url, publishUser: user, publishPasswordFile, publishIntervalMs } = config
  if (url === undefined) return async () => undefined
  let password: string | undefined
  try {
    if (publishPasswordFile !== undefined) password = readFileSync(publishPasswordFile, 'utf8').trim()
  } catch (error) {
    logger.error({ err: error }, `nothing is published: ${publishPasswordFile} cannot be read`)
    return async () => undefined
  }
  const client = connect(url, {
    protocolVersion: 5,
    reconnectPeriod: retryMs,
    // What cannot be said now is not worth saying later: the next look says how things stand then.
    queueQoSZero: false,
    ...(user !== undefined && { username: user }),
    ...(password !== undefined && { password }),
  })
  const namespace = new Namespace(floor)
  let isReported = false
  client.on('connect', () => {
    isReported = false
    namespace.forget()
    logger.info({ url }, `publishing the floor to ${url}`)
  })
  const report = (error?: Error): void => {
    if (isReported) return
    isReported = true
    logger.warn(
      { url, err: error },
      `${url} cannot be published to: ${error?.message ?? 'the connection was closed'}`,
    )
  }
  client.on('error', report)
  client.on('offline', report)
  const timer = setInterval(() => {
    // A broker that does not keep up is told the newest once it does, not everything.
    if (!client.connected || client.stream.writableNeedDrain) return
    for (const { topic, payload, qos } of namespace.look())
      client.publish(topic, payload, { qos, retain: true })
  }, publishIntervalMs)
  return async () => {
    clearInterval(timer)
    await client.endAsync(!client.connected)
  }
}
