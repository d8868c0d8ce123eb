import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { displayStates } from '../../schema/display-state.js'
import { faultPatternIds } from '../../schema/fault-catalogue.js'
import { modeOf, packmlStates } from '../../schema/packml.js'
import { type FaultView, faultStates, growths } from '../../twins/fault/fault.events.js'
import type { Floor, RegisteredMachine } from '../floor/floor.js'
import { ApiError } from './api-error.js'
import type { ApiContext } from './context.js'
import { isoTime, jsonAnswer, problemAnswer, timeSchema } from './router.js'
import { signalSchema, viewSignal } from './signal-view.js'

const machineSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    type: z.string(),
    line: z.string(),
    area: z.string(),
    site: z.string(),
    mode: z.string().describe('Unit mode (PackML)'),
    state: z.enum(packmlStates).describe('State (PackML, ANSI/ISA-TR88.00.02)'),
    display: z.enum(displayStates).describe('What a person sees at a glance'),
    since: timeSchema.nullable().describe('In this state since; null = never heard'),
  })
  .openapi('Machine')

const faultSchema = z
  .object({
    pattern: z.enum(faultPatternIds).describe('Of the fault catalogue'),
    stage: z.enum(faultStates),
    since: timeSchema.nullable().describe('In this stage since'),
    severity: z.number().describe('0 to 1; 0.25 at the warning limit, 0.75 at the critical one'),
    progress: z
      .number()
      .describe(
        'Share of the time from onset to failure that has passed, 0 to 1: of the timeToFailure of an injected fault, else of the usual time',
      ),
    estimated: z.boolean().describe('True where it is concluded from sensors: a guess, not the truth'),
    confidence: z
      .number()
      .describe('Share of the symptoms it could show that it does show; 0 unless estimated'),
    growth: z.enum(growths).describe('Half as much again in a day is rapid, a fifth in a week gradual'),
    signals: z.array(z.string()).describe('Ids of the signals that show it; empty where it is not estimated'),
  })
  .openapi('Fault')

const machineDetailSchema = machineSchema
  .extend({
    faults: z.array(faultSchema).describe('Faults that are not dormant'),
    signals: z.array(signalSchema),
  })
  .openapi('MachineDetail')

const listQuery = z.object({
  limit: z.coerce.number().int().min(1).max(500).default(100).describe('Most machines in the answer'),
  cursor: z.string().max(400).optional().describe('nextCursor of the answer before'),
  line: z.string().max(200).optional().describe('Only machines of this line'),
  state: z.enum(packmlStates).optional().describe('Only machines in this state'),
})

/** `/api/v1/machines`: the list, and one machine with its signals. */
export function addMachineRoutes(router: OpenAPIHono, { floor }: Pick<ApiContext, 'floor'>): void {
  const { machines } = floor.registry
  const placeById = new Map(machines.map(({ machine }, place) => [machine.id, place]))

  router.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/machines',
      summary: 'Machines in the order of the plant, page by page',
      request: { query: listQuery },
      responses: {
        200: jsonAnswer(
          z.object({
            items: z.array(machineSchema),
            nextCursor: z.string().nullable().describe('null = the end'),
          }),
          'Machines',
        ),
        422: problemAnswer('A part of the query cannot be used'),
      },
    }),
    c => {
      const { limit, cursor, line, state } = c.req.valid('query')
      const after = cursor === undefined ? -1 : placeById.get(Buffer.from(cursor, 'base64url').toString())
      if (after === undefined) {
        throw new ApiError(422, 'The cursor does not come from this list; start again without it.', {
          errors: [{ path: 'query.cursor', message: 'not known' }],
        })
      }
      const wantedState = state === undefined ? undefined : packmlStates.indexOf(state)
      const items: RegisteredMachine[] = []
      let place = after + 1
      for (; place < machines.length && items.length < limit; place++) {
        const machine = machines[place]!
        if (line !== undefined && machine.line !== line) continue
        if (wantedState !== undefined && floor.machines.state[machine.index] !== wantedState) continue
        items.push(machine)
      }
      const last = machines[place - 1]
      const nextCursor =
        place < machines.length && last !== undefined
          ? Buffer.from(last.machine.id).toString('base64url')
          : null
      return c.json({ items: items.map(machine => viewMachine(floor, machine)), nextCursor }, 200)
    },
  )

  router.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/machines/{id}',
      summary: 'A machine with its signals and its faults',
      request: { params: z.object({ id: z.string() }) },
      responses: {
        200: jsonAnswer(machineDetailSchema, 'The machine'),
        404: problemAnswer('No such machine'),
      },
    }),
    c => {
      const { id } = c.req.valid('param')
      const machine = floor.registry.machineById(id)
      if (machine === undefined) {
        throw new ApiError(404, `No machine '${id}' is in the plant; see /api/v1/machines.`)
      }
      const signals = machine.signals.map(signal => viewSignal(floor, signal))
      const faults = (floor.faults?.(machine.index) ?? []).map(viewFault)
      return c.json({ ...viewMachine(floor, machine), faults, signals }, 200)
    },
  )
}

function viewMachine(
  floor: Floor,
  { index, machine, line, area, site }: RegisteredMachine,
): z.infer<typeof machineSchema> {
  const { state, mode, display, since } = floor.machines
  return {
    id: machine.id,
    name: machine.name,
    type: machine.type,
    line,
    area,
    site,
    mode: modeOf(mode[index]!),
    state: packmlStates[state[index]!] ?? 'Undefined',
    display: displayStates[display[index]!] ?? 'unknown',
    since: isoTime(since[index]!),
  }
}

function viewFault(fault: FaultView): z.infer<typeof faultSchema> {
  const { state: stage, since, signals, pattern, severity, progress, estimated, confidence, growth } = fault
  const figures = { severity, progress, estimated, confidence, growth }
  return { pattern, stage, since: isoTime(since), ...figures, signals: [...signals] }
}
