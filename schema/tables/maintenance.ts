import type { FaultPatternId, RepairKind } from '../fault-catalogue.js'
import type { Calibration, Maintenance, MaintenanceKind } from '../maintenance.js'
import { seqColumn, storedColumn, type Table } from './definition.js'
import type { RowOf } from './row.js'

/** Work on machines. */
export const maintenanceEvents = {
  kind: 'table',
  name: 'maintenance_events',
  meaning: 'Work on machines, done or planned. Costs are in the plant’s currency.',
  columns: [
    { name: 'id', type: 'String', meaning: '{machine}@{start}' },
    { name: 'machine', type: 'LowCardinality(String)', meaning: 'machine id' },
    {
      name: 'kind',
      type: 'LowCardinality(String)',
      meaning: 'preventive, predictive, corrective, breakdown (EN 13306)',
    },
    { name: 'start', type: "DateTime64(3, 'UTC')", meaning: 'from when' },
    { name: 'end', type: "DateTime64(3, 'UTC')", meaning: 'until when' },
    { name: 'fault', type: 'LowCardinality(String)', meaning: 'pattern of the fault it mends; empty: none' },
    {
      name: 'repair',
      type: 'LowCardinality(String)',
      meaning: 'perfect, imperfect, minimal: how well it mends the fault',
    },
    { name: 'keeps', type: 'Nullable(Float64)', meaning: 'share of the damage an imperfect repair leaves' },
    { name: 'parts', type: 'Array(String)', meaning: 'parts used' },
    { name: 'part_quantities', type: 'Array(Float64)', meaning: 'how many of each' },
    { name: 'part_costs', type: 'Array(Float64)', meaning: 'cost of each, all of its pieces together' },
    { name: 'labour_hours', type: 'Float64', meaning: 'hours worked' },
    { name: 'labour_cost', type: 'Float64', meaning: 'cost of the labour' },
    { name: 'cost', type: 'Float64', meaning: 'parts and labour together' },
    { name: 'who', type: 'LowCardinality(String)', meaning: 'who did it' },
    { name: 'note', type: 'String', meaning: 'in the words of who did it' },
    { name: 'recorded', type: "DateTime64(3, 'UTC')", meaning: 'when it was told, floor time' },
    { name: 'withdrawn', type: 'Bool', meaning: 'told by mistake; of one id the row told last counts' },
    seqColumn('records'),
    storedColumn,
  ],
  engine: 'MergeTree',
  orderBy: ['machine', 'start', 'seq'],
} as const satisfies Table

/** Comparisons of instruments with references. */
export const calibrations = {
  kind: 'table',
  name: 'calibrations',
  meaning: 'Comparisons of instruments with references.',
  columns: [
    { name: 'signal', type: 'LowCardinality(String)', meaning: 'signal id' },
    { name: 'ts', type: "DateTime64(3, 'UTC')", meaning: 'when' },
    { name: 'who', type: 'LowCardinality(String)', meaning: 'who did it' },
    { name: 'reference', type: 'Float64', meaning: 'what the reference said, in the unit of the signal' },
    { name: 'reading', type: 'Float64', meaning: 'what the instrument showed' },
    { name: 'offset', type: 'Float64', meaning: 'reading less reference' },
    { name: 'due', type: "Nullable(DateTime64(3, 'UTC'))", meaning: 'when the next is due; NULL: not said' },
    { name: 'note', type: 'String', meaning: 'in the words of who did it' },
    { name: 'recorded', type: "DateTime64(3, 'UTC')", meaning: 'when it was told, floor time' },
    seqColumn('records'),
    storedColumn,
  ],
  engine: 'MergeTree',
  orderBy: ['signal', 'ts', 'seq'],
} as const satisfies Table

export type MaintenanceRow = RowOf<typeof maintenanceEvents>
export type CalibrationRow = RowOf<typeof calibrations>

/** `recorded`: when it was told, or withdrawn, floor time, Unix ms. */
export function maintenanceRow(work: Maintenance, recorded: number, withdrawn = false): MaintenanceRow {
  const { id, machine, kind, start, end, repair, keeps, parts, who, note } = work
  return {
    id,
    machine,
    kind,
    start,
    end,
    fault: work.fault ?? '',
    repair,
    keeps,
    parts: parts.map(({ part }) => part),
    part_quantities: parts.map(({ quantity }) => quantity),
    part_costs: parts.map(({ cost }) => cost),
    labour_hours: work.labourHours,
    labour_cost: work.labourCost,
    cost: costOf(work),
    who,
    note,
    recorded,
    withdrawn,
  }
}

export const costOf = ({ parts, labourCost }: Pick<Maintenance, 'parts' | 'labourCost'>): number =>
  parts.reduce((sum, { cost }) => sum + cost, labourCost)

function maintenanceOf(row: MaintenanceRow): Maintenance {
  const { id, machine, start, end, keeps, parts, part_quantities, part_costs, who, note } = row
  return {
    id,
    machine,
    kind: row.kind as MaintenanceKind,
    start,
    end,
    fault: row.fault === '' ? null : (row.fault as FaultPatternId),
    repair: row.repair as RepairKind,
    keeps,
    parts: parts.map((part, i) => ({ part, quantity: part_quantities[i] ?? 0, cost: part_costs[i] ?? 0 })),
    labourHours: row.labour_hours,
    labourCost: row.labour_cost,
    who,
    note,
  }
}

/** The works that stand. Rows of one id come in the order in which they were told: the last counts. */
export function standingWorks(rows: readonly MaintenanceRow[]): Maintenance[] {
  const latest = new Map(rows.map(row => [row.id, row]))
  return [...latest.values()].filter(({ withdrawn }) => !withdrawn).map(maintenanceOf)
}

/** `recorded`: when it was told, floor time, Unix ms. */
export function calibrationRow(calibration: Calibration, recorded: number): CalibrationRow {
  const { signal, time, who, reference, reading, due, note } = calibration
  return { signal, ts: time, who, reference, reading, offset: reading - reference, due, note, recorded }
}

export function calibrationOf({
  signal,
  ts,
  who,
  reference,
  reading,
  due,
  note,
}: CalibrationRow): Calibration {
  return { signal, time: ts, who, reference, reading, due, note }
}
