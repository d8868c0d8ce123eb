import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Column, Table } from '../../schema/tables/definition.js'
import { type Rows, rowTables } from '../../schema/tables/row-tables.js'
import type { Store } from './store.js'
import { openTestStore } from './your-clickhouse.fixture.js'

let folder: string
let store: Store

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gemba-rows-'))
  store = await openTestStore({ dataDir: folder, logger: pino({ level: 'silent' }), wall: Date })
})
afterAll(async () => {
  await store?.close()
  rmSync(folder, { recursive: true, force: true })
})

/** A value of the column's type; another for each `i`, with everything in it that could be mistaken. */
function sampleValue({ type }: Column, i: number): unknown {
  if (type.startsWith('Nullable('))
    return i === 0 ? null : sampleValue({ type: type.slice(9, -1) } as Column, i)
  if (type === 'Array(String)') return ['', 'ä\n\nDROP', `${i}`].slice(0, i)
  if (type === 'Array(Float64)') return [0.5, -2, 1e300].slice(0, i)
  if (type === 'Bool') return i % 2 === 1
  if (type === 'UInt32') return 4_000_000_000 + i
  if (type === 'Float64') return 1.25 * (i - 2)
  if (type.startsWith('DateTime64')) return Date.UTC(2017, 3, 5, 12) + i
  return i === 0 ? '' : `ä\n\n'${i}`
}

const own = ({ columns }: Table) =>
  columns.filter(({ name }) => !['seq', 'stored', 'first_sample'].includes(name))
const rowsFor = (table: Table, count: number): object[] =>
  Array.from({ length: count }, (_, i) =>
    Object.fromEntries(own(table).map(column => [column.name, sampleValue(column, i)])),
  )

describe('tables that take rows as they are', () => {
  it.each(rowTables)('$name: every column comes back as it was accepted', async table => {
    const rows = rowsFor(table, 4)
    store.append({ source: 'floor', rows: { [table.name]: rows } as Rows })
    await store.flush()
    const columns = own(table).map(({ name, type }) =>
      type.includes('DateTime64') ? `toFloat64(toUnixTimestamp64Milli(${name})) AS ${name}` : name,
    )
    const found = await store.query(
      `SELECT ${columns.join(', ')} FROM gemba.${table.name} ORDER BY gemba.${table.name}.seq`,
    )
    expect(found).toEqual(rows)
  })

  it('number their rows on, together with all other records', async () => {
    const reject = { source: 's', time: 0, rule: 'r', reason: 'r', raw: '' }
    const rows = rowsFor(rowTables[0], 2)
    for (let i = 0; i < 2; i++) {
      store.append({ source: 'floor', rejects: [reject], rows: { [rowTables[0].name]: rows } as Rows })
    }
    await store.flush()
    const [seqs] = await store.query<{ all: number[] }>(
      `SELECT arraySort(groupArray(toUInt32(seq))) AS all FROM (
        SELECT seq FROM gemba.rejects UNION ALL
        SELECT seq FROM gemba.${rowTables[0].name} ORDER BY seq DESC LIMIT 4)`,
    )
    const first = seqs!.all[0]!
    expect(seqs!.all).toEqual([0, 1, 2, 3, 4, 5].map(i => first + i))
  })
})
