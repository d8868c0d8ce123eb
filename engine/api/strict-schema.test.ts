import { OpenAPIHono, z } from '@hono/zod-openapi'
import { expect, it } from 'vitest'
import { strictSchema } from './strict-schema.js'

const part = z.object({ at: z.string().describe('When') })
const told = z
  .object({
    who: z.string(),
    parts: z.array(part).default([]),
    more: z.union([part, z.number()]).optional(),
    words: z.record(z.string(), part).nullable().optional(),
    tags: z.looseObject({}).optional(),
  })
  .refine(({ who }) => who !== 'nobody', 'say who')
  .openapi('Told')
const strict = strictSchema(told)

it('takes what a schema names, with its defaults, and what is said to be open', () => {
  const right = { who: 'Ada', more: { at: 'x' }, words: { any: { at: 'y' } }, tags: { any: 1 } }
  expect(strict.parse(right)).toEqual({ ...right, parts: [] })
})

it.each([
  [{ who: 'Ada', when: 1 }, 'when'],
  [{ who: 'Ada', parts: [{ at: 'x' }, { at: 'x', from: 1 }] }, 'from'],
  [{ who: 'Ada', more: { at: 'x', too: 1 } }, 'too'],
  [{ who: 'Ada', words: { any: { at: 'y', as: 1 } } }, 'as'],
])('refuses in %j what it does not name', (body, key) => {
  expect(told.safeParse(body).success).toBe(true)
  const { error } = strict.safeParse(body)
  expect(JSON.stringify(error!.issues)).toContain(`"keys":["${key}"]`)
})

it('keeps its checks, its name and its descriptions', () => {
  expect(strict.safeParse({ who: 'nobody' }).error!.issues).toMatchObject([{ message: 'say who' }])
  const router = new OpenAPIHono()
  router.openAPIRegistry.registerPath({
    ...{ method: 'post', path: '/told', responses: { 200: { description: 'Kept' } } },
    request: { body: { content: { 'application/json': { schema: strict } } } },
  })
  const { components } = router.getOpenAPI31Document({ openapi: '3.1.0', info: { title: '', version: '' } })
  expect(components?.schemas?.Told).toMatchObject({
    additionalProperties: false,
    properties: {
      parts: { items: { additionalProperties: false, properties: { at: { description: 'When' } } } },
    },
  })
})
