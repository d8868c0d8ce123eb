/**
 * The rows of a CSV text (RFC 4180), by the names in its first row. The delimiter is the comma, or the semicolon where
 * the first row has more of those. Empty lines are left out; a row that is too short lacks its last fields.
 */
export function readCsv(text: string): readonly Readonly<Record<string, string>>[] {
  const plain = text.replace(/^\uFEFF/, '')
  const head = plain.slice(0, plain.search(/\r?\n|$/))
  const delimiter = head.split(';').length > head.split(',').length ? ';' : ','
  const [names, ...rows] = splitRows(plain, delimiter)
  if (names === undefined) return []
  return rows.map(row => Object.fromEntries(row.map((field, i) => [names[i]?.trim() ?? '', field])))
}

function splitRows(text: string, delimiter: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  let field = ''
  let isQuoted = false
  const endRow = (): void => {
    row.push(field)
    if (row.some(each => each !== '')) rows.push(row)
    row = []
    field = ''
  }
  for (let i = 0; i < text.length; i++) {
    const character = text[i]!
    if (isQuoted) {
      if (character !== '"') field += character
      else if (text[i + 1] === '"') field += text[++i]
      else isQuoted = false
    } else if (character === '"' && field === '') isQuoted = true
    else if (character === delimiter) {
      row.push(field)
      field = ''
    } else if (character === '\n') endRow()
    else if (character !== '\r') field += character
  }
  endRow()
  return rows
}
