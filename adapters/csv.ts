/** A row of a CSV text. */
interface CsvRow {
  /** Line of the text in which it begins, from 1. */
  readonly line: number
  /** As it stands there, without its line break. */
  readonly raw: string
  readonly fields: readonly string[]
}

export interface CsvText {
  /** Comma, semicolon or tab: that of which the first row has most. */
  readonly delimiter: string
  /** The first row. */
  readonly names: readonly string[]
  readonly rows: readonly CsvRow[]
  /** false: the text ends within quotes, so its end is missing. */
  readonly isWhole: boolean
}

/**
 * The text of a CSV file, which does not say how it is written: UTF-16 by its mark, else UTF-8, else Windows-1252 (of which
 * Latin-1 is a part), as programs on Windows write it.
 */
export function csvText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return textIn(bytes, 'windows-1252')
  }
}

/** A text in an encoding, or in UTF-16 where its mark says so; what is not in it is U+FFFD. */
export function textIn(bytes: Uint8Array, encoding: string): string {
  const [first, second] = bytes
  const marked =
    first === 0xff && second === 0xfe
      ? 'utf-16le'
      : first === 0xfe && second === 0xff
        ? 'utf-16be'
        : undefined
  const decoder = new TextDecoder(marked ?? encoding)
  // As a stream: at once Node takes Windows-1252 for Latin-1 (20.20).
  return decoder.decode(bytes, { stream: true }) + decoder.decode()
}

/** The rows of a CSV text (RFC 4180), by the names in its first row; a row that is too short lacks its last fields. */
export function readCsv(text: string): readonly Readonly<Record<string, string>>[] {
  const { names, rows } = parseCsv(text)
  return rows.map(({ fields }) => Object.fromEntries(fields.map((field, i) => [names[i] ?? '', field])))
}

/** Takes a CSV text apart. Empty lines are left out, and blanks around names. */
export function parseCsv(text: string): CsvText {
  const plain = text.replace(/^\uFEFF/, '')
  const head = plain.slice(0, plain.search(/\r?\n|$/))
  const delimiter = delimiterOf(head)
  const { rows, isWhole } = splitRows(plain, delimiter)
  const [names, ...others] = rows
  return { delimiter, names: names?.fields.map(name => name.trim()) ?? [], rows: others, isWhole }
}

/** Characters of one row at the most: more is a quote that is never closed. */
const longestRow = 16 * 2 ** 20

/**
 * The rows of a CSV text that comes in pieces, the first row with its names among them. Without `delimiter` it is the
 * one of which the first row has most. Throws RangeError where a quote is never closed, with the line in which it opens.
 */
export async function* csvRows(chunks: AsyncIterable<string>, delimiter?: string): AsyncGenerator<CsvRow> {
  let text = ''
  let line = 1
  let known = delimiter
  let isFirst = true
  for await (const chunk of chunks) {
    text += isFirst ? chunk.replace(/^\uFEFF/, '') : chunk
    isFirst &&= chunk === ''
    if (known === undefined && !text.includes('\n')) continue
    known ??= delimiterOf(text.slice(0, text.search(/\r?\n/)))
    const { rows, last } = splitRows(text, known, line, false)
    yield* rows
    text = text.slice(last.at)
    line = last.line
    if (text.length > longestRow) throw unclosed(line)
  }
  const { rows, isWhole } = splitRows(text, known ?? delimiterOf(text), line)
  if (!isWhole) throw unclosed(line)
  yield* rows
}

const unclosed = (line: number): RangeError =>
  new RangeError(`the row that begins in line ${line} does not end: a quote is never closed`)

function delimiterOf(head: string): string {
  const count = (delimiter: string): number => head.split(delimiter).length
  return [';', '\t'].reduce((most, each) => (count(each) > count(most) ? each : most), ',')
}

interface SplitRows {
  readonly rows: CsvRow[]
  readonly isWhole: boolean
  /** Where the last row begins. */
  readonly last: { readonly line: number; readonly at: number }
}

/** `hasEnd`: the text goes no further, so that its last row is a row. */
function splitRows(text: string, delimiter: string, firstLine = 1, hasEnd = true): SplitRows {
  const rows: CsvRow[] = []
  let fields: string[] = []
  let field = ''
  let isQuoted = false
  let line = firstLine
  let begin = { line, at: 0 }
  const endRow = (at: number): void => {
    fields.push(field)
    const raw = text.slice(begin.at, at).replace(/\r$/, '')
    if (fields.some(each => each !== '')) rows.push({ line: begin.line, raw, fields })
    fields = []
    field = ''
    begin = { line, at: at + 1 }
  }
  for (let i = 0; i < text.length; i++) {
    const character = text[i]!
    if (character === '\n') line++
    if (isQuoted) {
      if (character !== '"') field += character
      else if (text[i + 1] === '"') field += text[++i]
      else isQuoted = false
    } else if (character === '"' && field === '') isQuoted = true
    else if (character === delimiter) {
      fields.push(field)
      field = ''
    } else if (character === '\n') endRow(i)
    else if (character !== '\r') field += character
  }
  const last = begin
  if (hasEnd) endRow(text.length)
  return { rows, isWhole: !isQuoted, last }
}
