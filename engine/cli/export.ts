import { resolve } from 'node:path'
import { nearest } from '../../schema/plant-file/nearest.js'
import type { Definition } from '../../schema/tables/definition.js'
import { definitions } from '../../schema/tables/index.js'
import { type ExportFormat, exportFormats, exportTable, timeColumn } from '../store/export.js'
import type { Command } from './command.js'
import { misused, parseFlags } from './flags.js'
import { progressTeller } from './progress.js'
import { reported, stoppable, storeFlags, storeHelp, withHistory } from './store-flags.js'

/** What figures are made from, ready for analysis elsewhere. */
const goldTables = [
  'fact_oee',
  'dim_machine',
  'dim_date',
  'dim_shift',
  'dim_product',
  'work_intervals',
  'downtime_events',
  'scrap_events',
  'production_runs',
  'work_orders',
]

/** `gemba export`: tables as files. */
export const exportCommand: Command = {
  name: 'export',
  summary: 'write tables of the history as Parquet, CSV, JSON lines or SQL',
  usage: `Usage: gemba export (--table <name> … | --gold) [options]

Writes tables into files by day and hour, such as telemetry/date=2026-11-20/hour=06.parquet, with a manifest.json that
names them and counts their rows. Times go by the table's own time and not by when a row came in.

  --table <name>           one of the tables and views of docs/data-dictionary.md
  --gold                   the star schema (fact_oee and its dimensions), intervals, stops, rejects, runs and work orders
  --from <time>            ISO 8601, inclusive; from the beginning unless given
  --to <time>              ISO 8601, exclusive; to the end unless given
  --format <format>        parquet, csv, jsonl or sql (default parquet)
  --out <folder>           (default export)
${storeHelp}

Exit codes: 0 written, 1 the history is at fault, 2 bad usage, 4 the disk is full, 5 the store does not start or
does not answer, 130 interrupted: the files that are whole stay.

Examples: gemba export --table telemetry --from 2026-11-20T00:00:00Z --to 2026-11-21T00:00:00Z
          gemba export --gold --from 2026-11-01T00:00:00Z --out gold`,

  run: (argv, io) =>
    reported(io, async () => {
      const { values } = parseFlags('export', argv, {
        ...storeFlags,
        table: { type: 'string', multiple: true },
        gold: { type: 'boolean' },
        from: { type: 'string' },
        to: { type: 'string' },
        format: { type: 'string' },
        out: { type: 'string' },
      })
      const named = (values.table ?? []).map(findTable)
      const tables = [...new Set([...named, ...(values.gold === true ? goldTables.map(findTable) : [])])]
      if (tables.length === 0) throw misused('export', 'name a table with --table, or --gold')
      const [from, to] = [readTime('from', values.from), readTime('to', values.to)]
      if (from !== undefined && to !== undefined && from >= to)
        throw misused('export', '--from must lie before --to')
      for (const table of named) {
        if ((from ?? to) !== undefined && timeColumn(table) === undefined)
          throw misused('export', `${table.name} has no time: leave out --from and --to`)
      }
      const format = readFormat(values.format ?? 'parquet')
      const folder = resolve(values.out ?? 'export')
      const tell = progressTeller(io.err)
      const write = (): Promise<number> =>
        withHistory(values, io, async ({ database }) => {
          for (const table of tables) {
            let [files, rows] = [0, 0]
            // What has no time of its own, a dimension, goes whole.
            const isTimed = timeColumn(table) !== undefined
            const span = isTimed
              ? { ...(from !== undefined && { from }), ...(to !== undefined && { to }) }
              : {}
            const options = { table, ...span, format, folder, signal: io.signal }
            for await (const file of exportTable(database, options)) {
              files++
              rows += file.rows
              tell(`${table.name}: ${files} files, ${rows} rows so far`)
            }
            io.out(`${table.name}: ${rows} rows in ${files} files at ${folder}`)
          }
          return 0
        })
      return stoppable(
        io,
        write,
        () => `files that are whole stay in ${folder}; a table without its manifest.json is there in part`,
      )
    }),
}

function findTable(name: string): Definition {
  const found = definitions.find(definition => definition.name === name)
  if (found !== undefined) return found
  const names = definitions.map(definition => definition.name)
  const meant = nearest(name, names)
  throw misused('export', `there is no table ${name}${meant === undefined ? '' : ` (but ${meant})`}`)
}

function readTime(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(time))
    throw misused('export', `--${flag}: "${text}" is no time such as 2026-11-20T06:00:00Z`)
  return time
}

function readFormat(name: string): ExportFormat {
  const known = (Object.keys(exportFormats) as ExportFormat[]).filter(format => format !== 'native')
  const found = known.find(format => format === name)
  if (found === undefined) throw misused('export', `--format is one of ${known.join(', ')}, not ${name}`)
  return found
}
