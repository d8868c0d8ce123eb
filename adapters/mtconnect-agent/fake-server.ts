import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

interface FakeObservation {
  readonly sequence: number
  readonly id: string
  readonly time: string
  readonly value: string
}

interface Stream {
  readonly response: ServerResponse
  next: number
}

const boundary = 'fake-agent-part'

/** An MTConnect agent for tests: a real HTTP server with a buffer, on a port of the system's choice. */
export class FakeAgent {
  readonly #server: Server
  readonly #items: readonly string[]
  readonly #sockets = new Set<Socket>()
  readonly #streams = new Set<Stream>()
  readonly #heartbeat: NodeJS.Timeout
  #buffer: FakeObservation[] = []
  #newest = new Map<string, FakeObservation>()
  #sequence = 1
  readonly port: number
  /** Method and path of every request. */
  readonly requests: string[] = []
  bufferSize = 131_072
  instanceId = 1
  /** Whether it sends anything at all. */
  isSilent = false

  private constructor(server: Server, items: readonly string[], startedAt: Date) {
    this.#server = server
    this.#items = items
    this.port = (server.address() as AddressInfo).port
    server.on('connection', socket => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
    })
    server.on('request', (request, response) => this.#answer(request, response))
    this.#heartbeat = setInterval(() => this.#beat(), 50)
    for (const id of items) this.observe(id, 'UNAVAILABLE', startedAt)
  }

  /** `items`: the ids of its data items; a capital begins those that are events. */
  static async start(items: readonly string[], startedAt = new Date(0)): Promise<FakeAgent> {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new FakeAgent(server, items, startedAt)
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  get connections(): number {
    return this.#sockets.size
  }

  get streams(): number {
    return this.#streams.size
  }

  /** The number of the next observation. */
  get next(): number {
    return this.#sequence
  }

  observe(id: string, value: string | number, time: Date): void {
    const observation = { sequence: this.#sequence++, id, time: time.toISOString(), value: String(value) }
    this.#buffer.push(observation)
    this.#newest.set(id, observation)
    if (this.#buffer.length > this.bufferSize) this.#buffer.splice(0, this.#buffer.length - this.bufferSize)
  }

  /** Sends what was observed to all that follow. */
  flush(): void {
    for (const stream of this.#streams) this.#send(stream)
  }

  /** Begins anew, as after a restart. */
  restart(): void {
    this.instanceId++
    this.#sequence = 1
    this.#buffer = []
    this.#newest = new Map()
    for (const id of this.#items) this.observe(id, 'UNAVAILABLE', new Date(0))
    this.drop()
  }

  /** Cuts every link without a goodbye. */
  drop(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy()
    this.#sockets.clear()
    this.#streams.clear()
  }

  async stop(): Promise<void> {
    clearInterval(this.#heartbeat)
    this.drop()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '', this.url)
    this.requests.push(`${request.method} ${url.pathname}`)
    if (this.isSilent) return
    if (url.pathname === '/current') {
      response.setHeader('content-type', 'text/xml').end(this.#streamsXml([...this.#newest.values()]))
      return
    }
    const from = Number(url.searchParams.get('from'))
    if (from < this.#first || from > this.#sequence) {
      const error = `<MTConnectError><Header instanceId="${this.instanceId}"/><Errors><Error errorCode="OUT_OF_RANGE">'from' must be greater than ${this.#first - 1}</Error></Errors></MTConnectError>`
      response.setHeader('content-type', 'text/xml').writeHead(404).end(error)
      return
    }
    response.setHeader('content-type', `multipart/x-mixed-replace;boundary=${boundary}`)
    response.flushHeaders()
    const stream = { response, next: from }
    this.#streams.add(stream)
    response.on('close', () => this.#streams.delete(stream))
    this.#send(stream)
  }

  get #first(): number {
    return this.#buffer[0]?.sequence ?? this.#sequence
  }

  #beat(): void {
    if (this.isSilent) return
    for (const stream of this.#streams) this.#part(stream, [])
  }

  #send(stream: Stream): void {
    while (stream.next < this.#sequence) {
      const at = Math.max(0, stream.next - this.#first)
      const some = this.#buffer.slice(at, at + 500)
      stream.next = some.at(-1)!.sequence + 1
      this.#part(stream, some)
    }
  }

  #part({ response, next }: Stream, observations: readonly FakeObservation[]): void {
    const xml = this.#streamsXml(observations, next)
    response.write(
      `--${boundary}\r\nContent-type: text/xml\r\nContent-length: ${Buffer.byteLength(xml)}\r\n\r\n${xml}\r\n`,
    )
  }

  #streamsXml(observations: readonly FakeObservation[], next = this.#sequence): string {
    const elements = (isEvent: boolean): string =>
      observations
        .filter(({ id }) => /^[A-Z]/.test(id) === isEvent)
        .map(
          ({ sequence, id, time, value }) =>
            `<${isEvent ? 'Execution' : 'Position'} dataItemId="${id}" sequence="${sequence}" timestamp="${time}">${value}</${isEvent ? 'Execution' : 'Position'}>`,
        )
        .join('')
    const header = `<Header instanceId="${this.instanceId}" bufferSize="${this.bufferSize}" firstSequence="${this.#first}" lastSequence="${this.#sequence - 1}" nextSequence="${next}"/>`
    return `<?xml version="1.0"?><MTConnectStreams xmlns="urn:mtconnect.org:MTConnectStreams:1.3">${header}<Streams><DeviceStream name="Mill" uuid="m1"><ComponentStream component="Path" componentId="p"><Samples>${elements(false)}</Samples><Events>${elements(true)}</Events></ComponentStream></DeviceStream></Streams></MTConnectStreams>`
  }
}
