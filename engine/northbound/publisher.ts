import { readFileSync } from 'node:fs'
import { connect } from 'mqtt'
import type { Logger } from 'pino'
import type { Config } from '../../schema/config.js'
import type { Entry } from '../../schema/records.js'
import type { Floor } from '../floor/floor.js'
import type { FigureFeed } from '../gateway/figure-board.js'
import { Namespace, type NamespaceMessage, statusTopic } from './namespace.js'

/** How long to wait before a broker that is away is tried again. */
const retryMs = 5_000
/** A broker takes us for gone after one and a half times that. */
const keepAliveSeconds = 10

export interface Publishing {
  /** What has become durable. */
  pass(entry: Entry): void
  stop(): Promise<void>
}

const nothing: Publishing = { pass: () => undefined, stop: async () => undefined }

/**
 * Publishes the floor to a unified namespace, where `publishUrl` says so; else does nothing. It only publishes: nothing
 * that a broker says reaches a machine.
 */
export function publishNorthbound(
  config: Config,
  floor: Floor,
  figures: FigureFeed,
  logger: Logger,
): Publishing {
  const { publishUrl: url, publishUser: user, publishPasswordFile, publishIntervalMs } = config
  if (url === undefined) return nothing
  let password: string | undefined
  try {
    if (publishPasswordFile !== undefined) password = readFileSync(publishPasswordFile, 'utf8').trim()
  } catch (error) {
    logger.error({ err: error }, `nothing is published: ${publishPasswordFile} cannot be read`)
    return nothing
  }
  const status = statusTopic(floor.plant)
  const offline = { value: 'offline' }
  const client = connect(url, {
    protocolVersion: 5,
    reconnectPeriod: retryMs,
    keepalive: keepAliveSeconds,
    // What is retained outlives whoever told it: the broker says when that one is gone.
    will: { topic: status, payload: Buffer.from(JSON.stringify(offline)), qos: 1, retain: true },
    // What cannot be said now is not worth saying later: the next look says how things stand then.
    queueQoSZero: false,
    ...(user !== undefined && { username: user }),
    ...(password !== undefined && { password }),
  })
  const namespace = new Namespace(floor, { figures, everyNth: config.publishEvery })
  const sayStatus = (said: { readonly value: string }): void => {
    const payload = JSON.stringify({ ...said, timestamp: floor.wall.now() })
    client.publish(status, payload, { qos: 1, retain: true })
  }
  let isReported = false
  client.on('connect', () => {
    isReported = false
    namespace.forget()
    sayStatus({ value: 'online' })
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
  // A broker that does not keep up is told the newest once it does, not everything.
  const tell = (news: () => readonly NamespaceMessage[]): void => {
    if (!client.connected || client.stream.writableNeedDrain) return
    for (const { topic, payload, qos } of news()) client.publish(topic, payload, { qos, retain: true })
  }
  const timer = setInterval(() => tell(() => namespace.look()), publishIntervalMs)
  return {
    pass({ samples, twinEvents }) {
      if (twinEvents !== undefined) namespace.hear(twinEvents)
      if (samples !== undefined) tell(() => namespace.pass(samples))
    },
    async stop() {
      clearInterval(timer)
      if (client.connected) sayStatus(offline)
      await client.endAsync(!client.connected)
    },
  }
}
