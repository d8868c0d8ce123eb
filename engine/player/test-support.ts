import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import type { Timer } from './timer.js'

/** A folder of its own for a test's recordings. */
export class TestRecordings {
  #folder: string | undefined

  /** Writes rows (packed where the name ends in .gz) and answers with the path. */
  async write(name: string, content: readonly string[] | Uint8Array): Promise<string> {
    this.#folder ??= await mkdtemp(join(tmpdir(), 'gemba-play-'))
    const path = join(this.#folder, name)
    const bytes =
      content instanceof Uint8Array ? content : Buffer.from(content.map(row => `${row}\n`).join(''))
    const isText = !(content instanceof Uint8Array)
    await writeFile(path, isText && name.endsWith('.gz') ? gzipSync(bytes) : bytes)
    return path
  }

  async remove(): Promise<void> {
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true })
    this.#folder = undefined
  }
}

/** Time in which every sleep is over at once, by putting the clock forward. */
export class SkippingTimer implements Timer {
  #now = 0

  now(): number {
    return this.#now
  }

  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    // The sockets' turn: what they do in this time they do now.
    await nextTurn()
    if (!signal.aborted) this.#now += ms
  }
}

/** A plain reader of a line stream. */
export class TestReader {
  readonly #socket: Socket
  readonly lines: string[] = []
  readonly ended: Promise<void>

  constructor(address: string) {
    const [host, port] = address.split(':')
    this.#socket = connect(Number(port), host)
    this.ended = new Promise(resolve => this.#socket.on('close', () => resolve()))
    let rest = ''
    this.#socket.on('error', () => undefined)
    this.#socket.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      this.lines.push(...lines)
    })
  }

  /** Rows without the answers to pings. */
  get rows(): string[] {
    return this.lines.filter(line => !line.startsWith('* '))
  }

  ping(): void {
    this.#socket.write('* PING\n')
  }

  pause(): void {
    this.#socket.pause()
  }

  /** Leaves in good order. */
  leave(): void {
    this.#socket.end()
  }

  /** Leaves without a goodbye. */
  breakOff(): void {
    this.#socket.resetAndDestroy()
  }
}
