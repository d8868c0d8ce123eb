import { writeFileSync } from 'node:fs'
import { pino } from 'pino'
import type { Plant } from '../../schema/plant.js'
import { plantToYaml } from '../../schema/plant-file/plant-to-yaml.js'
import { referencePlant } from '../../schema/reference-plant/reference-plant.js'
import { EngineError } from '../errors.js'
import { KepwarePublisher } from '../plc/kepware-publisher.js'
import { ModbusServer } from '../plc/modbus-server.js'
import { OpcuaServer } from '../plc/opcua-server.js'
import type { Outlet } from '../plc/outlet.js'
import { registerCsv } from '../plc/register-map.js'
import { servePlant } from '../plc/serve-plant.js'
import { SparkplugPublisher } from '../plc/sparkplug-publisher.js'
import type { Command, CommandIo } from './command.js'
import { openPlant } from './open-plant.js'
import { withRandomFaults } from './random-faults.js'
import { listens, type Protocol, readArguments, type ServeArguments } from './serve-arguments.js'

const usage = `Usage: gemba serve --as <protocol>[,<protocol>…] [options]

Runs the simulator of a plant as its PLCs would, for Gemba or any other client to read, until it is stopped. The
protocols:

  opcua        an OPC UA server: lines, their machines, a variable a signal
  modbus       a Modbus TCP server: a unit for each line, registers for its machines
  mqtt         publishes as a KEPServerEX IoT Gateway does, at QoS 1, to a broker
  sparkplug    publishes as Sparkplug B edge nodes, one a line with a device a machine, to a broker

  --plant <file>         plant file whose sources are simulated; without one the reference plant
  --write-plant <file>   write the plant file that reads what is served; with several protocols one for each, as
                         plant.opcua.yaml
  --port <port>[,…]      ports to listen on, on loopback, in the order of the protocols that do; 0 takes a free one
                         (default 4840 for opcua, 5020 for modbus)
  --to <url>             the broker: mqtt://host:1883, mqtts://host:8883, ws://… or wss://…
  --user <name>          at the broker, with --password-env <variable> or --password-file <path>
  --template <name>      mqtt: standard (default: one topic, values with id, v, q, t), advanced (one topic, a list with
                         OPC qualities) or topics (a topic for each tag)
  --write-map <file>     modbus: write which register is what, as CSV
  --random-faults <share>   of machines that carry a fault by chance, 0 to 0.9 (default: as the plant says, else 0.05)
                         [GEMBA_RANDOM_FAULTS]; --no-random-faults: nothing breaks by chance
  --api-port <port>      a port on loopback for who injects faults into the machines, as the engine has it:
                         POST /api/v1/machines/{id}/faults, list, pause, clear, repair, and disturbs what they tell:
                         POST /api/v1/links/{source}/faults; 0 takes a free one
  --data <folder>        data folder, where the key of the OPC UA server is kept (default gemba-data)  [GEMBA_DATA]

  --opcua <port>, --out <file>   short for --as opcua --port <port>, and for --write-plant <file>

Example: gemba serve --as modbus --write-plant behind-modbus.yaml
         gemba start --plant behind-modbus.yaml --data other-data`

/** `gemba serve`: the simulator as PLCs. */
export const serveCommand: Command = {
  name: 'serve',
  summary: 'serve a simulated plant over OPC UA, Modbus TCP, MQTT or Sparkplug B',
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

async function serve(argv: readonly string[], io: CommandIo): Promise<number> {
  const given = readArguments(argv, io.env)
  const plant = withRandomFaults(
    given.plant === undefined ? referencePlant() : openPlant(given.plant),
    given.randomFaults,
  )
  const outlets = new Map<Protocol, Outlet>()
  for (const protocol of given.protocols) outlets.set(protocol, await makeOutlet(protocol, plant, given, io))
  const api =
    given.apiPort === undefined ? undefined : { port: given.apiPort, logger: pino({ level: 'warn' }) }
  const served = await servePlant(plant, [...outlets.values()], api)
  try {
    for (const [protocol, outlet] of outlets) {
      const file = given.plantFiles.get(protocol)
      if (file !== undefined) writeFileSync(file, plantToYaml(outlet.behind))
      if (outlet instanceof ModbusServer && given.mapFile !== undefined)
        writeFileSync(given.mapFile, registerCsv(outlet.map))
      const verb = listens(protocol) ? 'on' : 'to'
      io.out(`${plant.name}: ${outlet.tags} tags ${verb} ${outlet.place}`)
    }
    if (served.api !== undefined) io.out(`faults are injected at ${served.api}api/v1/machines/{id}/faults`)
    if (!io.signal.aborted)
      await new Promise<void>(resolve => io.signal.addEventListener('abort', () => resolve(), { once: true }))
  } finally {
    await served.stop()
  }
  return 0
}

async function makeOutlet(
  protocol: Protocol,
  plant: Plant,
  { ports, broker, template, folder }: ServeArguments,
  io: CommandIo,
): Promise<Outlet> {
  const listening = { plant, host: '127.0.0.1', port: ports.get(protocol) ?? 0 }
  const publishing = { plant, broker: broker!, clock: Date, report: (line: string) => io.err(line) }
  switch (protocol) {
    case 'opcua':
      return OpcuaServer.make({ ...listening, folder })
    case 'modbus':
      return new ModbusServer(listening)
    case 'mqtt':
      return new KepwarePublisher({ ...publishing, template })
    case 'sparkplug':
      return new SparkplugPublisher(publishing)
  }
}
