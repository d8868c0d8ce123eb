import type { Reject, StateChange, TwinEvent, TwinSnapshot } from '../../schema/records.js'
import { rejects as rejectsTable } from '../../schema/tables/rejects.js'
import type { RowOf } from '../../schema/tables/row.js'
import { rowTables } from '../../schema/tables/row-tables.js'
import { NativeBlock } from './native-block.js'
import { recordCount, type StampedEntry } from './record.js'
import { type NumberedRow, rowBlock } from './row-block.js'

/** A block ready to be inserted into one table. */
export interface TableBlock {
  readonly table: string
  readonly rows: number
  /** Native format. */
  readonly body: Uint8Array<ArrayBuffer>
}

interface Numbered<T> {
  readonly row: T
  readonly seq: number
  readonly stored: number
}

/** One block for each table that the entries have rows for; the same entries always give the same bytes. */
export function buildBlocks(entries: readonly StampedEntry[]): TableBlock[] {
  const changes: Numbered<StateChange>[] = []
  const events: Numbered<TwinEvent>[] = []
  const rejects: Numbered<RowOf<typeof rejectsTable>>[] = []
  const snapshots: Numbered<TwinSnapshot>[] = []
  const rowsOf = new Map<string, NumberedRow[]>(rowTables.map(({ name }) => [name, []]))
  const texts: (readonly [number, string])[] = []
  for (const { entry, firstRecord, firstSample, stored } of entries) {
    if (recordCount(entry) > 0) {
      let seq = firstRecord
      for (const row of entry.stateChanges ?? []) changes.push({ row, seq: seq++, stored })
      for (const row of entry.twinEvents ?? []) events.push({ row, seq: seq++, stored })
      for (const row of entry.rejects ?? []) rejects.push({ row: rejectRow(row), seq: seq++, stored })
      for (const row of entry.snapshots ?? []) snapshots.push({ row, seq: seq++, stored })
      for (const { name } of rowTables) {
        for (const row of entry.rows?.[name] ?? []) {
          rowsOf.get(name)?.push({ row, seq: seq++, firstSample, stored })
        }
      }
    }
    for (const text of entry.texts ?? []) texts.push(text)
  }

  const blocks: readonly (readonly [table: string, block: NativeBlock])[] = [
    ['telemetry', telemetryBlock(entries)],
    [
      'state_changes',
      numbered(changes)
        .string(
          'machine',
          changes.map(({ row }) => row.machine),
        )
        .dateTime64(
          'ts',
          Float64Array.from(changes, ({ row }) => row.time),
        )
        .string(
          'state',
          changes.map(({ row }) => row.state),
        )
        .string(
          'mode',
          changes.map(({ row }) => row.mode),
        )
        .string(
          'reason',
          changes.map(({ row }) => row.reason),
        )
        .string(
          'source_state',
          changes.map(({ row }) => row.sourceState),
        )
        .uint8(
          'observed',
          Uint8Array.from(changes, ({ row }) => (row.observed ? 1 : 0)),
          'Bool',
        ),
    ],
    [
      'twin_events',
      numbered(events)
        .string(
          'address',
          events.map(({ row }) => row.address),
        )
        .dateTime64(
          'ts',
          Float64Array.from(events, ({ row }) => row.time),
        )
        .string(
          'type',
          events.map(({ row }) => row.type),
        )
        .string(
          'payload',
          events.map(({ row }) => JSON.stringify(row.payload)),
        ),
    ],
    ['rejects', rowBlock(rejectsTable, rejects)],
    [
      'twin_snapshots',
      numbered(snapshots)
        .string(
          'address',
          snapshots.map(({ row }) => row.address),
        )
        .dateTime64(
          'ts',
          Float64Array.from(snapshots, ({ row }) => row.time),
        )
        .string(
          'definition',
          snapshots.map(({ row }) => row.definition),
        )
        .uint32(
          'version',
          Uint32Array.from(snapshots, ({ row }) => row.version),
        )
        .string(
          'snapshot',
          snapshots.map(({ row }) => row.snapshot),
        ),
    ],
    ...rowTables.map(table => [table.name, rowBlock(table, rowsOf.get(table.name) ?? [])] as const),
    [
      'dictionary',
      new NativeBlock(texts.length)
        .uint32(
          'code',
          Uint32Array.from(texts, ([code]) => code),
        )
        .string(
          'text',
          texts.map(([, text]) => text),
        ),
    ],
  ]
  return blocks.flatMap(([table, block]) =>
    block.rows === 0 ? [] : [{ table, rows: block.rows, body: block.encode() }],
  )
}

const rejectRow = ({ time, sourceTime, ...told }: Reject): RowOf<typeof rejectsTable> => ({
  signal: '',
  value: null,
  ...told,
  ts: time,
  source_time: sourceTime ?? null,
})

function numbered(rows: readonly Numbered<unknown>[]): NativeBlock {
  return new NativeBlock(rows.length)
    .uint64(
      'seq',
      Float64Array.from(rows, row => row.seq),
    )
    .dateTime(
      'stored',
      Float64Array.from(rows, row => row.stored),
    )
}

function telemetryBlock(entries: readonly StampedEntry[]): NativeBlock {
  const total = entries.reduce((sum, { entry }) => sum + (entry.samples?.count ?? 0), 0)
  const signal = new Uint32Array(total)
  const sourceTime = new Float64Array(total)
  const receiveTime = new Float64Array(total)
  const value = new Float64Array(total)
  const quality = new Uint8Array(total)
  const seq = new Float64Array(total)
  const storedTimes = new Float64Array(total)
  let at = 0
  for (const { entry, firstSample, stored } of entries) {
    const samples = entry.samples
    if (samples === undefined) continue
    signal.set(samples.signal.subarray(0, samples.count), at)
    sourceTime.set(samples.sourceTime.subarray(0, samples.count), at)
    receiveTime.set(samples.receiveTime.subarray(0, samples.count), at)
    value.set(samples.value.subarray(0, samples.count), at)
    quality.set(samples.quality.subarray(0, samples.count), at)
    for (let i = 0; i < samples.count; i++) seq[at + i] = firstSample + i
    storedTimes.fill(stored, at, at + samples.count)
    at += samples.count
  }
  return new NativeBlock(total)
    .uint32('signal', signal)
    .dateTime64('ts', sourceTime)
    .dateTime64('received', receiveTime)
    .float64('value', value)
    .uint8('quality', quality)
    .uint64('seq', seq)
    .dateTime('stored', storedTimes)
}
