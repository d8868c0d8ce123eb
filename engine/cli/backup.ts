import { resolve } from 'node:path'
import { pino } from 'pino'
import { DataDirectory } from '../data-directory.js'
import { backup, type RestoreProgress, restore, verifyBackup } from '../store/backup.js'
import type { Command } from './command.js'
import { misused, parseFlags } from './flags.js'
import { progressTeller } from './progress.js'
import { dataFolder, reported, stoppable, storeFlags, storeHelp, withHistory } from './store-flags.js'

/** `gemba backup`: everything, into a folder of its own. */
export const backupCommand: Command = {
  name: 'backup',
  summary: 'copy the whole history into a folder, also while the engine runs',
  usage: `Usage: gemba backup --to <folder> [options]

Copies everything that has arrived by now: the database, and what the data folder knows of signals and texts. The
engine goes on meanwhile; what came within the last ten seconds may be left to the next one. For backups by themselves see --backups of gemba start.

  --to <folder>            a new or empty folder
${storeHelp}

Exit codes: 0 done, 1 the folder or the history is at fault, 2 bad usage, 4 the disk is full, 5 the store does not start,
130 interrupted; nothing is left in the folder then.

Example: gemba backup --to backups/2026-11-20`,

  run: (argv, io) =>
    reported(io, async () => {
      const { values } = parseFlags('backup', argv, { ...storeFlags, to: { type: 'string' } })
      const { to } = values
      if (to === undefined) throw misused('backup', 'say where to with --to')
      const folder = resolve(to)
      const copy = (): Promise<number> =>
        withHistory(values, io, async ({ database }) => {
          const tell = progressTeller(io.err)
          const { rows, files } = await backup(database, dataFolder(values, io), folder, Date.now(), {
            signal: io.signal,
            onProgress: so => tell(`${so.files} files, ${so.rows} rows so far`),
          })
          io.out(`${rows} rows in ${files} files at ${folder}`)
          return 0
        })
      return stoppable(io, copy, () => `no backup was taken, and nothing is left of it in ${folder}`)
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

Exit codes: 0 done, 1 the backup or the folder is at fault, 2 bad usage, 4 the folder is in use or cannot be written,
130 interrupted; the same command begins anew.

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
      const from = resolve(values.from)
      const tell = progressTeller(io.err)
      const work = { signal: io.signal, onProgress: (so: RestoreProgress) => tell(told(so)) }
      if (values.verify === true) {
        if (values.data !== undefined) throw misused('restore', 'say --data or --verify')
        const verify = async (): Promise<number> => {
          const { rows, files } = await verifyBackup(from, work)
          io.out(`${rows} rows in ${files} files at ${from}, whole`)
          return 0
        }
        return stoppable(io, verify, () => `${from} was not read to its end`)
      }
      const data = dataFolder(values, io)
      const fill = async (): Promise<number> => {
        const { rows, files } = await restore(from, data, pino({ level: 'silent' }), work)
        io.out(`${rows} rows of ${files} files are in ${data}`)
        return 0
      }
      return stoppable(io, fill, () =>
        DataDirectory.isHalfRestored(data)
          ? `${data} holds a part of the backup, and the same command begins anew`
          : `nothing was restored into ${data} yet`,
      )
    }),
}

const told = ({ stage, rows, files, of }: RestoreProgress): string =>
  stage === 'check'
    ? `${files} of ${of} files checked so far`
    : `${files} of ${of} files, ${rows} rows so far`
