import { StatementError } from './statement-error.js'

type TokenKind = 'word' | 'identifier' | 'string' | 'mark'

/** A piece of SQL; white space and comments are left out. */
export interface Token {
  readonly kind: TokenKind
  /** The text; of a quoted identifier the name between the quotes. */
  readonly text: string
  readonly from: number
  readonly to: number
}

/**
 * Cuts SQL into tokens, as strictly as guarding needs: what ClickHouse's own lexer might read in another way (heredocs,
 * typographic quotes, `#` and `//` comments, control characters) is refused and not guessed at.
 */
export function tokenize(sql: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  while (at < sql.length) {
    const char = sql[at]!
    if (/\s/.test(char)) {
      at++
      continue
    }
    const comment = commentEnd(sql, at)
    if (comment !== undefined) {
      at = comment
      continue
    }
    const from = at
    if (char === "'" || char === '"' || char === '`') {
      at = quotedEnd(sql, at, char)
      const isString = char === "'"
      const text = isString ? sql.slice(from, at) : unquoted(sql.slice(from + 1, at - 1), char)
      tokens.push({ kind: isString ? 'string' : 'identifier', text, from, to: at })
    } else if (wordChar.test(char)) {
      while (at < sql.length && wordChar.test(sql[at]!)) at++
      tokens.push({ kind: 'word', text: sql.slice(from, at), from, to: at })
    } else {
      if (!plainMark.test(char))
        throw new StatementError(62, `Unexpected character ${JSON.stringify(char)} at ${at}`)
      at++
      tokens.push({ kind: 'mark', text: char, from, to: at })
    }
  }
  return tokens
}

const wordChar = /[A-Za-z0-9_]/
const plainMark = /[()[\]{},.;:?=<>!+\-*/%|&^~@]/

function commentEnd(sql: string, at: number): number | undefined {
  if (sql.startsWith('--', at)) {
    const end = sql.indexOf('\n', at)
    return end === -1 ? sql.length : end + 1
  }
  if (sql.startsWith('//', at)) throw new StatementError(62, 'Comments begin with -- or /*')
  if (!sql.startsWith('/*', at)) return undefined
  const end = sql.indexOf('*/', at + 2)
  if (end === -1) throw new StatementError(62, 'A comment is not closed')
  // Whether comments nest depends on the version: neither reading is safe.
  if (sql.slice(at + 2, end).includes('/*')) throw new StatementError(62, 'A comment inside a comment')
  return end + 2
}

/** Behind the closing quote. A backslash or a second quote escapes. */
function quotedEnd(sql: string, at: number, quote: string): number {
  let i = at + 1
  while (i < sql.length) {
    if (sql[i] === '\\') i += 2
    else if (sql[i] !== quote) i++
    else if (sql[i + 1] === quote) i += 2
    else return i + 1
  }
  throw new StatementError(62, `A quote ${quote} is not closed`)
}

/** Escapes beyond these could spell a name that the guard does not see. */
function unquoted(text: string, quote: string): string {
  const plain = text.replaceAll(quote + quote, quote)
  if (plain.includes('\\')) throw new StatementError(62, 'No escapes in quoted names')
  return plain
}

/** The word, in capitals, where the token is a bare word. */
export const keyword = (token: Token | undefined): string | undefined =>
  token?.kind === 'word' ? token.text.toUpperCase() : undefined

/** The name a token can stand for. */
export const nameOf = (token: Token | undefined): string | undefined =>
  token?.kind === 'word' || token?.kind === 'identifier' ? token.text : undefined

export const isMark = (token: Token | undefined, text: string): boolean =>
  token?.kind === 'mark' && token.text === text
