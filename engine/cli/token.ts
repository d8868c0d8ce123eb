import { resolve } from 'node:path'
import { settings } from '../../schema/config.js'
import { EngineError } from '../errors.js'
import { TokenBook, tokenRoles } from '../tokens/token-book.js'
import type { Command, CommandIo } from './command.js'
import { misused, parseFlags } from './flags.js'

const data = settings.find(({ key }) => key === 'data')!

export const tokenCommand: Command = {
  name: 'token',
  summary: 'make, list and revoke the tokens of programs that post values',
  usage: `Usage: gemba token create --role ingest [--name <who>] [--data <folder>]
       gemba token list [--data <folder>]
       gemba token revoke <id> [--data <folder>]

A token lets a program post values to /api/v1/ingest. It is shown once; the data folder keeps only its hash. A running
engine knows of it at once.

  --role    what it allows: ${tokenRoles.join(', ')}
  --name    whose it is, for the list
  --data    ${data.description} (default ${data.default})  [${data.env}]

Exit codes: 0 done, 1 there is no such token, 2 bad usage, 4 the data folder cannot be read or written.`,

  async run(argv, io) {
    try {
      return tell(argv, io)
    } catch (error) {
      if (!(error instanceof EngineError)) throw error
      io.err(`gemba: ${error.message}`)
      return error.exitCode
    }
  },
}

function tell(argv: readonly string[], io: CommandIo): number {
  const options = { role: { type: 'string' }, name: { type: 'string' }, data: { type: 'string' } } as const
  const { values, positionals } = parseFlags('token', argv, options, true)
  const [verb, id] = positionals
  const folder = resolve(values.data ?? io.env[data.env] ?? String(data.default))
  const book = new TokenBook(folder)
  switch (verb) {
    case 'create': {
      const role = tokenRoles.find(known => known === values.role)
      if (role === undefined) throw misused('token', `--role is needed: ${tokenRoles.join(', ')}`)
      const { entry, token } = atFolder(folder, () => book.create(role, values.name ?? role, Date.now()))
      io.out(token)
      io.err(
        `Token ${entry.id} (${entry.role}, "${entry.name}"). It is not shown again: keep it where its user finds it.`,
      )
      return 0
    }
    case 'list':
      for (const { id, role, name, created } of atFolder(folder, () => book.list()))
        io.out(`${id}  ${role.padEnd(8)}${created}  ${name}`)
      return 0
    case 'revoke':
      if (id === undefined)
        throw misused('token', 'name the token to revoke by its id; gemba token list shows it')
      if (atFolder(folder, () => book.revoke(id))) return 0
      io.err(`gemba: there is no token ${id} in ${folder}.`)
      return 1
    default:
      throw misused('token', verb === undefined ? 'say create, list or revoke' : `there is no "${verb}"`)
  }
}

function atFolder<T>(folder: string, act: () => T): T {
  try {
    return act()
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? 'what is in tokens.json is no list of tokens'
    const message = `The tokens of the data folder ${folder} cannot be read or written (${why}). Choose another with --data.`
    throw new EngineError('data-dir-not-writable', message, { cause })
  }
}
