import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** Registers by address; those that are not given do not exist. */
export interface DeviceTables {
  readonly holding?: Readonly<Record<number, number>>
  readonly input?: Readonly<Record<number, number>>
  readonly coil?: Readonly<Record<number, number>>
  readonly discrete?: Readonly<Record<number, number>>
}

const script = fileURLToPath(new URL('pymodbus_device.py', import.meta.url))

/** A Modbus device that this project did not write, in a process of its own. */
export class PymodbusDevice {
  readonly port: number
  readonly #child: ChildProcessWithoutNullStreams

  private constructor(child: ChildProcessWithoutNullStreams, port: number) {
    this.#child = child
    this.port = port
  }

  static start(tables: DeviceTables, port = 0): Promise<PymodbusDevice> {
    return PymodbusDevice.run('/usr/bin/python3', [script, String(port), JSON.stringify(tables)])
  }

  /** A command that prints its port and ends with its input. */
  static async run(command: string, args: readonly string[]): Promise<PymodbusDevice> {
    const child = spawn(command, args, { stdio: 'pipe' })
    let trouble = ''
    child.stderr.on('data', chunk => {
      trouble += chunk
    })
    const said = await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])
    const port = Number(String(said[0]).trim())
    if (child.exitCode !== null || !(port > 0)) throw new Error(`the device did not start: ${trouble}`)
    return new PymodbusDevice(child, port)
  }

  async stop(): Promise<void> {
    this.#child.stdin.end()
    if (this.#child.exitCode === null) await once(this.#child, 'exit')
  }
}
