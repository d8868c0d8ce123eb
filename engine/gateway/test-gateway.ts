import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { Registry } from 'prom-client'
import { emptyHistory } from '../api/test-history.js'
import { createGateway, type Gateway, type GatewayOptions } from './gateway.js'
import { TestClient } from './test-client.js'
import { type TestFloor, testFloor } from './test-floor.js'

/** A gateway on a free port that ticks when it is told to, with an empty folder for the viewer. */
export interface TestGateway {
  readonly gateway: Gateway
  readonly floor: TestFloor
  readonly metrics: Registry
  readonly staticDir: string
  /** What was logged, as parsed lines. */
  readonly log: readonly Record<string, unknown>[]
  url(path: string): string
  /** A client that has had its hello. */
  connect(headers?: Record<string, string>): Promise<TestClient>
  /** One tick; resolves when the clients that still read have what it sent. */
  tick(): Promise<void>
  close(): Promise<void>
}

export async function openTestGateway(
  parts: Partial<Omit<GatewayOptions, 'floor'>> & { floor?: TestFloor } = {},
): Promise<TestGateway> {
  const floor = parts.floor ?? testFloor()
  const metrics = new Registry()
  const staticDir = await mkdtemp(join(tmpdir(), 'gemba-gateway-'))
  const clients = new Set<TestClient>()
  const log: Record<string, unknown>[] = []
  const logger = pino({ level: 'warn' }, { write: line => log.push(JSON.parse(line)) })
  const gateway = await createGateway({
    store: emptyHistory,
    sources: new Map(),
    logger,
    metrics,
    staticDir,
    missing: () => [],
    port: 0,
    repeat: () => () => {},
    ...parts,
    floor,
  })
  return {
    gateway,
    floor,
    metrics,
    staticDir,
    log,
    url: path => `http://127.0.0.1:${gateway.port}${path}`,
    async connect(headers) {
      const client = await TestClient.open(gateway.port, headers)
      clients.add(client)
      return client
    },
    async tick() {
      gateway.tick()
      await Promise.all([...clients].filter(client => client.isReading).map(client => client.settled()))
    },
    async close() {
      gateway.close()
      for (const client of clients) client.destroy()
      await rm(staticDir, { recursive: true })
    },
  }
}
