import { nearest } from '../../schema/plant-file/nearest.js'
import { adaptersCommand } from './adapters.js'
import { archiveCommand } from './archive.js'
import { backupCommand, restoreCommand } from './backup.js'
import { browseCommand } from './browse.js'
import type { Command } from './command.js'
import { exportCommand } from './export.js'
import { importCommand } from './import.js'
import { plantCommand } from './plant.js'
import { playCommand } from './play.js'
import { queryCommand } from './query.js'
import { schemaCommand } from './schema.js'
import { serveCommand } from './serve.js'
import { simulateCommand } from './simulate.js'
import { startCommand } from './start.js'
import { tokenCommand } from './token.js'
import { validateCommand } from './validate.js'

const commands: readonly Command[] = [
  startCommand,
  validateCommand,
  browseCommand,
  plantCommand,
  playCommand,
  serveCommand,
  queryCommand,
  exportCommand,
  importCommand,
  archiveCommand,
  backupCommand,
  restoreCommand,
  schemaCommand,
  simulateCommand,
  adaptersCommand,
  tokenCommand,
]

/** Runs the command line and answers with the exit code: 0 fine, 1 bad input, 2 bad usage; others see docs/cli.md. */
export async function main(argv: readonly string[], io: Parameters<Command['run']>[1]): Promise<number> {
  const [name, ...rest] = argv
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    const command = commands.find(candidate => candidate.name === rest[0])
    io.out(command === undefined ? overview() : command.usage)
    return name === undefined ? 2 : 0
  }
  const command = commands.find(candidate => candidate.name === name)
  if (command === undefined) {
    const meant = nearest(
      name,
      commands.map(candidate => candidate.name),
    )
    const hint = meant === undefined ? '' : ` Did you mean "${meant}"?`
    io.err(`gemba: there is no verb "${name}".${hint}\n\n${overview()}`)
    return 2
  }
  if (rest.includes('--help') || rest.includes('-h')) {
    io.out(command.usage)
    return 0
  }
  return command.run([...rest], io)
}

function overview(): string {
  const verbs = commands.map(({ name, summary }) => `  ${name.padEnd(12)}${summary}`)
  return [
    'gemba: a live digital twin of a factory floor',
    '',
    'Usage: gemba <verb> [options]',
    '',
    ...verbs,
    '',
    '`gemba <verb> --help` tells more, `gemba --version` which version this is.',
  ].join('\n')
}
