import { readFileSync } from 'node:fs'
import { connect, ErrorWithReasonCode } from 'mqtt'
import type { Logger } from 'pino'
import { Gauge, type Registry } from 'prom-client'
import type { Config } from '../../schema/config.js'
import type { Entry } from '../../schema/records.js'
import type { Floor } from '../floor/floor.js'
import type { FigureFeed } from '../gateway/figure-board.js'
import { Namespace, type NamespaceMessage, statusTopic } from './namespace.js'
import { RefusedTopics } from './refused-topics.js'

/** How long to wait before a broker that is away is tried again. */
const retryMs = 5_000
/** A broker takes us for gone after one and a half times that. */
const keepAliveSeconds = 10

export interface Publishing {
  /** What has become durable. */
  pass(entry: Entry): void
  /** What does not work, in words. */
  readonly warnings: readonly string[]
  stop(): Promise<void>
}

const nothing: Publishing = { pass: () => undefined, warnings: [], stop: async () => undefined }

/**
 * Publishes the floor to a unified namespace, where `publishUrl` says so; else does nothing. It only publishes: nothing
 * that a broker says reaches a machine.
 */
export function publishNorthbound(
  config: Config,
  floor: Floor,
  figures: FigureFeed,
  logger: Logger,
  metrics: Registry,
): Publishing {
  const { publishUrl: url, publishUser: user, publishPasswordFile, publishIntervalMs } = config
  if (url === undefined) return nothing
  let password: string | undefined
  try {
    if (publishPasswordFile !== undefined) password = readFileSync(publishPasswordFile, 'utf8').trim()
  } catch (error) {
    const what = `nothing is published: ${publishPasswordFile} cannot be read`
    logger.error({ err: error }, what)
    return { ...nothing, warnings: [what] }
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
  const refused = new RefusedTopics()
  const publish = ({ topic, payload, qos }: NamespaceMessage): void => {
    client.publish(topic, payload, { qos, retain: true }, error => {
      if (qos === 0) return
      if (!(error instanceof ErrorWithReasonCode)) refused.taken(topic)
      else if (refused.add(topic, error.message)) logger.warn({ url }, `${url} ${refused.words}`)
    })
  }
  const sayStatus = (said: { readonly value: string }): void => {
    const payload = JSON.stringify({ ...said, timestamp: floor.wall.now() })
    publish({ topic: status, payload, qos: 1 })
  }
  /** Why the broker cannot be reached. */
  let away: string | undefined
  let isReported = false
  client.on('connect', () => {
    isReported = false
    away = undefined
    namespace.forget()
    sayStatus({ value: 'online' })
    logger.info({ url }, `publishing the floor to ${url}`)
  })
  const report = (error?: Error): void => {
    away = `${url} cannot be published to: ${error?.message ?? 'the connection was closed'}`
    if (isReported) return
    isReported = true
    logger.warn({ url, err: error }, away)
  }
  client.on('error', report)
  client.on('offline', () => {
    if (away === undefined) report()
  })
  new Gauge({
    name: 'gemba_publish_up',
    help: '1 while the broker is there and takes what is published northward.',
    registers: [metrics],
    collect() {
      this.set(client.connected && refused.words === undefined ? 1 : 0)
    },
  })
  // A broker that does not keep up is told the newest once it does, not everything.
  const tell = (news: () => readonly NamespaceMessage[]): void => {
    if (!client.connected || client.stream.writableNeedDrain) return
    for (const message of news()) publish(message)
  }
  const timer = setInterval(() => tell(() => namespace.look()), publishIntervalMs)
  return {
    get warnings() {
      const { words } = refused
      return [...(away === undefined ? [] : [away]), ...(words === undefined ? [] : [`${url} ${words}`])]
    },
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
