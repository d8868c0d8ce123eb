import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type {
  DataType,
  Namespace,
  OPCUACertificateManager,
  OPCUAServer,
  StatusCode,
  UAObject,
  UAVariable,
  VariantOptions,
} from 'node-opcua'
import { loadOpcua, type Opcua } from './library.js'

export interface FakeServerOptions {
  /** 0 = any free one. */
  readonly port?: number
  /** Where its key is kept: the same server again has the same. */
  readonly folder?: string
  /** Who may come, by name; nobody else then. Else everybody. */
  readonly users?: Readonly<Record<string, string>>
  /** Whether it takes passwords unencrypted. */
  readonly isClearText?: boolean
  /** When its certificate was made; valid for a year from then. */
  readonly certifiedAt?: Date
  /** Namespaces that it has beside OPC UA's own, as node-opcua ships them. */
  readonly nodesets?: readonly ('ia' | 'di' | 'machinery' | 'packML')[]
  /** Whether it trusts every client. */
  readonly isTrusting?: boolean
}

interface Analog {
  readonly unit: string
  readonly range: readonly [number, number]
}

/** An OPC UA server for tests: node-opcua's own, on a port of the system's choice. */
export class FakeOpcuaServer {
  readonly opcua: Opcua
  readonly #server: OPCUAServer
  readonly #folder: string
  readonly #plant: UAObject
  readonly #namespace: Namespace
  readonly #variables = new Map<string, UAVariable>()
  readonly #folders = new Map<string, UAObject>()
  /** The names of all services that were asked for. */
  readonly requests: string[] = []

  private constructor(opcua: Opcua, server: OPCUAServer, folder: string) {
    this.opcua = opcua
    this.#server = server
    this.#folder = folder
    this.#namespace = server.engine.addressSpace!.getOwnNamespace()
    this.#plant = this.#namespace.addObject({
      organizedBy: server.engine.addressSpace!.rootFolder.objects,
      browseName: 'Plant',
    })
    server.on('request', request => this.requests.push(request.schema.name.replace(/Request$/, '')))
  }

  static async start(options: FakeServerOptions = {}): Promise<FakeOpcuaServer> {
    const opcua = await loadOpcua()
    const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'gemba-opcua-server-'))
    const certificates = new opcua.OPCUACertificateManager({
      rootFolder: join(folder, 'pki'),
      automaticallyAcceptUnknownCertificate: options.isTrusting ?? true,
      disableFileWatchers: true,
    })
    await certificates.initialize()
    const { users, certifiedAt } = options
    const certificateFile = certifiedAt && (await certify(certificates, join(folder, 'own.pem'), certifiedAt))
    const server = new opcua.OPCUAServer({
      port: options.port ?? 0,
      host: '127.0.0.1',
      serverCertificateManager: certificates,
      userCertificateManager: certificates,
      ...(certificateFile !== undefined && { certificateFile, privateKeyFile: certificates.privateKey }),
      nodeset_filename: [
        opcua.nodesets.standard,
        ...(options.nodesets ?? []).map(name => opcua.nodesets[name]),
      ],
      securityPolicies: policies.map(name => opcua.SecurityPolicy[name]),
      allowAnonymous: users === undefined,
      userManager: { isValidUser: (name: string, password: string) => users?.[name] === password },
      // Every change is told, to those who ask for a sampling interval of 0; sessions that tests abandon take no place.
      serverCapabilities: { minSupportedSampleRate: 0, maxSessions: 100 },
    })
    await server.initialize()
    const fake = new FakeOpcuaServer(opcua, server, folder)
    await server.start()
    if (options.isClearText) fake.#takePasswordsInClear()
    return fake
  }

  get port(): number {
    return this.#server.endpoints[0]!.port
  }

  get endpoint(): string {
    return `opc.tcp://127.0.0.1:${this.port}`
  }

  get sessions(): number {
    return this.#server.currentSessionCount
  }

  #takePasswordsInClear(): void {
    const { MessageSecurityMode, UserTokenPolicy, UserTokenType } = this.opcua
    for (const endpoint of this.#server.endpoints[0]!.endpointDescriptions()) {
      if (endpoint.securityMode !== MessageSecurityMode.None) continue
      const policy = { policyId: 'clear', tokenType: UserTokenType.UserName }
      endpoint.userIdentityTokens = [new UserTokenPolicy(policy)]
    }
  }

  /** Makes an object `ns=1;s={name}`; its browse name is what follows the last dot. */
  addFolder(name: string, parent?: string): void {
    const folder = this.#namespace.addObject({
      organizedBy: this.#folders.get(parent ?? '') ?? this.#plant,
      browseName: name.split('.').at(-1)!,
      nodeId: `s=${name}`,
    })
    this.#folders.set(name, folder)
  }

  /** Makes a variable `ns=1;s={name}`, a Double unless said otherwise, in `folder`. */
  add(name: string, dataType?: DataType, folder?: string, analog?: Analog): void {
    const { DataType } = this.opcua
    const type = dataType ?? DataType.Double
    const options = {
      componentOf: this.#folders.get(folder ?? '') ?? this.#plant,
      browseName: folder === undefined ? name : name.split('.').at(-1)!,
      nodeId: `s=${name}`,
      dataType: type,
    }
    const variable =
      analog === undefined
        ? this.#namespace.addVariable(options)
        : this.#namespace.addAnalogDataItem({
            ...options,
            engineeringUnitsRange: { low: analog.range[0], high: analog.range[1] },
            engineeringUnits: { displayName: { text: analog.unit }, namespaceUri: '', unitId: 0 },
          })
    variable.setValueFromSource({ dataType: type, value: initialValue(this.opcua, type) })
    this.#variables.set(name, variable)
  }

  /** Makes an object of a type of a companion specification, with the optional parts named, in the folder `in`. */
  addInstance(
    type: string,
    namespace: string,
    name: string,
    optionals: readonly string[],
    folder?: UAObject,
  ): UAObject {
    const addressSpace = this.#server.engine.addressSpace!
    const place = addressSpace.getNamespaceIndex(namespace)
    return addressSpace.findObjectType(type, place)!.instantiate({
      browseName: name,
      namespace: this.#namespace,
      organizedBy: folder ?? this.#plant,
      optionals: [...optionals],
    })
  }

  /** An object by the path of browse names from the folder Objects. */
  find(...path: readonly string[]): UAObject {
    let node: UAObject = this.#server.engine.addressSpace!.rootFolder.objects
    for (const name of path) {
      const child = [...node.getComponents(), ...node.findReferencesExAsObject('Organizes')].find(
        ({ browseName }) => browseName.name === name,
      )
      if (child === undefined) throw new Error(`there is no ${name} below ${node.browseName.name}`)
      node = child as UAObject
    }
    return node
  }

  /** From now on the server looks at the variable no more often than this, ms, whoever asks. */
  sampleSlowly(name: string, ms: number): void {
    this.#variables.get(name)!.minimumSamplingInterval = ms
  }

  /** From now on the server keeps what the variable was. */
  keepHistory(name: string): void {
    this.#server.engine.addressSpace!.installHistoricalDataNode(this.#variables.get(name)!, {
      maxOnlineValues: 10_000,
    })
  }

  /** Ends all subscriptions, as a server does that is short of memory. */
  dropSubscriptions(): void {
    for (const { publishEngine } of this.#server.engine.getSessions())
      for (const subscription of [...publishEngine.subscriptions]) subscription.terminate()
  }

  /** Forgets what it has sent and nobody has acknowledged, as a server does that keeps little. Returns how many. */
  forgetSent(): number {
    let forgotten = 0
    for (const { publishEngine } of this.#server.engine.getSessions()) {
      for (const subscription of publishEngine.subscriptions) {
        const sent = (subscription as unknown as { _sent_notification_messages: unknown[] })
          ._sent_notification_messages
        forgotten += sent.splice(0).length
      }
    }
    return forgotten
  }

  /** Of all subscriptions there are, ms. */
  get publishingIntervals(): number[] {
    return this.#server.engine
      .getSessions()
      .flatMap(({ publishEngine }) => publishEngine.subscriptions.map(each => each.publishingInterval))
  }

  /** Whether there is a node of this id. */
  has(nodeId: string): boolean {
    return this.#server.engine.addressSpace!.findNode(nodeId) !== null
  }

  /** Makes a variable of any kind: `value` as node-opcua has it. */
  addValue(name: string, value: VariantOptions): void {
    const { Array: list, Matrix: matrix } = this.opcua.VariantArrayType
    const { arrayType, dimensions } = value
    const variable = this.#namespace.addVariable({
      componentOf: this.#plant,
      browseName: name,
      nodeId: `s=${name}`,
      dataType: value.dataType!,
      valueRank: arrayType === list ? 1 : arrayType === matrix ? dimensions!.length : -1,
      ...(arrayType === matrix && { arrayDimensions: dimensions }),
      value,
    })
    this.#variables.set(name, variable)
  }

  set(name: string, value: unknown, time: Date, status: StatusCode = this.opcua.StatusCodes.Good): void {
    const variable = this.#variables.get(name)!
    const { dataType } = variable.readValue().value
    variable.setValueFromSource({ dataType, value }, status, time)
  }

  async stop(): Promise<void> {
    await this.#server.shutdown(0)
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

function initialValue({ DataType }: Opcua, type: DataType): unknown {
  if (type === DataType.String) return ''
  if (type === DataType.Boolean) return false
  return type === DataType.Int64 || type === DataType.UInt64 ? [0, 0] : 0
}

/** A certificate for localhost, signed by itself and valid for a year from `at`, and its key: PEM files in `folder`. */
export async function makeCertificate(
  folder: string,
  at = new Date(Date.now() - 60_000),
): Promise<{ certificate: string; key: string }> {
  const opcua = await loadOpcua()
  const rootFolder = join(folder, 'user')
  const certificates = new opcua.OPCUACertificateManager({ rootFolder, disableFileWatchers: true })
  await certificates.initialize()
  const certificate = await certify(certificates, join(folder, 'user.pem'), at)
  await certificates.dispose()
  return { certificate, key: certificates.privateKey }
}

const policies = ['None', 'Basic256Sha256', 'Aes128_Sha256_RsaOaep', 'Aes256_Sha256_RsaPss'] as const

async function certify(certificates: OPCUACertificateManager, file: string, at: Date): Promise<string> {
  await certificates.createSelfSignedCertificate({
    applicationUri: 'urn:gemba:fake-server',
    dns: ['localhost'],
    subject: '/CN=Fake server',
    outputFile: file,
    startDate: at,
    validity: 365,
  })
  return file
}

/** A cable that can be cut, between a reader and a server. */
export class Cable {
  readonly #server: Server
  readonly #pairs = new Set<readonly [Socket, Socket]>()
  readonly port: number
  #isFrozen = false
  /** How long every piece of what the far end says is held up, ms. */
  delayMs = 0

  private constructor(server: Server, to: number) {
    this.#server = server
    this.port = (server.address() as AddressInfo).port
    server.on('connection', socket => this.#join(socket, connect(to, '127.0.0.1')))
  }

  static async to(port: number): Promise<Cable> {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new Cable(server, port)
  }

  get connections(): number {
    return this.#pairs.size
  }

  /** Cuts every link without a goodbye. */
  cut(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.resetAndDestroy()
  }

  /** The links stay open, and nothing gets through: half-open TCP. New ones get as far as that. */
  freeze(isFrozen = true): void {
    this.#isFrozen = isFrozen
    for (const [a, b] of this.#pairs) hold(a, b, isFrozen)
  }

  async stop(): Promise<void> {
    this.cut()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #join(a: Socket, b: Socket): void {
    const pair = [a, b] as const
    this.#pairs.add(pair)
    for (const [from, to] of [pair, [b, a] as const]) {
      from.on('data', chunk => {
        if (this.delayMs === 0 || from === a) to.write(chunk)
        else setTimeout(() => to.destroyed || to.write(chunk), this.delayMs)
      })
      from.on('end', () => to.end())
      from.on('error', () => to.destroy())
      from.on('close', () => {
        to.destroy()
        this.#pairs.delete(pair)
      })
    }
    if (this.#isFrozen) hold(a, b, true)
  }
}

function hold(a: Socket, b: Socket, isHeld: boolean): void {
  for (const socket of [a, b]) isHeld ? socket.pause() : socket.resume()
}
