import type { Distribution } from './distribution.js'
import type { DowntimeReasons } from './downtime-reasons.js'
import type { FaultPatternId } from './fault-catalogue.js'
import type { KpiRules } from './kpi-rules.js'
import type { MachineConfig } from './machine-config.js'
import type { Limits } from './sensor-state.js'
import type { WorkOrderSources } from './work-order-sources.js'

/**
 * The plant as the engine uses it: the ISA-95 hierarchy (IEC 62264-1, 5.3), resolved. Types are applied, references
 * checked, ids unique. `plant-file` makes it from YAML; nothing else does.
 */
export interface Plant {
  readonly name: string
  readonly enterprise: string
  readonly sites: readonly Site[]
  readonly sources: readonly SourceSpec[]
  readonly machineTypes: readonly MachineType[]
  readonly shifts: readonly Shift[]
  readonly products: readonly Product[]
  readonly customers: readonly Customer[]
  readonly crews: readonly Crew[]
  readonly calendarExceptions?: readonly CalendarException[]
  readonly plannedStops?: readonly PlannedStop[]
  readonly targets?: readonly Target[]
  readonly orders?: readonly PlannedOrder[]
  /** How the plant counts, where it differs from the usual; see kpi-rules. */
  readonly kpis?: Partial<KpiRules>
  /** Second-level codes of downtime reasons, by category, in place of the shipped ones. */
  readonly downtimeReasons?: Partial<DowntimeReasons>
  /** By machine type: what a source's own word for a stop says of its reason, `category/code`. */
  readonly faultReasons?: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** Maps from foreign state words to PackML by name; see state-maps. */
  readonly stateMaps: Readonly<Record<string, StateMap>>
  /** Where orders of the planning system come from. */
  readonly workOrders?: WorkOrderSources
  /** What things cost, for figures in money. */
  readonly costs?: Costs
}

/** What things cost, in one currency; what is not said is not known, and never 0. */
export interface Costs {
  /** ISO 4217, e.g. EUR. */
  readonly currency?: string
  /** Labour per hour, where neither the order nor its part says. */
  readonly labourRate?: number
  /** Material per part by product, where the order does not say. */
  readonly material?: Readonly<Record<string, number>>
  /** An hour of standing, by id of a site, line or machine: the nearest holds. */
  readonly downtime?: Readonly<Record<string, number>>
  /** A kilowatt-hour; by id of a site where they differ. */
  readonly energy?: Tariff | Readonly<Record<string, Tariff>>
}

/** What a kilowatt-hour costs: always the same, or by hours of the site's clock. */
type Tariff = number | TimedTariff

export interface TimedTariff {
  /** At all other times. */
  readonly price: number
  /** From one full hour to another, `22:00` to `06:00`; none of them twice. */
  readonly times: readonly (TimeOfDaySpan & { readonly price: number })[]
}

export interface Site {
  readonly id: string
  readonly name: string
  /** IANA time zone. */
  readonly timeZone: string
  readonly areas: readonly Area[]
}

export interface Area {
  readonly id: string
  readonly name: string
  readonly lines: readonly Line[]
}

/** A production line: a work centre of discrete production (ISA-95). Machines stand in the order of the flow. */
export interface Line {
  readonly id: string
  readonly name: string
  /** What the line does, e.g. machining or welding. */
  readonly kind: string
  readonly machines: readonly Machine[]
}

/** A machine: a work cell (ISA-95). */
export interface Machine {
  readonly id: string
  readonly name: string
  readonly type: string
  /** Id of the source that reports it. */
  readonly source: string
  /** Ids of the machines that take this one's parts; the next in the line unless the file says otherwise. */
  readonly feeds: readonly string[]
  /** Time per part the machine was planned with, seconds. */
  readonly idealCycleTime: number
  /** What stands before it; a simulated machine draws its own where it is missing. */
  readonly buffer?: Buffer
  /** How it works where it is simulated. */
  readonly flow?: MachineFlow
  /** Place on the floor, metres from the line's origin; the viewer lays the line out where it is missing. */
  readonly position?: { readonly x: number; readonly y: number }
  /** How it uses PackML, where that is not as TR88.00.02-2022 comes. */
  readonly packml?: MachineConfig
  /** The faults it can have, where its type is not a shipped one or says otherwise. */
  readonly faults?: readonly FaultPatternId[]
  readonly signals: readonly Signal[]
}

/** Room for parts before a machine. */
export interface Buffer {
  /** Parts that fit, those on their way included. */
  readonly capacity: number
  /** Time on the way to the machine, seconds. */
  readonly transport: number
}

/** A machine as a simulation has it; what is left out is as machines usually are. Times in seconds. */
export interface MachineFlow {
  /** Time for a part that nothing interrupts; about the ideal cycle time where it is missing. */
  readonly cycle?: Distribution
  /**
   * What it does that has no room for its part: `after-service` works and then keeps the part, `before-service` does
   * not begin before there is room.
   */
  readonly blocking?: Blocking
  /** Share of its parts that are thrown away, 0 to 1. */
  readonly scrap?: number
  /** Share of its parts that are done again, and from which machine on. */
  readonly rework?: { readonly share: number; readonly to: string }
  /** All its ways to fail; none where the list is empty. */
  readonly failures?: readonly MachineFailure[]
  /** The first that fits counts; a machine changes between products that none fits in no time. */
  readonly changeovers?: readonly Changeover[]
  /** Who has to be there while it works. */
  readonly operator?: People
  /** Goes on through the breaks of a shift. */
  readonly worksThroughBreaks?: boolean
  /** How long it waits for its neighbours in Execute before it is Suspended. */
  readonly patience?: Distribution
}

export type Blocking = 'after-service' | 'before-service'

/** One of a crew, by its id; or of whichever crew is on shift. */
export type People = string

/** Stands for the crew that is on shift. */
export const onShift = 'on-shift'

/** A way to fail. Times in seconds. */
interface MachineFailure {
  /** From one repair to the next failure, by its clock. */
  readonly every: Distribution
  readonly repair: Distribution
  /** `operating`: only work wears, so that a machine that waits cannot fail. `calendar`: it can. */
  readonly clock: 'operating' | 'calendar'
  /** Held for as long as it lasts, or Aborted (TR88.00.02). */
  readonly state: 'Held' | 'Aborted'
  /** Whether the part in the machine is lost. */
  readonly scrapsPart: boolean
  /** Who repairs it; nobody has to come where it is missing. */
  readonly crew?: People
}

/** From one product to another, by id; one that is not named stands for any. */
interface Changeover {
  readonly from?: string
  readonly to?: string
  readonly time: Distribution
}

/**
 * A signal: one value over time. Sensors are what `counts.signals` counts; status signals are what the machine says
 * of itself (state, mode, counters, program): they drive the machine's statechart and are kept like any other.
 */
export interface Signal {
  /** `{machine}.{name}`; unique in the plant. */
  readonly id: string
  readonly name: string
  readonly role: 'sensor' | 'status'
  /** What is measured, e.g. temperature; for status signals state, mode, blocked, starved, counter or text. */
  readonly quantity: Quantity
  /** As shown, e.g. `mm/s`; empty where there is none. */
  readonly unit: string
  readonly type: 'number' | 'text'
  /** Expected distance between samples, milliseconds; 0 = reported on change, alive as long as its source is. */
  readonly period: number
  /** What the instrument can show, in its unit. */
  readonly range: readonly [number, number]
  /** Smallest step of the value, in its unit; 0 = not quantised. */
  readonly resolution: number
  readonly limits: Limits
  /** Fastest change that can be true, in its unit per second; by its quantity where missing, see quality-rules. */
  readonly maxRate?: number
  /** Id of the source and the source's own name for it. */
  readonly source: string
  readonly tag: string
  /** For `state` and `mode` status signals: the name of the map from the source's words. */
  readonly stateMap?: string
  /** Typical centre and spread in normal production; what the simulator draws around. */
  readonly normal?: readonly [number, number]
}

export const quantities = [
  'temperature',
  'vibration',
  'pressure',
  'current',
  'voltage',
  'flow',
  'speed',
  'torque',
  'force',
  'displacement',
  'position',
  'angle',
  'load',
  'power',
  'feed-rate',
  'override',
  'duration',
  'number',
  'condition',
  'state',
  'mode',
  'blocked',
  'starved',
  'counter',
  'text',
] as const
export type Quantity = (typeof quantities)[number]

/** From a source's word (or number as text) to what the machine twin observes. */
export interface StateMap {
  readonly words: Readonly<
    Record<
      string,
      {
        readonly state?: string
        readonly mode?: string
        readonly reason?: string
        /** The state is that of the state machine within this one, which the machine's next state signal tells. */
        readonly isInner?: true
      }
    >
  >
}

/** How the values come in; `adapter` names the kind, `options` are the adapter's own, checked by its schema. */
export interface SourceSpec {
  readonly id: string
  readonly adapter: string
  /** Where the floor's time comes from: the wall, or this source's own times (a recording). */
  readonly clock: 'wall' | 'source'
  /** Which time its samples bear; `source` unless said. */
  readonly time?: TimePolicy
  /** How long it may say nothing before that is worth a word, ms; 0 = for ever. From its signals' periods unless said. */
  readonly silence?: number
  /** false = nobody listens to it for now. */
  readonly enabled?: boolean
  readonly options: Readonly<Record<string, unknown>>
}

/**
 * The source's own time; the time of receipt, for a source whose clock cannot be used; or the source's own less the
 * offset that was measured of its clock, which keeps the distances between its samples.
 */
export const timePolicies = ['source', 'receive', 'corrected'] as const
export type TimePolicy = (typeof timePolicies)[number]

export interface MachineType {
  readonly id: string
  readonly name: string
  /** Which of the viewer's bodies it wears. */
  readonly archetype: Archetype
  /** Rated power, kW. */
  readonly ratedPower: number
}

export const archetypes = [
  'machining',
  'robot',
  'press',
  'welder',
  'conveyor',
  'station',
  'booth',
  'tester',
] as const
export type Archetype = (typeof archetypes)[number]

export interface Shift {
  readonly id: string
  readonly name: string
  readonly site: string
  /** Local wall time `HH:MM`. */
  readonly start: string
  readonly end: string
  /** ISO weekdays, 1 = Monday. */
  readonly days: readonly number[]
  readonly crew?: string
  /** Pauses within it, local wall time: not planned to be busy. */
  readonly breaks?: readonly TimeOfDaySpan[]
}

/** Local wall time `HH:MM`; over midnight where `end` is not after `start`. */
export interface TimeOfDaySpan {
  readonly start: string
  readonly end: string
}

/** A day of a site's own calendar that is not like its weekday: which shifts work on it, none on a holiday. */
export interface CalendarException {
  readonly site: string
  /** `YYYY-MM-DD`, of the day on which the shifts begin. */
  readonly date: string
  readonly name: string
  readonly shifts: readonly string[]
}

/** Good parts that a line is to make in a shift. */
export interface Target {
  readonly line: string
  /** Of which shift, and when it makes which product; of all where left out. */
  readonly shift?: string
  readonly product?: string
  readonly parts: number
}

/** A stop that was planned: not planned to be busy, though in a shift. */
export interface PlannedStop {
  /** Id of the site, line or machine that it is for. */
  readonly for: string
  /** Local date and time `YYYY-MM-DDTHH:MM` of the site. */
  readonly from: string
  readonly to: string
  readonly name: string
}

export interface Product {
  readonly id: string
  readonly name: string
  readonly category: string
  /** Ids of the lines that make it. */
  readonly lines: readonly string[]
  /** Seconds per part by line or machine, where they differ from the machine's own ideal cycle time. */
  readonly cycleTimes?: Readonly<Record<string, number>>
}

/** Parts of a product that a line is to make. */
export interface PlannedOrder {
  readonly id: string
  readonly line: string
  readonly product: string
  /** Parts to begin. */
  readonly quantity: number
  /** When it may begin and when it is to be done, `YYYY-MM-DDTHH:MM` of the line's site. */
  readonly release?: string
  readonly due?: string
  readonly customer?: string
}

export interface Customer {
  readonly id: string
  readonly name: string
  readonly products: readonly string[]
}

export interface Crew {
  readonly id: string
  readonly name: string
  readonly site: string
  readonly size: number
}

export interface PlantCounts {
  readonly sites: number
  readonly areas: number
  readonly lines: number
  readonly machines: number
  /** Sensors only; see Signal.role. */
  readonly signals: number
}
