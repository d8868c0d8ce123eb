import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { countPlant } from '../../schema/count-plant.js'
import type { ApiContext } from './context.js'
import { jsonAnswer } from './router.js'

const plantSchema = z
  .object({
    name: z.string(),
    enterprise: z.string(),
    counts: z.object({
      sites: z.number().int(),
      areas: z.number().int(),
      lines: z.number().int(),
      machines: z.number().int(),
      signals: z.number().int().describe('Sensors; status signals are not counted'),
    }),
    sites: z.array(
      z.object({
        id: z.string(),
        name: z.string(),
        timeZone: z.string(),
        areas: z.array(
          z.object({
            id: z.string(),
            name: z.string(),
            lines: z.array(
              z.object({
                id: z.string(),
                name: z.string(),
                kind: z.string(),
                machines: z.array(z.object({ id: z.string(), name: z.string(), type: z.string() })),
              }),
            ),
          }),
        ),
      }),
    ),
  })
  .openapi('Plant')

/** `/api/v1/plant`: the ISA-95 hierarchy down to machines. */
export function addPlantRoutes(router: OpenAPIHono, { floor: { plant } }: Pick<ApiContext, 'floor'>): void {
  const answer: z.infer<typeof plantSchema> = {
    name: plant.name,
    enterprise: plant.enterprise,
    counts: countPlant(plant),
    sites: plant.sites.map(({ id, name, timeZone, areas }) => ({
      id,
      name,
      timeZone,
      areas: areas.map(area => ({
        id: area.id,
        name: area.name,
        lines: area.lines.map(line => ({
          id: line.id,
          name: line.name,
          kind: line.kind,
          machines: line.machines.map(machine => ({
            id: machine.id,
            name: machine.name,
            type: machine.type,
          })),
        })),
      })),
    })),
  }
  router.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/plant',
      summary: 'The plant: sites, areas, lines and machines, and how many of each',
      responses: { 200: jsonAnswer(plantSchema, 'The plant') },
    }),
    c => c.json(answer, 200),
  )
}
