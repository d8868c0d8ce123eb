import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KepwarePublisher } from '../engine/plc/kepware-publisher.js'
import { ModbusServer } from '../engine/plc/modbus-server.js'
import { OpcuaServer } from '../engine/plc/opcua-server.js'
import type { Outlet } from '../engine/plc/outlet.js'
import { servePlant } from '../engine/plc/serve-plant.js'
import { SparkplugPublisher } from '../engine/plc/sparkplug-publisher.js'
import { plantToYaml } from '../schema/plant-file/plant-to-yaml.js'
import { referencePlant } from '../schema/reference-plant/reference-plant.js'

/** What showed: by signal, times (Unix ms) and values in turn. Numbers only. */
export type Showed = Readonly<Record<string, readonly number[]>>

/** Serves the reference plant over a protocol, tells the plant file that reads it, and when asked what showed. */
const [protocol = '', url = ''] = process.argv.slice(2)
const plant = referencePlant()
const folder = mkdtempSync(join(tmpdir(), 'gemba-bench-'))
const broker = { url, login: {}, readSecret: () => '' }
const publishing = { plant, broker, clock: Date, report: (line: string) => console.error(line) }
const makers: Readonly<Record<string, () => Outlet | Promise<Outlet>>> = {
  opcua: () => OpcuaServer.make({ plant, host: '127.0.0.1', port: 0, folder }),
  modbus: () => new ModbusServer({ plant, host: '127.0.0.1', port: 0 }),
  mqtt: () => new KepwarePublisher({ ...publishing, template: 'standard' }),
  sparkplug: () => new SparkplugPublisher(publishing),
}
const outlet = await makers[protocol]!()
const showed: Record<string, number[]> = {}
const noted: Outlet = {
  tags: outlet.tags,
  place: '',
  behind: plant,
  set(signal, value, quality, time) {
    outlet.set(signal, value, quality, time)
    if (typeof value !== 'number') return
    showed[signal.id] ??= []
    showed[signal.id]!.push(time, value)
  },
  flush: () => outlet.flush(),
  open: () => outlet.open(),
  hidden: {},
  goDown: () => outlet.goDown(),
  comeBack: () => outlet.comeBack(),
  close: () => outlet.close(),
}
const served = await servePlant(plant, [noted])
process.send!(plantToYaml(outlet.behind))
process.on('message', async () => {
  await new Promise(resolve => process.send!(showed satisfies Showed, resolve))
  await served.stop()
  rmSync(folder, { recursive: true, force: true })
  process.disconnect()
})
