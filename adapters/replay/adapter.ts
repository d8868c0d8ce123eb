import { defer, finalize, from, switchMap } from 'rxjs'
import type { Reject } from '../../schema/records.js'
import { SampleBatchBuilder } from '../../schema/sample-batch.js'
import type { AdapterDefinition, SourceEvent } from '../contract.js'
import { type DueSamples, paced } from '../simulator/paced.js'
import { addRow, type RecordedRows } from './codec.js'
import { type ReplayOptions, replayOptions } from './config.js'
import { type LinkMoment, otherMeaning, PastRecord } from './record.js'

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
      return from(record.open().then(() => record.links())).pipe(
        switchMap(links => paced(context, () => new Replay(options, record, links))),
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
  readonly #links: readonly LinkMoment[]
  /** Next of the links. */
  #link = 0
  #events: SourceEvent[] = []
  /** Signals that were left out of which that was told, and rows of them since the last events. */
  readonly #toldOf = new Set<Reject>()
  #leftOut = 0
  #isFetching = false
  #isComplete = false
  #failure: unknown

  constructor(options: ReplayOptions, record: PastRecord, links: readonly LinkMoment[]) {
    // The link that stood at the begin is this one's own.
    this.#links = links[0]?.event.kind === 'connected' ? links.slice(1) : links
    this.#options = options
    this.#start = Date.parse(options.from)
    this.#record = record
    this.#fetch(record.page(0))
  }

  get isOver(): boolean {
    return this.#isComplete && this.#pages.length === 0 && this.#link === this.#links.length
  }

  /** Throws AdapterError for what went wrong since it was called last. */
  take(elapsed: number, limit: number) {
    if (this.#failure !== undefined) throw this.#failure
    const until = this.#start + elapsed * this.#options.speed
    const batch = new SampleBatchBuilder(256)
    while (batch.count < limit) {
      const page = this.#pages[0]
      if (page === undefined && !this.#isComplete) break
      const row = page?.row(this.#at)
      const link = this.#links[this.#link]
      if (link !== undefined && (row === undefined || link.seq <= row.seq)) {
        // Samples of before go first.
        if (link.time > until || batch.count > 0) break
        this.#events.push(link.event)
        this.#link++
        continue
      }
      if (page === undefined || row === undefined || row.receiveTime > until) break
      const stranger = this.#record.strangers.get(row.signal)
      if (stranger === undefined) addRow(batch, row, this.#record.translations)
      else this.#leaveOut(stranger)
      if (++this.#at === page.count) {
        this.#pages.shift()
        this.#at = 0
      }
    }
    if (this.#pages.length < 2 && !this.#isComplete && !this.#isFetching)
      this.#fetch(this.#record.page(this.#newest))
    return batch.take()
  }

  /** What happened to the link before the samples taken last. */
  takeEvents(): readonly SourceEvent[] {
    const events = this.#events.splice(0)
    if (this.#leftOut > 0) events.push({ kind: 'repeated', rule: otherMeaning, count: this.#leftOut })
    this.#leftOut = 0
    return events
  }

  /** Told once, then counted. */
  #leaveOut(stranger: Reject): void {
    if (this.#toldOf.has(stranger)) this.#leftOut++
    else this.#events.push({ kind: 'rejects', rejects: [stranger] })
    this.#toldOf.add(stranger)
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
