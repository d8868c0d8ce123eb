import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))

/** `gemba` in a process of its own, as a person starts it. */
export class GembaProcess {
  readonly child: ChildProcess
  readonly lines: string[] = []
  #errors = ''

  constructor(args: readonly string[], env: NodeJS.ProcessEnv = {}, cwd = root) {
    this.child = spawn(process.execPath, [join(root, 'scripts/gemba.js'), ...args], {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    })
    createInterface({ input: this.child.stdout! }).on('line', line => this.lines.push(line))
    this.child.stderr!.on('data', chunk => {
      this.#errors += chunk
    })
  }

  get errors(): string {
    return this.#errors
  }

  /** The address it announces. Rejects with its output where it ends before. */
  async live(): Promise<string> {
    const [, url] = await this.#said(/Gemba is live: (http:\/\/[^\s"]+)/)
    return url!
  }

  /** Resolves when it has said so. Rejects with its output where it ends before. */
  async says(words: string): Promise<void> {
    await this.#said(new RegExp(words))
  }

  #said(pattern: RegExp): Promise<RegExpMatchArray> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = this.lines.map(line => line.match(pattern)).find(Boolean)
        if (found) resolve(found)
      }
      createInterface({ input: this.child.stdout! }).on('line', look)
      look()
      this.child.once('exit', code =>
        reject(new Error(`gemba ended with ${code}:\n${this.lines.join('\n')}${this.errors}`)),
      )
    })
  }

  /** Its exit code, once it has ended. */
  async ended(): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit')
    return this.child.exitCode
  }

  /** Asks it to stop, and waits. */
  async stop(signal: NodeJS.Signals = 'SIGINT'): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill(signal)
    return this.ended()
  }
}
