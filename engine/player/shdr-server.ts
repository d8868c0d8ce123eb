import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { EngineError } from '../errors.js'
import { Reader } from './reader.js'

/** Listens for readers. One is served at a time; the others wait their turn, their pings answered. */
export class ShdrServer {
  readonly #server: Server
  readonly #readers = new Set<Reader>()

  private constructor(server: Server) {
    this.#server = server
    server.on('connection', socket => {
      const reader = new Reader(socket)
      this.#readers.add(reader)
      reader.left.addEventListener('abort', () => this.#readers.delete(reader))
    })
  }

  /** Throws EngineError `port-in-use` or `bad-input` where it cannot listen. Port 0 = one that is free. */
  static async listen(host: string, port: number): Promise<ShdrServer> {
    const server = createServer()
    server.listen(port, host)
    try {
      await once(server, 'listening')
    } catch (cause) {
      throw explain(host, port, cause)
    }
    return new ShdrServer(server)
  }

  /** `host:port` as listened on. */
  get address(): string {
    const { address, port, family } = this.#server.address() as AddressInfo
    return family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`
  }

  /** The reader that has waited longest, as soon as there is one; undefined when aborted. */
  async nextReader(signal: AbortSignal): Promise<Reader | undefined> {
    while (!signal.aborted) {
      const [reader] = this.#readers
      if (reader !== undefined) return reader
      await once(this.#server, 'connection', { signal }).catch(() => undefined)
    }
    return undefined
  }

  async close(): Promise<void> {
    for (const reader of this.#readers) reader.close()
    this.#server.close()
    await once(this.#server, 'close')
  }
}

function explain(host: string, port: number, cause: unknown): EngineError {
  const { code, message } = cause as NodeJS.ErrnoException
  const where = `${host}:${port}`
  switch (code) {
    case 'EADDRINUSE':
      return new EngineError('port-in-use', `${where} is in use. Choose another port with --shdr.`, { cause })
    case 'EACCES':
      return new EngineError('bad-input', `${where} may not be listened on. Choose a port above 1023.`, {
        cause,
      })
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new EngineError('bad-input', `${host} is no address of this computer. Choose another --host.`, {
        cause,
      })
  }
  return new EngineError('bad-input', `cannot listen on ${where}: ${message}`, { cause })
}
