import { once } from 'node:events'
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from 'node:net'

/** Control packets by type (MQTT 5.0, 2.1.2). */
const commands =
  '- connect connack publish puback pubrec pubrel pubcomp subscribe suback unsubscribe unsuback pingreq pingresp disconnect auth'.split(
    ' ',
  )

/** A control packet as it went over the wire; `body` is what follows the fixed header. */
export interface SentPacket {
  readonly command: string
  readonly body: Buffer
}

/** A wire between a client and a broker that records what the client sends, and that a test can cut or block. */
export class Wire {
  readonly #server: Server
  readonly #target: number
  readonly #pairs = new Set<readonly [client: Socket, broker: Socket]>()
  /** Every packet that the client sent. */
  readonly sent: SentPacket[] = []
  #isBlocked = false

  private constructor(server: Server, target: number) {
    this.#server = server
    this.#target = target
    server.on('connection', client => this.#join(client))
  }

  /** To the broker at port `target` of this machine. */
  static async to(target: number): Promise<Wire> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new Wire(server, target)
  }

  get url(): string {
    return `mqtt://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  get connections(): number {
    return this.#pairs.size
  }

  commands(): readonly string[] {
    return this.sent.map(({ command }) => command)
  }

  /** Cuts every connection without a goodbye. */
  cut(): void {
    for (const [client, broker] of this.#pairs) {
      client.resetAndDestroy()
      broker.resetAndDestroy()
    }
    this.#pairs.clear()
  }

  /** Lets nothing through in either direction, as a half-open connection does; or lets it through again. */
  block(isBlocked: boolean): void {
    this.#isBlocked = isBlocked
    for (const pair of this.#pairs) {
      if (!isBlocked && pair.some(socket => socket.destroyed)) this.#end(pair)
      else this.#hold(...pair)
    }
  }

  async stop(): Promise<void> {
    this.cut()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #join(client: Socket): void {
    const broker = createConnection(this.#target, '127.0.0.1')
    const pair = [client, broker] as const
    this.#pairs.add(pair)
    let rest: Buffer = Buffer.alloc(0)
    client.on('data', (chunk: Buffer) => {
      rest = this.#record(Buffer.concat([rest, chunk]))
    })
    for (const socket of pair) {
      socket.on('error', () => socket.destroy())
      // What a blocked wire does not let through is the end of a connection, too.
      socket.on('close', () => {
        if (!this.#isBlocked) this.#end(pair)
      })
    }
    this.#hold(client, broker)
  }

  #end(pair: readonly [client: Socket, broker: Socket]): void {
    this.#pairs.delete(pair)
    for (const socket of pair) socket.destroy()
  }

  /** Records the whole packets in `bytes` and returns what is left of them. */
  #record(bytes: Buffer): Buffer {
    let at = 0
    for (;;) {
      let length = 0
      let i = at + 1
      // Seven bits a byte, the eighth says that more follow (MQTT 5.0, 1.5.5).
      for (let shift = 0; i < bytes.length; shift += 7) {
        length |= (bytes[i]! & 0x7f) << shift
        if (bytes[i++]! < 0x80) break
      }
      const isWhole = i > at + 1 && bytes[i - 1]! < 0x80 && i + length <= bytes.length
      if (!isWhole) return Buffer.from(bytes.subarray(at))
      const body = Buffer.from(bytes.subarray(i, i + length))
      this.sent.push({ command: commands[bytes[at]! >> 4]!, body })
      at = i + length
    }
  }

  #hold(client: Socket, broker: Socket): void {
    if (this.#isBlocked) {
      client.unpipe(broker)
      broker.unpipe(client)
      client.pause()
      broker.pause()
    } else {
      client.pipe(broker)
      broker.pipe(client)
    }
  }
}
