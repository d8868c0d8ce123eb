import { EngineError } from '../errors.js'
import type { Command } from './command.js'
import { misused, parseFlags } from './flags.js'
import { reported, storeFlags, storeHelp, withHistory } from './store-flags.js'

const textFormats = /^(Pretty|JSON|CSV|TSV|TabSeparated|Markdown|Vertical|Values|XML)/

/** `gemba query`: SQL over the history. */
export const queryCommand: Command = {
  name: 'query',
  summary: 'ask the history in SQL',
  usage: `Usage: gemba query <sql> [options]

Asks the history; it only reads. What there is to ask is told in docs/data-dictionary.md.

  --format <name>          one of ClickHouse's text formats (default PrettyCompactNoEscapes)
${storeHelp}

Exit codes: 0 answered, 1 the statement or the history is at fault, 2 bad usage, 5 the store does not start or does not answer.

Example: gemba query "SELECT machine, state, start FROM state_intervals ORDER BY start DESC LIMIT 10"`,

  run: (argv, io) =>
    reported(io, async () => {
      const flags = { ...storeFlags, format: { type: 'string' } } as const
      const { values, positionals } = parseFlags('query', argv, flags, true)
      const [sql, ...rest] = positionals
      if (sql === undefined || rest.length > 0) throw misused('query', 'give one statement, in quotes')
      const { format = 'PrettyCompactNoEscapes' } = values
      if (!textFormats.test(format))
        throw misused('query', `${format} is not a text format; for files there is gemba export`)
      return withHistory(values, io, async ({ database }) => {
        // A format of ours goes behind it.
        const statement = sql.replace(/[\s;]+$/, '')
        const answer = await database.export(statement, {}, format).catch((cause: Error) => {
          throw new EngineError('bad-input', `${cause.message.trim()}${hintTo(statement)}`, { cause })
        })
        const text = Buffer.from(answer).toString()
        for (const line of text.replace(/\n$/, '').split('\n')) io.out(line)
        return 0
      })
    }),
}

/** What a refused statement probably lacks, or has too much. */
function hintTo(statement: string): string {
  const [, format] = /\bFORMAT\s+(\w+)$/i.exec(statement) ?? []
  return format === undefined ? '' : ` Leave FORMAT out of the statement, and say --format ${format}.`
}
