import { StatementError } from './statement-error.js'
import { isMark, keyword, nameOf, type Token } from './tokens.js'

/**
 * What a reader's statement may do: read tables, and nothing outside of them. The embedded engine has no users and no
 * grants, and its `readonly` setting still lets a SELECT read and write files and speak to other hosts. So every call
 * of a table function that is not known to be harmless is refused, and so is whatever else reaches a file.
 */
export interface Guard {
  /** Throws StatementError 497 (access denied), 164 (not a reader's statement). */
  check(tokens: readonly Token[]): void
  /** For a setting given beside the statement, with its value as text. */
  checkSetting(name: string, value: string): void
}

/** These make or combine rows, and see nothing but tables. */
const harmlessTableFunctions = new Set([
  'format',
  'generaterandom',
  'generateseries',
  'generate_series',
  'merge',
  'null',
  'numbers',
  'numbers_mt',
  'primes',
  'values',
  'view',
  'zeros',
  'zeros_mt',
])

/** Ordinary functions that look at files or hosts. */
const deniedFunctions = [
  'file',
  'catboostevaluate',
  'hascolumnintable',
  'filesystemavailable',
  'joinget',
  'joingetornull',
]

/** Settings that only bound the work or shape the answer. Others can hold SQL, paths, or another dialect. */
const readerSettings =
  /^(max_|min_|join_|group_by_|optimize_|use_|format_csv_|output_format_(?!schema|avro)|date_time_output_|\w+_overflow_mode$)/
const otherReaderSettings = new Set([
  'aggregate_functions_null_for_empty',
  'decimal_check_overflow',
  'enable_analyzer',
  'extremes',
  'final',
  'limit',
  'offset',
  'prefer_column_name_to_alias',
  'session_timezone',
  'totals_mode',
])

/** What a reader may have less of, and not more: 0 would be all there is. */
export interface ReaderBounds {
  readonly max_execution_time: number
  readonly max_memory_usage: number
}

/** `tableFunctions`: all that the engine knows (`system.table_functions`), so that new ones are refused too. */
export function makeGuard(tableFunctions: readonly string[], bounds: ReaderBounds): Guard {
  const denied = new Set(deniedFunctions)
  for (const name of tableFunctions) {
    const lower = name.toLowerCase()
    if (!harmlessTableFunctions.has(lower)) denied.add(lower)
  }
  const isDenied = (name: string): boolean =>
    denied.has(name.toLowerCase()) || /^ai[A-Z]/.test(name) || /^AI[A-Z]/.test(name)

  const limits = new Map(Object.entries(bounds))
  const checkSetting = (name: string, value: string): void => {
    if (!readerSettings.test(name) && !otherReaderSettings.has(name))
      throw denial(`the setting ${name} may not be changed by a reader`)
    const most = limits.get(name)
    if (most !== undefined && !(Number(value) > 0 && Number(value) <= most))
      throw denial(`${name} is ${value}; a reader may have a number up to ${most}`)
  }

  return {
    checkSetting,
    check(tokens) {
      for (const [i, token] of tokens.entries()) {
        const next = tokens[i + 1]
        const name = nameOf(token)
        if (name !== undefined && isMark(next, '(') && isDenied(name))
          throw denial(`the function ${name} reaches outside the tables`)
        // The database `default` of the embedded engine is the file system.
        if (name?.toLowerCase() === 'default' && isMark(next, '.'))
          throw denial('the database default is not for reading')
        switch (keyword(token)) {
          case 'INSERT':
            throw new StatementError(164, 'Cannot execute query in readonly mode: this interface only reads')
          case 'OUTFILE':
          case 'INFILE':
            throw denial(`${token.text} reaches a file`)
          case 'SETTINGS':
            checkSettingsClause(tokens, i + 1, checkSetting)
        }
      }
    },
  }
}

/** `SETTINGS a = 1, b = 2`, up to the end of its query. */
function checkSettingsClause(tokens: readonly Token[], from: number, check: Guard['checkSetting']): void {
  if (!isMark(tokens[from + 1], '=')) return
  let depth = 0
  for (let i = from; i < tokens.length && depth >= 0; i++) {
    const token = tokens[i]
    if (isMark(token, '(')) depth++
    else if (isMark(token, ')')) depth--
    const name = nameOf(token)
    if (name !== undefined && isMark(tokens[i + 1], '=')) check(name, tokens[i + 2]?.text ?? '')
  }
}

const denial = (why: string): StatementError => new StatementError(497, `Not enough privileges: ${why}`)
