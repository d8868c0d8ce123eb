import type { Plan } from '../../schema/calendar.js'
import { inOrder } from '../../workers/kpi/intervals.js'
import type { LedgerEvent } from '../../workers/kpi/ledger-event.js'
import { LiveLedger } from '../../workers/kpi/live-ledger.js'
import type { LedgerSetups, MachinePlan } from '../../workers/kpi/machine-plan.js'
import type { Store } from '../store/store.js'
import type { Account } from './account.js'
import { readEvents } from './event-reader.js'
import { openSince } from './open-stop.js'
import { PlanHours } from './plan-hours.js'
import { readLastStops, readStopBegins, type StopPlace } from './stop-rows.js'

const hourMs = 3_600_000
/** A stop that breaks cut into more parts than this is taken to begin with the first of so many. */
const mostParts = 100

/** Works the past of machines out anew of which something came too late: their ledgers, from what the store has. */
export class PastReader {
  readonly #store: Pick<Store, 'query' | 'flush'>
  readonly #setups: LedgerSetups
  readonly #hours: PlanHours
  /** The floor's. */
  readonly #clock: { now(): number }

  constructor(store: Pick<Store, 'query' | 'flush'>, setups: LedgerSetups, clock: { now(): number }) {
    this.#store = store
    this.#setups = setups
    this.#clock = clock
    this.#hours = new PlanHours(setups)
  }

  /** Works the past of those out anew of which something came too late; true where there were any. */
  async rereadStale(accounts: Iterable<Account>): Promise<boolean> {
    const now = this.#clock.now()
    const stale = new Map<Account, number>()
    for (const account of accounts) {
      if (account.staleFrom === Number.POSITIVE_INFINITY) continue
      stale.set(account, account.staleFrom)
      account.arrived = []
      account.rereadFrom = account.staleFrom
      account.staleFrom = Number.POSITIVE_INFINITY
    }
    if (stale.size === 0) return false
    try {
      // What came before is in the store from here on; what comes after is in `arrived`; some of it may be in both.
      await this.#store.flush()
      // All together: they are few, or it is the start.
      const begins = await this.#beginsOf(stale)
      const read = async (from: ReadonlyMap<Account, number>) => {
        const ranges = [...from].map(([{ plan }, at]) => ({ plan, from: at, to: Math.max(now, at) + hourMs }))
        const found = await readEvents(this.#store, ranges)
        return new Map(ranges.map(({ plan }, place) => [plan.machine, found[place]!]))
      }
      const events = await read(begins)
      const behind = this.#behindOpenStops(begins, events)
      for (const [machine, more] of await read(behind)) events.set(machine, more)
      for (const [account, begin] of behind) begins.set(account, begin)
      const machines = new Map([...begins].map(([{ plan }, begin]) => [plan.machine, begin]))
      const stops = await readStopBegins(this.#store, machines)
      for (const [account, begin] of begins) {
        this.#replace(account, events.get(account.plan.machine)!, begin)
        account.wrongFrom = Math.min(account.wrongFrom, stale.get(account)!)
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
        const unwritten = lastHour === Number.NEGATIVE_INFINITY ? since : this.#hours.nextHour(plan, lastHour)
        begins.set(account, begin >= unwritten ? unwritten : this.#hours.hourOf(plan, begin))
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
      if (stood < begin && this.#hours.hourOf(plan, stood) <= lastHour)
        behind.set(account, this.#hours.hourOf(plan, stood))
    }
    return behind
  }

  /** The last stops of machines that began before a time, at least so many where there are, in order of their begin. */
  async #lastStops(before: ReadonlyMap<Account, number>, most: number): Promise<Map<Account, StopPlace[]>> {
    const now = this.#clock.now()
    const times = new Map([...before].map(([{ plan }, time]) => [plan.machine, time]))
    const written = await readLastStops(this.#store, times, most)
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
    const hour = this.#hours.hourOf(account.plan, from)
    // The hour in which its time begins is its own from there on; what was said before holds from there.
    const isFirst = account.born > from && this.#hours.hourOf(account.plan, account.born) === hour
    const begin = isFirst ? account.born : Math.min(from, ordered[0]?.time ?? from)
    const live = new LiveLedger(this.#setups.of(account.plan), begin)
    for (const event of ordered) live.take({ ...event, time: Math.max(event.time, begin) })
    live.readBackUpTo(past.reduce((newest, { time }) => Math.max(newest, time), begin))
    live.forgetBefore(hour)
    live.advance(this.#clock.now())
    account.live = live
    account.begin = hour
    account.early = account.early.filter(({ hour }) => hour < account.begin)
    account.wrongUpTo = Math.max(account.wrongUpTo, account.lastHour)
    account.lastHour = Math.min(account.lastHour, from - 1)
    account.since = Math.min(account.since, from)
  }
}

const isBreak = (plan: Plan): boolean => plan === 'pause' || plan === 'stop'
