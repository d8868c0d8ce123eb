import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'

/** An SHDR source for tests: a real TCP server on a port of the system's choice. */
export class FakeShdrServer {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly port: number
  /** Every line that readers sent. */
  readonly received: string[] = []
  /** The answer to `* PING`; undefined = none. */
  pong: string | undefined = '* PONG 10000'

  private constructor(server: Server) {
    this.#server = server
    this.port = (server.address() as AddressInfo).port
    server.on('connection', socket => this.#serve(socket))
  }

  static async start(): Promise<FakeShdrServer> {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new FakeShdrServer(server)
  }

  get connections(): number {
    return this.#sockets.size
  }

  /** Resolves when there is a reader. */
  async reader(): Promise<void> {
    if (this.#sockets.size === 0) await once(this.#server, 'connection')
  }

  /** Sends to every reader. */
  send(bytes: string | Uint8Array): void {
    for (const socket of this.#sockets) socket.write(bytes)
  }

  /** Cuts every link without a goodbye. */
  drop(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy()
    this.#sockets.clear()
  }

  /** Ends every link in good order. */
  end(): void {
    for (const socket of this.#sockets) socket.end()
  }

  async stop(): Promise<void> {
    this.drop()
    if (!this.#server.listening) return
    this.#server.close()
    await once(this.#server, 'close')
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    let rest = ''
    socket.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        this.received.push(line)
        if (line === '* PING' && this.pong !== undefined) socket.write(`${this.pong}\n`)
      }
    })
  }
}
