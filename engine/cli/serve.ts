import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { plantToYaml } from '../../schema/plant-file/plant-to-yaml.js'
import { referencePlant } from '../../schema/reference-plant/reference-plant.js'
import { EngineError } from '../errors.js'
import { PlantServer, plantBehind } from '../player/plant-server.js'
import { runSimulators } from '../player/simulated-signals.js'
import type { Command, CommandIo } from './command.js'
import { misused, parseFlags } from './flags.js'
import { openPlant } from './open-plant.js'

const usage = `Usage: gemba serve --opcua <port> [options]

Runs the simulator of a plant as its PLCs would: its tags stand on an OPC UA server, by line and machine, for Gemba or
any other client to read.

  --opcua <port>         port of the OPC UA server, on loopback; 0 takes a free one
  --plant <file>         plant file whose sources are simulated; without one the reference plant
  --out <file>           write the plant file that reads this server
  --data <folder>        data folder, where the server's key is kept (default gemba-data)  [GEMBA_DATA]

Example: gemba serve --opcua 4840 --out behind-opcua.yaml
         gemba start --plant behind-opcua.yaml --data other-data`

/** `gemba serve`: the simulator as a PLC. */
export const serveCommand: Command = {
  name: 'serve',
  summary: 'serve a simulated plant as an OPC UA server',
  usage,
  async run(argv, io) {
    try {
      return await serve(argv, io)
    } catch (error) {
      if (!(error instanceof EngineError)) throw error
      io.err(`gemba: ${error.message}`)
      return error.exitCode
    }
  },
}

const flags = {
  opcua: { type: 'string' },
  plant: { type: 'string' },
  out: { type: 'string' },
  data: { type: 'string' },
} as const

async function serve(argv: readonly string[], io: CommandIo): Promise<number> {
  const { values } = parseFlags('serve', argv, flags)
  if (values.opcua === undefined) throw misused('serve', '--opcua <port> is missing: the port to serve on')
  const port = Number(values.opcua)
  if (!/^\d+$/.test(values.opcua) || port > 65_535)
    throw misused('serve', `--opcua ${values.opcua} is not a port: expected a number from 0 to 65535`)
  if (values.out !== undefined && existsSync(values.out))
    throw new EngineError('bad-input', `${values.out} is there already: move it, or choose another name.`)
  const plant = values.plant === undefined ? referencePlant() : openPlant(values.plant)
  const folder = join(values.data ?? io.env.GEMBA_DATA ?? 'gemba-data', 'opcua-server')
  const server = await PlantServer.start({ plant, host: '127.0.0.1', port, folder })
  try {
    const running = runSimulators(plant, (signal, value, quality, time) =>
      server.set(signal, value, quality, time),
    )
    if (values.out !== undefined) writeFileSync(values.out, plantToYaml(plantBehind(plant, server.endpoint)))
    io.out(`${plant.name}: ${server.tags} tags on ${server.endpoint}`)
    if (!io.signal.aborted)
      await new Promise<void>(resolve => io.signal.addEventListener('abort', () => resolve(), { once: true }))
    running.unsubscribe()
  } finally {
    await server.stop()
  }
  return 0
}
