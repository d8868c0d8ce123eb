import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { csvText } from '../../adapters/csv.js'
import { isNamedOtherwise, machineOfKepwareCsv } from '../../adapters/mqtt/import-kepware.js'
import { EngineError } from '../errors.js'
import type { Described } from './described.js'

/**
 * The devices of KEPServerEX's tag exports: one file, or a folder of them. A file is named as its device, or
 * `Channel.Device.csv`; `channel` is that of files which do not say theirs. Throws EngineError 'bad-input'.
 */
export function ofKepwareCsv(path: string, channel = 'Channel1'): Described {
  const machines = filesOf(path).map(file => {
    const name = basename(file).replace(/\.csv$/i, '')
    const dot = name.lastIndexOf('.')
    const machine = machineOfKepwareCsv(
      csvText(readFileSync(file)),
      dot < 0 ? channel : name.slice(0, dot),
      name.slice(dot + 1),
    )
    if (machine !== undefined) return machine
    const message = `${file} has no column "Tag Name": export it in KEPServerEX from the tags of one device, as CSV.`
    throw new EngineError('bad-input', message)
  })
  // What the server says of a value's unit counts more than its name, which would be converted from.
  const isContradicted = machines.some(({ signals }) => signals.some(isNamedOtherwise))
  const topic = { topic: 'iotgateway', format: 'kepware', ...(isContradicted && { unitInName: false }) }
  return { machines, adapter: 'mqtt', options: { url: 'mqtt://127.0.0.1:1883', topics: [topic] } }
}

function filesOf(path: string): string[] {
  try {
    if (!statSync(path).isDirectory()) return [path]
    return readdirSync(path)
      .filter(name => /\.csv$/i.test(name))
      .sort()
      .map(name => join(path, name))
  } catch (cause) {
    throw new EngineError('bad-input', `${path} cannot be read: ${(cause as Error).message}.`, { cause })
  }
}
