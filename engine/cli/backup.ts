import { resolve } from 'node:path'
import { pino } from 'pino'
import { backup, restore, verifyBackup } from '../store/backup.js'
import type { Command } from './command.js'
import { misused, parseFlags } from './flags.js'
import { dataFolder, reported, storeFlags, storeHelp, withHistory } from './store-flags.js'

/** `gemba backup`: everything, into a folder of its own. */
export const backupCommand: Command = {
  name: 'backup',
  summary: 'copy the whole history into a folder, also while the engine runs',
  usage: `Usage: gemba backup --to <folder> [options]

Copies everything that has arrived by now: the database, and what the data folder knows of signals and texts. The
engine goes on meanwhile; what came within the last ten seconds may be left to the next one. For backups by themselves see --backups of gemba start.

  --to <folder>            a new or empty folder
${storeHelp}

Exit codes: 0 done, 1 the folder or the history is at fault, 2 bad usage, 5 the store does not start.

Example: gemba backup --to backups/2026-11-20`,

  run: (argv, io) =>
    reported(io, async () => {
      const { values } = parseFlags('backup', argv, { ...storeFlags, to: { type: 'string' } })
      const { to } = values
      if (to === undefined) throw misused('backup', 'say where to with --to')
      return withHistory(values, io, async ({ database }) => {
        const { rows, files } = await backup(database, dataFolder(values, io), resolve(to), Date.now())
        io.out(`${rows} rows in ${files} files at ${resolve(to)}`)
        return 0
      })
    }),
}

/** `gemba restore`: a data folder from a backup. */
export const restoreCommand: Command = {
  name: 'restore',
  summary: 'make a data folder from a backup',
  usage: `Usage: gemba restore --from <folder> [--data <folder> | --verify]

Makes a new data folder of a backup; the next \`gemba start --data\` goes on from there. It never overwrites a history.
One that was cut off begins anew with the same command; until it is whole, nothing else opens the folder.

  --from <folder>          what gemba backup wrote
  --data <folder>          the new data folder
  --verify                 only read the backup, and say whether it is as it was written

Exit codes: 0 done, 1 the backup or the folder is at fault, 2 bad usage, 4 the folder is in use or cannot be written.

Example: gemba restore --from backups/2026-11-20 --data gemba-restored`,

  run: (argv, io) =>
    reported(io, async () => {
      const flags = {
        from: { type: 'string' },
        data: { type: 'string' },
        verify: { type: 'boolean' },
      } as const
      const { values } = parseFlags('restore', argv, flags)
      if (values.from === undefined) throw misused('restore', 'say from where with --from')
      if (values.verify === true) {
        if (values.data !== undefined) throw misused('restore', 'say --data or --verify')
        const { rows, files } = await verifyBackup(resolve(values.from))
        io.out(`${rows} rows in ${files} files at ${resolve(values.from)}, whole`)
        return 0
      }
      const data = dataFolder(values, io)
      const { rows, files } = await restore(resolve(values.from), data, pino({ level: 'silent' }))
      io.out(`${rows} rows of ${files} files are in ${data}`)
      return 0
    }),
}
