import { RecordedRows, rowColumns } from '../../adapters/replay/codec.js'
import { type SampleBatch, SampleBatchBuilder } from '../../schema/sample-batch.js'
import { databaseName as db } from '../../schema/tables/definition.js'
import type { RecordedTurn } from '../floor/told.js'
import type { Store } from '../store/store.js'

/** What is read for a page: so many turns, and not many more samples than that. */
const turnsAtOnce = 5_000
const samplesAtOnce = 400_000
/** Samples are looked for around the times of their turns first, ms; late ones cost a second look. */
const usualDelay = 15 * 60_000

export type RecordStore = Pick<Store, 'query' | 'bytes' | 'flush'>

/** A round of checkpoints that is whole: where a floor can begin to live again. */
export interface Round {
  readonly round: number
  /** Numbers of its first and last row among all records. */
  readonly first: number
  readonly last: number
  /** When it was begun, floor time, Unix ms. */
  readonly time: number
  /** Hash of the plant of then. */
  readonly plant: string
}

/** A row of a round. */
export interface RecordedMemory {
  readonly seq: number
  readonly ts: number
  readonly plant: string
  readonly memory: string
}

export interface PlacedTurn extends Omit<RecordedTurn, 'batch'> {
  readonly seq: number
  /** Its samples, where it came with any: made when they are wanted, since a page has very many. */
  readonly samples?: () => SampleBatch
}

interface TurnColumns {
  readonly seq: number
  readonly ts: number
  readonly source: string
  readonly kind: string
  readonly samples: number
  readonly payload: string
  readonly first: number
}

/** The record of a floor: its turns with their samples, page by page in the order of arrival, and its checkpoints. */
export class FloorRecord {
  readonly #store: RecordStore

  constructor(store: RecordStore) {
    this.#store = store
  }

  /** The newest round that was whole by `time` (Unix ms), from which the record goes on; undefined where there is none. */
  async roundBefore(time: number): Promise<Round | undefined> {
    const [found] = await this.#store.query<Round>(
      `SELECT round, toFloat64(min(seq)) AS first, toFloat64(max(seq)) AS last,
        toFloat64(toUnixTimestamp64Milli(min(ts))) AS time, any(plant) AS plant
      FROM ${db}.floor_checkpoints
      GROUP BY round
      HAVING count() = any(parts) AND toUnixTimestamp64Milli(max(ts)) <= {time:Int64}
      ORDER BY last DESC LIMIT 1`,
      { time: Math.floor(time) },
    )
    return found
  }

  /** From when to when there is a record, floor time, Unix ms; undefined where there is none at all. */
  async span(): Promise<{ readonly from: number; readonly to: number } | undefined> {
    const [found] = await this.#store.query<{ rows: number; from: number; to: number }>(
      `SELECT toUInt32(count() > 0) AS rows, toFloat64(toUnixTimestamp64Milli(min(ts))) AS from,
        toFloat64(toUnixTimestamp64Milli(max(ts))) AS to
      FROM ${db}.turns`,
    )
    return found === undefined || found.rows === 0 ? undefined : found
  }

  /** Whether the floor was told anything from `from` (inclusive) to `to` (exclusive), after the record `seq`. */
  async hasTurns(seq: number, from: number, to: number): Promise<boolean> {
    const [found] = await this.#store.query<{ rows: number }>(
      `SELECT toUInt32(count()) AS rows FROM (
        SELECT 1 FROM ${db}.turns WHERE seq > {seq:UInt64}
          AND toUnixTimestamp64Milli(ts) >= {from:Int64} AND toUnixTimestamp64Milli(ts) < {to:Int64} LIMIT 1)`,
      { seq, from: Math.floor(from), to: Math.ceil(to) },
    )
    return found!.rows > 0
  }

  /** Of the round and of all starts of the engine: the rows from the record `from` to `to`, in order of arrival. */
  async memories(round: number, from: number, to: number): Promise<RecordedMemory[]> {
    const starts = await this.#store.query<{ round: number }>(
      `SELECT DISTINCT round FROM ${db}.floor_checkpoints WHERE start AND seq >= {from:UInt64} AND seq <= {to:UInt64}`,
      { from, to },
    )
    return this.#store.query(
      `SELECT toFloat64(c.seq) AS seq, toFloat64(toUnixTimestamp64Milli(c.ts)) AS ts, plant, memory FROM ${db}.floor_checkpoints AS c
      WHERE round IN {rounds:Array(Float64)} AND c.seq >= {from:UInt64} AND c.seq <= {to:UInt64} ORDER BY c.seq`,
      { rounds: [round, ...starts.map(start => start.round)], from, to },
    )
  }

  /** The next turns after the record `after`; none: the record ends there. */
  async turns(after: number): Promise<PlacedTurn[]> {
    const rows = await this.#store.query<TurnColumns>(
      `SELECT toFloat64(seq) AS seq, toFloat64(toUnixTimestamp64Milli(ts)) AS ts, source, kind, samples, payload,
        toFloat64(first_sample) AS first
      FROM (
        SELECT *, sum(samples) OVER (ORDER BY seq) AS total FROM (
          SELECT * FROM ${db}.turns WHERE seq > {after:UInt64} ORDER BY seq LIMIT ${turnsAtOnce})
      )
      WHERE total - samples < ${samplesAtOnce} ORDER BY seq`,
      { after },
    )
    return this.#withSamples(rows)
  }

  async #withSamples(turns: readonly TurnColumns[]): Promise<PlacedTurn[]> {
    const told = turns.filter(({ samples }) => samples > 0)
    const first = told[0]?.first ?? 0
    const end = told.reduce((most, turn) => Math.max(most, turn.first + turn.samples), first)
    const rows = await this.#samples(told, first, end)
    return turns.map(({ seq, ts, source, kind, samples, payload, first }) => {
      const turn = { seq, ts, source, kind, payload }
      if (kind !== 'samples' && kind !== 'history') return turn
      return { ...turn, samples: () => batchOf(rows, first, first + samples) }
    })
  }

  /** The samples with these numbers (`end` exclusive). */
  async #samples(turns: readonly TurnColumns[], first: number, end: number): Promise<RecordedRows> {
    if (turns.length === 0) return new RecordedRows(new Uint8Array())
    const expected = turns.reduce((sum, { samples }) => sum + samples, 0)
    const times = turns.map(({ ts }) => ts)
    const earliest = Math.min(...times) - usualDelay
    const latest = Math.max(...times) + usualDelay
    const read = async (where: string): Promise<RecordedRows> =>
      new RecordedRows(
        await this.#store.bytes(
          `SELECT ${rowColumns} FROM ${db}.telemetry
          WHERE seq >= {first:UInt64} AND seq < {end:UInt64} ${where} ORDER BY seq`,
          { first, end, earliest, latest },
          'RowBinary',
        ),
      )
    const usual = await read(
      `AND ts >= fromUnixTimestamp64Milli({earliest:Int64}, 'UTC') AND ts <= fromUnixTimestamp64Milli({latest:Int64}, 'UTC')`,
    )
    return usual.count < expected ? read('') : usual
  }
}

/** The samples with these numbers (`end` exclusive), as far as they are there. */
function batchOf(rows: RecordedRows, first: number, end: number): SampleBatch {
  let [low, high] = [0, rows.count]
  while (low < high) {
    const middle = (low + high) >> 1
    if (rows.row(middle).seq < first) low = middle + 1
    else high = middle
  }
  const batch = new SampleBatchBuilder(end - first)
  for (let at = low; at < rows.count; at++) {
    const { seq, signal, sourceTime, receiveTime, value, quality } = rows.row(at)
    if (seq >= end) break
    batch.push(signal, sourceTime, receiveTime, value, quality)
  }
  return batch.take()
}
