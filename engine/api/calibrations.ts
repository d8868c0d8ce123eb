import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Calibration } from '../../schema/maintenance.js'
import type { Floor } from '../floor/floor.js'
import type { MaintenanceDesk } from '../maintenance/desk.js'
import { asked, note, pageOf, pageQuery, person, toldTime } from './maintenance.js'
import { isoTime, jsonAnswer, problemAnswer, timeSchema } from './router.js'
import { findSignal } from './signals.js'

const told = z.strictObject({
  time: toldTime.describe('When it was done; not in the future'),
  who: person,
  reference: z.number().describe('What the reference said, in the unit of the signal'),
  reading: z.number().describe('What the instrument showed'),
  due: toldTime.nullable().default(null).describe('When the next is due; after `time`'),
  note: note.default(''),
})

const calibrationSchema = z
  .object({
    signal: z.string(),
    time: timeSchema,
    who: z.string(),
    reference: z.number(),
    reading: z.number(),
    offset: z.number().describe('Reading less reference'),
    due: timeSchema.nullable(),
    note: z.string(),
  })
  .openapi('Calibration')

/** `/api/v1/signals/{id}/calibrations`: comparisons of an instrument with a reference, told and listed. */
export function addCalibrationRoutes(router: OpenAPIHono, floor: Floor, maintenance: MaintenanceDesk): void {
  const params = z.object({ id: z.string() })
  router.openapi(
    createRoute({
      method: 'post',
      path: '/api/v1/signals/{id}/calibrations',
      summary: 'Tell of the calibration of a sensor',
      description:
        'Ends its drift and the wait for a calibration: where it lies from then on is its new baseline. A sensor that is stuck or noisy, or whose samples are lost, stays so until it shows otherwise.',
      request: { params, body: { required: true, content: { 'application/json': { schema: told } } } },
      responses: {
        201: jsonAnswer(calibrationSchema, 'Taken, and safe'),
        404: problemAnswer('No such signal'),
        422: problemAnswer('Something in it cannot be so'),
        503: problemAnswer('It cannot be kept at present'),
      },
    }),
    c => {
      const { id } = c.req.valid('param')
      const calibration = asked(() => maintenance.calibrate({ signal: id, ...c.req.valid('json') }))
      return c.json(viewCalibration(calibration), 201)
    },
  )

  router.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/signals/{id}/calibrations',
      summary: 'Calibrations of a sensor, newest first',
      request: { params, query: pageQuery },
      responses: {
        200: jsonAnswer(
          z.object({ items: z.array(calibrationSchema), nextCursor: z.string().nullable() }),
          'Calibrations',
        ),
        404: problemAnswer('No such signal'),
        422: problemAnswer('A part of the query cannot be used'),
      },
    }),
    c => {
      const { signal } = findSignal(floor, c.req.valid('param').id)
      const all = maintenance.calibrations(signal.id)
      const { items, nextCursor } = pageOf(all, ({ time }) => String(time), c.req.valid('query'))
      return c.json({ items: items.map(viewCalibration), nextCursor }, 200)
    },
  )
}

function viewCalibration(calibration: Calibration): z.infer<typeof calibrationSchema> {
  const { time, due, reference, reading, ...rest } = calibration
  const times = { time: isoTime(time) ?? '', due: isoTime(due ?? 0) }
  return { ...rest, ...times, reference, reading, offset: reading - reference }
}
