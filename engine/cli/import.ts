import { resolve } from 'node:path'
import { pino } from 'pino'
import { EngineError } from '../errors.js'
import type { ImportAccount } from '../import/block.js'
import { importFile } from '../import/import-file.js'
import { lookAtTarget, openTarget } from '../import/import-target.js'
import { readMapping } from '../import/mapping.js'
import type { Command } from './command.js'
import { misused, parseFlags } from './flags.js'
import { openPlant } from './open-plant.js'
import { progressTeller } from './progress.js'
import { clickhouseUrlOf, dataFolder, reported, storeFlags, storeHelp } from './store-flags.js'

/** `gemba import`: what was recorded elsewhere, into the history. */
export const importCommand: Command = {
  name: 'import',
  summary: 'bring past telemetry, states, stops, scrap or parts into the history',
  usage: `Usage: gemba import <file> … --mapping <file> [options]

Brings records from CSV or Parquet files into the history. The mapping says which column is what, how times are
written, and which words mean what; docs/import.md shows one for each kind. Rows go through the same gates as live
values: what cannot be taken is kept in the table rejects, with the name of the file and the row.

A file counts once: what is in already, by the content of the file and the mapping, is left out. A run that was
interrupted, however it was, goes on with the same command.

  --mapping <file>         YAML, see docs/import.md
  --plant <file>           plant file; the plant of the history unless given
  --dry-run                says what would come of it, and takes nothing
${storeHelp}
An engine that runs on the data folder takes the rows itself and goes on meanwhile.

Exit codes: 0 done, 1 a file, the mapping or the plant is at fault, 2 bad usage, 4 the data folder is in use or cannot
be written, 5 the store does not start, 130 interrupted.

Example: gemba import stops-2025.csv --mapping stops.yaml`,

  run: (argv, io) =>
    reported(io, async () => {
      const { values, positionals } = parseFlags(
        'import',
        argv,
        {
          ...storeFlags,
          mapping: { type: 'string' },
          plant: { type: 'string' },
          'dry-run': { type: 'boolean' },
        },
        true,
      )
      if (positionals.length === 0) throw misused('import', 'name a CSV or Parquet file')
      if (values.mapping === undefined) throw misused('import', 'say what the columns are with --mapping')
      const mapping = readMapping(resolve(values.mapping))
      const isDry = values['dry-run'] === true
      const url = clickhouseUrlOf(values, io)
      const target = await (isDry ? lookAtTarget : openTarget)({
        data: dataFolder(values, io),
        ...(values.plant !== undefined && { plant: openPlant(values.plant) }),
        ...(url !== undefined && { clickhouseUrl: url }),
        logger: pino({ level: 'silent' }),
        signal: io.signal,
      })
      try {
        for (const path of positionals) {
          const tell = progressTeller(io.err)
          const account = await importFile({
            path: resolve(path),
            mapping,
            context: target.context,
            signal: io.signal,
            take: block => target.take(block),
            onProgress: so => tell(`${path}: ${so.rows} rows so far`),
          }).catch(error => {
            if (io.signal.aborted) return undefined
            throw error instanceof EngineError
              ? error
              : new EngineError('bad-input', `${path}: ${error}`, { cause: error })
          })
          if (io.signal.aborted || account === undefined) {
            io.err('interrupted: what was taken is safe, and the same command goes on from there')
            return 130
          }
          for (const line of told(path, account, isDry)) io.out(line)
        }
        return 0
      } finally {
        await target.close()
      }
    }),
}

function told(path: string, account: ImportAccount, isDry: boolean): string[] {
  const { rows, taken, known, refused, doubted } = account
  const all = Object.values(refused).reduce((sum, count) => sum + count, 0)
  const parts = [
    `${rows} rows read`,
    `${taken} ${isDry ? 'would be taken' : 'taken'}`,
    ...(known > 0 ? [`${known} in already`] : []),
    `${all} refused`,
  ]
  const byRule = (counts: Readonly<Record<string, number>>, what: string): string[] =>
    Object.entries(counts).map(([rule, count]) => `  ${what} ${rule}: ${count}`)
  return [`${path}: ${parts.join(', ')}`, ...byRule(refused, 'refused'), ...byRule(doubted, 'kept as bad')]
}
