import { StatementError } from './statement-error.js'
import { isMark, keyword, type Token, tokenize } from './tokens.js'

export type Statement = ReadStatement | InsertStatement | OtherStatement

export interface ReadStatement {
  readonly kind: 'read'
  readonly sql: string
  readonly tokens: readonly Token[]
  /** From its FORMAT clause. */
  readonly format: string | undefined
  /** Without that clause: what stands before it, and the SETTINGS that may stand behind it. */
  readonly parts: readonly [string, string]
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

const otherWords = new Set(
  `ALTER ATTACH BACKUP BEGIN CHECK COMMIT CREATE DELETE DETACH DROP EXCHANGE EXECUTE GRANT INSERT KILL MOVE OPTIMIZE RENAME
  REPLACE RESTORE REVOKE ROLLBACK SET SYSTEM TRUNCATE UNDROP UPDATE USE WATCH`.split(/\s+/),
)

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
    return { kind: 'read', sql, tokens, ...formatClause(sql, tokens) }
  if (!otherWords.has(keyword(first) ?? ''))
    throw new StatementError(62, `Syntax error: no statement begins with ${JSON.stringify(first!.text)}`)
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

/** `FORMAT name` at the end, where only SETTINGS may follow it. Elsewhere the word is a name. */
function formatClause(sql: string, tokens: readonly Token[]): Pick<ReadStatement, 'format' | 'parts'> {
  let depth = 0
  for (const [i, token] of tokens.entries()) {
    if (isMark(token, '(')) depth++
    else if (isMark(token, ')')) depth--
    if (depth !== 0 || keyword(token) !== 'FORMAT' || i === 0) continue
    const [name, next, setting] = tokens.slice(i + 1)
    if (name?.kind !== 'word') continue
    if (next === undefined || (keyword(next) === 'SETTINGS' && setting !== undefined))
      return {
        format: name.text,
        parts: [sql.slice(0, token.from), next === undefined ? '' : sql.slice(next.from)],
      }
  }
  return { format: undefined, parts: [sql, ''] }
}
