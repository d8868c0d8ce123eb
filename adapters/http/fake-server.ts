import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

/** A REST service for tests: documents by path. */
export class FakeRestServer {
  readonly documents = new Map<string, unknown>()
  /** Method, path and headers of each request. */
  readonly requests: {
    readonly method: string
    readonly path: string
    readonly headers: IncomingMessage['headers']
  }[] = []
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  /** Answers a request in place of a document; false = it does not. */
  answer: (path: string, response: ServerResponse) => boolean = () => false

  private constructor(server: Server) {
    this.#server = server
    server.on('connection', socket => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
    })
    server.on('request', (request: IncomingMessage, response: ServerResponse) =>
      this.#serve(request, response),
    )
  }

  static async start(): Promise<FakeRestServer> {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new FakeRestServer(server)
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  get connections(): number {
    return this.#sockets.size
  }

  /** Cuts every link without a goodbye. */
  drop(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  async stop(): Promise<void> {
    this.drop()
    if (!this.#server.listening) return
    this.#server.close()
    await once(this.#server, 'close')
  }

  #serve({ method = '', url: path = '', headers }: IncomingMessage, response: ServerResponse): void {
    this.requests.push({ method, path, headers })
    if (this.answer(path, response)) return
    const document = this.documents.get(path)
    if (document === undefined) response.writeHead(404).end('{"error":"not here"}')
    else response.writeHead(200).end(typeof document === 'string' ? document : JSON.stringify(document))
  }
}
