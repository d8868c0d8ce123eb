import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { describeAdapterContract } from '../contract-suite.js'
import { testContext, testSignal } from '../test-context.js'
import { opcua } from './adapter.js'
import { type OpcuaOptions, opcuaOptions } from './config.js'
import { Cable, FakeOpcuaServer } from './fake-server.js'
import { askServer } from './pki.js'

const names = Array.from({ length: 250 }, (_, i) => `value-${i}`)
const signals = names.map((name, i) => testSignal(i + 3, `ns=1;s=${name}`))

let server: FakeOpcuaServer
let folder: string
/** Every value of the server is a number of its own, and its time as many ms later. */
let said = 0
const timeOf = (number: number) => new Date(Date.UTC(2026, 0, 1) + number)

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gemba-opcua-'))
  server = await FakeOpcuaServer.start()
  // Our key and certificate, which take a while, are made beforehand.
  await askServer(server.endpoint, folder, 20_000)
  for (const name of names) {
    server.add(name)
    server.set(name, 0, timeOf(0))
  }
})

afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

describeAdapterContract<OpcuaOptions>({
  definition: opcua,
  hasLink: true,
  start: async () => {
    const cable = await Cable.to(server.port)
    server.requests.length = 0
    const saidBefore = said
    return {
      options: opcuaOptions.parse({
        endpoint: `opc.tcp://127.0.0.1:${cable.port}`,
        publishingMs: 20,
        samplingMs: 0,
        queueSize: 1_000,
      }),
      context: testContext({ signals, folder }),
      push(samples) {
        for (let i = 0; i < samples; i++) {
          said++
          server.set(names[said % names.length]!, said, timeOf(said))
        }
      },
      // Each item begins with the value it has.
      said: () => names.length + said - saidBefore,
      drop: () => cable.cut(),
      open: () => cable.connections,
      writes: () => server.requests.filter(name => !reading.has(name)),
      stop: () => cable.stop(),
    }
  },
})

/** The services of a reader (OPC 10000-4); all others would change something at the server. */
const reading: ReadonlySet<string> = new Set([
  ...['GetEndpoints', 'CreateSession', 'ActivateSession', 'CloseSession'],
  ...['Browse', 'BrowseNext', 'Read', 'TranslateBrowsePathsToNodeIds'],
  ...['CreateSubscription', 'DeleteSubscriptions', 'TransferSubscriptions', 'SetPublishingMode'],
  ...['CreateMonitoredItems', 'DeleteMonitoredItems', 'Publish', 'Republish'],
])
