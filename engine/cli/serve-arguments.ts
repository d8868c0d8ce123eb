import { existsSync } from 'node:fs'
import { join, parse } from 'node:path'
import { brokerUrl } from '../../adapters/mqtt/config.js'
import { type KepwareTemplate, kepwareTemplates } from '../../adapters/mqtt/kepware.js'
import { EngineError } from '../errors.js'
import { secretReader } from '../pipeline/read-secret.js'
import type { BrokerAddress } from '../plc/broker-link.js'
import { misused, parseFlags } from './flags.js'
import { randomFaultFlags, readShare } from './random-faults.js'

const protocols = ['opcua', 'modbus', 'mqtt', 'sparkplug'] as const
export type Protocol = (typeof protocols)[number]
/** Those that listen, and where unless said. */
const usualPorts: Readonly<Partial<Record<Protocol, number>>> = { opcua: 4840, modbus: 5020 }
const list = (names: readonly string[]): string =>
  new Intl.ListFormat('en', { type: 'disjunction' }).format(names)

/** Whether it listens, rather than publishes to a broker. */
export const listens = (protocol: Protocol): boolean => usualPorts[protocol] !== undefined

const flags = {
  as: { type: 'string' },
  to: { type: 'string' },
  port: { type: 'string' },
  'api-port': { type: 'string' },
  template: { type: 'string' },
  user: { type: 'string' },
  'password-env': { type: 'string' },
  'password-file': { type: 'string' },
  plant: { type: 'string' },
  'write-plant': { type: 'string' },
  'write-map': { type: 'string' },
  data: { type: 'string' },
  opcua: { type: 'string' },
  out: { type: 'string' },
  ...randomFaultFlags,
} as const
type Values = ReturnType<typeof parseFlags<typeof flags>>['values']

/** What `gemba serve` is to do. */
export interface ServeArguments {
  readonly protocols: readonly Protocol[]
  readonly ports: ReadonlyMap<Protocol, number>
  /** Where faults are injected; undefined: nowhere. */
  readonly apiPort: number | undefined
  readonly broker: BrokerAddress | undefined
  readonly template: KepwareTemplate
  readonly plant: string | undefined
  /** Plant files to write. */
  readonly plantFiles: ReadonlyMap<Protocol, string>
  readonly mapFile: string | undefined
  readonly folder: string
  /** Share of machines with faults by chance; undefined: as the plant says. */
  readonly randomFaults: number | undefined
}

/** Throws EngineError 'bad-usage' for what does not fit together, 'bad-input' for a file that would be overwritten. */
export function readArguments(argv: readonly string[], env: NodeJS.ProcessEnv): ServeArguments {
  const values = readShort(parseFlags('serve', argv, flags).values)
  const asked = readProtocols(values.as)
  const template = kepwareTemplates.find(each => each === (values.template ?? 'standard'))
  if (template === undefined)
    throw misused('serve', `--template ${values.template} is not ${list(kepwareTemplates)}`)
  if (values.template !== undefined && !asked.includes('mqtt'))
    throw misused('serve', '--template is for --as mqtt')
  if (values['write-map'] !== undefined && !asked.includes('modbus'))
    throw misused('serve', '--write-map is for --as modbus')
  const plantFiles = readPlantFiles(values['write-plant'], asked)
  const mapFile = values['write-map']
  for (const file of [...plantFiles.values(), ...(mapFile === undefined ? [] : [mapFile])]) {
    if (existsSync(file))
      throw new EngineError('bad-input', `${file} is there already: move it, or choose another name.`)
  }
  return {
    protocols: asked,
    ports: readPorts(values.port, asked),
    apiPort: values['api-port'] === undefined ? undefined : readPort(values['api-port']),
    broker: readBroker(values, asked, env),
    template,
    plant: values.plant,
    plantFiles,
    mapFile,
    folder: join(values.data ?? env.GEMBA_DATA ?? 'gemba-data', 'opcua-server'),
    randomFaults: readShare('serve', values, env),
  }
}

/** The flags with what `--opcua` and `--out` are short for. */
function readShort({ opcua, out, ...values }: Values): Values {
  if (opcua !== undefined && (values.as !== undefined || values.port !== undefined))
    throw misused('serve', '--opcua stands for --as opcua and --port: give one or the other')
  if (out !== undefined && values['write-plant'] !== undefined)
    throw misused('serve', '--out stands for --write-plant: give one or the other')
  return {
    ...values,
    'write-plant': values['write-plant'] ?? out,
    ...(opcua !== undefined && { as: 'opcua', port: opcua }),
  }
}

function readProtocols(as: string | undefined): readonly Protocol[] {
  if (as === undefined) throw misused('serve', `--as <protocol> is missing: ${list(protocols)}`)
  const asked = as.split(',').map(name => {
    const protocol = protocols.find(each => each === name.trim())
    if (protocol === undefined) throw misused('serve', `--as ${name} is not ${list(protocols)}`)
    return protocol
  })
  return [...new Set(asked)]
}

function readPorts(text: string | undefined, asked: readonly Protocol[]): ReadonlyMap<Protocol, number> {
  const listening = asked.filter(protocol => listens(protocol))
  const given = text === undefined ? [] : text.split(',')
  given.forEach(readPort)
  if (given.length > listening.length) {
    const what = listening.length === 0 ? `${list(asked)} listens on none` : `only ${list(listening)} listens`
    throw misused('serve', `--port ${text} is more than there are to listen on: ${what}`)
  }
  return new Map(listening.map((protocol, place) => [protocol, Number(given[place] ?? usualPorts[protocol])]))
}

function readPort(text: string): number {
  if (/^\d+$/.test(text) && Number(text) <= 65_535) return Number(text)
  throw misused('serve', `${text} is not a port: expected a number from 0 to 65535`)
}

function readBroker(
  values: Values,
  asked: readonly Protocol[],
  env: NodeJS.ProcessEnv,
): BrokerAddress | undefined {
  const publishing = asked.filter(protocol => !listens(protocol))
  const { to, user, 'password-env': variable, 'password-file': file } = values
  if (publishing.length === 0) {
    if (to !== undefined) throw misused('serve', '--to is for --as mqtt and sparkplug')
    return undefined
  }
  if (to === undefined)
    throw misused('serve', `--to <url> is missing: the broker for ${publishing.join(', ')}`)
  const { error } = brokerUrl.safeParse(to)
  if (error) throw misused('serve', `--to ${to} is no broker: ${error.issues[0]?.message}`)
  const password = variable !== undefined ? { env: variable } : file !== undefined ? { file } : undefined
  if (password !== undefined && user === undefined) throw misused('serve', 'a password needs a --user')
  const login = { ...(user !== undefined && { user }), ...(password !== undefined && { password }) }
  return { url: to, login, readSecret: secretReader(env) }
}

/** `plant.yaml` for one protocol, `plant.opcua.yaml` and so on for several. */
function readPlantFiles(file: string | undefined, asked: readonly Protocol[]): ReadonlyMap<Protocol, string> {
  if (file === undefined) return new Map()
  if (asked.length === 1) return new Map([[asked[0]!, file]])
  const { dir, name, ext } = parse(file)
  return new Map(asked.map(protocol => [protocol, join(dir, `${name}.${protocol}${ext}`)]))
}
