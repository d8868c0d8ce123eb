import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { sensorHealths } from '../../schema/sensor-state.js'
import type { HealthReport } from '../../twins/sensor/health.js'
import type { Floor, RegisteredSignal } from '../floor/floor.js'
import { ApiError } from './api-error.js'
import type { ApiContext } from './context.js'
import { isoTime, jsonAnswer, problemAnswer, timeSchema } from './router.js'
import { signalSchema, viewSignal } from './signal-view.js'

const healthSchema = z
  .object({
    condition: z.enum(sensorHealths),
    score: z.number().describe('0 (useless) to 100 (as new); below 70 is flagged'),
    drift: z.number().describe('Distance from its own baseline, share of span, signed'),
    noiseRatio: z.number().describe('Noise now over noise at the baseline'),
    packetLoss: z.number().describe('Share of the expected samples that did not come, or came bad, 0 to 1'),
    outOfRange: z.number().int().describe('Values outside the range, of the last 60 good ones'),
    sigma: z
      .number()
      .describe('Distance from what is usual for it, in standard deviations; 0 while that is not known'),
    unusualSince: timeSchema.nullable().describe('Since when beyond three of them; null = it is usual'),
    windows: z
      .number()
      .int()
      .describe('How often 60 good samples have been judged; 0 = nothing is known yet'),
    calibratedAt: timeSchema.nullable().describe('The newest calibration told; null = none'),
    calibrationDue: timeSchema.nullable().describe('When the next is due; null = never'),
  })
  .openapi('SensorHealth')

const signalDetailSchema = signalSchema
  .extend({
    machine: z.string(),
    health: healthSchema.nullable().describe('How the instrument is; null where the signal is none'),
  })
  .openapi('SignalDetail')

/** The signal a path names; throws ApiError 404. */
export function findSignal(floor: Floor, id: string): RegisteredSignal {
  const signal = floor.registry.signalById(id)
  if (signal !== undefined) return signal
  throw new ApiError(
    404,
    `No signal '${id}' is in the plant; a machine lists its own at /api/v1/machines/{id}.`,
  )
}

/** `/api/v1/signals/{id}`. */
export function addSignalRoutes(router: OpenAPIHono, { floor }: ApiContext): void {
  router.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/signals/{id}',
      summary: 'A signal with its latest value, and how its instrument is',
      request: { params: z.object({ id: z.string() }) },
      responses: {
        200: jsonAnswer(signalDetailSchema, 'The signal'),
        404: problemAnswer('No such signal'),
      },
    }),
    c => {
      const { id } = c.req.valid('param')
      const signal = findSignal(floor, id)
      const machine = floor.registry.machineByIndex(signal.machine)?.machine.id ?? ''
      const health = viewHealth(floor.health?.(signal.index))
      return c.json({ ...viewSignal(floor, signal), machine, health }, 200)
    },
  )
}

function viewHealth(report: HealthReport | undefined): z.infer<typeof healthSchema> | null {
  if (report === undefined) return null
  const { calibratedAt, calibrationDue, unusualSince, ...rest } = report
  return {
    ...rest,
    unusualSince: isoTime(unusualSince ?? 0),
    calibratedAt: isoTime(calibratedAt ?? 0),
    calibrationDue: isoTime(calibrationDue ?? 0),
  }
}
