import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { EngineError } from '../errors.js'
import { Archive, tellWaiting } from '../store/archive.js'
import type { Command } from './command.js'
import { misused, parseFlags } from './flags.js'
import { reported, stoppable } from './store-flags.js'

/** `gemba archive`: what was archived, and whether it is whole. */
export const archiveCommand: Command = {
  name: 'archive',
  summary: 'list or verify the archive of raw telemetry',
  usage: `Usage: gemba archive <folder> (--list | --verify)

Raw telemetry is dropped 90 days after it was accepted. With \`gemba start --archive <folder>\` each day is written there
first, as Parquet with a manifest, the day after it is over; docs/archive.md tells what is in the files.

  --list                   a line a day: rows, files, bytes
  --verify                 reads every file and compares it with what the manifest says

Both tell which days wait, and why, as the engine that archives saw it last: a day is archived when all that was
accepted on it is in the database.

Exit codes: 0 done, 1 something is missing or damaged, or there is nothing to verify, 2 bad usage, 130 interrupted.

Example: gemba archive /mnt/archive --verify`,

  run: (argv, io) =>
    reported(io, async () => {
      const flags = { list: { type: 'boolean' }, verify: { type: 'boolean' } } as const
      const { values, positionals } = parseFlags('archive', argv, flags, true)
      const [folder, more] = positionals
      if (folder === undefined || more !== undefined) throw misused('archive', 'name one folder')
      if (values.list === values.verify) throw misused('archive', 'say --list or --verify')
      if (!existsSync(folder)) throw new EngineError('bad-input', `There is no folder ${folder}.`)
      const archive = new Archive(resolve(folder))
      const look = async (): Promise<number> => {
        const [days, damaged] = [archive.days(), archive.damaged()]
        let faulty = damaged.length
        for (const { fault } of damaged) io.err(`gemba: ${fault}`)
        if (days.length + faulty === 0) io.err(`gemba: no day was archived in ${folder}`)
        for (const archived of days) {
          io.signal.throwIfAborted()
          const { day, files } = archived
          const sum = (of: 'rows' | 'bytes'): number => files.reduce((all, file) => all + file[of], 0)
          const faults = values.verify ? await archive.verify(archived, io.signal) : []
          faulty += faults.length
          for (const fault of faults) io.err(`gemba: ${fault}`)
          const state = values.verify ? (faults.length === 0 ? ', whole' : ', damaged') : ''
          io.out(`${day}: ${sum('rows')} rows in ${files.length} files, ${sum('bytes')} bytes${state}`)
        }
        const waiting = archive.waiting()
        if (waiting !== undefined) io.err(`gemba: ${tellWaiting(waiting)}; told ${waiting.told}`)
        return faulty > 0 || (values.verify && days.length === 0) ? 1 : 0
      }
      return stoppable(io, look, () => `not all of ${folder} was looked at`)
    }),
}
