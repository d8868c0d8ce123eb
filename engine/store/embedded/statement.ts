import { StatementError } from './statement-error.js'
import { isMark, keyword, type Token, tokenize } from './tokens.js'

export type Statement = ReadStatement | InsertStatement | OtherStatement

interface ReadStatement {
  readonly kind: 'read'
  readonly sql: string
  readonly tokens: readonly Token[]
  /** From its FORMAT clause. */
  readonly format: string | undefined
}

/** An INSERT whose rows come with it and not from a SELECT. */
export interface InsertStatement {
  readonly kind: 'insert'
  /** Up to where `FROM INFILE` belongs. */
  readonly head: string
  /** SETTINGS, where there are any. */
  readonly settings: string
  readonly format: string
  /** What stands behind the format in the same text. */
  readonly inline: string
}

/** Anything else: only the engine's own. */
interface OtherStatement {
  readonly kind: 'other'
  readonly sql: string
}

const readWords = new Set(['SELECT', 'WITH', 'FROM', 'SHOW', 'DESCRIBE', 'DESC', 'EXPLAIN', 'EXISTS'])

/** Takes one statement apart. Throws StatementError: 62 for none, for several, and for what cannot be read. */
export function parseStatement(text: string): Statement {
  const insert = parseInsert(text)
  if (insert !== undefined) return insert
  const tokens = tokenize(text)
  while (isMark(tokens.at(-1), ';')) tokens.pop()
  if (tokens.length === 0) throw new StatementError(62, 'Empty query')
  if (tokens.some(token => isMark(token, ';')))
    throw new StatementError(62, 'Multi-statements are not allowed: send one statement a request')
  const sql = text.slice(0, tokens.at(-1)!.to)
  const first = tokens[0]
  if (readWords.has(keyword(first) ?? '') || isMark(first, '('))
    return { kind: 'read', sql, tokens, format: formatClause(tokens) }
  return { kind: 'other', sql }
}

/** The rows of an INSERT are not SQL and must not be read as such; only what stands before them is. */
function parseInsert(text: string): InsertStatement | undefined {
  const start = /^\s*INSERT\s+INTO\s/i.exec(text)
  if (start === null) return undefined
  const rows = /\bVALUES\b|\bFORMAT\s+(\w+)\s*;?/gi
  for (let match = rows.exec(text); match !== null; match = rows.exec(text)) {
    const before = tokensOf(text.slice(0, match.index))
    // Inside a string or a name in quotes: look further.
    if (before === undefined) continue
    if (before.some(token => ['SELECT', 'WITH', 'INFILE'].includes(keyword(token) ?? ''))) return undefined
    const settings = before.find(token => keyword(token) === 'SETTINGS')
    const headEnd = settings?.from ?? match.index
    return {
      kind: 'insert',
      head: text.slice(0, headEnd).trim(),
      settings: text.slice(headEnd, match.index).trim(),
      format: match[1] ?? 'Values',
      inline: text.slice(match.index + match[0].length),
    }
  }
  return undefined
}

function tokensOf(text: string): Token[] | undefined {
  try {
    return tokenize(text)
  } catch {
    return undefined
  }
}

/** The last `FORMAT name` outside brackets. */
function formatClause(tokens: readonly Token[]): string | undefined {
  let depth = 0
  let format: string | undefined
  for (const [i, token] of tokens.entries()) {
    if (isMark(token, '(')) depth++
    else if (isMark(token, ')')) depth--
    else if (depth === 0 && keyword(token) === 'FORMAT' && tokens[i + 1]?.kind === 'word')
      format = tokens[i + 1]!.text
  }
  return format
}
