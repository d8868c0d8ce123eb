import type { Plant } from '../../schema/plant.js'
import type { Entry } from '../../schema/records.js'
import type { RowOfTable } from '../../schema/tables/row-tables.js'
import type { Cell } from '../../workers/kpi/cell.js'
import { eventOf, inOrder } from '../../workers/kpi/intervals.js'
import type { LedgerEvent } from '../../workers/kpi/ledger-event.js'
import { LiveLedger } from '../../workers/kpi/live-ledger.js'
import { LedgerSetups, type MachinePlan, machinePlans } from '../../workers/kpi/machine-plan.js'
import type { MachineCell } from '../../workers/kpi/roll-up.js'
import { sumTallies, type Tally } from '../../workers/kpi/tally.js'
import type { Store } from '../store/store.js'
import { type Account, unheardAccount } from './account.js'
import { CellReader, type Stretch } from './cell-reader.js'
import { firstHeard } from './first-heard.js'
import { type CellDetail, hourRows, readHours, writtenHours } from './hourly.js'
import { LateReadingList, owedReadings } from './late-readings.js'
import { owedHours } from './owed-hours.js'
import { PastReader } from './past-reader.js'
import { PlanHours } from './plan-hours.js'
import { readRuns, runEvents } from './runs.js'
import { ShiftHours } from './shift-hours.js'
import { goneRow, type MachineStop, readStops, reasoned, stopRow } from './stop-rows.js'
import { StoredWatch } from './stored-watch.js'
import { partsEvent, reasonEvents, scrapEvent } from './told-events.js'

const hourMs = 3_600_000
/** Cells are kept in memory at least this long: longer than the present and the last shift. */
const memoryMs = 24 * hourMs
/** After a start hours that are written down are read back so far: longer than a shift. */
const earlyMs = 12 * hourMs
const machinesAtOnce = 1_000

export interface KpiBookParts {
  readonly plant: Plant
  readonly store: Pick<Store, 'query' | 'flush'>
  /** Wall time: when figures were worked out. */
  readonly wall: { now(): number }
  /** The floor's time. */
  readonly clock: { now(): number }
}

/** Time of machines that nobody had told anything of, ms, and of how many. */
export interface UnheardTime {
  readonly machines: number
  readonly ms: number
}

/**
 * The ledgers of all machines: fed with what the floor makes durable, read at any moment, and written down hour by
 * hour. After a start, and when something comes that is older than the ledgers remember, a machine's past is read back
 * from the store; live and from history it is the same ledger.
 */
export class KpiBook {
  readonly plans: ReadonlyMap<string, MachinePlan>
  /** Readings of counters that came too late, to be worked out by whoever has the readings around them. */
  readonly lateReadings = new LateReadingList()
  readonly #parts: KpiBookParts
  readonly #setups = new LedgerSetups()
  readonly #hours = new PlanHours(this.#setups)
  readonly #accounts = new Map<string, Account>()
  readonly #shiftHours = new ShiftHours()
  /** By line the run that goes on, as it was told last: when it began, of what. */
  readonly #runs = new Map<string, string>()
  readonly #stored: StoredWatch
  readonly #cellReader: CellReader
  readonly #pastReader: PastReader
  /** The reread that was begun last; never rejects. */
  #rereading: Promise<unknown> = Promise.resolve()

  constructor(parts: KpiBookParts) {
    this.#parts = parts
    this.#stored = new StoredWatch(parts.store)
    this.#cellReader = new CellReader(parts.store, this.#stored, this.#setups)
    this.#pastReader = new PastReader(parts.store, this.#setups, parts.clock)
    this.plans = machinePlans(parts.plant)
    const now = parts.clock.now()
    for (const [machine, plan] of this.plans) {
      const live = new LiveLedger(this.#setups.of(plan), now)
      this.#accounts.set(machine, unheardAccount(plan, live))
    }
  }

  /** Reads back all that is not written, however old it is; before sources are asked. */
  async start(): Promise<void> {
    const now = this.#parts.clock.now()
    // What an earlier run left in the spool is as much the past as what the database has.
    await this.#parts.store.flush()
    const { store } = this.#parts
    const [written, heard, owed, late] = await Promise.all([
      writtenHours(store),
      firstHeard(store, [...this.plans.keys()]),
      owedHours(store),
      owedReadings(store),
      this.#shiftHours.start(store, now),
    ])
    for (const readings of late) this.lateReadings.add(readings)
    for (const [machine, account] of this.#accounts) {
      const hours = written.get(machine)
      const first = heard.get(machine)
      // Its hours are written from the first on: one that was heard of before that was so just before an engine ended.
      const isWhole = hours !== undefined && !(first !== undefined && first < hours.first)
      const from = isWhole ? this.#hours.nextHour(account.plan, hours.last) : first
      if (from === undefined) continue
      account.lastHour = hours?.last ?? Number.NEGATIVE_INFINITY
      account.born = first ?? from
      account.since = Math.min(now, from)
      account.staleFrom = Math.min(account.since, owed.get(machine) ?? now)
    }
    await this.#readRunsOfUnheard(now)
    await this.reread()
    await this.#readEarly(now)
  }

  /** Runs that go on, of machines that nobody has heard of yet: they will be known when one is. */
  async #readRunsOfUnheard(now: number): Promise<void> {
    const unheard = [...this.#accounts.values()].filter(({ since }) => since === Number.POSITIVE_INFINITY)
    const lines = [...new Set(unheard.map(({ plan }) => plan.line))]
    if (lines.length === 0) return
    for (const run of await readRuns(this.#parts.store, lines, now, Number.MAX_SAFE_INTEGER))
      for (const { plan, toldEarly } of unheard) if (plan.line === run.line) toldEarly.push(...runEvents(run))
  }

  /** What was written before the start and belongs to shifts that may still go on. */
  async #readEarly(now: number): Promise<void> {
    const written = [...this.#accounts].filter(([, { lastHour }]) => lastHour >= now - earlyMs)
    for (let at = 0; at < written.length; at += machinesAtOnce) {
      const some = written.slice(at, at + machinesAtOnce)
      const machines = some.map(([machine]) => machine)
      const spans = machines.map(machine => ({ machine, from: now - earlyMs, to: now }))
      const cells = await readHours(this.#parts.store, spans, 'hour')
      for (const [place, [, account]] of some.entries())
        account.early = cells[place]!.filter(({ hour }) => hour <= account.lastHour)
    }
  }

  /** Takes what was accepted. */
  take(entry: Entry): void {
    for (const change of entry.stateChanges ?? []) this.#tell(change.machine, eventOf(change))
    for (const { machine, ts: time, ...parts } of entry.rows?.production_events ?? [])
      if (parts.cause === 'late')
        this.lateReadings.add({ machine, counter: parts.counter, from: time, to: time })
      else this.#tell(machine, partsEvent({ time, ...parts }))
    for (const { machine, ts: time, until, reason } of entry.rows?.downtime_changes ?? [])
      for (const event of reasonEvents({ time, until, reason })) this.#tell(machine, event)
    this.#takeScrap(entry.rows)
    this.#takeRuns(entry.rows)
  }

  #takeScrap(rows: Entry['rows']): void {
    for (const { machine, ts: time, counted, ...scrap } of rows?.scrap_events ?? [])
      if (!counted) this.#tell(machine, scrapEvent({ time, ...scrap }))
  }

  #takeRuns(rows: Entry['rows']): void {
    for (const run of rows?.production_runs ?? []) {
      const what = `${run.start} ${run.product} ${run.order}`
      // A run that is told again, as it ends, says nothing new of its begin, and nothing of the past is to be read for it.
      const isKnown = this.#runs.get(run.line) === what
      if (run.end > run.start) this.#runs.delete(run.line)
      else this.#runs.set(run.line, what)
      const events = runEvents(run).slice(isKnown ? 1 : 0)
      for (const [machine, { line }] of this.plans)
        if (line === run.line) for (const event of events) this.#tell(machine, event)
    }
  }

  /** Books what is so long ago that nothing comes to it any more but what is too late; now and then. */
  advance(): void {
    const now = this.#parts.clock.now()
    for (const { live, since } of this.#accounts.values()) if (since <= now) live.advance(now)
  }

  /**
   * Hours and stops that nothing will change any more, and the shifts of sites, to be written down; each once. To be
   * written in this order, hours last: wherever that is cut off, the next start finds what is missing.
   */
  takeSettled(): {
    readonly shifts: RowOfTable<'shift_hours'>[]
    readonly stops: RowOfTable<'downtime_events'>[]
    readonly hours: RowOfTable<'oee_hourly'>[]
  } {
    const computed = this.#parts.wall.now()
    const now = this.#parts.clock.now()
    const hours: RowOfTable<'oee_hourly'>[] = []
    const stops: RowOfTable<'downtime_events'>[] = []
    for (const [machine, account] of this.#accounts) {
      if (account.staleFrom !== Number.POSITIVE_INFINITY || account.since > now) continue
      if (account.arrived !== undefined) continue
      // What it has of before its begin only tells how that hour began, and not what was made.
      const isWhole = (hour: number): boolean => hour > account.lastHour && hour >= account.begin
      const settled = account.live.settledCells().filter(({ hour }) => isWhole(hour))
      const lastHour = settled.reduce((latest, { hour }) => Math.max(latest, hour), account.lastHour)
      const wrong = (hour: number): boolean => hour > lastHour && hour <= account.wrongUpTo
      const held =
        account.wrongUpTo > lastHour ? account.live.cells(now).filter(cell => wrong(cell.hour)) : []
      hours.push(...this.#rowsOf(account, [...settled, ...held], computed))
      account.lastHour = lastHour
      account.wrongUpTo = Number.NEGATIVE_INFINITY
      account.wrongFrom = Number.POSITIVE_INFINITY
      account.live.forgetBefore(Math.min(account.lastHour, now - memoryMs))
      account.early = account.early.filter(({ hour }) => hour >= now - memoryMs)
      const told = account.live.takeStops()
      const again = new Set(told.map(stop => stop.from))
      stops.push(...told.map(stop => stopRow(reasoned(account.plan, stop))))
      stops.push(...account.gone.filter(start => !again.has(start)).map(start => goneRow(machine, start)))
      account.gone = []
    }
    // What is on its way into the database is waited for before it is read from there.
    for (const { hour } of hours) this.#stored.tell(hour)
    return { shifts: this.#takeShifts(now), stops, hours }
  }

  /** That hour last in which something came too late: as long as it is not written anew all of it is owed. */
  #rowsOf({ plan, wrongFrom }: Account, cells: readonly Cell[], computed: number) {
    const owed = wrongFrom === Number.POSITIVE_INFINITY ? wrongFrom : this.#hours.hourOf(plan, wrongFrom)
    const others = cells.filter(({ hour }) => hour !== owed)
    const last = cells.filter(({ hour }) => hour === owed)
    return [...others, ...last].flatMap(cell => hourRows(plan, cell, computed))
  }

  /** Of sites that have been heard of, which shift each hour is in. */
  #takeShifts(now: number): RowOfTable<'shift_hours'>[] {
    const begins = new Map<string, { plan: MachinePlan; born: number }>()
    for (const { plan, born } of this.#accounts.values())
      if (born < (begins.get(plan.site)?.born ?? Number.POSITIVE_INFINITY))
        begins.set(plan.site, { plan, born })
    return [...begins].flatMap(([site, { plan, born }]) =>
      this.#shiftHours.take(site, this.#setups.calendarOf(plan), born, now),
    )
  }

  /** Stops of machines that touch a stretch of time, in order of their begin. */
  async stops(machines: readonly string[], from: number, to: number): Promise<MachineStop[]> {
    const now = this.#parts.clock.now()
    const recent = machines.flatMap(machine => {
      const account = this.#accounts.get(machine)
      if (account === undefined || account.since > now) return []
      return account.live.recentStops(now).map(stop => reasoned(account.plan, stop))
    })
    const known = new Set(recent.map(stop => `${stop.machine} ${stop.from}`))
    const written = (await readStops(this.#parts.store, machines, from, to)).filter(
      stop => !known.has(`${stop.machine} ${stop.from}`),
    )
    return [...written, ...recent]
      .filter(stop => stop.from < to && stop.to > from)
      .sort((a, b) => a.from - b.from || (a.machine < b.machine ? -1 : 1))
  }

  /** Something came too late: until the next reread its machine's figures are those from before. */
  get isStale(): boolean {
    for (const { staleFrom } of this.#accounts.values())
      if (staleFrom !== Number.POSITIVE_INFINITY) return true
    return false
  }

  /** Something came too late for machines that touches their figures up to a time, and is not worked out yet. */
  isRecomputing(machines: readonly string[], to: number): boolean {
    return machines.some(machine => {
      const { staleFrom, rereadFrom } = this.#accounts.get(machine) ?? nothingLate
      return Math.min(staleFrom, rereadFrom) < to || this.lateReadings.isOwed(machine, to)
    })
  }

  /** How much of a stretch of time had passed before machines were first heard of, ms: it is no part of any figure. */
  unheard(machines: readonly string[], from: number, to: number): UnheardTime {
    const end = Math.min(to, this.#parts.clock.now())
    const times = machines.map(machine => {
      const born = this.#accounts.get(machine)?.born ?? Number.POSITIVE_INFINITY
      return Math.max(0, Math.min(born, end) - from)
    })
    return {
      machines: times.filter(ms => ms > 0).length,
      ms: times.reduce((sum, ms) => sum + ms, 0),
    }
  }

  /** Works the past of those machines out anew of which something came too late; true where there were any. */
  reread(): Promise<boolean> {
    // One after the other: who asks waits for what another has begun, and finds his own in it or after it.
    const reread = this.#rereading.then(() => this.#pastReader.rereadStale(this.#accounts.values()))
    this.#rereading = reread.catch(() => {})
    return reread
  }

  /**
   * The cells of machines in a stretch of time, from inclusive, to exclusive, up to now; added up but for `detail`, where
   * that saves reading.
   */
  async cells(
    machines: readonly string[],
    from: number,
    to: number,
    detail: CellDetail = 'hour',
  ): Promise<MachineCell[]> {
    const [cells] = await this.cellsOfEach([{ machines, from, to }], detail)
    return cells!
  }

  /** The same of many stretches, in their order, in as few questions as of one. */
  cellsOfEach(stretches: readonly Stretch[], detail: CellDetail = 'hour'): Promise<MachineCell[][]> {
    return this.#cellReader.cellsOfEach(this.#accounts, stretches, this.#parts.clock.now(), detail)
  }

  /** The sum of those cells of a machine that are wanted, as of now; of the last twelve hours at least; undefined: there are none. */
  liveTally(machine: string, isWanted: (cell: Cell) => boolean): Tally | undefined {
    const account = this.#accounts.get(machine)
    if (account === undefined) return undefined
    const { early, begin, live } = account
    const sum = live.tally(this.#parts.clock.now(), cell => cell.hour >= begin && isWanted(cell))
    const earlier = early.filter(isWanted)
    return earlier.length === 0
      ? sum
      : sumTallies([...earlier.map(({ tally }) => tally), ...(sum === undefined ? [] : [sum])])
  }

  #tell(machine: string, event: LedgerEvent): void {
    const account = this.#accounts.get(machine)
    if (account === undefined) return
    this.#stored.tell(event.time)
    account.arrived?.push(event)
    const isHeard = event.state !== undefined || event.mode !== undefined || event.made !== undefined
    if (account.since === Number.POSITIVE_INFINITY) {
      // A run of its line says nothing of the machine's time; it waits until the machine is first heard of.
      if (!isHeard) {
        account.toldEarly.push(event)
        return
      }
      // Its time begins here: a recording's may be years before that of the floor so far.
      account.since = event.time
      account.live = new LiveLedger(this.#setups.of(account.plan), event.time)
      // What began before it holds from here on.
      for (const early of inOrder(account.toldEarly))
        account.live.take({ ...early, time: Math.max(early.time, event.time) })
      account.toldEarly = []
    }
    if (isHeard) account.born = Math.min(account.born, event.time)
    if (!account.live.take(event)) account.staleFrom = Math.min(account.staleFrom, event.time)
  }
}

const nothingLate = { staleFrom: Number.POSITIVE_INFINITY, rereadFrom: Number.POSITIVE_INFINITY }
