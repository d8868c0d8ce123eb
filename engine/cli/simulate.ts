import { resolve } from 'node:path'
import { pino } from 'pino'
import { referencePlant } from '../../schema/reference-plant/reference-plant.js'
import { definitions } from '../../schema/tables/index.js'
import { segments } from '../../schema/tables/segments.js'
import { telemetry1mParts } from '../../schema/tables/telemetry.js'
import { EngineError } from '../errors.js'
import { makePast } from '../past/make-past.js'
import type { PastProgress } from '../past/past.js'
import { type ExportFormat, exportFormats, exportTable } from '../store/export.js'
import type { Command, CommandIo } from './command.js'
import { misused, parseFlags } from './flags.js'
import { openPlant } from './open-plant.js'
import { progressTeller } from './progress.js'
import { randomFaultFlags, readShare, withRandomFaults } from './random-faults.js'
import { clickhouseUrlOf, stoppable, withHistory } from './store-flags.js'

const dayMs = 86_400_000
const flags = {
  days: { type: 'string' },
  seed: { type: 'string' },
  start: { type: 'string' },
  period: { type: 'string' },
  plant: { type: 'string' },
  data: { type: 'string' },
  workers: { type: 'string' },
  to: { type: 'string' },
  out: { type: 'string' },
  'clickhouse-url': { type: 'string' },
  'log-level': { type: 'string' },
  ...randomFaultFlags,
} as const
/** Between two lines of progress, ms. */
const toldEvery = 5_000

export const simulateCommand: Command = {
  name: 'simulate',
  summary: 'make a past for a simulated plant, as if it had been lived',
  usage: `Usage: gemba simulate [options]

Lets a simulated plant live some days as fast as the store takes them, through the same twins as live: states, events,
faults with their labels, and snapshots are all there afterwards, and \`gemba start --data\` goes on from them. The same
seed and start give the same samples, and with --to the same files, to the byte: what says there when a row was written
(stored, updated, computed, started) tells the row's own time. Ctrl-C interrupts; the same command goes on: what is stored is lived once more,
without being stored again, so that everything is as it would be without the interruption.

  --days               how many days, also parts of one (default 7)
  --seed               of chance (default 1)
  --start              begin of the past, such as 2026-01-05T06:00:00Z; all of it is over by now (default: so that it
                       ends last midnight, UTC)
  --period             distance between two samples of a sensor, seconds from 0.001 (default 10)
  --random-faults      share of machines that carry a fault by chance, 0 to 0.9 (default: as the plant says, else 0.05)
                       [GEMBA_RANDOM_FAULTS]
  --no-random-faults   nothing breaks by chance
  --workers            threads that the machines are simulated on, ahead of their twins, 0 to 64: the past is the same
                       whatever their number (default: 0)
  --plant              plant file with simulated sources; without one the reference plant  [GEMBA_PLANT]
  --data               folder to keep it in; it must hold nothing else (default gemba-data)  [GEMBA_DATA]
  --to                 clickhouse, or beside it files: parquet, csv, jsonl or sql (default clickhouse)
  --out                folder for the files (default past)
  --clickhouse-url     your own ClickHouse instead of the embedded one  [GEMBA_CLICKHOUSE_URL]
  --log-level          least severe line of the log (default warn)

Exit codes: 0 done, 1 the plant or the folder is at fault, 2 an option is wrong, 4 the folder is in use or cannot be
written, 5 the store does not start, 130 interrupted; the same command goes on.`,

  async run(argv, io) {
    try {
      const { values } = parseFlags('simulate', argv, flags)
      const seed = number('seed', values.seed ?? '1', { isWhole: true })
      const days = number('days', values.days ?? '7', { above: 0, most: 3_660 })
      const period = number('period', values.period ?? '10', { least: 0.001, most: 3_600 })
      const workers = number('workers', values.workers ?? '0', { isWhole: true, most: 64 })
      const plantFile = values.plant ?? io.env.GEMBA_PLANT
      const clickhouseUrl = clickhouseUrlOf(values, io)
      const length = Math.round(days * dayMs)
      const from = startOf(values.start, length)
      const to = targetOf(values.to ?? 'clickhouse')
      const began = performance.now()
      const made = await makePast({
        plant: withRandomFaults(
          plantFile === undefined ? referencePlant({ seed }) : openPlant(plantFile),
          readShare('simulate', values, io.env),
        ),
        data: values.data ?? io.env.GEMBA_DATA ?? 'gemba-data',
        ...(clickhouseUrl !== undefined && { clickhouseUrl }),
        seed,
        from,
        to: from + length,
        period: Math.round(period * 1000),
        workers,
        logger: pino({ level: values['log-level'] ?? 'warn' }),
        signal: io.signal,
        onProgress: teller(from, length, io.err),
      })
      const seconds = (performance.now() - began) / 1000
      const what = `${count(made.samples)} samples up to ${instant(made.time)}, ${count(made.rowsWritten)} rows written in ${seconds.toFixed(1)} s`
      if (!made.isComplete) {
        io.err(`interrupted: ${what}; the same command goes on from here`)
        return 130
      }
      io.out(`${instant(from)} to ${instant(made.time)}: ${what}`)
      return to === 'clickhouse' ? 0 : await writeFiles(values, { format: to, from }, io)
    } catch (error) {
      if (!(error instanceof EngineError)) throw error
      io.err(`gemba: ${error.message}`)
      return error.exitCode
    }
  },
}

/**
 * Every table and view of the past as files. How minutes were added up piece by piece is nobody's, since the view of them
 * tells the sums; nor is how segments of a spool came in.
 */
function writeFiles(
  values: { readonly data?: string; readonly 'clickhouse-url'?: string; readonly out?: string },
  { format, from }: { readonly format: ExportFormat; readonly from: number },
  io: CommandIo,
): Promise<number> {
  const folder = resolve(values.out ?? 'past')
  const write = (): Promise<number> =>
    withHistory(values, io, async ({ database }) => {
      const tell = progressTeller(io.err)
      for (const table of definitions.filter(each => each !== telemetry1mParts && each !== segments)) {
        const options = { table, format, folder, asLivedFrom: from, signal: io.signal }
        let rows = 0
        for await (const file of exportTable(database, options)) {
          rows += file.rows
          tell(`${table.name}: ${count(rows)} rows so far`)
        }
        io.out(`${table.name}: ${count(rows)} rows`)
      }
      io.out(`all of it is at ${folder}`)
      return 0
    })
  return stoppable(io, write, () => `the past is made, and the same command writes all files at ${folder}`)
}

function targetOf(name: string): ExportFormat | 'clickhouse' {
  const known = ['clickhouse', ...Object.keys(exportFormats)] as (ExportFormat | 'clickhouse')[]
  const found = known.find(each => each === name)
  if (found === undefined) throw misused('simulate', `--to is one of ${known.join(', ')}; got "${name}"`)
  return found
}

interface Bounds {
  readonly isWhole?: true
  readonly above?: number
  readonly least?: number
  readonly most?: number
}

function number(
  flag: string,
  text: string,
  { isWhole, above, least = 0, most = Number.MAX_SAFE_INTEGER }: Bounds,
): number {
  const value = text.trim() === '' ? Number.NaN : Number(text)
  const isSound = isWhole ? Number.isSafeInteger(value) && value >= 0 : Number.isFinite(value)
  if (isSound && value > (above ?? -1) && value >= least && value <= most) return value
  const what = isWhole
    ? `a whole number from 0${most < Number.MAX_SAFE_INTEGER ? ` to ${count(most)}` : ''}`
    : `a number ${above === undefined ? `from ${least}` : `above ${above}`}, at most ${count(most)}`
  throw misused('simulate', `--${flag} is ${what}; got "${text}"`)
}

/** Without a start the past ends at the last midnight, so that the same command on the same day goes on with it. */
function startOf(text: string | undefined, length: number): number {
  if (text === undefined) return Math.floor(Date.now() / dayMs) * dayMs - length
  const now = Date.now()
  const start = /^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN
  if (start < 0) throw misused('simulate', `--start is from 1970 on; got "${text}"`)
  if (start + length > now) {
    const latest = instant(Math.floor((now - length) / 1000) * 1000)
    throw misused(
      'simulate',
      `--start ${text}: the past would end at ${instant(start + length)}, which is still to come. Let it begin at ${latest} at the latest, or give it fewer --days`,
    )
  }
  if (Number.isFinite(start)) return start
  throw misused('simulate', `--start is a time with its zone, such as 2026-01-05T06:00:00Z; got "${text}"`)
}

/** Says now and then how far it is. */
function teller(from: number, length: number, say: (line: string) => void) {
  const began = performance.now()
  let told = began
  let first: PastProgress | undefined
  return (progress: PastProgress): void => {
    first ??= progress
    const now = performance.now()
    if (now - told < toldEvery) return
    told = now
    const share = (progress.time - from) / length
    const rate = ((progress.samples - first.samples) * 1000) / (now - began)
    const how = progress.isAgain ? 'which an earlier run has stored' : `${count(Math.round(rate))} a second`
    say(
      `${instant(progress.time)}  ${(100 * share).toFixed(1)} %  ${count(progress.samples)} samples, ${how}`,
    )
  }
}

const count = (value: number): string => value.toLocaleString('en')
const instant = (time: number): string => new Date(time).toISOString().replace('.000Z', 'Z')
