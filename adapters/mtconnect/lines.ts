/** What a splitter finds in the bytes it is given, in order. */
export interface LineSink {
  line(text: string): void
  /** A line over the limit was dropped; `head` is its beginning. */
  tooLong(head: string): void
}

/** How much of an overlong line is kept to show what it was, bytes. */
const headBytes = 4096

const newline = 0x0a
const carriageReturn = 0x0d

/**
 * Cuts a byte stream into lines (LF or CR LF). Characters split over two chunks come out whole, bytes that are no
 * UTF-8 as U+FFFD. Holds at most `limit` bytes: a peer that never ends its line cannot fill the memory.
 */
export class LineSplitter {
  readonly #limit: number
  /** The beginning of a line that has not ended yet: the first `#begunBytes` of this room. */
  #room = Buffer.alloc(0)
  #begunBytes = 0
  #isSkipping = false

  constructor(limit: number) {
    this.#limit = limit
  }

  push(chunk: Uint8Array, sink: LineSink): void {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    let start = 0
    for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, start)) {
      this.#end(bytes.subarray(start, end), sink)
      start = end + 1
    }
    if (start < bytes.length) this.#begin(bytes.subarray(start), sink)
  }

  /** What had begun but not ended when the stream closed; empty where nothing had. */
  takeUnfinished(): string {
    const rest = this.#room.toString('utf8', 0, this.#begunBytes)
    this.#forget()
    return rest
  }

  #end(tail: Buffer, sink: LineSink): void {
    if (this.#isSkipping) {
      this.#forget()
    } else if (this.#begunBytes === 0) {
      this.#emit(tail, tail.length, sink)
    } else {
      this.#keep(tail)
      this.#emit(this.#room, this.#begunBytes, sink)
      this.#forget()
    }
  }

  #emit(line: Buffer, length: number, sink: LineSink): void {
    if (length > this.#limit) sink.tooLong(line.toString('utf8', 0, Math.min(length, headBytes)))
    else sink.line(line.toString('utf8', 0, line[length - 1] === carriageReturn ? length - 1 : length))
  }

  #begin(part: Buffer, sink: LineSink): void {
    if (this.#isSkipping) return
    this.#keep(part)
    if (this.#begunBytes <= this.#limit) return
    sink.tooLong(this.#room.toString('utf8', 0, Math.min(this.#begunBytes, headBytes)))
    this.#forget()
    this.#isSkipping = true
  }

  /** Copies: the chunk's memory belongs to the socket. */
  #keep(part: Buffer): void {
    const needed = this.#begunBytes + part.length
    if (needed > this.#room.length) {
      const grown = Buffer.alloc(Math.max(needed, this.#room.length * 2))
      this.#room.copy(grown, 0, 0, this.#begunBytes)
      this.#room = grown
    }
    part.copy(this.#room, this.#begunBytes)
    this.#begunBytes = needed
  }

  #forget(): void {
    this.#begunBytes = 0
    this.#isSkipping = false
  }
}
