import { z } from 'zod'
import { faultPatternIds } from '../fault-catalogue.js'
import { packmlStates } from '../packml.js'
import { archetypes } from '../plant.js'
import {
  cycleTime,
  expecting,
  flagRule,
  idFix,
  idOf,
  idPattern,
  idRule,
  idsOf,
  longestWait,
  notNegative,
  number,
  period,
  positive,
  text,
} from './entry-rules.js'
import { flowEntry } from './flow-entry.js'

const state = z.enum(packmlStates)
const states = z.array(state, expecting('a list of states', 'write e.g. [Idle, Execute]'))
const modesRule = expecting(
  'a map of modes',
  'write each mode with the states it does without, such as "Manual: [Held]"',
)
/** How a machine uses PackML; what it leaves out is as TR88.00.02-2022 comes. */
const packmlEntry = z.strictObject({
  modes: z.record(z.string(), states, modesRule).optional(),
  modeChangeIn: states.optional(),
  holdFrom: states.optional(),
  executeCompletes: z.boolean(flagRule).optional(),
  counterWidth: number.optional(),
})
export type PackmlEntry = z.infer<typeof packmlEntry>

export const machineTypeEntry = z.strictObject({
  extends: idOf('machine type').optional(),
  name: text.optional(),
  archetype: z.enum(archetypes).optional(),
  ratedPower: positive('a rated power', 'kW').optional(),
  idealCycleTime: cycleTime.optional(),
  period: period.optional(),
  tags: text.optional(),
  packml: packmlEntry.optional(),
  faults: z
    .array(z.enum(faultPatternIds), expecting('a list of faults', 'write e.g. [bearing-failure, tool-wear]'))
    .optional(),
  flow: flowEntry.optional(),
  signals: z.unknown().optional(),
  status: z.unknown().optional(),
})
export type MachineTypeEntry = z.infer<typeof machineTypeEntry>

const sourceRule = expecting('an id', idFix, 'add the id of a source')
/** A source, or `plc-{n}`: the one of the machine's own number. */
const sourceOfMachine = z
  .string(sourceRule)
  .refine(text => idPattern.test(text.replaceAll('{n}', '0')), sourceRule)

const placesRule = expecting('a number of parts', 'write a whole number from 0 to 65535')
const places = z.int(placesRule).min(0, placesRule).max(65_535, placesRule)

const transportTime = notNegative.max(
  longestWait,
  expecting('a way of at most 30 days', 'write the seconds that a part is on its way, such as 30'),
)

export const machineEntry = z.strictObject({
  id: z.string(idRule),
  name: text.optional(),
  type: idOf('machine type'),
  source: sourceOfMachine.optional(),
  feeds: z
    .union(
      [idsOf('machine'), idOf('machine').transform(only => [only])],
      expecting('the id of a machine or a list of ids', 'write feeds: press-02, or feeds: [] for none'),
    )
    .optional(),
  idealCycleTime: cycleTime.optional(),
  buffer: z.strictObject({ capacity: places, transport: transportTime.default(0) }).optional(),
  flow: flowEntry.optional(),
  position: z.strictObject({ x: number, y: number }).optional(),
  period: period.optional(),
  tags: text.optional(),
  packml: packmlEntry.optional(),
  sensors: idsOf('sensor').optional(),
  reports: idsOf('status signal').optional(),
  signals: z.unknown().optional(),
  status: z.unknown().optional(),
})
export type MachineEntry = z.infer<typeof machineEntry>
