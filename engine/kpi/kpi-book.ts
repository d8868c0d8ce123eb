import { setImmediate } from 'node:timers/promises'
import type { Plan } from '../../schema/calendar.js'
import type { Plant } from '../../schema/plant.js'
import type { Entry } from '../../schema/records.js'
import type { RowOfTable } from '../../schema/tables/row-tables.js'
import { cellsWithin } from '../../workers/kpi/cells-within.js'
import { eventOf, inOrder } from '../../workers/kpi/intervals.js'
import type { Cell, LedgerEvent } from '../../workers/kpi/ledger.js'
import { LiveLedger } from '../../workers/kpi/live-ledger.js'
import { LedgerSetups, type MachinePlan, machinePlans } from '../../workers/kpi/machine-plan.js'
import type { MachineCell } from '../../workers/kpi/roll-up.js'
import { sumTallies, type Tally } from '../../workers/kpi/tally.js'
import type { Store } from '../store/store.js'
import type { EventRange } from './borders.js'
import { readEvents } from './event-reader.js'
import { firstHeard } from './first-heard.js'
import { type CellDetail, type HourSpan, hourRows, lastHours, readHours } from './hourly.js'
import { LateReadingList, lateReadingsSince } from './late-readings.js'
import { openSince } from './open-stop.js'
import { owedHours } from './owed-hours.js'
import { readRuns, runEvents } from './runs.js'
import { ShiftHours } from './shift-hours.js'
import {
  goneRow,
  type MachineStop,
  readLastStops,
  readStopBegins,
  readStops,
  reasoned,
  type StopPlace,
  stopRow,
} from './stop-rows.js'
import { partsEvent, reasonEvents, scrapEvent } from './told-events.js'

const hourMs = 3_600_000
/** Cells are kept in memory at least this long: longer than the present and the last shift. */
const memoryMs = 24 * hourMs
/** After a start hours that are written down are read back so far: longer than a shift. */
const earlyMs = 12 * hourMs
const machinesAtOnce = 1_000
/** So many machines' parts of hours are worked out before others get a turn; to send them to a worker would take as long. */
const machinesInARow = 50
/** A stop that breaks cut into more parts than this is taken to begin with the first of so many. */
const mostParts = 100
/** By so long after a stretch of time it is known what a stop at its end was. */
const decidedMs = 24 * hourMs
/** Of a machine that was never written down, this much is read back at most at a start. */
const longestReadBackMs = 7 * 24 * hourMs
/** Late readings of counters that an earlier run may not have worked out are of this much time, ms. */
const lateReadingMs = 24 * hourMs

export interface KpiBookParts {
  readonly plant: Plant
  readonly store: Pick<Store, 'query' | 'flush'>
  /** Wall time: when figures were worked out. */
  readonly wall: { now(): number }
  /** The floor's time. */
  readonly clock: { now(): number }
}

/** Machines in a stretch of time, from inclusive, to exclusive, Unix ms. */
export interface Stretch {
  readonly machines: readonly string[]
  readonly from: number
  readonly to: number
}

/** A part of what was asked, of the stretch in that place. */
type PartOf<Part> = Part & { readonly of: number }

/** Time of machines that nobody had told anything of, ms, and of how many. */
export interface UnheardTime {
  readonly machines: number
  readonly ms: number
}

interface Account {
  readonly plan: MachinePlan
  live: LiveLedger
  /** When the machine was first heard of, Unix ms: before, it has no time. Infinity where it never was. */
  born: number
  /** From when on its live ledger has all that is not written. */
  since: number
  /** Begin of the last hour that is written down for good. */
  lastHour: number
  /** Up to here hours that are written are not right any more; those that a stop holds back are written as they are now. */
  wrongUpTo: number
  /** What came too late for the live ledger: everything from here on is to be worked out anew. */
  staleFrom: number
  /** From when on its past is being worked out anew; infinity where it is not. */
  rereadFrom: number
  /** Events that came while its past is being read. */
  arrived: LedgerEvent[] | undefined
  /** What was said of it before it was first heard of, such as a run of its line. */
  toldEarly: LedgerEvent[]
  /** Begin of the first hour that `live` has all of; what it has before only tells how that hour began. */
  begin: number
  /** Cells of hours that were written before a start, for the present shift; none that `live` has. */
  early: readonly Cell[]
  /** Begins of stops that are written and that there are not any more. */
  gone: number[]
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
  readonly #accounts = new Map<string, Account>()
  readonly #shiftHours = new ShiftHours()
  /** By line the run that goes on, as it was told last: when it began, of what. */
  readonly #runs = new Map<string, string>()
  /** The oldest that was told since a flush began; and of those that have not ended, or failed. */
  #told = { from: Number.POSITIVE_INFINITY }
  readonly #unstored = new Set([this.#told])
  /** The reread that was begun last; never rejects. */
  #rereading: Promise<unknown> = Promise.resolve()

  constructor(parts: KpiBookParts) {
    this.#parts = parts
    this.plans = machinePlans(parts.plant)
    const now = parts.clock.now()
    for (const [machine, plan] of this.plans) {
      const live = new LiveLedger(this.#setups.of(plan), now)
      const account = { plan, live, lastHour: Number.NEGATIVE_INFINITY, staleFrom: Number.POSITIVE_INFINITY }
      this.#accounts.set(machine, {
        ...account,
        born: Number.POSITIVE_INFINITY,
        since: Number.POSITIVE_INFINITY,
        rereadFrom: Number.POSITIVE_INFINITY,
        arrived: undefined,
        wrongUpTo: Number.NEGATIVE_INFINITY,
        toldEarly: [],
        begin: Number.NEGATIVE_INFINITY,
        early: [],
        gone: [],
      })
    }
  }

  /** Reads back what happened since the last hour that was written; before sources are asked. */
  async start(): Promise<void> {
    const now = this.#parts.clock.now()
    // What an earlier run left in the spool is as much the past as what the database has.
    await this.#parts.store.flush()
    const { store, wall } = this.#parts
    const [written, heard, owed, late] = await Promise.all([
      lastHours(store),
      firstHeard(store, [...this.plans.keys()]),
      owedHours(store),
      lateReadingsSince(store, wall.now() - lateReadingMs),
      this.#shiftHours.start(store, now),
    ])
    for (const readings of late) this.lateReadings.add(readings)
    for (const [machine, account] of this.#accounts) {
      const lastHour = written.get(machine)
      account.lastHour = lastHour ?? Number.NEGATIVE_INFINITY
      const first = heard.get(machine)
      if (lastHour === undefined && first === undefined) continue
      const from =
        lastHour === undefined
          ? Math.max(this.#hourOf(account.plan, now - longestReadBackMs), first!)
          : this.#nextHour(account.plan, lastHour)
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

  /** Hours and stops that nothing will change any more, and the shifts of sites, to be written down; each once. */
  takeSettled(): {
    readonly hours: RowOfTable<'oee_hourly'>[]
    readonly stops: RowOfTable<'downtime_events'>[]
    readonly shifts: RowOfTable<'shift_hours'>[]
  } {
    const computed = this.#parts.wall.now()
    const now = this.#parts.clock.now()
    const hours: RowOfTable<'oee_hourly'>[] = []
    const stops: RowOfTable<'downtime_events'>[] = []
    for (const [machine, account] of this.#accounts) {
      if (account.staleFrom !== Number.POSITIVE_INFINITY || account.since > now) continue
      if (account.arrived !== undefined) continue
      const settled = account.live.settledCells().filter(({ hour }) => hour > account.lastHour)
      for (const cell of settled) {
        hours.push(...hourRows(account.plan, cell, computed))
        account.lastHour = Math.max(account.lastHour, cell.hour)
      }
      const wrong = (hour: number): boolean => hour > account.lastHour && hour <= account.wrongUpTo
      if (account.wrongUpTo > account.lastHour)
        for (const cell of account.live.cells(now))
          if (wrong(cell.hour)) hours.push(...hourRows(account.plan, cell, computed))
      account.wrongUpTo = Number.NEGATIVE_INFINITY
      account.live.forgetBefore(Math.min(account.lastHour, now - memoryMs))
      account.early = account.early.filter(({ hour }) => hour >= now - memoryMs)
      const told = account.live.takeStops()
      const again = new Set(told.map(stop => stop.from))
      stops.push(...told.map(stop => stopRow(reasoned(account.plan, stop))))
      stops.push(...account.gone.filter(start => !again.has(start)).map(start => goneRow(machine, start)))
      account.gone = []
    }
    // What is on its way into the database is waited for before it is read from there.
    for (const { hour } of hours) this.#told.from = Math.min(this.#told.from, hour)
    return { hours, stops, shifts: this.#takeShifts(now) }
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
    const reread = this.#rereading.then(() => this.#rereadStale())
    this.#rereading = reread.catch(() => {})
    return reread
  }

  async #rereadStale(): Promise<boolean> {
    const now = this.#parts.clock.now()
    const stale = new Map<Account, number>()
    for (const account of this.#accounts.values()) {
      if (account.staleFrom === Number.POSITIVE_INFINITY) continue
      stale.set(account, account.staleFrom)
      account.arrived = []
      account.rereadFrom = account.staleFrom
      account.staleFrom = Number.POSITIVE_INFINITY
    }
    if (stale.size === 0) return false
    try {
      // What came before is in the store from here on; what comes after is in `arrived`; some of it may be in both.
      await this.#parts.store.flush()
      // All together: they are few, or it is the start.
      const begins = await this.#beginsOf(stale)
      const read = async (from: ReadonlyMap<Account, number>) => {
        const ranges = [...from].map(([{ plan }, at]) => ({ plan, from: at, to: Math.max(now, at) + hourMs }))
        const found = await readEvents(this.#parts.store, ranges)
        return new Map(ranges.map(({ plan }, place) => [plan.machine, found[place]!]))
      }
      const events = await read(begins)
      const behind = this.#behindOpenStops(begins, events)
      for (const [machine, more] of await read(behind)) events.set(machine, more)
      for (const [account, begin] of behind) begins.set(account, begin)
      const machines = new Map([...begins].map(([{ plan }, begin]) => [plan.machine, begin]))
      const stops = await readStopBegins(this.#parts.store, machines)
      for (const [account, begin] of begins) {
        this.#replace(account, events.get(account.plan.machine)!, begin)
        // Those that are told again will be written over.
        account.gone = stops.get(account.plan.machine) ?? []
      }
    } catch (error) {
      for (const [account, staleFrom] of stale) account.staleFrom = Math.min(account.staleFrom, staleFrom)
      throw error
    } finally {
      for (const account of stale.keys()) {
        account.arrived = undefined
        account.rereadFrom = Number.POSITIVE_INFINITY
      }
    }
    return true
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
  async cellsOfEach(stretches: readonly Stretch[], detail: CellDetail = 'hour'): Promise<MachineCell[][]> {
    const now = this.#parts.clock.now()
    const found: MachineCell[][] = stretches.map(() => [])
    const begins: PartOf<EventRange>[] = []
    const ends: PartOf<EventRange>[] = []
    const written: PartOf<HourSpan>[] = []
    const live: PartOf<MachineCell>[] = []
    for (const [of, { machines, from, to }] of stretches.entries()) {
      const end = Math.min(to, now)
      for (const machine of machines) {
        const account = this.#accounts.get(machine)
        if (account === undefined || account.born >= end || from >= end) continue
        const { plan } = account
        const begin = Math.max(from, account.born)
        // The hour in which it was born holds only what came after.
        const isWhole = begin === account.born || this.#isHour(plan, begin)
        const first = isWhole ? this.#hourOf(plan, begin) : this.#nextHour(plan, begin)
        const recent = to >= now ? account.live.cells(now) : this.#cellsUntil(account, first, end, now)
        const last = recent !== undefined || this.#isHour(plan, end) ? end : this.#hourOf(plan, end)
        if (first > last) {
          begins.push({ of, plan, from: begin, to: end })
          continue
        }
        if (begin < first) begins.push({ of, plan, from: begin, to: first })
        const rest = Math.max(last, begin)
        if (rest < end) ends.push({ of, plan, from: rest, to: end })
        for (const cell of recent ?? account.live.cells(now)) {
          if (cell.hour >= first && cell.hour < last && cell.hour > account.lastHour)
            live.push({ ...cell, machine, of })
        }
        const upTo = Math.min(last, account.lastHour + 1)
        if (first < upTo) written.push({ of, machine, from: first, to: upTo })
      }
    }
    const [hours, edges] = await Promise.all([
      this.#readWritten(written, detail),
      this.#workOut(begins, ends),
    ])
    for (const [place, { of }] of written.entries()) found[of]!.push(...hours[place]!)
    for (const [place, { of }] of [...begins, ...ends].entries()) found[of]!.push(...edges[place]!)
    for (const { of, ...cell } of live) found[of]!.push(cell)
    return found
  }

  async #readWritten(spans: readonly HourSpan[], detail: CellDetail): Promise<MachineCell[][]> {
    const last = spans.reduce((latest, { to }) => Math.max(latest, to), Number.NEGATIVE_INFINITY)
    await this.#stored(last - 1)
    return readHours(this.#parts.store, spans, detail)
  }

  /** Where the hours from `first` to a moment that has just passed need nothing from the store but what is written. */
  #cellsUntil({ plan, live, lastHour, since }: Account, first: number, end: number, now: number) {
    const hour = this.#hourOf(plan, end)
    return first > hour || hour <= lastHour || hour < since ? undefined : live.cellsUntil(end, now)
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

  /**
   * From where the past of machines is booked anew, by when the first late event happened: with the hour that changes,
   * and all that is not written yet. An event within a stop changes what all of the stop counts as, from its begin.
   */
  async #beginsOf(stale: ReadonlyMap<Account, number>): Promise<Map<Account, number>> {
    const begins = new Map<Account, number>()
    // Nearly all are decided by the last stop; those that breaks cut into many parts are few.
    for (const most of [3, mostParts]) {
      const asked = new Map([...stale].filter(([account]) => !begins.has(account)))
      if (asked.size === 0) break
      const stops = await this.#lastStops(asked, most)
      for (const [account, staleFrom] of asked) {
        const { plan, lastHour, since } = account
        const known = stops.get(account)!
        const begin = this.#stopBegin(plan, known, staleFrom)
        if (most < mostParts && known.length >= most && begin <= known[0]!.from) continue
        const unwritten = lastHour === Number.NEGATIVE_INFINITY ? since : this.#nextHour(plan, lastHour)
        begins.set(account, begin >= unwritten ? unwritten : this.#hourOf(plan, begin))
      }
    }
    return begins
  }

  /**
   * Of machines that stood where their past is to be booked from, the hour in which that stop began. It may have been
   * written while the stop went on, of which no stop that is written tells: as what the stop was then.
   */
  #behindOpenStops(
    begins: ReadonlyMap<Account, number>,
    events: ReadonlyMap<string, readonly LedgerEvent[]>,
  ): Map<Account, number> {
    const behind = new Map<Account, number>()
    for (const [account, begin] of begins) {
      const { plan, lastHour } = account
      const stood = openSince(this.#setups.of(plan), events.get(plan.machine)!, begin)
      if (stood < begin && this.#hourOf(plan, stood) <= lastHour)
        behind.set(account, this.#hourOf(plan, stood))
    }
    return behind
  }

  /** The last stops of machines that began before a time, at least so many where there are, in order of their begin. */
  async #lastStops(before: ReadonlyMap<Account, number>, most: number): Promise<Map<Account, StopPlace[]>> {
    const now = this.#parts.clock.now()
    const times = new Map([...before].map(([{ plan }, time]) => [plan.machine, time]))
    const written = await readLastStops(this.#parts.store, times, most)
    const stops = new Map<Account, StopPlace[]>()
    for (const [account, time] of before) {
      const recent = account.since > now ? [] : account.live.recentStops(now)
      const known = new Set(recent.map(({ from }) => from))
      const earlier = written.get(account.plan.machine)!.filter(({ from }) => !known.has(from))
      const all = [...earlier, ...recent.filter(({ from }) => from < time)]
      stops.set(
        account,
        all.sort((a, b) => a.from - b.from),
      )
    }
    return stops
  }

  /** The begin of the stop of its own that a machine had at a time or just before, in parts or not; else the time. */
  #stopBegin(plan: MachinePlan, stops: readonly StopPlace[], time: number): number {
    const calendar = this.#setups.calendarOf(plan)
    let begin = time
    for (const { kind, from, to } of stops.toReversed()) {
      if (from >= begin || (kind !== 'breakdown' && kind !== 'minorStop')) continue
      // A break between two parts of a stop does not end it.
      let end = to
      for (let span = calendar.at(end); end < begin && isBreak(span.plan); span = calendar.at(end))
        end = span.to
      if (end >= begin) begin = from
    }
    return begin
  }

  /** A ledger of what is in the store, and of what came meanwhile. */
  #replace(account: Account, past: readonly LedgerEvent[], from: number): void {
    const known = new Set(past.flatMap(({ time, id }) => (id === undefined ? [] : [`${time} ${id}`])))
    const fresh = account.arrived!.filter(({ time, id }) => id === undefined || !known.has(`${time} ${id}`))
    const ordered = inOrder([...past, ...fresh])
    const live = new LiveLedger(this.#setups.of(account.plan), Math.min(from, ordered[0]?.time ?? from))
    for (const event of ordered) live.take(event)
    // The hour in which its time begins is its own from there on.
    live.forgetBefore(this.#hourOf(account.plan, from))
    live.advance(this.#parts.clock.now())
    account.live = live
    account.begin = this.#hourOf(account.plan, from)
    account.early = account.early.filter(({ hour }) => hour < account.begin)
    account.wrongUpTo = Math.max(account.wrongUpTo, account.lastHour)
    account.lastHour = Math.min(account.lastHour, from - 1)
    account.since = Math.min(account.since, from)
  }

  /** What no hour that is written tells: parts of hours, from the events themselves, in the order of the ranges. */
  async #workOut(...groups: readonly (readonly EventRange[])[]): Promise<MachineCell[][]> {
    const ranges = groups.flat()
    if (ranges.length === 0) return []
    await this.#stored(Math.max(...ranges.map(({ to }) => to)) + decidedMs)
    const events = await readEvents(this.#parts.store, ...groups)
    const cells: MachineCell[][] = []
    for (const [place, range] of ranges.entries()) {
      const { machine } = range.plan
      cells.push(cellsWithin(range, events[place]!, this.#setups).map(cell => ({ ...cell, machine })))
      if (place % machinesInARow === machinesInARow - 1) await setImmediate()
    }
    return cells
  }

  /** Sees that what happened up to a time is in the database: of long ago it is, unless it was told of since. */
  async #stored(upTo: number): Promise<void> {
    const told = [...this.#unstored]
    if (told.every(({ from }) => from > upTo)) return
    this.#told = { from: Number.POSITIVE_INFINITY }
    this.#unstored.add(this.#told)
    await this.#parts.store.flush()
    for (const stored of told) this.#unstored.delete(stored)
  }

  #tell(machine: string, event: LedgerEvent): void {
    const account = this.#accounts.get(machine)
    if (account === undefined) return
    this.#told.from = Math.min(this.#told.from, event.time)
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

  #hourOf(plan: MachinePlan, time: number): number {
    return this.#setups.calendarOf(plan).at(time).hour
  }

  #isHour(plan: MachinePlan, time: number): boolean {
    return this.#hourOf(plan, time) === time
  }

  #nextHour(plan: MachinePlan, time: number): number {
    const calendar = this.#setups.calendarOf(plan)
    const { hour } = calendar.at(time)
    let span = calendar.at(time)
    while (span.hour === hour) span = calendar.at(span.to)
    return span.hour
  }
}

const nothingLate = { staleFrom: Number.POSITIVE_INFINITY, rereadFrom: Number.POSITIVE_INFINITY }

const isBreak = (plan: Plan): boolean => plan === 'pause' || plan === 'stop'
