import type { Column, View } from './definition.js'
import { oeeHourly } from './oee.js'

const word = 'LowCardinality(String)'
const ofHours = new Map<string, Column>(oeeHourly.columns.map(column => [column.name, column]))
const column = (name: string): Column => ofHours.get(name)!

const times = [
  'production',
  'setup',
  'breakdown',
  'minor_stop',
  'starved',
  'blocked',
  'idle',
  'unknown',
  'planned',
  'unscheduled',
  'overtime',
] as const
const counts = ['overtime_parts', 'ideal_ms', 'produced', 'scrapped', 'warm_up', 'reworked'] as const
const busy = 'production + setup + breakdown + minor_stop + starved + blocked + idle'

/** The fact table of the star: one row for each machine, hour, shift, product and order. */
export const factOee: View = {
  kind: 'view',
  name: 'fact_oee',
  meaning:
    'What OEE is made from, as a star: dimensions dim_machine, dim_date, dim_shift and dim_product. Add up and divide last: OEE = sum(ideal_good_ms) / sum(busy_ms).',
  columns: [
    column('machine'),
    column('hour'),
    { name: 'date', type: 'Date', meaning: 'day of the local clock' },
    column('shift'),
    column('product'),
    column('order'),
    ...times.map(column),
    ...counts.map(column),
    { name: 'busy_ms', type: 'UInt64', meaning: 'planned busy time (PBT), ms' },
    { name: 'ideal_time_ms', type: 'Float64', meaning: 'PRI · PQ, ms: what the parts should have taken' },
    { name: 'ideal_good_ms', type: 'Float64', meaning: 'PRI · GQ, ms' },
  ],
  select: `
SELECT
  h.machine AS machine, h.hour AS hour, if(h.day = '', toDate(h.hour), toDate(h.day)) AS date,
  h.shift AS shift, h.product AS product, h.order AS order,
  ${[...times, ...counts].map(name => `h.${name} AS ${name}`).join(', ')},
  toUInt64(${busy}) AS busy_ms,
  h.ideal_ms * h.produced AS ideal_time_ms,
  h.ideal_ms * (h.produced - h.scrapped - h.reworked) AS ideal_good_ms
FROM {db}.oee_hourly AS h
INNER JOIN (
  SELECT machine, hour, max(computed) AS newest FROM {db}.oee_hourly GROUP BY machine, hour
) AS n ON h.machine = n.machine AND h.hour = n.hour AND h.computed = n.newest
LIMIT 1 BY machine, hour, shift, product, order, ideal_ms`,
}

export const dimMachine: View = {
  kind: 'view',
  name: 'dim_machine',
  meaning: 'The machines, with their place in the plant.',
  columns: [
    { name: 'machine', type: 'String', meaning: 'machine id' },
    { name: 'name', type: 'String', meaning: 'as shown' },
    { name: 'type', type: word, meaning: 'machine type' },
    { name: 'line', type: word, meaning: 'line id' },
    { name: 'area', type: word, meaning: 'area id' },
    { name: 'site', type: word, meaning: 'site id' },
  ],
  select: 'SELECT id AS machine, name, type, line, area, site FROM {db}.machines FINAL',
}

export const dimDate: View = {
  kind: 'view',
  name: 'dim_date',
  meaning: 'The days of fact_oee.',
  columns: [
    { name: 'date', type: 'Date', meaning: 'day' },
    { name: 'year', type: 'UInt16', meaning: 'year' },
    { name: 'month', type: 'UInt8', meaning: 'month, 1 to 12' },
    { name: 'week', type: 'UInt8', meaning: 'ISO week' },
    { name: 'weekday', type: 'UInt8', meaning: '1 = Monday' },
  ],
  select: `
SELECT DISTINCT date, toYear(date) AS year, toMonth(date) AS month, toISOWeek(date) AS week,
  toDayOfWeek(date) AS weekday
FROM {db}.fact_oee`,
}

export const dimShift: View = {
  kind: 'view',
  name: 'dim_shift',
  meaning: 'The shifts of fact_oee.',
  columns: [
    { name: 'shift', type: word, meaning: 'as in fact_oee' },
    { name: 'id', type: 'String', meaning: 'shift id of the plant file' },
    { name: 'begins_on', type: 'Nullable(Date)', meaning: 'day on which it begins' },
  ],
  select: `
SELECT DISTINCT shift, splitByChar('@', toString(shift))[1] AS id,
  toDateOrNull(splitByChar('@', toString(shift))[2]) AS begins_on
FROM {db}.oee_hourly WHERE shift != ''`,
}

export const dimProduct: View = {
  kind: 'view',
  name: 'dim_product',
  meaning: 'The products of fact_oee, with the ideal cycle times that held for them.',
  columns: [
    { name: 'product', type: word, meaning: 'product id' },
    { name: 'shortest_ideal_ms', type: 'Float64', meaning: 'over all machines, ms' },
    { name: 'longest_ideal_ms', type: 'Float64', meaning: 'over all machines, ms' },
  ],
  select: `
SELECT product, min(ideal_ms) AS shortest_ideal_ms, max(ideal_ms) AS longest_ideal_ms
FROM {db}.oee_hourly WHERE product != '' AND ideal_ms > 0 GROUP BY product`,
}
