import { defer, finalize, from, switchMap } from 'rxjs'
import { SampleBatchBuilder } from '../../schema/sample-batch.js'
import type { AdapterDefinition } from '../contract.js'
import { type DueSamples, paced } from '../simulator/paced.js'
import { addRow, type RecordedRows } from './codec.js'
import { type ReplayOptions, replayOptions } from './config.js'
import { PastRecord } from './record.js'

/** Any window of the past as a source: the same samples in the same order, with the times they had. */
export const replay: AdapterDefinition<ReplayOptions> = {
  kind: 'replay',
  summary: 'A window of the past, from the history of this or another Gemba, at any speed.',
  options: replayOptions,
  examples: [
    {
      title: 'Yesterday’s early shift in ten minutes',
      options: {
        clickhouse: 'http://127.0.0.1:8123',
        from: '2026-11-20T06:00:00Z',
        to: '2026-11-20T14:00:00Z',
        speed: 48,
      },
    },
  ],
  create: (options, context) =>
    defer(() => {
      const leave = new AbortController()
      const record = new PastRecord(options, context, leave.signal)
      return from(record.open()).pipe(
        switchMap(() => paced(context, () => new Replay(options, record))),
        finalize(() => leave.abort()),
      )
    }),
}

/** Rows of the record that fall due, fetched a page ahead. */
class Replay implements DueSamples {
  readonly #record: PastRecord
  readonly #options: ReplayOptions
  readonly #start: number
  readonly #pages: RecordedRows[] = []
  /** Next row of the first page. */
  #at = 0
  #newest = 0
  #isFetching = false
  #isComplete = false
  #failure: unknown

  constructor(options: ReplayOptions, record: PastRecord) {
    this.#options = options
    this.#start = Date.parse(options.from)
    this.#record = record
    this.#fetch(record.page(0))
  }

  get isOver(): boolean {
    return this.#isComplete && this.#pages.length === 0
  }

  /** Throws AdapterError for what went wrong since it was called last. */
  take(elapsed: number, limit: number) {
    if (this.#failure !== undefined) throw this.#failure
    const until = this.#start + elapsed * this.#options.speed
    const batch = new SampleBatchBuilder(256)
    while (batch.count < limit) {
      const page = this.#pages[0]
      if (page === undefined) break
      const row = page.row(this.#at)
      if (row.receiveTime > until) break
      addRow(batch, row, this.#record.translations)
      if (++this.#at === page.count) {
        this.#pages.shift()
        this.#at = 0
      }
    }
    if (this.#pages.length < 2 && !this.#isComplete && !this.#isFetching)
      this.#fetch(this.#record.page(this.#newest))
    return batch.take()
  }

  #fetch(page: Promise<RecordedRows>): void {
    this.#isFetching = true
    page
      .then(
        rows => {
          this.#isComplete = rows.count < this.#options.page
          if (rows.count === 0) return
          this.#pages.push(rows)
          this.#newest = rows.row(rows.count - 1).seq
        },
        (error: unknown) => {
          this.#failure = error
        },
      )
      .finally(() => {
        this.#isFetching = false
      })
  }
}
