import { randomUUID } from 'node:crypto'
import type { Line, Plant } from '../../schema/plant.js'
import type { Entry } from '../../schema/records.js'
import type { CostRates } from '../../workers/kpi/costs.js'
import { partCounterOf } from '../floor/part-counters.js'
import type { Store } from '../store/store.js'
import type { KpiBook } from './kpi-book.js'
import { type Goal, goalsNow, type RunReport, reportRuns } from './production.js'
import { type Run, readRuns, runAt } from './runs.js'
import type { Scope } from './scope.js'
import { readScrapEntries, takenBackMark } from './scrap-pieces.js'

const weekMs = 7 * 24 * 3_600_000

export interface ProductionDeskParts {
  readonly plant: Plant
  readonly book: Pick<KpiBook, 'cellsOfEach' | 'plans' | 'reread'>
  readonly store: Pick<Store, 'query' | 'flush'>
  readonly clock: { now(): number }
  /** What things cost; without it no run tells of money. */
  readonly rates?: CostRates
  /** Makes an entry durable, and tells the book of it. */
  record(entry: Entry): void
}

/** Parts that somebody rejects. */
export interface ScrapEntry {
  readonly machine: string
  readonly quantity: number
  readonly kind: 'scrap' | 'rework'
  /** Unix ms; now where left out. */
  readonly time?: number
  readonly category: string
  readonly reason: string
  readonly operator: string
  readonly product: string
  readonly order: string
  readonly comment: string
  /** Whether the machine's own reject counter has them; left out: yes where it has such a counter. */
  readonly counted?: boolean
}

export interface RunStart {
  readonly line: string
  readonly product: string
  readonly order: string
  readonly target: number
  readonly who: string
  /** Unix ms; now where left out. */
  readonly start?: number
}

/** What is wrong with an entry, and where. */
export interface DeskProblem {
  readonly part: string
  readonly message: string
}

/** Where people, or their systems, say what is made and what was rejected. */
export class ProductionDesk {
  readonly #parts: ProductionDeskParts
  readonly #lines: ReadonlyMap<string, Line>
  readonly #counting: ReadonlySet<string>
  /** Entries that are being taken back just now. */
  readonly #takingBack = new Set<string>()

  constructor(parts: ProductionDeskParts) {
    this.#parts = parts
    const lines = parts.plant.sites.flatMap(site => site.areas.flatMap(area => area.lines))
    this.#lines = new Map(lines.map(line => [line.id, line]))
    const machines = lines.flatMap(line => line.machines)
    const counts = machines.filter(({ signals }) =>
      signals.some(signal => partCounterOf(signal) === 'defective'),
    )
    this.#counting = new Set(counts.map(({ id }) => id))
  }

  /** Keeps rejects; gives their id, or what is wrong. */
  async scrap(entry: ScrapEntry): Promise<DeskProblem | { readonly id: string; readonly counted: boolean }> {
    const now = this.#parts.clock.now()
    const { time = now, counted = this.#counting.has(entry.machine), ...row } = entry
    if (!this.#parts.book.plans.has(entry.machine))
      return { part: 'machine', message: `there is no machine '${entry.machine}'; see /api/v1/machines` }
    if (time > now) return { part: 'time', message: 'it lies ahead of the floor’s clock' }
    const unknown = this.#unknownProduct(entry.product)
    if (unknown !== undefined) return unknown
    const most = this.#mostOf(entry.machine, entry.product)
    if (entry.quantity > most) {
      const message = `${entry.quantity} parts are more than the machine can make in a week at its ideal cycle (${most}); enter what was rejected`
      return { part: 'quantity', message }
    }
    const elsewhere = await this.#notMadeThen({ ...row, time })
    if (elsewhere !== undefined) return elsewhere
    const id = randomUUID()
    this.#parts.record({ source: 'operators', rows: { scrap_events: [{ ...row, ts: time, id, counted }] } })
    await this.#parts.book.reread()
    return { id, counted }
  }

  /** Parts are those of the run at their time: an entry that names another product or order would be booked to neither. */
  async #notMadeThen({
    machine,
    time,
    product,
    order,
  }: Pick<ScrapEntry, 'machine' | 'product' | 'order'> & { readonly time: number }): Promise<
    DeskProblem | undefined
  > {
    if (product === '' && order === '') return undefined
    const { line } = this.#parts.book.plans.get(machine)!
    await this.#parts.store.flush()
    const runs = await readRuns(this.#parts.store, [line], time - weekMs, this.#parts.clock.now() + 1)
    const run = runAt(runs, line, time)
    const isMeant = (other: Run): boolean =>
      (product === '' || other.product === product) && (order === '' || other.order === order)
    const meant = runs.findLast(isMeant)
    // Of a line that nobody tells runs of, nothing says otherwise.
    if (run === undefined ? meant === undefined : isMeant(run)) return undefined
    const asked = described({ product, order })
    const made = run === undefined ? 'no run' : described(run)
    const advice =
      meant === undefined
        ? 'leave product and order out, or tell of the run first (POST /api/v1/production)'
        : `enter the time at which they were made: ${asked} ran from ${iso(meant.start)} ${meant.end === 0 ? 'on' : `to ${iso(meant.end)}`}`
    return {
      part: product !== '' && run?.product !== product ? 'product' : 'order',
      message: `at ${iso(time)} line '${line}' made ${made}, not ${asked}; ${advice}`,
    }
  }

  /**
   * Takes an entry of rejects back by one of as many fewer at its time: both stay in the record. Gives what is wrong, if
   * anything is.
   */
  async takeBack(id: string, operator: string): Promise<'unknown' | 'taken back' | undefined> {
    const back = `${id}${takenBackMark}`
    if (this.#takingBack.has(id)) return 'taken back'
    this.#takingBack.add(id)
    try {
      await this.#parts.store.flush()
      const entries = await readScrapEntries(this.#parts.store, [id, back])
      const entry = entries.find(each => each.id === id)
      if (entry === undefined) return 'unknown'
      if (entries.some(each => each.id === back)) return 'taken back'
      const row = { ...entry, id: back, quantity: -entry.quantity, operator, comment: '' }
      this.#parts.record({ source: 'operators', rows: { scrap_events: [row] } })
      await this.#parts.book.reread()
      return undefined
    } finally {
      this.#takingBack.delete(id)
    }
  }

  /** Begins a run; the one before it on the line ends. */
  async start(run: RunStart): Promise<DeskProblem | Run> {
    const now = this.#parts.clock.now()
    const { start = now, who, ...what } = run
    if (!this.#lines.has(run.line))
      return { part: 'line', message: `there is no line '${run.line}'; see /api/v1/plant` }
    const unknown = this.#unknownProduct(run.product)
    if (unknown !== undefined) return unknown
    const product = this.#parts.plant.products.find(({ id }) => id === run.product)
    if (product !== undefined && !product.lines.includes(run.line)) {
      return {
        part: 'product',
        message: `line '${run.line}' does not make it; its lines are ${product.lines.join(', ')}`,
      }
    }
    if (start > now) return { part: 'start', message: 'it lies ahead of the floor’s clock' }
    await this.#parts.store.flush()
    const runs = await readRuns(this.#parts.store, [run.line], start, Number.MAX_SAFE_INTEGER)
    const later = runs.find(other => other.start >= start)
    if (later !== undefined) {
      return {
        part: 'start',
        message: `a run began at ${new Date(later.start).toISOString()}; begin after it`,
      }
    }
    const before = runs.at(-1)
    const begun = { ...what, start, end: 0, who }
    const rows = before === undefined ? [begun] : [{ ...before, end: start, who }, begun]
    this.#parts.record({ source: 'operators', rows: { production_runs: rows } })
    await this.#parts.book.reread()
    return { ...what, start, end: 0 }
  }

  /** The runs of lines that touch a stretch of time. */
  async runs(scope: Scope, from: number, to: number): Promise<RunReport[]> {
    const { plant, book, store, rates } = this.#parts
    await store.flush()
    return reportRuns(plant, book, store, scope, from, to, rates)
  }

  /** How lines stand in their present shift. */
  async goals(scope: Scope): Promise<Goal[]> {
    const { plant, book, store, clock } = this.#parts
    await store.flush()
    return goalsNow(plant, book, store, scope, clock.now())
  }

  /** Parts that nobody can have rejected at once: more than its own ideal cycle, in ms, allows for in a week. */
  #mostOf(machine: string, product: string): number {
    const { idealMs, idealMsByProduct } = this.#parts.book.plans.get(machine)!
    return Math.floor(weekMs / (idealMsByProduct[product] ?? idealMs))
  }

  #unknownProduct(product: string): DeskProblem | undefined {
    const { products } = this.#parts.plant
    if (product === '' || products.some(({ id }) => id === product)) return undefined
    return {
      part: 'product',
      message: `there is no product '${product}'; there are ${products.map(({ id }) => id).join(', ')}`,
    }
  }
}

const iso = (time: number): string => new Date(time).toISOString()

function described({ product, order }: { readonly product: string; readonly order: string }): string {
  const parts = [product !== '' && `product '${product}'`, order !== '' && `order '${order}'`]
  return parts.filter(part => part !== false).join(' for ') || 'what nobody has named'
}
