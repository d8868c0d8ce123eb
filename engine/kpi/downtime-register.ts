import { downtimeReasonsOf, isReason } from '../../schema/downtime-reasons.js'
import { type KpiRules, kpiRulesOf } from '../../schema/kpi-rules.js'
import type { Line, Plant } from '../../schema/plant.js'
import type { Entry } from '../../schema/records.js'
import { databaseName } from '../../schema/tables/definition.js'
import { type RootCause, rootCause } from '../../workers/kpi/root-cause.js'
import type { StopKind } from '../../workers/kpi/stops.js'
import type { Store } from '../store/store.js'
import type { KpiBook } from './kpi-book.js'
import type { Scope } from './scope.js'
import type { MachineStop } from './stop-rows.js'

export interface DowntimeRegisterParts {
  readonly plant: Plant
  readonly book: Pick<KpiBook, 'stops' | 'plans' | 'reread'>
  readonly store: Pick<Store, 'query' | 'flush'>
  readonly clock: { now(): number }
  /** Makes an entry durable, and tells the book of it. */
  record(entry: Entry): void
}

/** A stop as a person sees it. */
export interface RegisteredStop extends MachineStop {
  readonly id: string
  /** It goes on. */
  readonly isOpen: boolean
  /** When its reason is due, Unix ms; undefined where it wants none: too short, not its own, or it has one. */
  readonly reasonDue: number | undefined
  /** What made it wait. */
  readonly root: RootCause | undefined
}

/** How well reasons are given: of stops that wanted one, those that had it in time. */
export interface ReasonCompliance {
  readonly wanted: number
  readonly inTime: number
}

/** A change of a stop's reason. */
export interface ReasonChange {
  /** `category` or `category/code`; empty takes it back. */
  readonly reason: string
  readonly who: string
  readonly comment: string
  /** From when it holds, Unix ms: within the stop, which it splits; the begin of the stop where left out. */
  readonly at?: number
}

export type ChangeProblem = { readonly part: 'id' | 'reason' | 'at'; readonly message: string }

/** Kinds of stops that somebody at the machine can give a reason for. */
const ownKinds: ReadonlySet<StopKind> = new Set(['breakdown', 'minorStop', 'unknown'])

/** The stops of a plant, their reasons, and who gave them. */
export class DowntimeRegister {
  readonly #parts: DowntimeRegisterParts
  readonly #rules: KpiRules

  constructor(parts: DowntimeRegisterParts) {
    this.#parts = parts
    this.#rules = kpiRulesOf(parts.plant)
  }

  /** Stops that touch a stretch of time, oldest first. */
  async list(
    { machines, lines }: Pick<Scope, 'machines' | 'lines'>,
    from: number,
    to: number,
  ): Promise<RegisteredStop[]> {
    const now = this.#parts.clock.now()
    // The whole lines: what made a machine wait may lie outside of what was asked for.
    const ofLines = lines.flatMap(line => line.machines.map(({ id }) => id))
    const stops = await this.#parts.book.stops(ofLines, from, to)
    const byMachine = new Map<string, MachineStop[]>(ofLines.map(machine => [machine, []]))
    for (const stop of stops) byMachine.get(stop.machine)!.push(stop)
    const lineOf = new Map(lines.flatMap(line => line.machines.map(({ id }) => [id, line] as const)))
    const asked = new Set(machines)
    const stopsOf = (machine: string) =>
      byMachine.get(machine)!.map(({ reason, ...stop }) => ({ ...stop, downtimeReason: reason }))
    return stops
      .filter(({ machine }) => asked.has(machine))
      .map(stop => ({
        ...stop,
        id: idOf(stop),
        isOpen: stop.to >= now,
        reasonDue:
          this.#wantsReason(stop) && stop.reason === ''
            ? stop.from + this.#rules.reasonWithin * 1_000
            : undefined,
        root: rootCause(
          stop.machine,
          { ...stop, downtimeReason: stop.reason },
          lineOf.get(stop.machine)!.machines,
          stopsOf,
        ),
      }))
  }

  /** Whether it is too short for anybody to say why: a micro-stop. */
  isMicro({ kind, busyMs }: MachineStop): boolean {
    return kind === 'minorStop' && busyMs < this.#rules.reasonFrom * 1_000
  }

  /** How many of the stops that wanted a reason had one in time. */
  async compliance(stops: readonly MachineStop[]): Promise<ReasonCompliance> {
    const wanting = stops.filter(stop => this.#wantsReason(stop))
    const told = await this.#firstTold(wanting)
    const inTime = wanting.filter(stop => {
      if (stop.reasonBy === 'map') return true
      const first = told.get(idOf(stop))
      return (
        stop.reason !== '' && first !== undefined && first <= stop.from + this.#rules.reasonWithin * 1_000
      )
    })
    return { wanted: wanting.length, inTime: inTime.length }
  }

  /**
   * Gives a stop a reason, corrects it, or splits it: what is said holds from `at` to the end of the stop, and is kept
   * with who said it. Returns what is wrong, or the stops that there are now.
   */
  async change(
    id: string,
    changes: readonly ReasonChange[],
  ): Promise<ChangeProblem | readonly RegisteredStop[]> {
    const stop = await this.#find(id)
    if (stop === undefined) return { part: 'id', message: `there is no stop '${id}'; see /api/v1/downtime` }
    const now = this.#parts.clock.now()
    const reasons = downtimeReasonsOf(this.#parts.plant)
    for (const { reason, at = stop.from } of changes) {
      if (reason !== '' && !isReason(reasons, reason)) {
        return { part: 'reason', message: `'${reason}' is no reason; see /api/v1/downtime/reasons` }
      }
      if (at < stop.from || at >= stop.to) {
        const span = `${new Date(stop.from).toISOString()} to ${new Date(stop.to).toISOString()}`
        return { part: 'at', message: `it must lie within the stop, ${span}: before and after it is another` }
      }
    }
    const times = changes.map(({ at = stop.from }) => at)
    const twice = times.find((at, place) => times.indexOf(at) !== place)
    if (twice !== undefined) {
      const when = new Date(twice).toISOString()
      return { part: 'at', message: `two reasons begin at ${when}; write one of them, or another time` }
    }
    const rows = (await this.#overTold(stop, changes)).map(({ reason, who, comment, at = stop.from }) => ({
      machine: stop.machine,
      ts: at,
      until: stop.to >= now ? 0 : stop.to,
      reason,
      who,
      comment,
      told: now,
    }))
    this.#parts.record({ source: 'operators', rows: { downtime_changes: rows } })
    await this.#parts.book.reread()
    return this.list({ machines: [stop.machine], lines: this.#linesWith(stop.machine) }, stop.from, stop.to)
  }

  /**
   * The changes, and what they mean for parts of the stop that had been told of one by one: what is said of a time holds
   * from there on, whatever was said of it before.
   */
  async #overTold(stop: MachineStop, changes: readonly ReasonChange[]): Promise<ReasonChange[]> {
    await this.#parts.store.flush()
    const rows = await this.#parts.store.query<{ time: number }>(
      `SELECT DISTINCT toFloat64(toUnixTimestamp64Milli(ts)) AS time FROM ${databaseName}.downtime_changes
      WHERE machine = {machine:String}
        AND ts > fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND ts < fromUnixTimestamp64Milli({to:Int64}, 'UTC')
      ORDER BY time`,
      { machine: stop.machine, from: stop.from, to: stop.to },
    )
    const ordered = changes.toSorted((a, b) => (a.at ?? stop.from) - (b.at ?? stop.from))
    const again = rows.flatMap(({ time }): ReasonChange[] => {
      const before = ordered.findLast(({ at = stop.from }) => at <= time)
      return before === undefined || before.at === time ? [] : [{ ...before, at: time }]
    })
    return [...ordered, ...again]
  }

  #linesWith(machine: string): Line[] {
    const lines = this.#parts.plant.sites.flatMap(site => site.areas.flatMap(area => area.lines))
    return lines.filter(line => line.machines.some(({ id }) => id === machine))
  }

  #wantsReason(stop: MachineStop): boolean {
    return ownKinds.has(stop.kind) && stop.busyMs >= this.#rules.reasonFrom * 1_000
  }

  async #find(id: string): Promise<MachineStop | undefined> {
    const at = id.lastIndexOf('@')
    const from = Number(id.slice(at + 1))
    const machine = id.slice(0, at)
    if (at < 1 || !Number.isFinite(from) || !this.#parts.book.plans.has(machine)) return undefined
    const stops = await this.#parts.book.stops([machine], from, from + 1)
    return stops.find(stop => idOf(stop) === id)
  }

  /** When each stop was first given a reason, floor time, Unix ms. */
  async #firstTold(stops: readonly MachineStop[]): Promise<Map<string, number>> {
    const said = stops.filter(({ reasonBy }) => reasonBy === 'operator')
    if (said.length === 0) return new Map()
    await this.#parts.store.flush()
    const rows = await this.#parts.store.query<{ machine: string; time: number; told: number }>(
      `SELECT machine, toFloat64(toUnixTimestamp64Milli(ts)) AS time, toFloat64(toUnixTimestamp64Milli(min(c.told))) AS told
      FROM ${databaseName}.downtime_changes AS c
      WHERE reason != '' AND machine IN {machines:Array(String)} AND toUnixTimestamp64Milli(ts) >= {from:Int64}
      GROUP BY machine, ts`,
      {
        machines: [...new Set(said.map(({ machine }) => machine))],
        from: Math.floor(Math.min(...said.map(({ from }) => from))),
      },
    )
    const told = new Map<string, number>()
    for (const stop of said) {
      const times = rows
        .filter(({ machine, time }) => machine === stop.machine && time >= stop.from && time < stop.to)
        .map(row => row.told)
      if (times.length > 0) told.set(idOf(stop), Math.min(...times))
    }
    return told
  }
}

/** `{machine}@{begin, Unix ms}`. */
const idOf = ({ machine, from }: MachineStop): string => `${machine}@${from}`
