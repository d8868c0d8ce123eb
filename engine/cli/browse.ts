import { join } from 'node:path'
import { type BrowsedNode, browse } from '../../adapters/opcua/browse.js'
import type { OpcuaOptions } from '../../adapters/opcua/config.js'
import { explain } from '../../adapters/opcua/explain.js'
import { askServer, type ServerCertificate, trust } from '../../adapters/opcua/pki.js'
import { openSession } from '../../adapters/opcua/session.js'
import { EngineError } from '../errors.js'
import { secretReader } from '../pipeline/read-secret.js'
import type { Command, CommandIo } from './command.js'
import { misused, parseFlags } from './flags.js'
import { readServer, serverFlags, serverHelp, wholeNumber } from './server-flags.js'

const usage = `Usage: gemba browse <opc.tcp://host:port> [options]

Shows what an OPC UA server has: its tree of objects and variables, with the node ids that a plant file takes as tags.
It only reads.

  --node <id>            begin at this node instead of the folder Objects
  --depth <n>            levels to go down (default 5)
  --values               read the values, too
  --json                 one JSON object a line instead of a tree
  --limit <n>            most nodes (default 10000)

  --endpoints            instead: show what security and identities the server offers, and its certificate
  --trust                instead: trust the server's certificate from now on; compare its thumbprint with the server's

${serverHelp}

Example: gemba browse opc.tcp://127.0.0.1:4840 --depth 3 --values`

/** `gemba browse`: what a server has, before anything of it stands in a plant file. */
export const browseCommand: Command = {
  name: 'browse',
  summary: 'show the tree of an OPC UA server, and trust its certificate',
  usage,
  async run(argv, io) {
    try {
      return await run(readArguments(argv, io.env), io)
    } catch (error) {
      if (!(error instanceof EngineError)) throw error
      io.err(`gemba: ${error.message}`)
      return error.exitCode
    }
  },
}

interface BrowseArguments {
  readonly options: OpcuaOptions
  readonly folder: string
  readonly node: string | undefined
  readonly depth: number
  readonly limit: number
  readonly withValues: boolean
  readonly isJson: boolean
  readonly what: 'tree' | 'endpoints' | 'trust'
}

async function run(given: BrowseArguments, io: CommandIo): Promise<number> {
  const { options, folder, what } = given
  const { endpoint, timeoutMs } = options
  try {
    if (what === 'tree') {
      await showTree(given, io)
      return 0
    }
    const { offers, certificate } = await askServer(endpoint, folder, timeoutMs)
    if (what === 'endpoints') {
      for (const { security, mode, identities, url } of offers)
        io.out(`${security.padEnd(24)}${mode.padEnd(16)}${identities.join(', ').padEnd(36)}${url}`)
      if (certificate !== undefined) for (const line of describe(certificate)) io.out(line)
      return 0
    }
    if (certificate === undefined) {
      io.err(`gemba: ${endpoint} has no certificate: there is nothing to trust.`)
      return 1
    }
    await trust(folder, certificate)
    for (const line of describe(certificate)) io.out(line)
    io.out(`Trusted from now on (${join(folder, 'pki/trusted')}).`)
    return 0
  } catch (error) {
    if (io.signal.aborted) return 0
    throw new EngineError('bad-input', explain(endpoint, folder, error).message, { cause: error })
  }
}

async function showTree(given: BrowseArguments, io: CommandIo): Promise<void> {
  const { options, folder, node, depth, limit, withValues, isJson } = given
  const open = await openSession(options, { folder, readSecret: secretReader(io.env) }, io.signal)
  try {
    const tree = await browse(open, { from: node, depth, limit, withValues, signal: io.signal })
    const rows = [...flatten(tree.nodes)]
    if (isJson) for (const row of rows) io.out(JSON.stringify(jsonOf(row)))
    else for (const line of treeLines(rows)) io.out(line)
    if (rows.length === 0) io.err('There is nothing below this node.')
    if (tree.isCut)
      io.err(`There is more than ${limit} nodes: begin further down with --node, or raise --limit.`)
  } finally {
    await open.client.disconnect()
  }
}

interface Row {
  readonly node: BrowsedNode
  /** Names from the top down to it. */
  readonly path: readonly string[]
}

function* flatten(nodes: readonly BrowsedNode[], above: readonly string[] = []): Generator<Row> {
  for (const node of nodes) {
    if (node.kind === 'property') continue
    const path = [...above, node.name]
    yield { node, path }
    yield* flatten(node.children, path)
  }
}

function jsonOf({ node, path }: Row) {
  const { nodeId, kind, dataType, value } = node
  const at = value?.sourceTime
  return {
    path: path.join('/'),
    nodeId,
    kind,
    dataType,
    ...(value && { value: value.text, status: value.status, time: at && new Date(at).toISOString() }),
  }
}

function treeLines(rows: readonly Row[]): string[] {
  const cells = rows.map(({ node, path }) => [
    `${'  '.repeat(path.length - 1)}${node.name}`,
    node.kind === 'object' ? '' : (node.dataType ?? '?'),
    node.value === undefined ? '' : clip(valueText(node.value)),
    node.nodeId,
  ])
  const widths = [0, 1, 2].map(column => Math.max(0, ...cells.map(row => row[column]!.length)))
  return cells.map(row =>
    row
      .map((cell, column) => (column < 3 && widths[column]! > 0 ? `${cell.padEnd(widths[column]!)}  ` : cell))
      .join(''),
  )
}

const valueText = ({ text, status }: { text: string; status: string }): string =>
  status === 'Good' ? text : `${text} (${status})`.trim()
const clip = (text: string): string => (text.length > 40 ? `${text.slice(0, 39)}…` : text)

function describe({ subject, validFrom, validTo, thumbprint }: ServerCertificate): string[] {
  const day = (date: Date): string => date.toISOString().slice(0, 10)
  return [
    `certificate  ${subject}`,
    `valid        ${day(validFrom)} to ${day(validTo)}`,
    `thumbprint   ${thumbprint}`,
  ]
}

const flags = {
  node: { type: 'string' },
  depth: { type: 'string', default: '5' },
  limit: { type: 'string', default: '10000' },
  values: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  endpoints: { type: 'boolean', default: false },
  trust: { type: 'boolean', default: false },
  ...serverFlags,
} as const

function readArguments(argv: readonly string[], env: NodeJS.ProcessEnv): BrowseArguments {
  const { values, positionals } = parseFlags('browse', argv, flags, true)
  const [endpoint] = positionals
  if (endpoint === undefined) throw misused('browse', 'name the server, as in opc.tcp://127.0.0.1:4840')
  if (positionals.length > 1) throw misused('browse', `one server at a time, not ${positionals.length}`)
  return {
    ...readServer('browse', endpoint, values, env),
    node: values.node,
    depth: wholeNumber('browse', 'depth', values.depth),
    limit: wholeNumber('browse', 'limit', values.limit),
    withValues: values.values,
    isJson: values.json,
    what: values.trust ? 'trust' : values.endpoints ? 'endpoints' : 'tree',
  }
}
