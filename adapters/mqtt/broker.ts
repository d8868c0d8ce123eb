import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createConnection, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

/** A port that was free a moment ago; mosquitto cannot ask the system for one itself. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** A mosquitto of its own for tests and benchmarks, in a folder of its own. */
export class Broker {
  readonly port: number
  readonly folder: string
  #process: ChildProcess | undefined

  private constructor(port: number, folder: string) {
    this.port = port
    this.folder = folder
  }

  /**
   * `lines` are added to its configuration; `$folder` in them is its folder. Without them it takes everybody, keeps
   * sessions and queues what it must without end, as a broker for production should.
   */
  static async start(
    lines: readonly string[] = [],
    files: Readonly<Record<string, string>> = {},
  ): Promise<Broker> {
    const broker = new Broker(await freePort(), mkdtempSync(join(tmpdir(), 'gemba-broker-')))
    const configuration = [
      `listener ${broker.port} 127.0.0.1`,
      ...(lines.some(line => line.startsWith('allow_anonymous')) ? [] : ['allow_anonymous true']),
      'persistence true',
      'persistence_location $folder/',
      'autosave_interval 1800',
      'max_queued_messages 0',
      'log_type error',
      'log_type warning',
      ...(process.getuid?.() === 0 ? ['user root'] : []),
      ...lines,
    ]
    for (const [name, content] of Object.entries(files)) {
      writeFileSync(join(broker.folder, name), content, { mode: 0o600 })
    }
    const text = configuration.join('\n').replaceAll('$folder', broker.folder)
    writeFileSync(join(broker.folder, 'mosquitto.conf'), `${text}\n`)
    await broker.run()
    return broker
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`
  }

  /** Starts it, or starts it again with what it kept. */
  async run(): Promise<void> {
    const child = spawn('mosquitto', ['-c', join(this.folder, 'mosquitto.conf')], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` },
    })
    let complaints = ''
    child.stderr?.on('data', chunk => {
      complaints += chunk
    })
    this.#process = child
    const failed = once(child, 'exit').then(() => {
      throw new Error(`mosquitto ended: ${complaints}`)
    })
    failed.catch(() => undefined)
    await Promise.race([failed, this.#listening()])
  }

  async #listening(): Promise<void> {
    for (;;) {
      const socket = createConnection(this.port, '127.0.0.1')
      try {
        await once(socket, 'connect')
        return
      } catch {
        await wait(10)
      } finally {
        socket.destroy()
      }
    }
  }

  /** Ends it in good order, so that it writes down its sessions; or at once. */
  async halt(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#process
    this.#process = undefined
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    child.kill(signal)
    await once(child, 'exit')
  }

  async stop(): Promise<void> {
    await this.halt('SIGKILL')
    rmSync(this.folder, { recursive: true, force: true })
  }
}
