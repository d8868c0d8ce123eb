import { Duplex } from 'node:stream'

/** A message as the broker sent it; its bytes are valid only within the call. */
export interface Published {
  readonly topic: string
  readonly payload: Buffer
  readonly retain: boolean
  readonly qos: 0 | 1
  /** To acknowledge it with, at QoS 1. */
  readonly packetId: number
}

const none = Buffer.alloc(0)
/** PUBLISH of QoS 0 or 1, and PUBACK (MQTT 5.0, 2.1.2). */
const publishType = 3
const pubackByte = 0x40

/**
 * A lane of its own for messages, between a socket and mqtt.js. What the broker publishes at QoS 0 and 1 is read here
 * and handed on at once: half the CPU of a message, acknowledged when the reader says so instead of before the next is
 * read, and a pause that stops the socket. All the rest, connecting, subscribing, pings, is mqtt.js's as before.
 */
export class PublishLane extends Duplex {
  readonly #socket: Duplex
  readonly #is5: boolean
  readonly #onPublish: (message: Published) => void
  /** Bytes of a packet that is not whole yet, and how many it needs. */
  #pieces: Buffer[] = []
  #length = 0
  #needed = 0
  #isHeld = false
  /** Ids of messages to be acknowledged in the next write. */
  #owed: number[] = []

  constructor(socket: Duplex, is5: boolean, onPublish: (message: Published) => void) {
    super()
    this.#socket = socket
    this.#is5 = is5
    this.#onPublish = onPublish
    socket.on('data', (chunk: Buffer) => this.#take(chunk))
    socket.on('end', () => this.push(null))
    socket.on('error', error => this.destroy(error))
    socket.on('close', () => this.destroy())
  }

  /** Hands on nothing more and stops reading from the socket, at once; or goes on with what is there already. */
  hold(isHeld: boolean): void {
    this.#isHeld = isHeld
    if (isHeld) this.#socket.pause()
    else {
      // Not within the call: whoever lets go may be in the middle of what was handed on last.
      setImmediate(() => {
        if (this.#isHeld || this.destroyed) return
        this.#take(none)
        if (!this.#isHeld) this.#socket.resume()
      })
    }
  }

  /** Those of one turn go out together. */
  acknowledge(packetId: number): void {
    this.#owed.push(packetId)
    if (this.#owed.length === 1) queueMicrotask(() => this.#acknowledgeOwed())
  }

  override _read(): void {}

  override _write(chunk: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#socket.write(chunk, encoding, done)
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#acknowledgeOwed()
    this.#socket.end(done)
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#owed = []
    this.#socket.destroy()
    done(error)
  }

  #acknowledgeOwed(): void {
    const owed = this.#owed
    if (owed.length === 0 || !this.#socket.writable) return
    this.#owed = []
    const bytes = Buffer.allocUnsafe(owed.length * 4)
    for (const [i, id] of owed.entries()) bytes.writeUInt32BE((pubackByte << 24) | (2 << 16) | id, i * 4)
    this.#socket.write(bytes)
  }

  #take(chunk: Buffer): void {
    let bytes = chunk
    if (this.#length > 0 || this.#isHeld) {
      this.#pieces.push(chunk)
      this.#length += chunk.length
      if (this.#length < this.#needed || this.#isHeld) return
      bytes = Buffer.concat(this.#pieces)
    }
    const rest = this.#split(bytes)
    this.#pieces = rest.length > 0 ? [rest] : []
    this.#length = rest.length
  }

  /** Reads whole packets; returns what is left. */
  #split(bytes: Buffer): Buffer {
    let at = 0
    /** Where packets that are not ours begin. */
    let others = -1
    this.#needed = 0
    while (at + 1 < bytes.length && !this.#isHeld) {
      let length = 0
      let body = at + 1
      let byte = 0x80
      // Seven bits a byte, the eighth says that more follow, at most four (MQTT 5.0, 1.5.5).
      for (let shift = 0; byte >= 0x80 && shift < 28 && body < bytes.length; shift += 7) {
        byte = bytes[body++]!
        length |= (byte & 0x7f) << shift
      }
      if (byte >= 0x80) {
        // Either not all of the length is there yet, or it is none: mqtt.js will say so.
        if (body - at === 5) at = this.#passOn(bytes, others < 0 ? at : others, bytes.length)
        break
      }
      const end = body + length
      if (end > bytes.length) {
        this.#needed = end - at
        break
      }
      const isOurs = bytes[at]! >> 4 === publishType && this.#publish(bytes, bytes[at]!, body, end)
      if (isOurs && others >= 0) {
        this.#passOn(bytes, others, at)
        others = -1
      } else if (!isOurs && others < 0) others = at
      at = end
    }
    if (others >= 0 && others < at) this.#passOn(bytes, others, at)
    return bytes.subarray(Math.min(at, bytes.length))
  }

  #passOn(bytes: Buffer, from: number, to: number): number {
    if (to > from) this.push(Buffer.from(bytes.subarray(from, to)))
    return to
  }

  /** Hands on a PUBLISH (MQTT 5.0, 3.3); false where it is none that can be read here. */
  #publish(bytes: Buffer, head: number, body: number, end: number): boolean {
    const qos = (head >> 1) & 3
    if (qos > 1 || body + 2 > end) return false
    const topicEnd = body + 2 + bytes.readUInt16BE(body)
    let at = topicEnd + 2 * qos
    if (at > end || topicEnd === body + 2) return false
    const packetId = qos === 1 ? bytes.readUInt16BE(topicEnd) : 0
    if (this.#is5) {
      let properties = 0
      let byte = 0x80
      for (let shift = 0; byte >= 0x80 && shift < 28 && at < end; shift += 7) {
        byte = bytes[at++]!
        properties |= (byte & 0x7f) << shift
      }
      at += properties
      if (byte >= 0x80 || at > end) return false
    }
    this.#onPublish({
      topic: bytes.toString('utf8', body + 2, topicEnd),
      payload: bytes.subarray(at, end),
      retain: (head & 1) === 1,
      qos: qos as 0 | 1,
      packetId,
    })
    return true
  }
}
