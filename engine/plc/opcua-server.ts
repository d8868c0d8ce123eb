import { join } from 'node:path'
import type { OPCUAServer, StatusCode, UAObject, UAVariable } from 'node-opcua'
import { loadOpcua, type Opcua } from '../../adapters/opcua/library.js'
import { expandTag } from '../../schema/machine-types/make-signal.js'
import type { Machine, Plant, Signal } from '../../schema/plant.js'
import { EngineError } from '../errors.js'
import { type HiddenFaults, neverServed, type Outlet, retagged } from './outlet.js'

export interface OpcuaServerOptions {
  readonly plant: Plant
  readonly host: string
  /** 0 = any free one. */
  readonly port: number
  /** Where its key is kept. */
  readonly folder: string
}

type Told = Parameters<UAVariable['setValueFromSource']>

/** How its nodes are named, as a plant file says it. */
const tagPattern = 'ns=1;s={line}.{machine}.{signal}'

/** A plant's tags as an OPC UA server has them: lines, their machines, and a variable a signal. Nobody can write. */
export class OpcuaServer implements Outlet {
  readonly hidden: HiddenFaults = {
    ...neverServed,
    duplicate: 'a server tells of what has changed, and the same again has not',
  }
  readonly #opcua: Opcua
  #server: OPCUAServer
  readonly #options: OpcuaServerOptions
  readonly #variables = new Map<string, UAVariable>()
  readonly #status: readonly StatusCode[]
  /** While it is down: what it will show. */
  #held: Map<string, Told> | undefined
  #port: number

  private constructor(opcua: Opcua, server: OPCUAServer, options: OpcuaServerOptions) {
    this.#opcua = opcua
    this.#server = server
    this.#options = options
    this.#port = options.port
    this.#addLines()
    const { Good, UncertainLastUsableValue, BadNoCommunication } = opcua.StatusCodes
    this.#status = [Good, UncertainLastUsableValue, BadNoCommunication]
  }

  /** With its tags, and not listening yet. */
  static async make(options: OpcuaServerOptions): Promise<OpcuaServer> {
    const opcua = await loadOpcua()
    return new OpcuaServer(opcua, await makeServer(opcua, options), options)
  }

  async open(): Promise<void> {
    try {
      await this.#server.start()
      this.#port = this.#server.endpoints[0]!.port
    } catch (cause) {
      const { host, port } = this.#options
      const message = `${host}:${port} cannot be listened on (${(cause as Error).message}). Choose another port with --port.`
      throw new EngineError('cannot-listen', message, { cause })
    }
  }

  async goDown(): Promise<void> {
    this.#held = new Map()
    for (const [id, variable] of this.#variables) {
      const { value, statusCode, sourceTimestamp } = variable.readValue()
      this.#held.set(id, [value, statusCode, sourceTimestamp ?? undefined])
    }
    await this.#server.shutdown(0)
  }

  /** A server of its own, without sessions and subscriptions, that shows what the one before showed. */
  async comeBack(): Promise<void> {
    this.#server = await makeServer(this.#opcua, { ...this.#options, port: this.#port })
    this.#addLines()
    const held = this.#held ?? []
    this.#held = undefined
    for (const [id, told] of held) this.#show(id, told)
    await this.open()
  }

  get place(): string {
    return `opc.tcp://127.0.0.1:${this.#port}`
  }

  get behind(): Plant {
    return retagged(this.#options.plant, {
      adapter: 'opcua',
      // It tells each change itself; who looks at it in steps misses what comes and goes between them.
      options: { endpoint: this.place, samplingMs: 0 },
      tag: ({ name }, place) => expandTag(tagPattern, place, name),
    })
  }

  get tags(): number {
    return this.#variables.size
  }

  set(signal: Signal, value: number | string, quality: number, time: number): void {
    const { DataType } = this.#opcua
    const dataType = signal.type === 'text' ? DataType.String : DataType.Double
    const status = this.#status[quality] ?? this.#status[2]!
    this.#show(signal.id, [{ dataType, value }, status, new Date(time)])
  }

  flush(): void {}

  async close(): Promise<void> {
    if (this.#held !== undefined) return
    await this.#server.shutdown(this.#server.currentSessionCount === 0 ? 0 : 100)
  }

  #show(id: string, told: Told): void {
    if (this.#held !== undefined) this.#held.set(id, told)
    else this.#variables.get(id)?.setValueFromSource(...told)
  }

  #addLines(): void {
    for (const site of this.#options.plant.sites)
      for (const area of site.areas)
        for (const line of area.lines) this.#addLine(site.id, area.id, line.id, line.machines)
  }

  #addLine(site: string, area: string, line: string, machines: readonly Machine[]): void {
    const { addressSpace } = this.#server.engine
    const namespace = addressSpace!.getOwnNamespace()
    const folder = (parent: UAObject, name: string, nodeId: string): UAObject =>
      namespace.addObject({ organizedBy: parent, browseName: name, nodeId: `s=${nodeId}` })
    const lineFolder = folder(addressSpace!.rootFolder.objects as UAObject, line, line)
    for (const machine of machines) {
      const machineFolder = folder(lineFolder, machine.id, `${line}.${machine.id}`)
      const place = { site, area, line, machine: machine.id }
      for (const signal of machine.signals) {
        const nodeId = expandTag(tagPattern, place, signal.name)
        this.#variables.set(signal.id, this.#addVariable(machineFolder, signal, nodeId))
      }
    }
  }

  #addVariable(machine: UAObject, { name, type, range, unit }: Signal, nodeId: string): UAVariable {
    const { DataType, StatusCodes, makeAccessLevelFlag } = this.#opcua
    const namespace = this.#server.engine.addressSpace!.getOwnNamespace()
    const access = makeAccessLevelFlag('CurrentRead')
    const options = {
      componentOf: machine,
      browseName: name,
      nodeId,
      dataType: type === 'text' ? DataType.String : DataType.Double,
      accessLevel: access,
      userAccessLevel: access,
      value: { dataType: DataType.Null },
    }
    const [low, high] = range
    const variable =
      type === 'text'
        ? namespace.addVariable(options)
        : namespace.addAnalogDataItem({
            ...options,
            engineeringUnitsRange: { low, high },
            engineeringUnits: { displayName: { text: unit }, namespaceUri: '', unitId: -1 },
          })
    variable.setValueFromSource({ dataType: DataType.Null }, StatusCodes.BadWaitingForInitialData)
    return variable
  }
}

/** Without tags, and not listening yet. */
async function makeServer(
  { OPCUACertificateManager, OPCUAServer: Server }: Opcua,
  { host, port, folder }: OpcuaServerOptions,
): Promise<OPCUAServer> {
  const certificates = new OPCUACertificateManager({
    rootFolder: join(folder, 'pki'),
    // It is no machine: whoever wants to look may look.
    automaticallyAcceptUnknownCertificate: true,
    disableFileWatchers: true,
  })
  await certificates.initialize()
  const server = new Server({
    host,
    port,
    hostname: host,
    serverCertificateManager: certificates,
    userCertificateManager: certificates,
    serverCapabilities: { minSupportedSampleRate: 0 },
  })
  await server.initialize()
  return server
}
