import { createHash, randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { decodeServerFrame, encodeClientFrame } from '../../schema/stream/codec.js'
import { type ClientFrame, type ServerFrame, subprotocol } from '../../schema/stream/protocol.js'

/** What a WebSocket close frame said (RFC 6455, 5.5.1); 1006 where there was none. */
export interface Closed {
  readonly code: number
  readonly reason: string
}

const opcodes = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

/**
 * A WebSocket client (RFC 6455) that tests can hold by the hand: it can stop reading, send junk, and vanish. It reads
 * unfragmented frames, which is all the gateway sends.
 */
export class TestClient {
  readonly #socket: Socket
  #received = Buffer.alloc(0)
  readonly #frames: ServerFrame[] = []
  #waiting: (() => void)[] = []
  #close: Closed | undefined
  #isEnded = false
  #pongs = 0
  /** Bytes of payload received. */
  bytes = 0

  private constructor(socket: Socket, rest: Buffer) {
    this.#socket = socket
    socket.on('data', chunk => this.#take(chunk))
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#isEnded = true
      this.#wake()
    })
    if (rest.length > 0) this.#take(rest)
  }

  /** Connects; throws with the HTTP answer where there is no upgrade. */
  static async open(port: number, headers: Record<string, string> = {}): Promise<TestClient> {
    const key = randomBytes(16).toString('base64')
    const request = {
      host: `localhost:${port}`,
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': key,
      'sec-websocket-protocol': subprotocol,
      ...headers,
    }
    const socket = connect({ port, host: '127.0.0.1' })
    const lines = Object.entries(request).map(([name, value]) => `${name}: ${value}`)
    socket.write(`GET /api/v1/stream HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`)
    const { head, rest } = await readHead(socket)
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
    if (!head.startsWith('HTTP/1.1 101') || !head.includes(accept)) {
      socket.destroy()
      throw new Error(head + rest.toString())
    }
    return new TestClient(socket, rest)
  }

  send(frame: ClientFrame): void {
    this.sendRaw(encodeClientFrame(frame))
  }

  sendRaw(payload: Uint8Array, opcode: number = opcodes.binary): void {
    this.#socket.write(maskedFrame(payload, opcode))
  }

  /** The next frame of this kind, in order; frames of other kinds before it are skipped. */
  async next<K extends ServerFrame['kind']>(kind: K): Promise<Extract<ServerFrame, { kind: K }>> {
    for (;;) {
      const frame = this.#frames.shift()
      if (frame?.kind === kind) return frame as Extract<ServerFrame, { kind: K }>
      if (frame !== undefined) continue
      if (this.#isEnded) throw new Error(`The connection closed before a ${kind}`)
      await this.#more()
    }
  }

  /**
   * Waits until the gateway has heard all that was sent, and all that it sent before has arrived: its pong stands in
   * the order of the frames.
   */
  async settled(): Promise<void> {
    const pongs = this.#pongs
    this.sendRaw(new Uint8Array(0), opcodes.ping)
    while (this.#pongs === pongs && !this.#isEnded) await this.#more()
  }

  /** The next frame, whatever it is; undefined when the connection has ended. */
  async nextOfAny(): Promise<ServerFrame | undefined> {
    while (this.#frames.length === 0 && !this.#isEnded) await this.#more()
    return this.#frames.shift()
  }

  /** Frames that have arrived and nobody has asked for. */
  arrived(): readonly ServerFrame[] {
    return this.#frames.splice(0)
  }

  /** How the connection ended. */
  async closed(): Promise<Closed> {
    while (!this.#isEnded) await this.#more()
    return this.#close ?? { code: 1006, reason: '' }
  }

  /** Connected, and taking what comes. */
  get isReading(): boolean {
    return !this.#isEnded && !this.#socket.isPaused()
  }

  /** Stops reading, so that the gateway's buffers fill. */
  stopReading(): void {
    this.#socket.pause()
  }

  readOn(): void {
    this.#socket.resume()
  }

  /** Goes away without a word. */
  destroy(): void {
    this.#socket.destroy()
  }

  #take(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk])
    for (;;) {
      const frame = splitFrame(this.#received)
      if (frame === undefined) break
      this.#received = this.#received.subarray(frame.end)
      this.#handle(frame.opcode, frame.payload)
    }
    this.#wake()
  }

  #handle(opcode: number, payload: Buffer): void {
    if (opcode === opcodes.binary) {
      this.bytes += payload.length
      this.#frames.push(decodeServerFrame(Uint8Array.from(payload)))
    } else if (opcode === opcodes.ping) {
      this.sendRaw(payload, opcodes.pong)
    } else if (opcode === opcodes.pong) {
      this.#pongs++
    } else if (opcode === opcodes.close) {
      this.#close = { code: payload.readUInt16BE(0), reason: payload.subarray(2).toString() }
      this.#socket.end()
    }
  }

  #more(): Promise<void> {
    return new Promise(resolve => {
      this.#waiting.push(resolve)
    })
  }

  #wake(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }
}

async function readHead(socket: Socket): Promise<{ head: string; rest: Buffer }> {
  let received = Buffer.alloc(0)
  return new Promise((resolve, reject) => {
    const onData = (chunk: Buffer): void => {
      received = Buffer.concat([received, chunk])
      const end = received.indexOf('\r\n\r\n')
      if (end < 0) return
      socket.off('data', onData)
      resolve({ head: received.subarray(0, end + 4).toString(), rest: received.subarray(end + 4) })
    }
    socket.on('data', onData)
    socket.once('error', reject)
  })
}

function splitFrame(bytes: Buffer): { opcode: number; payload: Buffer; end: number } | undefined {
  if (bytes.length < 2) return undefined
  let length = bytes[1]! & 0x7f
  let start = 2
  if (length === 126) {
    if (bytes.length < 4) return undefined
    length = bytes.readUInt16BE(2)
    start = 4
  } else if (length === 127) {
    if (bytes.length < 10) return undefined
    length = Number(bytes.readBigUInt64BE(2))
    start = 10
  }
  if (bytes.length < start + length) return undefined
  return { opcode: bytes[0]! & 0x0f, payload: bytes.subarray(start, start + length), end: start + length }
}

function maskedFrame(payload: Uint8Array, opcode: number): Buffer {
  const length = payload.length
  const head = length < 126 ? 2 : length < 65_536 ? 4 : 10
  const frame = Buffer.alloc(head + 4 + length)
  frame[0] = 0x80 | opcode
  frame[1] = 0x80 | (length < 126 ? length : length < 65_536 ? 126 : 127)
  if (head === 4) frame.writeUInt16BE(length, 2)
  if (head === 10) frame.writeBigUInt64BE(BigInt(length), 2)
  const mask = randomBytes(4)
  mask.copy(frame, head)
  for (let i = 0; i < length; i++) frame[head + 4 + i] = payload[i]! ^ mask[i % 4]!
  return frame
}
