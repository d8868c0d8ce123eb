import { z } from 'zod'
import { packmlStates, plantModes, suspendReasons, unitModes } from '../packml.js'
import { timePolicies } from '../plant.js'
import { expecting, flagRule, id, idPattern, patience, text, timeZone, unknownList } from './entry-rules.js'
import { oneOf } from './problem.js'

/*
 * The entries of a plant file, one schema each: here and in signal-entry, machine-entries, flow-entry, plan-entries and
 * figure-entries. Containers (sites, signals, …) stay unknown: their entries are read one by one, so that a mistake in
 * one does not hide those in the others.
 */

export const plantEntry = z.strictObject({
  gemba: z.literal(1, expecting('the version of the file format', 'begin the file with "gemba: 1"')),
  name: text,
  enterprise: text,
  types: unknownList,
  stateMaps: unknownList,
  sources: unknownList,
  sites: unknownList,
  shifts: unknownList,
  products: unknownList,
  customers: unknownList,
  crews: unknownList,
  orders: unknownList,
  calendarExceptions: unknownList,
  plannedStops: unknownList,
  kpis: unknownList,
  targets: unknownList,
  downtimeReasons: unknownList,
  faultReasons: unknownList,
  workOrders: unknownList,
  costs: unknownList,
})

export const siteEntry = z.strictObject({ id, name: text.optional(), timeZone, areas: unknownList })
export const areaEntry = z.strictObject({ id, name: text.optional(), lines: unknownList })
export const lineEntry = z.strictObject({
  id,
  name: text.optional(),
  kind: text.optional(),
  machines: unknownList,
})

const adapterRule = expecting('the name of an adapter', 'write e.g. simulator or mtconnect')
const adapterName = z.string(adapterRule).regex(idPattern, adapterRule)

/** Keys that are not listed are options of the adapter, unless there is a map `options`. */
export const sourceEntry = z.looseObject({
  adapter: adapterName,
  clock: z.enum(['wall', 'source']).optional(),
  time: z.enum(timePolicies, expecting('a time policy', `write ${oneOf(timePolicies)}`)).optional(),
  silence: patience.optional(),
  enabled: z.boolean(flagRule).optional(),
  tags: text.optional(),
})

/** What a source's word means, written out; the short form is the name of a state or a mode. */
export const meaningEntry = z.strictObject({
  state: z.enum(packmlStates).optional(),
  mode: z.enum([...unitModes, ...plantModes]).optional(),
  reason: z.enum(suspendReasons).optional(),
})
