import { StatementError } from './statement-error.js'
import { isMark, tokenize } from './tokens.js'

/**
 * Puts query parameters (`{name:Type}` in the text, `param_name` beside it) into a statement as literals. The library's
 * own binding runs one statement with parameters at a time for the whole process; a slow one would hold up all.
 */
export function bindParameters(sql: string, parameters: ReadonlyMap<string, string>): string {
  if (!sql.includes('{')) return sql
  const tokens = tokenize(sql)
  let bound = ''
  let at = 0
  for (let i = 0; i < tokens.length; i++) {
    if (!isMark(tokens[i], '{') || tokens[i + 1]?.kind !== 'word' || !isMark(tokens[i + 2], ':')) continue
    const close = tokens.findIndex((token, j) => j > i && isMark(token, '}'))
    if (close === -1) throw new StatementError(62, 'A query parameter is not closed')
    const name = tokens[i + 1]!.text
    const type = sql.slice(tokens[i + 2]!.to, tokens[close]!.from).trim()
    const value = parameters.get(name)
    if (value === undefined) throw new StatementError(456, `Substitution \`${name}\` is not set`)
    bound += sql.slice(at, tokens[i]!.from) + literal(value, type)
    at = tokens[close]!.to
    i = close
  }
  return bound + sql.slice(at)
}

function literal(value: string, type: string): string {
  if (type === 'Identifier') {
    if (/[`\\]/.test(value)) throw new StatementError(62, 'An identifier may hold no quotes and no escapes')
    return `\`${value}\``
  }
  if (/\bMap\(/.test(type)) return `CAST(${mapLiteral(value, type)} AS ${type})`
  if (value === '\\N') return `CAST(NULL AS ${type})`
  // The interface's values are escaped as in TSV; inside arrays and maps strings have escapes of their own.
  const plain = /^(Nullable\(|LowCardinality\()*(String|FixedString|Enum)/.test(type)
    ? unescaped(value)
    : value
  return `CAST(${quoted(plain)} AS ${type})`
}

const literalWord = /^(\d\w*|true|false|null|nan|inf)$/i

/** `{'a': 1}` as `map('a', 1)`: a text is not cast to a map. Only literals may be in it. */
function mapLiteral(value: string, type: string): string {
  const tokens = tokenize(value)
  const isLiteral = tokens.every(({ kind, text }) =>
    kind === 'mark' ? '{}[](),:.-+'.includes(text) : kind === 'string' || literalWord.test(text),
  )
  if (!isLiteral) throw new StatementError(27, `${JSON.stringify(value)} is no ${type}`)
  const calls: Readonly<Record<string, string>> = { '{': 'map(', '}': ')', ':': ',' }
  return tokens.map(({ kind, text }) => (kind === 'mark' ? (calls[text] ?? text) : text)).join('')
}

/** A string literal. */
export const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

const escapes: Readonly<Record<string, string>> = { b: '\b', f: '\f', r: '\r', n: '\n', t: '\t', '0': '\0' }
const unescaped = (text: string): string =>
  text.replace(/\\(.)/gs, (_, char: string) => escapes[char] ?? char)
