import { join } from 'node:path'
import type { OPCUAServer, StatusCode, UAObject, UAVariable } from 'node-opcua'
import { loadOpcua, type Opcua } from '../../adapters/opcua/library.js'
import { expandTag } from '../../schema/machine-types/make-signal.js'
import type { Machine, Plant, Signal, SourceSpec } from '../../schema/plant.js'
import { EngineError } from '../errors.js'

export interface PlantServerOptions {
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
export class PlantServer {
  readonly #opcua: Opcua
  readonly #server: OPCUAServer
  readonly #variables = new Map<string, UAVariable>()
  readonly #status: readonly StatusCode[]

  private constructor(opcua: Opcua, server: OPCUAServer) {
    this.#opcua = opcua
    this.#server = server
    const { Good, UncertainLastUsableValue, BadNoCommunication } = opcua.StatusCodes
    this.#status = [Good, UncertainLastUsableValue, BadNoCommunication]
  }

  /** Throws EngineError where the address cannot be listened on. */
  static async start({ plant, host, port, folder }: PlantServerOptions): Promise<PlantServer> {
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
    const served = new PlantServer(opcua, server)
    for (const site of plant.sites)
      for (const area of site.areas)
        for (const line of area.lines) served.#addLine(site.id, area.id, line.id, line.machines)
    try {
      await server.start()
    } catch (cause) {
      await server.shutdown(0)
      const message = `${host}:${port} cannot be listened on (${(cause as Error).message}). Choose another with --opcua.`
      throw new EngineError('cannot-listen', message, { cause })
    }
    return served
  }

  get endpoint(): string {
    const { port } = this.#server.endpoints[0]!
    return `opc.tcp://127.0.0.1:${port}`
  }

  get tags(): number {
    return this.#variables.size
  }

  /** `value`: NaN where there is none; `quality`: see schema/quality; `time`: Unix ms UTC. */
  set(signal: Signal, value: number | string, quality: number, time: number): void {
    const { DataType } = this.#opcua
    const dataType = signal.type === 'text' ? DataType.String : DataType.Double
    const status = this.#status[quality] ?? this.#status[2]!
    this.#variables.get(signal.id)?.setValueFromSource({ dataType, value }, status, new Date(time))
  }

  async stop(): Promise<void> {
    await this.#server.shutdown(100)
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

/** The plant as somebody would configure it who has it behind this server. */
export function plantBehind(plant: Plant, endpoint: string): Plant {
  const sources = plant.sources.map(
    ({ id }): SourceSpec => ({ id, adapter: 'opcua', clock: 'wall', options: { endpoint } }),
  )
  const renamed = (place: { site: string; area: string; line: string }, machine: Machine): Machine => ({
    ...machine,
    signals: machine.signals.map(signal => ({
      ...signal,
      tag: expandTag(tagPattern, { ...place, machine: machine.id }, signal.name),
    })),
  })
  const sites = plant.sites.map(site => ({
    ...site,
    areas: site.areas.map(area => ({
      ...area,
      lines: area.lines.map(line => ({
        ...line,
        machines: line.machines.map(each => renamed({ site: site.id, area: area.id, line: line.id }, each)),
      })),
    })),
  }))
  return { ...plant, sources, sites }
}
