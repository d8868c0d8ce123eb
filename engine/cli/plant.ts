import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { ImportedMachine } from '../../adapters/imported-machine.js'
import { readDocument } from '../../adapters/mtconnect-agent/codec.js'
import { machinesOfDevices } from '../../adapters/mtconnect-agent/devices.js'
import { readAnalogProperties } from '../../adapters/opcua/analog-properties.js'
import { browse } from '../../adapters/opcua/browse.js'
import { explain } from '../../adapters/opcua/explain.js'
import { machinesOfTree } from '../../adapters/opcua/import-tree.js'
import { openSession } from '../../adapters/opcua/session.js'
import type { Plant, SourceSpec } from '../../schema/plant.js'
import { plantToYaml } from '../../schema/plant-file/plant-to-yaml.js'
import { EngineError } from '../errors.js'
import { secretReader } from '../pipeline/read-secret.js'
import type { Described } from '../plant-import/described.js'
import { assumed, makePlant } from '../plant-import/make-plant.js'
import { ofKepwareCsv } from '../plant-import/of-kepware-csv.js'
import { ofSparkplug } from '../plant-import/of-sparkplug.js'
import { StateWords } from '../plant-import/state-words.js'
import { toldOnce } from '../plant-import/told-once.js'
import type { Command, CommandIo } from './command.js'
import { misused, parseFlags } from './flags.js'
import { readServer, serverFlags, serverHelp, wholeNumber } from './server-flags.js'

const usage = `Usage: gemba plant import --from opcua <opc.tcp://host:port> [options]
       gemba plant import --from mtconnect <http://host:5000 | Devices.xml> [options]
       gemba plant import --from sparkplug <mqtt://host:1883> [options]
       gemba plant import --from kepware-csv <Device.csv | folder> [options]

Writes a plant file of the machines that a source describes, for you to read over: what they are called, how they stand,
what their signals measure. It only reads from the source.

  --out <file>           write the plant file there; else it goes to the terminal
  --name <name>          name of the plant (default "Imported plant")
  --source <id>          id of the source in the plant file (default plc)

Sparkplug (asks the nodes that speak to tell all they have):
  --seconds <n>          how long to listen (default 10)
  --user <name>          with --password-env <variable> or --password-file <path>

KEPServerEX tag exports, named Device.csv or Channel.Device.csv:
  --channel <name>       the channel of files that do not name theirs (default Channel1)

OPC UA:
  --node <id>            begin at this node instead of the folder Objects
  --machines-at <n>      machines stand n levels below it; else each uppermost object with variables is one
${serverHelp}

Example: gemba plant import --from opcua opc.tcp://127.0.0.1:49320 --out plant.yaml`

/** `gemba plant import`: a plant file from what a source says of itself. */
export const plantCommand: Command = {
  name: 'plant',
  summary:
    'import: write a plant file from what a source describes: OPC UA, MTConnect, Sparkplug, KEPServerEX',
  usage,
  async run(argv, io) {
    try {
      return await importPlant(argv, io)
    } catch (error) {
      if (!(error instanceof EngineError)) throw error
      io.err(`gemba: ${error.message}`)
      return error.exitCode
    }
  },
}

const flags = {
  from: { type: 'string' },
  out: { type: 'string' },
  name: { type: 'string', default: 'Imported plant' },
  source: { type: 'string', default: 'plc' },
  node: { type: 'string' },
  'machines-at': { type: 'string' },
  seconds: { type: 'string', default: '10' },
  channel: { type: 'string' },
  ...serverFlags,
} as const

/** Deeper or larger trees than these are no floor. */
const treeBounds = { depth: 12, limit: 200_000 }

type Values = Readonly<Record<string, string | undefined>>
type Importer = (address: string, values: Values, io: CommandIo) => Promise<Described>

/** What to try where nothing was found. */
const hints: Readonly<Record<string, string>> = {
  opcua: '`gemba browse` shows what is there; --node and --machines-at say where machines stand.',
  sparkplug:
    'Nodes that report changes only may be silent for long: listen for longer with --seconds, or restart one.',
}

/** What `--from` may be. */
const importers: Readonly<Record<string, Importer>> = {
  opcua: ofServer,
  mtconnect: ofAgent,
  sparkplug: ofBroker,
  'kepware-csv': async (path, { channel }) => ofKepwareCsv(path, channel),
}
const kinds = new Intl.ListFormat('en', { type: 'disjunction' }).format(Object.keys(importers))

async function importPlant(argv: readonly string[], io: CommandIo): Promise<number> {
  const { values, positionals } = parseFlags('plant', argv, flags, true)
  const [verb, address, ...more] = positionals
  if (verb !== 'import') throw misused('plant', 'the one thing it does is import')
  if (values.from === undefined) throw misused('plant', `--from is missing: ${kinds}`)
  if (address === undefined || more.length > 0) throw misused('plant', 'name one address to import from')
  if (values.out !== undefined && existsSync(values.out))
    throw new EngineError('bad-input', `${values.out} is there already: move it, or choose another name.`)
  const importer = Object.hasOwn(importers, values.from) ? importers[values.from] : undefined
  if (importer === undefined) throw misused('plant', `--from ${values.from} is not ${kinds}`)
  const described = await importer(address, values, io)
  const { adapter, options } = described
  tellLeftOut(described.machines, io)
  const told = toldOnce(described.machines)
  if (told.again.length > 0)
    io.err(
      `Told more than once and written once: ${some(told.again)}. Which of them is meant only the source can say.`,
    )
  const machines = told.machines.filter(({ signals }) => signals.length > 0)
  if (machines.length === 0) {
    const hint = hints[values.from] ?? ''
    throw new EngineError('bad-input', `No machine was found at ${address}. ${hint}`.trimEnd())
  }
  tellUnknownWords(machines, io)
  const source: SourceSpec = { id: values.source, adapter, clock: 'wall', options }
  const plant = makePlant(machines, { name: values.name, source })
  const toFillIn = mapsToFillIn(machines, plant)
  tellNumbers(toFillIn, io)
  const text = `${comment(address, toFillIn)}${plantToYaml(plant)}`
  const count = machines.reduce((sum, { signals }) => sum + signals.length, 0)
  const done = `${machines.length} machines of ${plant.machineTypes.length} types with ${count} signals`
  if (values.out === undefined) io.out(text.trimEnd())
  else {
    writeFileSync(values.out, text)
    io.out(`${values.out}: ${done}. Read it over, then: gemba validate ${values.out}`)
  }
  return 0
}

/** Names shown at once. */
const shownNames = 20

function some(names: readonly string[]): string {
  const more = names.length > shownNames ? `, and ${names.length - shownNames} more` : ''
  return `${names.slice(0, shownNames).join(', ')}${more}`
}

function tellLeftOut(machines: readonly ImportedMachine[], io: CommandIo): void {
  const leftOut = machines.flatMap(machine => machine.leftOut ?? [])
  if (leftOut.length === 0) return
  io.err(
    `Left out: ${leftOut.length} ${leftOut.length === 1 ? 'tag that is' : 'tags that are'} no single number or text: ${some(leftOut)}. Have the server give the elements that matter tags of their own.`,
  )
}

function tellUnknownWords(machines: readonly ImportedMachine[], io: CommandIo): void {
  const said = [...new StateWords(machines).unknown].map(
    ([name, words]) => `${name} says ${[...words].map(word => JSON.stringify(word)).join(', ')}`,
  )
  if (said.length === 0) return
  io.err(
    `No state map that is shipped knows these words: ${some(said)}. Write what they mean under stateMaps, and name that map where the state is; until then the machine is Undefined.`,
  )
}

/** State maps of the file of which only the source knows what their numbers mean. */
function mapsToFillIn(machines: readonly ImportedMachine[], { stateMaps }: Plant): readonly string[] {
  return Object.keys(new StateWords(machines).toFillIn).filter(map => map in stateMaps)
}

function tellNumbers(maps: readonly string[], io: CommandIo): void {
  if (maps.length === 0) return
  io.err(
    `States that are told as numbers: write under stateMaps what the numbers of ${some(maps)} mean; until then their machines are Undefined.`,
  )
}

function comment(address: string, toFillIn: readonly string[]): string {
  const numbers = toFillIn.map(
    map =>
      `# - what the numbers of states mean: fill in ${map} under stateMaps, and add those not seen yet;\n`,
  )
  return `# Imported from ${address}. Read it over: no source tells how machines stand, what they are for, nor
# - the time zone of the site (UTC here), the lines and their order;
# - rated power (${assumed.ratedPower} kW), cycle time (${assumed.idealCycleTime} s) and archetype (${assumed.archetype}) of the types;
# - the limits of sensors, and ranges and units that the source does not give;
${numbers.join('')}# - the words of states: compare their maps with what the machines say.
`
}

async function ofServer(endpoint: string, values: Values, io: CommandIo): Promise<Described> {
  const { options, entry, folder } = readServer('plant', endpoint, values, io.env)
  const at = values['machines-at']
  const machinesAt = at === undefined ? undefined : wholeNumber('plant', 'machines-at', at)
  try {
    const open = await openSession(options, { folder, readSecret: secretReader(io.env) }, io.signal)
    try {
      const from = values.node
      const { nodes, isCut } = await browse(open, {
        ...treeBounds,
        from,
        withValues: true,
        signal: io.signal,
      })
      if (isCut)
        io.err(
          `gemba: more than ${treeBounds.limit} nodes; the rest is left out. --node begins further down.`,
        )
      const analog = await readAnalogProperties(open, nodes)
      return { machines: machinesOfTree(nodes, { machinesAt, analog }), adapter: 'opcua', options: entry }
    } finally {
      await open.client.disconnect()
    }
  } catch (error) {
    throw new EngineError('bad-input', explain(endpoint, folder, error).message, { cause: error })
  }
}

async function ofAgent(address: string): Promise<Described> {
  const isUrl = /^https?:\/\//.test(address)
  let xml: string
  try {
    xml = isUrl ? await fetchText(`${address.replace(/\/$/, '')}/probe`) : readFileSync(address, 'utf8')
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new EngineError('bad-input', `${address} cannot be read: ${why}.`, { cause })
  }
  const machines = machinesOfDevices(xml, isUrl ? await namelessAt(address) : undefined)
  if (typeof machines === 'string')
    throw new EngineError('bad-input', `${address} cannot be read: ${machines}.`)
  const url = isUrl ? address : 'http://127.0.0.1:5000'
  return { machines, adapter: 'mtconnect-agent', options: { url } }
}

/** Ids of the items whose observations an agent tells without their name; none where it does not say. */
async function namelessAt(address: string): Promise<ReadonlySet<string>> {
  const text = await fetchText(`${address.replace(/\/$/, '')}/current`).catch(() => '')
  const document = readDocument(text)
  if (document.kind !== 'streams') return new Set()
  return new Set(document.observations.flatMap(({ id, name }) => (name === undefined ? [id] : [])))
}

async function ofBroker(broker: string, values: Values, { env, signal }: CommandIo): Promise<Described> {
  const seconds = wholeNumber('plant', 'seconds', values.seconds ?? '10')
  const { user } = values
  const [variable, file] = [values['password-env'], values['password-file']]
  const password = variable !== undefined ? { env: variable } : file !== undefined ? { file } : undefined
  const options = { ...(user !== undefined && { user }), ...(password !== undefined && { password }) }
  return ofSparkplug(broker, { seconds, options, env, signal })
}

async function fetchText(url: string): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(10_000) })
  return response.text()
}
