import { once } from 'node:events'
import type { Socket } from 'node:net'

/** How often readers are asked to ping, ms. */
const heartbeatMs = 10_000

/** A reader that sends nothing but an endless line is not listened to further than this, characters. */
const longestCommand = 1024

/** One connected reader: takes text, answers its pings. */
export class Reader {
  readonly #socket: Socket
  readonly #left = new AbortController()
  #isBroken = false
  #heardCount = 0

  constructor(socket: Socket) {
    this.#socket = socket.setNoDelay(true).setKeepAlive(true)
    socket.on('error', () => {
      this.#isBroken = true
    })
    socket.on('close', hadError => {
      this.#isBroken ||= hadError
      this.#left.abort()
    })
    this.#answerPings()
  }

  /** Aborted when the reader has gone. */
  get left(): AbortSignal {
    return this.#left.signal
  }

  /** Whether it went without a goodbye, so that sent rows may be lost. */
  get isBroken(): boolean {
    return this.#isBroken
  }

  /** Counts what it sends: proof of life. */
  get heardCount(): number {
    return this.#heardCount
  }

  /** Resolves when the socket can take more, or the reader has gone. `onTaken`: the operating system has all of it. */
  async write(text: string, onTaken: () => void): Promise<void> {
    if (this.left.aborted) return
    const canTakeMore = this.#socket.write(text, 'latin1', error => {
      if (error === undefined || error === null) onTaken()
    })
    if (!canTakeMore) await once(this.#socket, 'drain', { signal: this.left }).catch(() => undefined)
  }

  /** No more will come. */
  end(): void {
    this.#socket.end()
  }

  close(): void {
    this.#socket.destroy()
  }

  #answerPings(): void {
    let rest = ''
    this.#socket.setEncoding('latin1').on('data', (text: string) => {
      this.#heardCount++
      const lines = (rest + text).split('\n')
      rest = (lines.pop() ?? '').slice(0, longestCommand)
      for (const line of lines) {
        if (line.trim() === '* PING' && this.#socket.writable) this.#socket.write(`* PONG ${heartbeatMs}\n`)
      }
    })
  }
}
