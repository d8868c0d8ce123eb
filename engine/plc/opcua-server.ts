import { join } from 'node:path'
import type { OPCUAServer, StatusCode, UAObject, UAVariable } from 'node-opcua'
import { loadOpcua, type Opcua } from '../../adapters/opcua/library.js'
import { expandTag } from '../../schema/machine-types/make-signal.js'
import type { Machine, Plant, Signal } from '../../schema/plant.js'
import { EngineError } from '../errors.js'
import { type Outlet, retagged } from './outlet.js'

export interface OpcuaServerOptions {
  readonly plant: Plant
  readonly host: string
  /** 0 = any free one. */
  readonly port: number
  /** Where its key is kept. */
  readonly folder: string
}

/** How its nodes are named, as a plant file says it. */
const tagPattern = 'ns=1;s={line}.{machine}.{signal}'

/** A plant's tags as an OPC UA server has them: lines, their machines, and a variable a signal. Nobody can write. */
export class OpcuaServer implements Outlet {
  readonly #opcua: Opcua
  readonly #server: OPCUAServer
  readonly #options: OpcuaServerOptions
  readonly #variables = new Map<string, UAVariable>()
  readonly #status: readonly StatusCode[]

  private constructor(opcua: Opcua, server: OPCUAServer, options: OpcuaServerOptions) {
    this.#opcua = opcua
    this.#server = server
    this.#options = options
    const { Good, UncertainLastUsableValue, BadNoCommunication } = opcua.StatusCodes
    this.#status = [Good, UncertainLastUsableValue, BadNoCommunication]
  }

  /** With its tags, and not listening yet. */
  static async make(options: OpcuaServerOptions): Promise<OpcuaServer> {
    const { plant, host, port, folder } = options
    const opcua = await loadOpcua()
    const certificates = new opcua.OPCUACertificateManager({
      rootFolder: join(folder, 'pki'),
      // It is no machine: whoever wants to look may look.
      automaticallyAcceptUnknownCertificate: true,
      disableFileWatchers: true,
    })
    await certificates.initialize()
    const server = new opcua.OPCUAServer({
      host,
      port,
      hostname: host,
      serverCertificateManager: certificates,
      userCertificateManager: certificates,
      serverCapabilities: { minSupportedSampleRate: 0 },
    })
    await server.initialize()
    const made = new OpcuaServer(opcua, server, options)
    for (const site of plant.sites)
      for (const area of site.areas)
        for (const line of area.lines) made.#addLine(site.id, area.id, line.id, line.machines)
    return made
  }

  async open(): Promise<void> {
    try {
      await this.#server.start()
    } catch (cause) {
      const { host, port } = this.#options
      const message = `${host}:${port} cannot be listened on (${(cause as Error).message}). Choose another port with --port.`
      throw new EngineError('cannot-listen', message, { cause })
    }
  }

  get place(): string {
    const { port } = this.#server.endpoints[0]!
    return `opc.tcp://127.0.0.1:${port}`
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
    this.#variables.get(signal.id)?.setValueFromSource({ dataType, value }, status, new Date(time))
  }

  flush(): void {}

  async close(): Promise<void> {
    await this.#server.shutdown(this.#server.currentSessionCount === 0 ? 0 : 100)
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
