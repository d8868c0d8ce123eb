import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { faultPatternIds, repairKinds } from '../../schema/fault-catalogue.js'
import { faultStates } from '../../twins/fault/fault.events.js'
import type { By } from '../simulation/channel.js'
import type { FaultControl, MachineFault } from '../simulation/fault-control.js'
import { attempt } from './attempt.js'
import { byWhom } from './by-whom.js'
import type { ApiContext } from './context.js'
import { durationSchema } from './duration.js'
import { isoTime, jsonAnswer, jsonBody, problemAnswer, timeSchema } from './router.js'

const pattern = z.enum(faultPatternIds)
const { who, reason } = byWhom
const by = z.object(byWhom)

/** With less no signal would leave its noise, and no stage would ever be reached. */
const leastSeverity = 0.01
const severityRule = `a severity is above 0 and at most 1: from ${leastSeverity}, below which it would show nowhere, to 1, at which the machine fails`

const injectionSchema = z.strictObject({
  pattern: pattern.describe('Of the fault catalogue; it must be one that the machine’s type can have'),
  severity: z
    .number()
    .min(leastSeverity, severityRule)
    .max(1, severityRule)
    .describe('Damage that it grows to, from 0.01; at 1 the machine fails'),
  start: z.iso
    .datetime({ offset: true })
    .optional()
    .describe('Onset, by the floor’s clock; now where missing, at most a year ahead'),
  timeToFailure: durationSchema
    .optional()
    .describe(
      'From onset to failure, taken literally, also while the machine stands; where missing drawn from the pattern’s range, and then wear grows with work',
    ),
  clearAfter: durationSchema
    .optional()
    .describe('From onset until it is gone by itself; it stays until cleared or repaired where missing'),
  who,
  reason,
})

const repairSchema = z
  .strictObject({
    kind: z
      .enum(repairKinds)
      .default('perfect')
      .describe('As good as new, better than before, or only running again'),
    keeps: z
      .number()
      .gt(0)
      .lt(1)
      .optional()
      .describe('Of an imperfect repair: the share of the damage that it leaves'),
    takes: durationSchema.optional().describe('How long the machine stands for it; no time where missing'),
    who,
    reason,
  })
  .refine(({ kind, keeps }) => (kind === 'imperfect') === (keeps !== undefined), {
    path: ['keeps'],
    message: 'an imperfect repair says what it keeps, and no other does',
  })

const faultItemSchema = z
  .object({
    machine: z.string(),
    pattern,
    origin: z
      .enum(['injected', 'random', 'estimated'])
      .describe('Put there by somebody, come by itself in a simulation, or concluded from sensors'),
    stage: z
      .enum(faultStates)
      .describe(
        'dormant: nothing shows yet; repaired: some of it is left, and the machine has not run again yet',
      ),
    since: timeSchema.nullable().describe('In this stage since'),
    severity: z.number().describe('Of the stage, 0 to 1'),
    progress: z
      .number()
      .describe(
        'Share of the time from onset to failure that has passed, 0 to 1: of the timeToFailure of an injected fault, else of the usual time',
      ),
    injection: z
      .object({
        severity: z.number(),
        start: timeSchema.nullable(),
        timeToFailure: z.number().nullable().describe('Ms; null = drawn'),
        clearAfter: z.number().nullable().describe('Ms; null = never'),
        isPaused: z.boolean(),
        who: z.string(),
        reason: z.string(),
        time: timeSchema.nullable().describe('When it was wanted'),
      })
      .nullable(),
  })
  .openapi('MachineFault')

const listSchema = z.object({ items: z.array(faultItemSchema), nextCursor: z.null() })
const machineParam = z.object({ id: z.string() })
const faultParam = z.object({ id: z.string(), pattern })

const problems = {
  404: problemAnswer('No such machine, or it does not carry that fault'),
  409: problemAnswer('The machine is real, its simulation does not run, or it carries that fault already'),
  422: problemAnswer('A part of the request cannot be used, or the type cannot have that fault'),
  503: problemAnswer('It could not be recorded now'),
} as const

/** `…/faults`: what machines carry, and what people put into simulated ones. */
export function addFaultRoutes(router: OpenAPIHono, { simulation }: Pick<ApiContext, 'simulation'>): void {
  if (simulation === undefined) return
  addLists(router, simulation.faults)
  addInjection(router, simulation.faults)
  addChanges(router, simulation.faults)
}

function addLists(router: OpenAPIHono, faults: FaultControl): void {
  router.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/faults',
      summary: 'The faults of all machines, in the order of the plant',
      responses: { 200: jsonAnswer(listSchema, 'Faults') },
    }),
    c => c.json({ items: faults.faults().map(viewFault), nextCursor: null }, 200),
  )
  router.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/machines/{id}/faults',
      summary: 'The faults of a machine: those that show, and those injected that do not show yet',
      request: { params: machineParam },
      responses: { 200: jsonAnswer(listSchema, 'Faults'), 404: problems[404] },
    }),
    c => {
      const { id } = c.req.valid('param')
      return c.json({ items: attempt(() => faults.faults(id)).map(viewFault), nextCursor: null }, 200)
    },
  )
}

function addInjection(router: OpenAPIHono, faults: FaultControl): void {
  router.openapi(
    createRoute({
      method: 'post',
      path: '/api/v1/machines/{id}/faults',
      summary: 'Injects a fault into a simulated machine',
      request: { params: machineParam, body: jsonBody(injectionSchema) },
      responses: { 201: jsonAnswer(faultItemSchema, 'The fault'), ...problems },
    }),
    c => {
      const { start, ...wish } = c.req.valid('json')
      const { id } = c.req.valid('param')
      const fault = attempt(() =>
        faults.inject(id, { ...wish, ...(start !== undefined && { start: Date.parse(start) }) }),
      )
      const location = `/api/v1/machines/${encodeURIComponent(id)}/faults`
      return c.json(viewFault(fault), 201, { location })
    },
  )
  router.openapi(
    createRoute({
      method: 'post',
      path: '/api/v1/machines/{id}/faults/{pattern}/repair',
      summary: 'Repairs a fault of a simulated machine',
      request: { params: faultParam, body: jsonBody(repairSchema) },
      responses: { 202: { description: 'The work has begun' }, ...problems },
    }),
    c => {
      const { id, pattern } = c.req.valid('param')
      const { keeps = null, takes = 0, ...wish } = c.req.valid('json')
      attempt(() => faults.repair(id, pattern, { ...wish, keeps, takes }))
      return c.body(null, 202)
    },
  )
}

function addChanges(router: OpenAPIHono, faults: FaultControl): void {
  for (const [verb, isPaused, summary] of [
    ['pause', true, 'Halts the growth of a fault'],
    ['resume', false, 'Lets a paused fault go on growing'],
  ] as const) {
    router.openapi(
      createRoute({
        method: 'post',
        path: `/api/v1/machines/{id}/faults/{pattern}/${verb}`,
        summary,
        request: { params: faultParam, body: jsonBody(by) },
        responses: { 200: jsonAnswer(faultItemSchema, 'The fault'), ...problems },
      }),
      c => {
        const { id, pattern } = c.req.valid('param')
        const fault = attempt(() => faults.pause(id, pattern, isPaused, c.req.valid('json')))
        return c.json(viewFault(fault), 200)
      },
    )
  }
  const byQuery = z.object({ who, reason: reason.default('cleared') })
  const cleared = jsonAnswer(z.object({ cleared: z.number().int() }), 'How many faults are gone')
  const clearAll = (machine: string | undefined, wanted: By) => ({
    cleared: attempt(() => faults.clearAll(machine, wanted)),
  })
  router.openapi(
    createRoute({
      method: 'delete',
      path: '/api/v1/machines/{id}/faults/{pattern}',
      summary: 'Clears a fault of a simulated machine, as if it had never been',
      request: { params: faultParam, query: byQuery },
      responses: { 204: { description: 'It is gone' }, ...problems },
    }),
    c => {
      const { id, pattern } = c.req.valid('param')
      attempt(() => faults.clear(id, pattern, c.req.valid('query')))
      return c.body(null, 204)
    },
  )
  router.openapi(
    createRoute({
      method: 'delete',
      path: '/api/v1/machines/{id}/faults',
      summary: 'Clears all faults of a simulated machine',
      request: { params: machineParam, query: byQuery },
      responses: { 200: cleared, ...problems },
    }),
    c => c.json(clearAll(c.req.valid('param').id, c.req.valid('query')), 200),
  )
  router.openapi(
    createRoute({
      method: 'delete',
      path: '/api/v1/faults',
      summary: 'Clears all faults of all simulated machines',
      request: { query: byQuery },
      responses: { 200: cleared, 422: problems[422] },
    }),
    c => c.json(clearAll(undefined, c.req.valid('query')), 200),
  )
}

function viewFault({ machine, pattern, twin, injection }: MachineFault): z.infer<typeof faultItemSchema> {
  const known = twin?.estimated === true ? 'estimated' : 'random'
  return {
    machine,
    pattern,
    origin: injection === undefined ? known : 'injected',
    stage: twin?.state ?? 'dormant',
    since: isoTime(twin?.since ?? 0),
    severity: twin?.severity ?? 0,
    progress: twin?.progress ?? 0,
    injection:
      injection === undefined
        ? null
        : {
            severity: injection.severity,
            start: isoTime(injection.start),
            timeToFailure: injection.timeToFailure,
            clearAfter: injection.clearAfter,
            isPaused: injection.isPaused,
            who: injection.who,
            reason: injection.reason,
            time: isoTime(injection.time),
          },
  }
}
